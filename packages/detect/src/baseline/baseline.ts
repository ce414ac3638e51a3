// What is usual for one account, and what is not. This door holds `baseline_ratio`, which finds a
// burst within a window; `baseline_drift`, a climb over days, stands in drift.ts.
//
// `baseline_ratio`: more in a sliding window than the rule's ratio of what is expected of the
// account at that hour of the week. All must hold: the ratio, the absolute floor `minCount`, and p.
//
// p. Each evaluation gives a residual (x − e) / √((e + s)·s + φe²), s the size of one event and φ
// the account's own over-dispersion. The highest of each hour with activity goes into the cohort's
// pool when the hour is over, so p is the share of benign hours of accounts like it that reach as
// high; it is right for a window that slides, because what is pooled has slid too. An hour under
// suspicion is left out; that of a hit counts as one at the threshold: left out, hits that were
// none would make the pool believe that there are none.
//
// Floor of the norm. An hour at which an account does nothing would make any ratio infinite: at
// least FLOOR_SHARE of its mean over the week is expected of it, and FLOOR_COUNT of `minCount`.
//
// Accepted. What a person said is normal is taken into the baseline, but a job that comes once a
// month would be one hour in thirty days. So as much as was accepted, at about that hour of the
// day, is no hit for a hundred days more.

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
  rejectAll,
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
import { HOURS, WEEK_HOURS } from './own-days.ts'
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
  /** The most seen in a window of the latest suspicion, and what a person accepted; mostly null. */
  suspected: Level | null
  accepted: Level | null
}

type Level = { amount: number; timeMs: number }

type Pooled = { readonly norm: Cohort; readonly pool: Pool }

/** A norm of fewer days is of low confidence, one of more than MATURE_DAYS of full. */
const YOUNG_DAYS = 7
const MATURE_DAYS = 14
const YOUNG_CONFIDENCE = 0.3
const FLOOR_SHARE = 0.2
const FLOOR_COUNT = 0.05
/** Days are kept in 16 bits: until the year 2149. */
const TIME_END_MS = 65_000 * DAY_MS
/** Events are remembered from this ratio on, so that a finding can name them. */
const TRAIL_RATIO = 1.5
/** Mean of residuals, until a cohort has its own. */
const FIRST_SCALE = 1
/** Where a rule asks for no p, a hit enters the pool as rare as this. */
const HIT_P_MAX = 0.01
const ACCEPTED_DAYS = 100
const ACCEPTED_HOURS = 3
const ACCEPTED_LEEWAY = 1.25

/** A rule, as far as it is worked out once. */
type Plan = {
  readonly rule: CorrelationRule
  readonly amountOf: (event: Step['event']) => number
  readonly slotOf: (timeMs: number) => number
  readonly spanHours: number
  readonly keptDays: number
}

export function buildBaselineRatio(rule: CorrelationRule): Detector<Group, Pooled> {
  const timespanMs = Math.max(1000, rule.timespanMs)
  const plan: Plan = {
    rule: { ...rule, timespanMs },
    amountOf: buildAmount(rule.field),
    slotOf: timeMs => Math.floor((timeMs * SLOTS) / timespanMs),
    spanHours: timespanMs / HOUR_MS,
    keptDays: Math.max(1, Math.round(rule.baselineMs / DAY_MS)),
  }
  return {
    openGroup: () => openGroup(openAccount()),
    openCohort: () => ({ norm: openCohortNorm(openShape()), pool: openPool(FIRST_SCALE) }),
    step: (group, pooled, at) => step(plan, { group, pooled }, at),
    accept,
    reject,
    saveGroup,
    loadGroup,
    saveCohort,
    loadCohort,
    describe: (group, _pooled, nowMs) => describe(plan, group, nowMs),
  }
}

type Both = { readonly group: Group; readonly pooled: Pooled }

function step(plan: Plan, both: Both, at: Step): Hit | null {
  const { group } = both
  const { account } = group
  const { timeMs, mayLearn } = at
  if (!(timeMs >= 0 && timeMs < TIME_END_MS)) return null
  const amount = plan.amountOf(at.event)
  if (account.hour < 0) {
    beginAccount(account, timeMs)
    group.newestMs = timeMs
  }
  if (timeMs > group.newestMs) passTo(plan, both, timeMs)
  const hour = hourOn(account, timeMs)
  record(account, hour, amount)
  if (mayLearn) noteSize(account, amount)
  // A late event teaches the hour it belongs to, and nothing else.
  if (at.isLate || !addToSlot(group.slots, plan.slotOf(timeMs), amount)) {
    if (!mayLearn) freezeHour(account, hour)
    return null
  }
  if (mayLearn) account.isFrozen = false
  else suspect(group)
  return evaluate(plan, both, at)
}

function suspect(group: Group): void {
  if (!group.account.isFrozen) group.suspected = { amount: 0, timeMs: 0 }
  freeze(group.account)
}

/** Closes hours, days and windows that are over. */
function passTo({ rule, spanHours, keptDays }: Plan, both: Both, timeMs: number): void {
  const { group, pooled } = both
  const { account, peak } = group
  group.newestMs = timeMs
  if (hourOn(account, timeMs) === account.hour) return
  const { pool } = pooled
  if (group.isHit) addScore(pool, Math.min(peak, scoreOfP(pool, Math.min(rule.pMax, HIT_P_MAX))))
  else if (peak >= 0 && !isHourUnseen(account)) addScore(pool, peak)
  group.peak = -1
  group.isHit = false
  advance(account, pooled.norm, { timeMs, spanHours, keptDays })
  group.expectation.hour = -1
}

