// What is expected of an account in an hour of the week: its own level × its own weekly shape.
//
// Shape. Mean of the hour of the week (four or five samples in 30 days), drawn to the mean of that
// hour of the day on days like it (workdays or weekend). Only while the account has been seen on
// fewer than THIN_DAYS such days, its other days and the cohort's shape say how those may be.
// Level. A factor on these means: how the account's days compare to them, newer days with more
// weight, days far above their kind cut, and days away (three silent days in a row when it was to
// be expected) left out, so that a vacation does not make the return look like a spike. The level
// is never drawn to that of others: it would hide a spike of a small account behind the large ones.

import type { StateReader, StateWriter } from '../state-bytes.ts'
import { encodeAmount } from './hour-code.ts'
import {
  amountOf,
  HOURS,
  isWeekend,
  learntDays,
  type OwnDay,
  type OwnDays,
  type Tally,
  tallyDays,
  WEEK_HOURS,
  weekdayOfDay,
} from './own-days.ts'

/** What accounts of a cohort do per hour of a workday or weekend day, in means of their own. */
export type CohortShape = { readonly sums: Float64Array; days: number; ends: number }

/** Samples that days alike are worth beside those of the hour of the week itself. */
const ALIKE_WEIGHT = 1.5
const THIN_DAYS = 4
/** A weekend hour beside a workday's, where neither the account nor its cohort shows it. */
const WEEKEND_SHARE = 0.3
/** Days of its kind before a cohort's shape counts. */
const COHORT_DAYS_MIN = 20
const COHORT_DAYS_MAX = 4000
/** An account teaches its cohort from its second week on; an hour counts at most so many means. */
const OWN_DAYS_MIN = 7
const COHORT_HOUR_MAX = 24

const LEVEL_HALF_LIFE_DAYS = 10
/** A day counts for at most so many times what is usual of its kind. */
const DAY_CUT = 3
const LEVEL_MIN = 0.25
const LEVEL_MAX = 4
const AWAY_DAYS = 3
/** On a day with less than this share of the mean day no activity is expected. */
const IDLE_SHARE = 0.1

export function openShape(): CohortShape {
  return { sums: new Float64Array(2 * HOURS), days: 0, ends: 0 }
}

export function hourOfWeek(hour: number): number {
  return weekdayOfDay(Math.floor(hour / HOURS)) * HOURS + (hour % HOURS)
}

const WORKDAYS = 5

/** Of one hour of the day, on workdays and on weekend days: sum of amounts, days, usual amount. */
type Kind = { amount: number; days: number; usual: number }

/** Fills `weekShape` with what is expected before the level; gives back its sum. */
function measureShape({ amounts, seen }: Tally, known: Known): number {
  let total = 0
  for (let hour = 0; hour < HOURS; hour++) {
    const workdays = kindOf(tally, hour, 0)
    const ends = kindOf(tally, hour, WORKDAYS)
    workdays.usual = usualOf(workdays, ends, { known, hour, isEnd: false })
    ends.usual = usualOf(ends, workdays, { known, hour, isEnd: true })
    for (let weekday = 0; weekday < 7; weekday++) {
      const week = weekday * HOURS + hour
      const { usual } = weekday < WORKDAYS ? workdays : ends
      const sum = (amounts[week] ?? 0) + ALIKE_WEIGHT * usual
      const share = sum / ((seen[week] ?? 0) + ALIKE_WEIGHT)
      weekShape[week] = share
      total += share
    }
  }
  return total
}

function kindOf({ amounts, seen }: Tally, hour: number, from: number): Kind {
  let [amount, days] = [0, 0]
  for (let weekday = from; weekday < (from === 0 ? WORKDAYS : 7); weekday++) {
    amount += amounts[weekday * HOURS + hour] ?? 0
    days += seen[weekday * HOURS + hour] ?? 0
  }
  return { amount, days, usual: 0 }
}

type Place = { readonly known: Known; readonly hour: number; readonly isEnd: boolean }

/** Mean of the hour on days alike; while they are few, a guess from the others and the cohort. */
function usualOf(alike: Kind, other: Kind, { known, hour, isEnd }: Place): number {
  const own = alike.days > 0 ? alike.amount / alike.days : 0
  const { shape, meanHour } = known
  const isOther = other.days > 0
  if (alike.days >= THIN_DAYS || !(isOther || isKnown(shape, isEnd))) return own
  const others = isOther ? (other.amount / other.days) * kindRatio(shape, isEnd) : 0
  const guess = Math.max(others, meanHour * cohortAt(shape, hour, isEnd))
  return (own * alike.days + guess * (THIN_DAYS - alike.days)) / THIN_DAYS
}

type Known = { readonly shape: CohortShape; readonly meanHour: number }

function isKnown({ days, ends }: CohortShape, isEnd: boolean): boolean {
  return (isEnd ? ends : days) >= COHORT_DAYS_MIN
}

