// A service account that may read a feature view copies all of it outside its shift, with its own
// key from its own address: over a Saturday night of the history, and again live from a few
// seconds after a start. Page by page, then out to a bucket that nobody knows.

import { readDataset, readFeatures, writeDataset } from '../accesses.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, weekday } from '../calendar.ts'
import type { Service } from '../cast.ts'
import { asService, type Draft, type Who } from '../draft.ts'
import type { Hours } from '../presence.ts'
import { type Random, randomOf } from '../random.ts'
import type { Stage } from '../stage.ts'
import type { Campaign } from './campaign.ts'
import {
  type Anchor,
  FORCES,
  lifeBefore,
  limit,
  ownADay,
  rowsRead,
  storyOf,
  type Telling,
} from './story.ts'
import { shuffled } from './story-cast.ts'

const NAME = 'feature-store-theft'
const KIND = 'T0025'

/** They work at night, each at its own minute; those after them before releases only. */
const NIGHTLY = [
  'svc-feast-nightly',
  'svc-churn-nightly',
  'svc-demand-planner',
  'svc-label-export',
] as const
const BEFORE_RELEASES = ['svc-retrain-fraud', 'svc-retrain-demand', 'svc-retrain-churn'] as const
const CUSTOMER_VIEWS = ['customer_profile', 'transaction_window', 'lead_activity'] as const

const SATURDAY = 6
const PAGE_ROWS = 2500

export function weekendTheft(anchor: Anchor): Campaign {
  return storyOf({ name: NAME, kind: KIND, firstDay: saturdayBefore, days: 1, tell }, anchor)
}

/** The last Saturday whose night is over: at three in the morning, UTC. */
function saturdayBefore(nowMs: number): number {
  const day = Math.floor((nowMs - 3 * HOUR_MS) / DAY_MS)
  return day - ((weekday(day) - SATURDAY + 7) % 7 || 7)
}

function tell(at: Telling): readonly Draft[] {
  const { stage, day, times, random } = at
  const { thief, hours } = weekendOf(at)
  const rows = times * ownADay({ stage, day }, thief, rowsRead)
  const pages = Math.ceil(rows / PAGE_ROWS)
  const meanMs = (hours.endMs - hours.startMs - MINUTE_MS) / pages
  const gapMs = () => limit(random.logNormal(0.9 * meanMs, 0.4), meanMs / 5, 3 * meanMs)
  const steps = Array.from({ length: pages }, gapMs)
  return copy({ stage, thief, startMs: hours.startMs, random }, steps)
}

type Weekend = { readonly thief: Service; readonly hours: Hours }

/** A start in the evening and an account that never works in the hours after it. */
function weekendOf({ stage, day, times }: Pick<Telling, 'stage' | 'day' | 'times'>): Weekend {
  const random = randomOf(stage.seed, 'weekend thief', day)
  const lengthMs = (1 + times / 12) * HOUR_MS
  const idleOne = findIdle(stage, day)
  // At 19 UTC all of them are free.
  for (const hour of [...shuffled([20, 21, 22], random), 19]) {
    const startMs = day * DAY_MS + hour * HOUR_MS + random.int(0, 50 * MINUTE_MS)
    const hours = { startMs, endMs: startMs + lengthMs }
    const thief = idleOne(hours, shuffled(NIGHTLY, random))
    if (thief) return { thief, hours }
  }
  throw new RangeError('no account is free on the evening of a Saturday')
}

const LIVE_AFTER_MS = 5000
const LIVE_MS = 10 * MINUTE_MS
/** So many pages come quickly, for whoever watches from the start. */
const QUICK_PAGES = 48

/** From five seconds after `startMs` for ten minutes, as strong as it is, whatever is done. */
export function liveTheft(anchor: Anchor, startMs: number): Campaign {
  const day = Math.floor(startMs / DAY_MS)
  return {
    name: NAME,
    kind: KIND,
    strength: FORCES.strong.label,
    episodeOf: () => startMs,
    events({ stage, day: asked }) {
      if (asked !== day) return []
      const random = randomOf(stage.seed, 'live theft', startMs)
      const thief = liveThief(stage, anchor, startMs)
      const steps: number[] = Array.from({ length: QUICK_PAGES }, () => random.int(300, 420))
      for (let left = LIVE_MS - 20_000; left > 0; left -= steps.at(-1) ?? left) {
        steps.push(random.int(600, 1500))
      }
      return copy({ stage, thief, startMs: startMs + LIVE_AFTER_MS, random }, steps)
    },
  }
}

