// Daily totals of one account and what is usual of its weekdays, from the older part of them only.
// Days are numbered from 1970, UTC.

import type { StateReader, StateWriter } from '../state-bytes.ts'
import { isWeekend, weekdayOfDay } from './own-days.ts'

const KEPT_DAYS = 36

export type Daily = {
  /** From `sinceDay` on; the newest is of the newest day with an event. */
  totals: number[]
  /** Days under suspicion: judged, but no part of what is usual. */
  unseen: number[]
  /** -1 before the first event. */
  sinceDay: number
}

export function openDaily(): Daily {
  return { totals: [], unseen: [], sinceDay: -1 }
}

/** -1 before the first event. */
export function newestDay({ totals, sinceDay }: Daily): number {
  return totals.length === 0 ? -1 : sinceDay + totals.length - 1
}

/** Days between the newest and `day` were silent; after too many of them all begins anew. */
export function passDays(daily: Daily, day: number): void {
  const gap = day - newestDay(daily)
  if (daily.totals.length === 0 || gap > KEPT_DAYS) {
    daily.totals = [0]
    daily.unseen = []
    daily.sinceDay = day
    return
  }
  for (let left = gap; left > 0; left--) daily.totals.push(0)
  const over = daily.totals.length - KEPT_DAYS
  if (over <= 0) return
  daily.totals.splice(0, over)
  daily.sinceDay += over
  daily.unseen = daily.unseen.filter(one => one >= daily.sinceDay)
}

/** What lies before the first day, or is too old, is left out. */
export function addToDay(daily: Daily, day: number, amount: number): void {
  const at = day - daily.sinceDay
  if (at >= 0 && at < daily.totals.length) daily.totals[at] = (daily.totals[at] ?? 0) + amount
}

export function markDay(daily: Daily, day: number): void {
  if (day >= daily.sinceDay && !daily.unseen.includes(day)) daily.unseen.push(day)
}

export function totalOf({ totals, sinceDay }: Daily, day: number): number {
  return totals[day - sinceDay] ?? 0
}

/** Days alike that the mean of a weekday is drawn to as much as to so many of its own. */
const ALIKE_WEIGHT = 2

export type Usual = {
  /** Per weekday; Monday first. NaN where nothing is known of days like it. */
  readonly byWeekday: readonly number[]
  readonly mean: number
  /** Days like it are active as a rule: a silent one is of an account that is away. */
  readonly isActive: { readonly workdays: boolean; readonly ends: boolean }
  readonly days: number
}

/** From the days before `untilDay`. The day an account began was not a whole one. */
export function usualBefore(daily: Daily, untilDay: number): Usual {
  const [workdays, ends] = [openKind(), openKind()]
  const own = Array.from({ length: 7 }, openKind)
  for (let day = daily.sinceDay + 1; day < untilDay; day++) {
    if (daily.unseen.includes(day)) continue
    const total = totalOf(daily, day)
    for (const kind of [isWeekend(day) ? ends : workdays, own[weekdayOfDay(day)]]) {
      if (kind) addTo(kind, total)
    }
  }
  const byWeekday = own.map((kind, weekday) => {
    const alike = weekday >= 5 ? ends : workdays
    const isActive = alike.active * 2 > alike.days
    const days = isActive ? kind.active : kind.days
    return (kind.sum + ALIKE_WEIGHT * meanOf(alike)) / (days + ALIKE_WEIGHT)
  })
  return {
    byWeekday,
    mean: (5 * (meanOf(workdays) || 0) + 2 * (meanOf(ends) || 0)) / 7,
    isActive: {
      workdays: workdays.active * 2 > workdays.days,
      ends: ends.active * 2 > ends.days,
    },
    days: workdays.days + ends.days,
  }
}

type Kind = { sum: number; days: number; active: number }

function openKind(): Kind {
  return { sum: 0, days: 0, active: 0 }
}

function addTo(kind: Kind, total: number): void {
  kind.sum += total
  kind.days += 1
  if (total > 0) kind.active += 1
}

function meanOf({ sum, days, active }: Kind): number {
  return sum / (active * 2 > days ? active : days)
}

export function isAway({ isActive }: Usual, day: number, total: number): boolean {
  return total === 0 && (isWeekend(day) ? isActive.ends : isActive.workdays)
}

/** How far a day lies above what is usual, as a logarithm: 0 is as usual, 0.69 twice as much. */
export function riseOf(usual: Usual, day: number, total: number): number {
  const { byWeekday, mean } = usual
  const expected = byWeekday[weekdayOfDay(day)] ?? Number.NaN
  // Keeps days of next to nothing from being infinitely far from nothing.
  const least = Math.max(1, mean / 10)
  return Math.log((total + least) / (expected + least))
}

export function saveDaily({ totals, unseen, sinceDay }: Daily, out: StateWriter): void {
  out.integer(sinceDay)
  out.count(totals.length)
  for (const total of totals) out.number(total)
  out.count(unseen.length)
  for (const day of unseen) out.count(day)
}

export function loadDaily(input: StateReader): Daily {
  const daily = openDaily()
  daily.sinceDay = input.integer()
  for (let left = input.count(); left > 0; left--) daily.totals.push(input.number())
  for (let left = input.count(); left > 0; left--) daily.unseen.push(input.count())
  return daily
}
