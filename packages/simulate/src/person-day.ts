// A person's day: they log in, act in bursts, rest at noon, log out or let the session end. A day
// is made from the person and the day alone.

import { auth, changeModel, openPage, readWeights } from './accesses.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from './calendar.ts'
import { asPerson, asStranger, type Draft, type Session } from './draft.ts'
import { actOf, actOnPhone, type Scene, sceneOf } from './person-acts.ts'
import { type Hours, isWithin, type PersonDay, type Stay, staysOf } from './presence.ts'
import { type Random, randomOf } from './random.ts'
import type { Release, Stage } from './stage.ts'

/** Acts of an ordinary hour. */
const ACTS_PER_HOUR = 1.45

export function personDay(at: PersonDay<Stage>): readonly Draft[] {
  return staysOf(at).flatMap(stay => stayEvents(at, stay))
}

/** What somebody does between coming and going. */
export function stayEvents(at: PersonDay<Stage>, stay: Stay): readonly Draft[] {
  const random = randomOf(at.stage.seed, 'day', at.person.id, at.day, stay.kind)
  const noonMs = stay.startMs + (0.42 + 0.12 * random.next()) * (stay.endMs - stay.startMs)
  // Some sessions end over lunch, so that the afternoon has one of its own.
  const mayEnd = stay.endMs - stay.startMs > 6 * HOUR_MS && random.chance(0.3)
  const pause = { startMs: noonMs, endMs: noonMs + random.int(25, 55) * MINUTE_MS }
  const isSplit = mayEnd && promotedIn(at, pause).length === 0
  const parts: readonly Hours[] = isSplit
    ? [
        { startMs: stay.startMs, endMs: pause.startMs },
        { startMs: pause.endMs, endMs: stay.endMs },
      ]
    : [stay]
  const isLong = stay.endMs - stay.startMs > 5 * HOUR_MS
  const rest = isLong ? pause : null
  return parts.flatMap(hours => sessionEvents(at, { ...stay, ...hours, rest }, random))
}

type Stretch = Stay & { readonly rest: Hours | null }

function sessionEvents(at: PersonDay<Stage>, stay: Stretch, random: Random): readonly Draft[] {
  const { person } = at
  const { place, userAgent, startMs, endMs, rest } = stay
  const logonMs = Math.round(startMs)
  const session = { person, id: `sess-${random.hex(16)}`, place, userAgent, logonMs }
  const scene = sceneOf(at.stage, session, random)
  const mean = (ACTS_PER_HOUR * person.energy * (endMs - startMs)) / HOUR_MS
  const acts = stay.kind === 'work' ? random.poisson(mean) : 1 + random.poisson(mean)
  const drafts: Draft[] = []
  for (let i = 0; i < acts; i++) {
    const fromMs = logonMs + 20_000 + random.next() * Math.max(0, endMs - logonMs - 5 * MINUTE_MS)
    if (rest && isWithin(rest, fromMs) && !random.chance(0.12)) continue
    drafts.push(...(stay.kind === 'phone' ? actOnPhone : actOf)(scene, fromMs))
  }
  drafts.push(...promotions(at, scene, stay))
  // An agent goes on with what it was asked, also when the person leaves.
  const within = drafts.filter(d => d.time < endMs || d.actor.type === 'agent')
  return [...logon(session, random), ...within, ...logoff(session, endMs, random)]
}

/** A wrong password now and then, or a second factor that came too late. */
export function logon(session: Session, random: Random): readonly Draft[] {
  const { logonMs } = session
  const stranger = asStranger(session)
  const tries = random.chance(0.05) ? 1 + random.poisson(0.4) : 0
  const failed = Array.from({ length: tries }, (_, i) => {
    const reasonCode = random.chance(0.75) ? 'wrong_password' : 'mfa_timeout'
    const timeMs = logonMs - (tries - i) * random.int(6000, 14_000)
    const extra = { outcome: 'failure', status: 401, reasonCode } as const
    return auth({ who: stranger, timeMs, random }, 'auth.failed', extra)
  })
  const firstMs = failed[0]?.time ?? logonMs
  const page = openPage({ who: stranger, timeMs: firstMs - 5000, random }, 'GET /login')
  return [page, ...failed, auth({ who: asPerson(session), timeMs: logonMs, random }, 'auth.logon')]
}

/** Half log out; the other sessions run out, which nobody sees. */
function logoff(session: Session, endMs: number, random: Random): readonly Draft[] {
  if (!random.chance(0.5)) return []
  return [auth({ who: asPerson(session), timeMs: endMs, random }, 'auth.logoff')]
}

/** The manager of a release looks at the new version and promotes it. */
function promotions(at: PersonDay<Stage>, { who, random }: Scene, stay: Stay) {
  return promotedIn(at, stay).flatMap(release => [
    readWeights({ who, timeMs: release.timeMs - 200_000, random }, release.model, 'open'),
    changeModel({ who, timeMs: release.timeMs, random }, release.model, 'promote', release),
  ])
}

/** Releases that are this person's to promote, at moments of these hours. */
function promotedIn({ stage, person }: PersonDay<Stage>, hours: Hours): readonly Release[] {
  const days = [Math.floor(hours.startMs / DAY_MS), Math.floor(hours.endMs / DAY_MS)]
  const releases = [...new Set(days)].flatMap(day => stage.releasesOn(day))
  return releases.filter(r => r.manager === person && isWithin(hours, r.timeMs))
}
