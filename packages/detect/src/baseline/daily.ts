// Daily totals of one account and what is usual of its weekdays, from the older part of them only.
// Days are numbered from 1970, UTC.

import type { StateReader, StateWriter } from '../state-bytes.ts'
import { isWeekend, weekdayOfDay } from './own-days.ts'

const KEPT_DAYS = 36

export type Daily = {
  readonly totals: Float64Array
  /** Under suspicion: judged, but no part of what is usual. */
  readonly unseen: Uint8Array
  sinceDay: number
  /** Newest day with an event; -1 before the first. */
  day: number
}

export function openDaily(): Daily {
  const totals = new Float64Array(KEPT_DAYS)
  return { totals, unseen: new Uint8Array(KEPT_DAYS), sinceDay: 0, day: -1 }
}

/** Days between the newest and `day` were silent. */
export function passDays(daily: Daily, day: number): void {
  for (let at = Math.max(daily.day + 1, day - KEPT_DAYS + 1); at <= day; at++) {
    daily.totals[at % KEPT_DAYS] = 0
    daily.unseen[at % KEPT_DAYS] = 0
  }
  daily.day = day
  daily.sinceDay = Math.max(daily.sinceDay, day - KEPT_DAYS + 1)
}

/** What lies before the first day, or is too old, is left out. */
export function addToDay(daily: Daily, day: number, amount: number): void {
  if (day < daily.sinceDay || day > daily.day) return
  daily.totals[day % KEPT_DAYS] = (daily.totals[day % KEPT_DAYS] ?? 0) + amount
}

export function markDay(daily: Daily, day: number): void {
  if (day >= daily.sinceDay && day <= daily.day) daily.unseen[day % KEPT_DAYS] = 1
}

export function totalOf({ totals }: Daily, day: number): number {
  return totals[day % KEPT_DAYS] ?? 0
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
    if (daily.unseen[day % KEPT_DAYS] !== 0) continue
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

export function saveDaily({ totals, unseen, sinceDay, day }: Daily, out: StateWriter): void {
  out.count(sinceDay)
  for (let at = sinceDay; at <= day; at++) {
    out.count(unseen[at % KEPT_DAYS] ?? 0)
    out.number(totals[at % KEPT_DAYS] ?? 0)
  }
}

export function loadDaily(input: StateReader, day: number): Daily {
  const daily = openDaily()
  daily.sinceDay = Math.max(day - KEPT_DAYS + 1, input.count())
  daily.day = day
  for (let at = daily.sinceDay; at <= day; at++) {
    daily.unseen[at % KEPT_DAYS] = input.count()
    daily.totals[at % KEPT_DAYS] = input.number()
  }
  return daily
}