function evaluate(plan: Plan, { group, pooled }: Both, at: Step): Hit | null {
  const { rule, spanHours } = plan
  const { account, newestMs: timeMs } = group
  const parts = partsOf(plan, group.slots, timeMs)
  const seen = parts.all
  if (!at.mayLearn && group.suspected && seen > group.suspected.amount) {
    group.suspected = { amount: seen, timeMs }
  }
  if (account.seenDays < DAYS_MIN) return null
  if (group.expectation.hour !== account.hour) {
    group.expectation = expectHour({ account, spanHours }, account.hour)
  }
  const own = expectWindow(group.expectation, { spanHours, timeMs, seen: parts })
  const floor = Math.max(FLOOR_SHARE * account.meanHour * spanHours, FLOOR_COUNT * rule.minCount)
  const expected = Math.max(own, floor, 1e-9)
  keepTrail(group, at, seen > TRAIL_RATIO * expected)
  const residual = residualOf(plan, { account, norm: pooled.norm }, { seen, expected })
  if (at.mayLearn && residual > group.peak) group.peak = residual
  if (seen < rule.minCount || !holds(rule.condition, seen / expected)) return null
  const p = pOf(pooled.pool, residual)
  if (p > rule.pMax || isAccepted(group, seen)) return null
  if (at.mayLearn) group.isHit = true
  return claim(plan, group, { seen, expected, isFloored: own < floor, p, kind: at.event.kind })
}

/** The parts of the window that lie in its newest and its oldest hour. */
function partsOf({ rule, slotOf }: Plan, slots: Slots, timeMs: number): Parts {
  const newestStart = slotOf(timeMs - (timeMs % HOUR_MS))
  const startMs = Math.max(0, timeMs - rule.timespanMs)
  return sumParts(slots, slotOf(startMs - (startMs % HOUR_MS) + HOUR_MS), newestStart)
}

type Known = { readonly account: Account; readonly norm: Cohort }
type Amounts = { readonly seen: number; readonly expected: number }

/** The fewer days behind it, the less the norm itself is known. */
function residualOf({ rule }: Plan, { account, norm }: Known, { seen, expected }: Amounts): number {
  const size = rule.field === null ? 1 : sizeOf(account)
  const noise = 1 + 1 / account.seenDays
  const variance = ((expected + size) * size + phiOf(account, norm) * expected ** 2) * noise
  return Math.max(0, (seen - expected) / Math.sqrt(variance))
}

function isAccepted({ accepted, newestMs }: Group, seen: number): boolean {
  if (!accepted || seen > ACCEPTED_LEEWAY * accepted.amount) return false
  if (newestMs > accepted.timeMs + ACCEPTED_DAYS * DAY_MS) return false
  const apart = Math.abs((newestMs % DAY_MS) - (accepted.timeMs % DAY_MS))
  return Math.min(apart, DAY_MS - apart) <= ACCEPTED_HOURS * HOUR_MS
}

function accept(group: Group): void {
  acceptAll(group.account)
  group.accepted = group.suspected ?? group.accepted
  group.suspected = null
}

function reject(group: Group): void {
  rejectAll(group.account)
  group.suspected = null
}

function keepTrail(group: Group, { event, timeMs }: Step, isHigh: boolean): void {
  if (!isHigh) {
    group.trail = null
    return
  }
  group.trail ??= openTrail(EVENT_IDS_MAX)
  group.trail.add(timeMs, event.id)
}

type Measured = Pick<Judged, 'seen' | 'expected' | 'isFloored' | 'p' | 'kind'>

function claim({ rule, keptDays }: Plan, group: Group, measured: Measured): Hit {
  const { seenDays } = group.account
  const { field, timespanMs, minCount, pMax, condition } = rule
  const timeMs = group.newestMs
  const startMs = Math.max(0, timeMs - timespanMs)
  const asked = { field, timespanMs, minCount, pMax, ratioAsked: askedOf(condition) }
  const judged: Judged = { ...measured, ...asked, timeMs }
  return {
    confidence: confidenceOf(seenDays),
    p: measured.p,
    startMs,
    expected: measured.expected,
    seen: measured.seen,
    says: ratioWords(judged),
    features: ratioFeatures(judged),
    eventIds: group.trail?.within(startMs, timeMs) ?? [],
    eventCount: eventsInSlots(group.slots),
    learning: seenDays < keptDays ? { days: seenDays, of: keptDays } : null,
  }
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

function describe(plan: Plan, { account, slots }: Group, nowMs: number): BaselineView | null {
  if (account.hour < 0) return null
  const { spanHours, keptDays, slotOf } = plan
  // Monday 00 UTC of some week.
  const first = 4 * HOURS
  return {
    now: sumAhead(slots, slotOf(nowMs)),
    expected: expectAt({ account, spanHours }, nowMs),
    learning: { days: account.seenDays, of: keptDays },
    hourOfWeek: Array.from({ length: WEEK_HOURS }, (_, i) => expectedOf(account, first + i)),
    firstSeen: [],
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
    suspected: null,
    accepted: null,
  }
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
  for (const level of [group.suspected, group.accepted]) {
    out.count(level ? 1 : 0)
    if (!level) continue
    out.number(level.amount)
    out.count(level.timeMs)
  }
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
  const isHit = flags % 2 === 1
  const trail = flags >= 2 ? loadTrail(input, EVENT_IDS_MAX) : null
  const [suspected, accepted] = [loadLevel(input), loadLevel(input)]
  return { account, slots, newestMs, expectation, peak, isHit, trail, suspected, accepted }
}

function loadLevel(input: StateReader): Level | null {
  return input.count() === 0 ? null : { amount: input.number(), timeMs: input.count() }
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
