// What one account did in each hour of its last 30 days: two bytes an hour, and nothing for a day
// on which it did nothing, so an account that is seldom seen costs little. An hour may be marked as
// not observed (the account was under suspicion): its amount is kept, for a person may say that it
// was normal, but it counts neither as activity nor as silence. Days are numbered from 1970, UTC.

import type { StateReader, StateWriter } from '../state-bytes.ts'
import { decodeAmount, encodeAmount, packCode, unpackCode } from './hour-code.ts'

export type OwnDays = {
  /** Rows of ROW numbers, by day: the day, then 24 hours. */
  rows: Uint16Array
  size: number
  /** First day that was observed, and the first that is not learnt yet. */
  sinceDay: number
  untilDay: number
}

export const HOURS = 24
export const WEEK_HOURS = 168
const ROW = 1 + HOURS
const UNSEEN = 0x8000
const AMOUNT = 0x7fff
/** Rows grow to 34 in few steps: 30 days, today, and those not learnt yet. */
const MORE_ROWS_MAX = 9

export function openDays(day: number): OwnDays {
  return { rows: NO_ROWS, size: 0, sinceDay: day, untilDay: day }
}

const NO_ROWS = new Uint16Array(0)

/** 0 is Monday; 1970 began on a Thursday. */
export function weekdayOfDay(day: number): number {
  return (((day + 3) % 7) + 7) % 7
}

export function isWeekend(day: number): boolean {
  return weekdayOfDay(day) >= 5
}

export function addAmount(days: OwnDays, hour: number, amount: number): void {
  if (amount === 0) return
  const at = placeOf(days, hour)
  const code = days.rows[at] ?? 0
  days.rows[at] = (code & UNSEEN) | encodeAmount(decodeAmount(code & AMOUNT) + amount)
}

/** Hours from `from` up to and with `to` teach nothing. */
export function markUnseen(days: OwnDays, from: number, to: number): void {
  for (let hour = from; hour <= to; hour++) {
    const at = placeOf(days, hour)
    days.rows[at] = (days.rows[at] ?? 0) | UNSEEN
  }
}

/** What was not observed counts after all. */
export function markAllSeen(days: OwnDays): void {
  for (let at = 0; at < days.size * ROW; at++) {
    if (at % ROW !== 0) days.rows[at] = (days.rows[at] ?? 0) & AMOUNT
  }
}

/** What was not observed stays so, and how much it was is forgotten. */
export function forgetUnseen(days: OwnDays): void {
  for (let at = 0; at < days.size * ROW; at++) {
    const code = days.rows[at] ?? 0
    if (at % ROW !== 0 && (code & UNSEEN) !== 0) days.rows[at] = UNSEEN
  }
}

export function isUnseen(days: OwnDays, hour: number): boolean {
  const row = findRow(days, Math.floor(hour / HOURS))
  return row >= 0 && ((days.rows[row * ROW + 1 + (hour % HOURS)] ?? 0) & UNSEEN) !== 0
}

/** Amount of an hour; NaN where it was not observed. */
export function amountOf(days: OwnDays, hour: number): number {
  const row = findRow(days, Math.floor(hour / HOURS))
  if (row < 0) return 0
  const code = days.rows[row * ROW + 1 + (hour % HOURS)] ?? 0
  return (code & UNSEEN) === 0 ? decodeAmount(code) : Number.NaN
}

/** Row of a day, or -1: most questions are about the newest. */
function findRow({ rows, size }: OwnDays, day: number): number {
  let row = size - 1
  while (row >= 0 && (rows[row * ROW] ?? 0) > day) row -= 1
  return row >= 0 && rows[row * ROW] === day ? row : -1
}

/** Where an hour's code stands; makes the row of its day. */
function placeOf(days: OwnDays, hour: number): number {
  const day = Math.floor(hour / HOURS)
  const found = findRow(days, day)
  const row = found >= 0 ? found : insertRow(days, day)
  return row * ROW + 1 + (hour % HOURS)
}

function insertRow(days: OwnDays, day: number): number {
  if ((days.size + 1) * ROW > days.rows.length) {
    const { size } = days
    const larger = new Uint16Array((size + Math.min(MORE_ROWS_MAX, Math.max(2, size))) * ROW)
    larger.set(days.rows)
    days.rows = larger
  }
  let row = days.size
  while (row > 0 && (days.rows[(row - 1) * ROW] ?? 0) > day) row -= 1
  days.rows.copyWithin((row + 1) * ROW, row * ROW, days.size * ROW)
  days.rows.fill(0, row * ROW, (row + 1) * ROW)
  days.rows[row * ROW] = day
  days.size += 1
  return row
}

