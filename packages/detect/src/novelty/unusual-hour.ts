// Activity at an hour of the week when the entity is never active. What is normal is a map of the
// hours it was active in, week by week: eight weeks back, a byte for each of 168 hours. How usual
// an hour is, is the smoothed share of comparable hours with activity: this hour of the week
// counts whole, its neighbours and the same hour of other days in part, so that whoever works in
// shifts or is called at night has wide hours. Hours of the last half day are left out: one night
// is no habit.
//
// That share is p, for an entity that has hours at all: where much of its activity falls into
// hours as unusual as this one, all hours are alike and none is a surprise.

import type { BaselineView, Detector, Hit, Step } from '../detector.ts'
import { type EventTrail, loadTrail, openTrail } from '../event-trail.ts'
import { EVENT_IDS_MAX } from '../finding.ts'
import { clockWords, countWords, twoDigits, weekdayOf, weekdayWords } from '../plain-words.ts'
import { type CorrelationRule, DAY_MS, HOUR_MS } from '../rule.ts'
import type { StateReader, StateWriter } from '../state-bytes.ts'
import {
  type HourSpan,
  hourNumber,
  hoursSeen,
  loadWeeks,
  markHour,
  openWeeks,
  saveWeeks,
  type WeekMap,
  weeksActive,
} from './week-map.ts'

/** Before the first nothing is claimed; with the second comes all confidence. */
const DAYS_MIN = 7
const DAYS_FULL = 14
const REFUSED_MAX = 168

export type HourGroup = {
  firstMs: number
  readonly weeks: WeekMap
  /** The newest hour, since 1970: what happened in it, and how usual it was when it began. */
  hour: number
  hourFirstMs: number
  events: number
  usual: number
  /** Whether most activity has its hours; null before it was asked for in this hour. */
  isHabitual: boolean | null
  trail: EventTrail
  /** Hours under suspicion wait here for a person's word. */
  refused: number[]
}

export function buildUnusualHour(rule: CorrelationRule): Detector<HourGroup, null> {
  const eventsMin = Math.max(1, rule.minCount)

  function step(group: HourGroup, _: null, at: Step): Hit | null {
    const { timeMs, event } = at
    const hour = hourNumber(timeMs)
    group.firstMs = Math.min(group.firstMs || at.firstMs, at.firstMs, timeMs)
    if (hour > group.hour) beginHour(group, hour, timeMs)
    learn(group, hour, at.mayLearn)
    if (hour < group.hour || at.isLate) return null
    group.events += 1
    group.trail.add(timeMs, event.id)
    const days = (timeMs - group.firstMs) / DAY_MS
    if (days < DAYS_MIN || group.events < eventsMin || group.usual > rule.pMax) return null
    group.isHabitual ??= shareAsUnusual(group) <= DIFFUSE_MAX
    return group.isHabitual ? claimOf(group, timeMs, days) : null
  }

  return {
    openGroup,
    openCohort: () => null,
    step,
    accept(group) {
      for (const hour of group.refused) markHour(group.weeks, hour)
      group.refused = []
    },
    reject(group) {
      group.refused = []
    },
    saveGroup,
    loadGroup,
    saveCohort() {},
    loadCohort: () => null,
    describe: (group, _, nowMs) => viewOf(group, nowMs),
  }
}

function openGroup(): HourGroup {
  return {
    firstMs: 0,
    weeks: openWeeks(),
    hour: 0,
    hourFirstMs: 0,
    events: 0,
    usual: 1,
    isHabitual: null,
    trail: openTrail(EVENT_IDS_MAX),
    refused: [],
  }
}

function beginHour(group: HourGroup, hour: number, timeMs: number): void {
  group.usual = usualness(group, hour, hour)
  group.isHabitual = null
  group.hour = hour
  group.hourFirstMs = timeMs
  group.events = 0
  group.trail.forget(timeMs)
}

function learn({ weeks, refused }: HourGroup, hour: number, mayLearn: boolean): void {
  if (mayLearn) markHour(weeks, hour)
  else if (refused.at(-1) !== hour && refused.length < REFUSED_MAX) refused.push(hour)
}

/** Weights by distance in hours: on the same day, on other days of its kind, on the others. */
const SAME_DAY = [1, 0.7, 0.3] as const
const WORKDAY = [0.6, 0.4, 0.2] as const
/** There is only one other day of a weekend. */
const WEEKEND = SAME_DAY
const OTHER_KIND = [0.1] as const
/** Before anything is known of an hour: a tenth of an hour's activity, weighing one hour. */
const PRIOR_SHARE = 0.1
const PRIOR_HOURS = 1
/** Of an entity that has hours, hardly any activity is as unusual as a night's. */
const DIFFUSE_MAX = 0.1
/** Small shares that differ by less than this are alike: they stem from a handful of hours. */
const ALIKE = 3
const WEEK_HOURS = 168
const HALF_DAY = 12