/** Not the one of the weekend, which may still be under suspicion. */
function liveThief(stage: Stage, { nowMs, strength }: Anchor, startMs: number): Service {
  const { times } = FORCES[strength]
  const weekend = weekendOf({ stage, day: saturdayBefore(nowMs), times })
  const random = randomOf(stage.seed, 'live thief', Math.floor(startMs / HOUR_MS))
  const others = shuffled(NIGHTLY, random).filter(id => id !== weekend.thief.id)
  const ids = [...others, ...shuffled(BEFORE_RELEASES, random)]
  const idleOne = findIdle(stage, Math.floor(startMs / DAY_MS))
  const thief = idleOne({ startMs, endMs: startMs + LIVE_MS }, ids)
  if (thief) return thief
  throw new RangeError('every account works at this hour')
}

/** Two weeks hold a release. Two days on, so that nobody is there who comes a moment later. */
const LOOK_BACK_DAYS = 15
const LOOK_AHEAD_DAYS = 2
const MARGIN_MS = 15 * MINUTE_MS

/** The first of some accounts that never does anything in certain whole hours of a day. */
type FindIdle = (hours: Hours, ids: readonly string[]) => Service | null

function findIdle(stage: Stage, day: number): FindIdle {
  const lives = new Map<Service, readonly number[]>()
  const lifeOf = (service: Service) => {
    const found = lives.get(service)
    if (found) return found
    const span = { stage, day: day + LOOK_AHEAD_DAYS }
    const life = lifeBefore(span, service, LOOK_BACK_DAYS + LOOK_AHEAD_DAYS)
    const times = life.map(draft => draft.time)
    lives.set(service, times)
    return times
  }
  return ({ startMs, endMs }, ids) => {
    const fromMs = Math.floor((startMs - MARGIN_MS) / HOUR_MS) * HOUR_MS
    const lengthMs = Math.ceil((endMs + MARGIN_MS) / HOUR_MS) * HOUR_MS - fromMs
    const isThen = (time: number) => (((time - fromMs) % DAY_MS) + DAY_MS) % DAY_MS < lengthMs
    for (const id of ids) {
      const service = stage.cast.services.find(s => s.id === id)
      if (service && !lifeOf(service).some(isThen)) return service
    }
    return null
  }
}

type Copying = {
  readonly stage: Stage
  readonly thief: Service
  readonly startMs: number
  readonly random: Random
}

/** A look around, then a page after each step of time; now and then what was taken goes out. */
function copy({ stage, thief, startMs, random }: Copying, steps: readonly number[]) {
  const who = inSession(asService(thief, Math.floor(startMs / DAY_MS)), random)
  const own = CUSTOMER_VIEWS.find(v => v === thief.store)
  const view = own ?? random.pick(CUSTOMER_VIEWS)
  const copyId = `s3://xfer-${random.hex(6)}/${view}`
  const drafts: Draft[] = [...lookAround({ stage, who, view, timeMs: startMs, random })]
  const pagesPerExport = Math.max(10, Math.ceil(steps.length / 6))
  let timeMs = startMs + 700
  let taken = 0
  steps.forEach((stepMs, i) => {
    timeMs += stepMs
    const moment = { who, timeMs, random }
    const rows = Math.round(limit(random.logNormal(PAGE_ROWS, 0.4), 1000, 5000))
    const isRaw = i % 6 === 5
    const extra = { operation: 'read_historical' }
    const page = isRaw
      ? readDataset(moment, thief.dataset, rows)
      : readFeatures(moment, view, rows, extra)
    drafts.push(page)
    taken += rows
    if (i % pagesPerExport !== pagesPerExport - 1 && i < steps.length - 1) return
    const later = { who, timeMs: timeMs + 150, random }
    drafts.push(writeDataset(later, { id: copyId, class: 'personal' }, taken))
    taken = 0
  })
  return drafts
}

function inSession(who: Who, random: Random): Who {
  return { ...who, actor: { ...who.actor, session: `sess-${random.hex(16)}` } }
}

type Look = {
  readonly stage: Stage
  readonly who: Who
  readonly view: string
  readonly timeMs: number
  readonly random: Random
}

function lookAround({ stage, who, view, timeMs, random }: Look): readonly Draft[] {
  const views = stage.cast.featureViews
  const resource = views.map(id => ({ type: 'feature-view', id }))
  const list = { operation: 'list', endpoint: 'GET /feature-views', resource }
  const describe = { operation: 'describe', endpoint: 'GET /feature-views/{view}' }
  return [
    readFeatures({ who, timeMs, random }, view, views.length, list),
    readFeatures({ who, timeMs: timeMs + 400, random }, view, 1, describe),
  ]
}