/** The cohort's mean there, relative to its mean over all hours; 0 while it is not known. */
function cohortAt(shape: CohortShape, hour: number, isEnd: boolean): number {
  if (!isKnown(shape, isEnd)) return 0
  const { sums, days, ends } = shape
  return (sums[(isEnd ? HOURS : 0) + hour] ?? 0) / (isEnd ? ends : days)
}

/** How a day of this kind compares to one of the other, in the cohort. */
function kindRatio({ sums, days, ends }: CohortShape, isEnd: boolean): number {
  let share = WEEKEND_SHARE
  if (days >= COHORT_DAYS_MIN && ends >= COHORT_DAYS_MIN) {
    let [onDays, onEnds] = [0, 0]
    for (let at = 0; at < HOURS; at++) {
      onDays += sums[at] ?? 0
      onEnds += sums[HOURS + at] ?? 0
    }
    share = Math.min(2, Math.max(0.1, onEnds / ends / (onDays / days || 1)))
  }
  return isEnd ? share : 1 / share
}

export type Level = {
  /** Mean of an hour over the whole week, and the days behind it. */
  readonly meanHour: number
  readonly days: number
}

const weekShape = new Float64Array(WEEK_HOURS)
const tally: Tally = {
  amounts: new Float64Array(WEEK_HOURS),
  seen: new Float64Array(WEEK_HOURS),
  days: 0,
}

/** Writes what is expected per hour of the week, from all learnt days: once a day and account. */
export function learnWeek(days: OwnDays, known: Known, expected: Uint16Array): Level {
  tallyDays(days, tally)
  const total = measureShape(tally, known)
  const factor = levelOf(learntDays(days, weekShape), total / 7)
  for (let week = 0; week < WEEK_HOURS; week++) {
    expected[week] = encodeAmount(factor * (weekShape[week] ?? 0))
  }
  return { meanHour: (factor * total) / WEEK_HOURS, days: tally.days }
}

/** Factor on the shape: 1 where each day is as the mean of its kind. */
function levelOf(all: readonly OwnDay[], meanDay: number): number {
  const present = withoutAway(all.filter(({ share }) => share > IDLE_SHARE * meanDay))
  const cut = DAY_CUT * medianRatio(present)
  let [amounts, shares] = [0, 0]
  for (const { age, amount, share } of present) {
    const weight = 0.5 ** (age / LEVEL_HALF_LIFE_DAYS)
    amounts += weight * Math.min(amount, cut * share)
    shares += weight * share
  }
  return shares > 0 ? Math.min(LEVEL_MAX, Math.max(LEVEL_MIN, amounts / shares)) : 1
}

/** Without runs of silent days, which are of an account that is away. */
function withoutAway(days: readonly OwnDay[]): readonly OwnDay[] {
  const present: OwnDay[] = []
  let silent: OwnDay[] = []
  for (const day of days) {
    if (day.amount === 0) {
      silent.push(day)
      continue
    }
    if (silent.length < AWAY_DAYS) present.push(...silent)
    silent = []
    present.push(day)
  }
  if (silent.length < AWAY_DAYS) present.push(...silent)
  return present
}

/** Of days with activity: an account that is seldom seen has a usual day too. */
function medianRatio(days: readonly OwnDay[]): number {
  const ratios = days.filter(({ amount }) => amount > 0).map(({ amount, share }) => amount / share)
  ratios.sort((a, b) => a - b)
  return ratios[ratios.length >> 1] ?? 0
}

/** A closed day of an account teaches its cohort how such days go. */
export function teachShape(shape: CohortShape, days: OwnDays, day: number, level: Level): void {
  if (level.days < OWN_DAYS_MIN || level.meanHour <= 0) return
  const isEnd = isWeekend(day)
  const first = isEnd ? HOURS : 0
  for (let at = 0; at < HOURS; at++) {
    const amount = amountOf(days, day * HOURS + at)
    if (Number.isNaN(amount)) return
  }
  for (let at = 0; at < HOURS; at++) {
    const relative = amountOf(days, day * HOURS + at) / level.meanHour
    shape.sums[first + at] = (shape.sums[first + at] ?? 0) + Math.min(COHORT_HOUR_MAX, relative)
  }
  if (isEnd) shape.ends += 1
  else shape.days += 1
  if ((isEnd ? shape.ends : shape.days) >= COHORT_DAYS_MAX) fadeShape(shape, isEnd)
}

function fadeShape(shape: CohortShape, isEnd: boolean): void {
  const first = isEnd ? HOURS : 0
  for (let at = first; at < first + HOURS; at++) shape.sums[at] = (shape.sums[at] ?? 0) / 2
  if (isEnd) shape.ends /= 2
  else shape.days /= 2
}

export function saveShape({ sums, days, ends }: CohortShape, out: StateWriter): void {
  for (const value of sums) out.number(value)
  out.number(days)
  out.number(ends)
}

export function loadShape(input: StateReader): CohortShape {
  const shape = openShape()
  for (let at = 0; at < shape.sums.length; at++) shape.sums[at] = input.number()
  shape.days = input.number()
  shape.ends = input.number()
  return shape
}
