// What is usual for one account, and what is not. This door holds `baseline_ratio`, which finds a burst
// within a window; `baseline_drift`, a climb over days, stands in drift.ts.
//
// `baseline_ratio`: more in a sliding window than the rule's ratio of what is expected of the account
// at that hour of the week. All must hold: the ratio, the absolute floor `minCount`, and p.
//
// p. Each evaluation gives a residual (x − e) / √((e + s)·s + φe²), s the size of one event and φ the
// account's own over-dispersion. The highest of each hour with activity goes into the cohort's
// pool when the hour is over, so p is the share of benign hours of accounts like it that reach as
// high; it is right for a window that slides, because what is pooled has slid too. An hour under
// suspicion is left out; that of a hit counts as one at the threshold: left out, hits that were none
// would make the pool believe that there are none.
//
// Floor of the norm. An hour at which an account does nothing would make any ratio infinite: at least
// FLOOR_SHARE of its mean over the week is expected of it, and a hundredth of `minCount`.

import {
  addScore,
  loadPool,
  openPool,
  type Pool,
  pOf,
  savePool,
  scoreOfP,
} from '../calibrate/calibrate.ts'
import type { BaselineView, Detector, Hit, Step } from '../detector.ts'
import { type EventTrail, loadTrail, openTrail } from '../event-trail.ts'
import { EVENT_IDS_MAX } from '../finding.ts'
import { type Comparison, type CorrelationRule, DAY_MS } from '../rule.ts'
import type { StateReader, StateWriter } from '../state-bytes.ts'
import {
  type Account,
  acceptAll,
  advance,
  beginAccount,
  type Cohort,
  DAYS_MIN,
  expectedOf,
  freeze,
  freezeHour,
  HOUR_MS,
  hourOn,
  isHourUnseen,
  loadAccount,
  noteSize,
  openAccount,
  openCohortNorm,
  phiOf,
  record,
  saveAccount,
  sizeOf,
} from './account.ts'
import { buildAmount, holds } from './amount.ts'
import {
  type Expectation,
  expectAt,
  expectHour,
  expectWindow,
  noExpectation,
} from './expectation.ts'
import { WEEK_HOURS } from './own-days.ts'
import { type Judged, ratioFeatures, ratioWords } from './ratio-words.ts'
import {
  addToSlot,
  eventsInSlots,
  loadSlots,
  openSlots,
  type Parts,
  SLOTS,
  type Slots,
  saveSlots,
  sumAhead,
  sumParts,
} from './slots.ts'
import { loadShape, openShape, saveShape } from './week-norm.ts'

export { buildBaselineDrift } from './drift.ts'

type Group = {
  account: Account
  slots: Slots
  newestMs: number
  expectation: Expectation
  /** Highest residual of the newest hour; -1 before one. */
  peak: number
  /** A hit was claimed in the newest hour, before anything was suspected. */
  isHit: boolean
  /** Only while there is more than usual: most accounts have none. */
  trail: EventTrail | null
}

type Pooled = { readonly norm: Cohort; readonly pool: Pool }

/** A norm of fewer days is of low confidence, one of more than MATURE_DAYS of full. */
const YOUNG_DAYS = 7
const MATURE_DAYS = 14
const YOUNG_CONFIDENCE = 0.3
const FLOOR_SHARE = 0.2
/** Days are kept in 16 bits: until the year 2149. */
const TIME_END_MS = 65_000 * DAY_MS
/** Events are remembered from this ratio on, so that a finding can name them. */
const TRAIL_RATIO = 1.5
/** Mean of residuals, until a cohort has its own. */
const FIRST_SCALE = 1
/** Where a rule asks for no p, a hit enters the pool as rare as this. */
const HIT_P_MAX = 0.01