/** What lies before a day is over. */
export function forgetBefore(days: OwnDays, day: number): void {
  if (day > days.sinceDay) days.sinceDay = day
  let gone = 0
  while (gone < days.size && (days.rows[gone * ROW] ?? 0) < day) gone += 1
  if (gone === 0) return
  days.rows.copyWithin(0, gone * ROW, days.size * ROW)
  days.size -= gone
}

/** What the learnt days hold, per hour of the week and per day. */
export type Tally = {
  /** Sum of amounts, and number of hours that were observed. */
  readonly amounts: Float64Array
  readonly seen: Float64Array
  /** Days of which at least half was observed. */
  days: number
}

/** `into` is filled and given back: this runs each day for each account. */
export function tallyDays(days: OwnDays, into: Tally): Tally {
  const { rows, size, sinceDay, untilDay } = days
  into.amounts.fill(0)
  into.days = Math.max(0, untilDay - sinceDay)
  for (let weekday = 0; weekday < 7; weekday++) {
    into.seen.fill(countDays(days, weekday), weekday * HOURS, (weekday + 1) * HOURS)
  }
  for (let row = 0; row < size; row++) {
    const day = rows[row * ROW] ?? 0
    if (day < sinceDay || day >= untilDay) continue
    const first = weekdayOfDay(day) * HOURS
    let lost = 0
    for (let hour = 0; hour < HOURS; hour++) {
      const code = rows[row * ROW + 1 + hour] ?? 0
      if (code === 0) continue
      const at = first + hour
      if ((code & UNSEEN) === 0) {
        into.amounts[at] = (into.amounts[at] ?? 0) + decodeAmount(code)
      } else {
        into.seen[at] = (into.seen[at] ?? 0) - 1
        lost += 1
      }
    }
    if (lost > HOURS / 2) into.days -= 1
  }
  return into
}

export type OwnDay = { readonly age: number; readonly amount: number; readonly share: number }

/** Each learnt day, oldest first: its amount, and the sum of `weekShape` over hours seen. */
export function learntDays(days: OwnDays, weekShape: Float64Array): OwnDay[] {
  const { rows, size, sinceDay, untilDay } = days
  const result: OwnDay[] = []
  let row = 0
  for (let day = sinceDay; day < untilDay; day++) {
    while (row < size && (rows[row * ROW] ?? 0) < day) row += 1
    const hasRow = row < size && rows[row * ROW] === day
    const first = weekdayOfDay(day) * HOURS
    let [amount, share] = [0, 0]
    for (let hour = 0; hour < HOURS; hour++) {
      const code = hasRow ? (rows[row * ROW + 1 + hour] ?? 0) : 0
      if ((code & UNSEEN) !== 0) continue
      if (code !== 0) amount += decodeAmount(code)
      share += weekShape[first + hour] ?? 0
    }
    result.push({ age: untilDay - 1 - day, amount, share })
  }
  return result
}

/** Learnt days that fall on a weekday. */
function countDays({ sinceDay, untilDay }: OwnDays, weekday: number): number {
  const first = sinceDay + ((weekday - weekdayOfDay(sinceDay) + 7) % 7)
  return first >= untilDay ? 0 : 1 + Math.floor((untilDay - 1 - first) / 7)
}

export function saveDays({ rows, size, sinceDay, untilDay }: OwnDays, out: StateWriter): void {
  for (const value of [sinceDay, untilDay, size]) out.count(value)
  for (let at = 0; at < size * ROW; at++) {
    const code = rows[at] ?? 0
    out.count(at % ROW === 0 ? code : packCode(code))
  }
}

export function loadDays(input: StateReader): OwnDays {
  const [sinceDay, untilDay, size] = [input.count(), input.count(), input.count()]
  const codes: number[] = []
  for (let at = 0; at < size * ROW; at++) {
    const code = input.count()
    codes.push(at % ROW === 0 ? code : unpackCode(code))
  }
  return { rows: Uint16Array.from(codes), size, sinceDay, untilDay }
}
