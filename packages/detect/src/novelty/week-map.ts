// In which hours of the last eight weeks an entity was active: a byte for each hour of the week,
// whose lowest bit is the newest week. Late hours find their place as long as they are in it.

import { HOUR_MS } from '../rule.ts'
import type { StateReader, StateWriter } from '../state-bytes.ts'

const WEEK_HOURS = 168
const WEEKS = 8
/** Hour 0 of 1970 was on a Thursday: 96 hours later begins a Monday. */
const MONDAY_HOUR = 96

export type WeekMap = {
  /** Number of the newest week, since 1970. */
  newest: number
  readonly bits: Uint8Array
}

type Weeks = { readonly active: number; readonly seen: number }

export type HourSpan = { readonly fromHour: number; readonly untilHour: number }

export function openWeeks(): WeekMap {
  return { newest: 0, bits: new Uint8Array(WEEK_HOURS) }
}

export function hourNumber(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS)
}

function weekNumber(hour: number): number {
  return Math.floor((hour - MONDAY_HOUR) / WEEK_HOURS)
}

function slotOf(hour: number): number {
  return hour - MONDAY_HOUR - WEEK_HOURS * weekNumber(hour)
}

export function markHour(weeks: WeekMap, hour: number): void {
  const ahead = weekNumber(hour) - weeks.newest
  if (ahead > 0) {
    if (ahead >= WEEKS) weeks.bits.fill(0)
    else for (let i = 0; i < WEEK_HOURS; i++) weeks.bits[i] = (weeks.bits[i] ?? 0) << ahead
    weeks.newest += ahead
  }
  const age = weeks.newest - weekNumber(hour)
  const slot = slotOf(hour)
  if (age < WEEKS) weeks.bits[slot] = (weeks.bits[slot] ?? 0) | (1 << age)
}

/** Of `hour` and the same hour of weeks before it, as far as the span and the map reach. */
export function weeksActive(
  { bits, newest }: WeekMap,
  hour: number,
  { fromHour, untilHour }: HourSpan,
): Weeks {
  const row = bits[slotOf(hour)] ?? 0
  const week = weekNumber(hour)
  let [active, seen] = [0, 0]
  for (let back = 0; back < WEEKS; back++) {
    const at = hour - WEEK_HOURS * back
    const age = newest - week + back
    if (at < fromHour || age >= WEEKS) break
    if (at >= untilHour) continue
    seen += 1
    if (age >= 0 && (row & (1 << age)) !== 0) active += 1
  }
  return { active, seen }
}

/** The same of an hour with its neighbours: weeks with activity in any of the three. */
export function hoursSeen(weeks: WeekMap, hour: number, span: HourSpan): Weeks {
  let [active, seen] = [0, 0]
  for (let back = 0; back < WEEKS; back++) {
    const at = hour - WEEK_HOURS * back
    if (at < span.fromHour || at >= span.untilHour || !isKept(weeks, at)) continue
    seen += 1
    const isActive = [at - 1, at, at + 1].some(h => isMarked(weeks, h))
    if (isActive) active += 1
  }
  return { active, seen }
}

function isKept({ newest }: WeekMap, hour: number): boolean {
  return newest - weekNumber(hour) < WEEKS
}

function isMarked(weeks: WeekMap, hour: number): boolean {
  const age = weeks.newest - weekNumber(hour)
  return age >= 0 && age < WEEKS && ((weeks.bits[slotOf(hour)] ?? 0) & (1 << age)) !== 0
}

export function saveWeeks({ newest, bits }: WeekMap, out: StateWriter): void {
  out.number(newest)
  for (const row of bits) out.count(row)
}

export function loadWeeks(input: StateReader): WeekMap {
  const weeks = openWeeks()
  weeks.newest = input.number()
  for (let i = 0; i < WEEK_HOURS; i++) weeks.bits[i] = input.count()
  return weeks
}