export function buildBaselineRatio(rule: CorrelationRule): Detector<Group, Pooled> {
  const { timespanMs, baselineMs, minCount, pMax, condition } = rule
  const amountOf = buildAmount(rule.field)
  const slotMs = timespanMs / SLOTS
  const spanHours = timespanMs / HOUR_MS
  const keptDays = Math.max(1, Math.round(baselineMs / DAY_MS))
  const slotOf = (timeMs: number) => Math.floor(timeMs / slotMs)

  /** The parts of the window that lie in its newest and its oldest hour. */
  function partsOf(slots: Slots, timeMs: number): Parts {
    const newestStart = slotOf(timeMs - (timeMs % HOUR_MS))
    const startMs = Math.max(0, timeMs - timespanMs)
    return sumParts(slots, slotOf(startMs - (startMs % HOUR_MS) + HOUR_MS), newestStart)
  }

  function step(group: Group, pooled: Pooled, at: Step): Hit | null {
    const { timeMs, mayLearn } = at
    const { account } = group
    if (!(timeMs >= 0 && timeMs < TIME_END_MS)) return null
    const amount = amountOf(at.event)
    if (account.hour < 0) {
      beginAccount(account, timeMs)
      group.newestMs = timeMs
    }
    const isOld = at.isLate || slotOf(timeMs) <= slotOf(group.newestMs) - SLOTS
    if (isOld && timeMs < group.newestMs) return teachPast(account, at, amount)
    if (timeMs > group.newestMs) passTo(group, pooled, timeMs)
    addToSlot(group.slots, slotOf(timeMs), amount)
    record(account, hourOn(account, timeMs), amount)
    if (mayLearn) {
      noteSize(account, amount)
      account.isFrozen = false
    } else {
      freeze(account)
    }
    return evaluate(group, pooled, at)
  }

  /** Closes hours, days and windows that are over. */
  function passTo(group: Group, { norm, pool }: Pooled, timeMs: number): void {
    const { account } = group
    group.newestMs = timeMs
    if (hourOn(account, timeMs) === account.hour) return
    if (group.isHit) addScore(pool, Math.min(group.peak, scoreOfP(pool, Math.min(pMax, HIT_P_MAX))))
    else if (group.peak >= 0 && !isHourUnseen(account)) addScore(pool, group.peak)
    group.peak = -1
    group.isHit = false
    advance(account, norm, { timeMs, spanHours, keptDays })
    group.expectation.hour = -1
  }

  function evaluate(group: Group, { norm, pool }: Pooled, at: Step): Hit | null {
    const { account, slots, newestMs } = group
    if (account.seenDays < DAYS_MIN) return null
    if (group.expectation.hour !== account.hour) {
      group.expectation = expectHour({ account, spanHours }, account.hour)
    }
    const parts = partsOf(slots, newestMs)
    const own = expectWindow(group.expectation, { spanHours, timeMs: newestMs, seen: parts })
    const floor = Math.max(FLOOR_SHARE * account.meanHour * spanHours, minCount / 100, 1e-9)
    const expected = Math.max(own, floor)
    const seen = parts.all
    keepTrail(group, at, seen > TRAIL_RATIO * expected)
    const size = rule.field === null ? 1 : sizeOf(account)
    const noise = 1 + 1 / account.seenDays
    const variance = ((expected + size) * size + phiOf(account, norm) * expected ** 2) * noise
    const residual = Math.max(0, (seen - expected) / Math.sqrt(variance))
    if (at.mayLearn && residual > group.peak) group.peak = residual
    if (seen < minCount || !holds(condition, seen / expected)) return null
    const p = pOf(pool, residual)
    if (p > pMax) return null
    if (at.mayLearn) group.isHit = true
    return claim(group, at, { seen, expected, isFloored: own < floor, p })
  }

  function claim(group: Group, { event }: Step, measured: Measured): Hit {
    const { seenDays } = group.account
    const timeMs = group.newestMs
    const ratioAsked = askedOf(condition)
    const { kind } = event
    const judged = { ...measured, field: rule.field, kind, timespanMs, timeMs, ratioAsked }
    const all: Judged = { ...judged, minCount, pMax }
    const startMs = Math.max(0, timeMs - timespanMs)
    return {
      confidence: confidenceOf(seenDays),
      p: measured.p,
      startMs,
      expected: measured.expected,
      seen: measured.seen,
      says: ratioWords(all),
      features: ratioFeatures(all),
      eventIds: group.trail?.within(startMs, timeMs) ?? [event.id],
      eventCount: eventsInSlots(group.slots),
      learning: seenDays < keptDays ? { days: seenDays, of: keptDays } : null,
    }
  }

  function describe(
    { account, slots }: Group,
    _pooled: Pooled,
    nowMs: number,
  ): BaselineView | null {
    if (account.hour < 0) return null
    const span = { account, spanHours }
    const first = hourOn(account, nowMs) - weekHourOf(nowMs)
    return {
      now: sumAhead(slots, slotOf(nowMs)),
      expected: expectAt(span, nowMs),
      learning: { days: account.seenDays, of: keptDays },
      hourOfWeek: Array.from({ length: WEEK_HOURS }, (_, i) => expectedOf(account, first + i)),
      firstSeen: [],
    }
  }

  return {
    openGroup: () => openGroup(openAccount()),
    openCohort: () => ({ norm: openCohortNorm(openShape()), pool: openPool(FIRST_SCALE) }),
    step,
    accept: ({ account }) => acceptAll(account),
    saveGroup,
    loadGroup,
    saveCohort,
    loadCohort,
    describe,
  }
}

