// An account that never had to do with weights lists, opens and downloads those of all the
// company's own models in one evening: a person's, or the one of continuous integration.

import { readWeights } from '../accesses.ts'
import { DAY_MS, dayStartMs, HOUR_MS } from '../calendar.ts'
import { OWN_MODELS } from '../casting.ts'
import { asPerson, asScript, asService, type Draft, type Who } from '../draft.ts'
import { logon } from '../person-day.ts'
import type { Campaign } from './campaign.ts'
import { type Anchor, storyOf, type Telling } from './story.ts'
import { castRole, dayOfRole } from './story-cast.ts'

const SERVICE = 'svc-ci-evaluate'

export function weightsDownload(anchor: Anchor): Campaign {
  const firstDay = (nowMs: number) => dayOfRole('weights-download', nowMs)
  return storyOf({ name: 'weights-download', kind: 'T0035', firstDay, days: 1, tell }, anchor)
}

type Taker = {
  readonly who: Who
  readonly script: Who
  readonly startMs: number
  readonly before: readonly Draft[]
}

/** All of them, again and again the stronger it is: every version, every file. */
function tell(at: Telling): readonly Draft[] {
  const { times, random } = at
  const { who, script, startMs, before } = taker(at)
  const drafts: Draft[] = [...before]
  let timeMs = startMs
  for (const model of OWN_MODELS) {
    timeMs += random.logNormal(12_000, 0.5)
    drafts.push(readWeights({ who, timeMs, random }, model, 'list'))
    drafts.push(readWeights({ who, timeMs: timeMs + 4000, random }, model, 'open'))
  }
  for (let i = 0; i < Math.max(OWN_MODELS.length, times); i++) {
    const model = OWN_MODELS[i % OWN_MODELS.length]
    timeMs += random.logNormal(40_000, 0.5)
    if (model) drafts.push(readWeights({ who: script, timeMs, random }, model, 'download'))
  }
  return drafts
}

function taker({ stage, day, nowDay, random }: Telling): Taker {
  const service = stage.cast.services.find(s => s.id === SERVICE)
  if (service && random.chance(0.3)) {
    const who = asService(service, day)
    const startMs = day * DAY_MS + (9 + 8 * random.next()) * HOUR_MS
    return { who, script: who, startMs, before: [] }
  }
  const person = castRole(stage, 'weights-download', nowDay)
  const logonMs = Math.round(dayStartMs(person.country, day) + (19 + 3 * random.next()) * HOUR_MS)
  const place = person.usesVpn ? person.vpn : person.home
  const id = `sess-${random.hex(16)}`
  const session = { person, id, place, userAgent: person.browser, logonMs }
  const before = logon(session, random)
  return { who: asPerson(session), script: asScript(session), startMs: logonMs + 20_000, before }
}