/** Probability that the entity is active in an hour, from what was long enough before `now`. */
function usualness(group: HourGroup, hour: number, now: number): number {
  const span = { fromHour: Math.ceil(group.firstMs / HOUR_MS), untilHour: now - HALF_DAY }
  const sum = { active: PRIOR_HOURS * PRIOR_SHARE, hours: PRIOR_HOURS }
  const isWeekend = isWeekendHour(hour)
  const sameKind = isWeekend ? WEEKEND : WORKDAY
  addAround(group, { hour, span, weights: SAME_DAY }, sum)
  for (let days = 1; days < 7; days++) {
    const other = hour - 24 * days
    const isSame = isWeekendHour(other) === isWeekend
    const weights = isSame ? sameKind : OTHER_KIND
    addAround(group, { hour: other, span, weights }, sum)
  }
  return sum.active / sum.hours
}

/** The week that ends with the newest hour, hour by hour: what it has at most this usual. */
function shareAsUnusual(group: HourGroup): number {
  let [asUnusual, all] = [0, 0]
  for (let back = 0; back < WEEK_HOURS; back++) {
    const usual = usualness(group, group.hour - back, group.hour)
    all += usual
    if (usual <= ALIKE * group.usual) asUnusual += usual
  }
  return Math.min(1, asUnusual / all)
}

type Around = {
  readonly hour: number
  readonly span: HourSpan
  readonly weights: readonly number[]
}

function addAround(
  { weeks }: HourGroup,
  { hour, span, weights }: Around,
  sum: { active: number; hours: number },
): void {
  for (let distance = 1 - weights.length; distance < weights.length; distance++) {
    const weight = weights[Math.abs(distance)] ?? 0
    const { active, seen } = weeksActive(weeks, hour + distance, span)
    sum.active += weight * active
    sum.hours += weight * seen
  }
}

function isWeekendHour(hour: number): boolean {
  return weekdayOf(hour * HOUR_MS) >= 5
}

function claimOf(group: HourGroup, timeMs: number, days: number): Hit {
  const { usual: p, events, hour, hourFirstMs, trail, weeks, firstMs } = group
  const day = weekdayWords(weekdayOf(timeMs))
  const fromHour = Math.ceil(firstMs / HOUR_MS)
  const around = hoursSeen(weeks, hour, { fromHour, untilHour: hour - HALF_DAY })
  const [from, to] = [clockHour(hour - 1), clockHour(hour + 2)]
  const when = `${clockWords(hourFirstMs)} UTC on a ${day}`
  const usual = `active on ${around.active} of ${countWords(around.seen, day)}`
  return {
    confidence: Math.min(1, days / DAYS_FULL),
    p,
    startMs: hourFirstMs,
    expected: usual,
    seen: when,
    says:
      `was active at ${when} (${countWords(events, 'event')} in the hour); ` +
      `in ${Math.floor(days)} days ${usual} between ${from} and ${to}`,
    features: [
      { name: 'hour of the week', expected: usual, seen: when, weight: -Math.log(p) },
      { name: 'events in the hour', expected: 0, seen: events, weight: Math.log1p(events) / 4 },
    ],
    eventIds: trail.within(hourFirstMs - 1, timeMs),
    eventCount: events,
    learning: days < DAYS_FULL ? { days: Math.floor(days), of: DAYS_FULL } : null,
  }
}

function clockHour(hour: number): string {
  return twoDigits(((hour % 24) + 24) % 24)
}

function viewOf(group: HourGroup, nowMs: number): BaselineView | null {
  if (group.firstMs === 0) return null
  const now = hourNumber(nowMs)
  // Monday 00 UTC of the week that has passed.
  const monday = now - (now % 24) - 24 * weekdayOf(nowMs)
  const hourOfWeek = Array.from({ length: 168 }, (_, i) => {
    const hour = monday + i > now ? monday + i - 168 : monday + i
    return usualness(group, hour, now)
  })
  const days = Math.max(0, Math.floor((nowMs - group.firstMs) / DAY_MS))
  return {
    now: now === group.hour ? group.events : 0,
    expected: usualness(group, now, now),
    learning: { days: Math.min(DAYS_FULL, days), of: DAYS_FULL },
    hourOfWeek,
    firstSeen: [],
  }
}

function saveGroup(group: HourGroup, out: StateWriter): void {
  for (const value of [group.firstMs, group.hour, group.hourFirstMs, group.events, group.usual]) {
    out.number(value)
  }
  out.count(group.isHabitual === null ? 2 : Number(group.isHabitual))
  saveWeeks(group.weeks, out)
  group.trail.save(out)
  out.count(group.refused.length)
  for (const hour of group.refused) out.number(hour)
}

function loadGroup(input: StateReader): HourGroup {
  const [firstMs, hour, hourFirstMs, events, usual, habitual] = [
    input.number(),
    input.number(),
    input.number(),
    input.number(),
    input.number(),
    input.count(),
  ]
  const isHabitual = habitual === 2 ? null : habitual === 1
  const weeks = loadWeeks(input)
  const trail = loadTrail(input, EVENT_IDS_MAX)
  const refused: number[] = []
  for (let left = input.count(); left > 0; left--) refused.push(input.number())
  return { firstMs, weeks, hour, hourFirstMs, events, usual, isHabitual, trail, refused }
}