function openGroup(account: Account): Group {
  return {
    account,
    slots: openSlots(),
    newestMs: 0,
    expectation: noExpectation(),
    peak: -1,
    isHit: false,
    trail: null,
  }
}

type Measured = Pick<Judged, 'seen' | 'expected' | 'isFloored' | 'p'>

/** A late event teaches the hour it belongs to, and nothing else. */
function teachPast(account: Account, { timeMs, mayLearn }: Step, amount: number): null {
  const hour = hourOn(account, timeMs)
  record(account, hour, amount)
  if (!mayLearn) freezeHour(account, hour)
  return null
}

function keepTrail(group: Group, { event, timeMs }: Step, isHigh: boolean): void {
  if (!isHigh) {
    group.trail = null
    return
  }
  group.trail ??= openTrail(EVENT_IDS_MAX)
  group.trail.add(timeMs, event.id)
}

/** The least ratio that meets the conditions, as far as they have one. */
function askedOf(condition: readonly Comparison[]): number {
  const lower = condition.filter(({ operator }) => operator === 'gt' || operator === 'gte')
  return Math.max(1e-9, ...lower.map(({ value }) => value))
}

function confidenceOf(days: number): number {
  if (days < YOUNG_DAYS) return YOUNG_CONFIDENCE
  const grown = (days - YOUNG_DAYS) / (MATURE_DAYS - YOUNG_DAYS)
  return Math.min(1, 0.6 + 0.4 * grown)
}

/** 0 is Monday 00 UTC. */
function weekHourOf(timeMs: number): number {
  return (Math.floor(timeMs / HOUR_MS) + 3 * 24) % WEEK_HOURS
}

function saveGroup(group: Group, out: StateWriter): void {
  const { account, slots, newestMs, expectation, peak, isHit, trail } = group
  saveAccount(account, out)
  if (account.hour < 0) return
  saveSlots(slots, out)
  out.count(newestMs)
  out.integer(expectation.hour)
  for (const value of [expectation.newest, expectation.inner]) out.number(value)
  for (const value of [expectation.lastButOne, expectation.last]) out.number(value)
  out.number(peak)
  out.count((isHit ? 1 : 0) + (trail ? 2 : 0))
  trail?.save(out)
}

function loadGroup(input: StateReader): Group {
  const account = loadAccount(input)
  if (account.hour < 0) return openGroup(account)
  const slots = loadSlots(input)
  const newestMs = input.count()
  const [hour, newest, inner] = [input.integer(), input.number(), input.number()]
  const expectation = { hour, newest, inner, lastButOne: input.number(), last: input.number() }
  const peak = input.number()
  const flags = input.count()
  const trail = flags >= 2 ? loadTrail(input, EVENT_IDS_MAX) : null
  const isHit = flags % 2 === 1
  return { account, slots, newestMs, expectation, peak, isHit, trail }
}

function saveCohort({ norm, pool }: Pooled, out: StateWriter): void {
  saveShape(norm.shape, out)
  out.number(norm.phi)
  out.number(norm.phiCount)
  savePool(pool, out)
}

function loadCohort(input: StateReader): Pooled {
  const shape = loadShape(input)
  const norm = { shape, phi: input.number(), phiCount: input.number() }
  return { norm, pool: loadPool(input) }
}
