// The days of three countries: local time by the rules for summer time, working days, holidays by
// rule. Days are numbered from 1970-01-01, local to a place.

export type Country = 'DE' | 'US' | 'JP'

export const DAY_MS = 86_400_000
export const HOUR_MS = 3_600_000

/** 0 is Sunday. 1970-01-01 was a Thursday. */
export function weekday(day: number): number {
  return (((day + 4) % 7) + 7) % 7
}

/**
 * Milliseconds since 1970 at which a local day begins; a day has 24 hours here, also when clocks
 * change.
 */
export function dayStartMs(country: Country, day: number): number {
  return day * DAY_MS - offsetHours(country, day) * HOUR_MS
}

/** The local day that a moment lies in. */
export function localDay(country: Country, timeMs: number): number {
  const day = Math.floor(timeMs / DAY_MS)
  for (const candidate of [day - 1, day, day + 1]) {
    const start = dayStartMs(country, candidate)
    if (timeMs >= start && timeMs < start + DAY_MS) return candidate
  }
  return day
}

function offsetHours(country: Country, day: number): number {
  if (country === 'JP') return 9
  const { year } = dateOf(day)
  if (country === 'DE') {
    const isSummer = day >= lastSunday(year, 3) && day < lastSunday(year, 10)
    return isSummer ? 2 : 1
  }
  const isSummer = day >= nthWeekday(year, 3, 0, 2) && day < nthWeekday(year, 11, 0, 1)
  return isSummer ? -4 : -5
}

export function isWorkday(country: Country, day: number): boolean {
  const at = weekday(day)
  return at !== 0 && at !== 6 && !isHoliday(country, day)
}

export function isHoliday(country: Country, day: number): boolean {
  const { year, month, date } = dateOf(day)
  const key = `${month}-${date}`
  if (country === 'DE') {
    const fixed = ['1-1', '5-1', '10-3', '12-25', '12-26']
    // Good Friday, Easter Monday, Ascension, Whit Monday.
    return fixed.includes(key) || [-2, 1, 39, 50].includes(day - easter(year))
  }
  if (country === 'US') {
    const fixed = ['1-1', '6-19', '7-4', '11-11', '12-25']
    const moving = [
      nthWeekday(year, 1, 1, 3),
      nthWeekday(year, 2, 1, 3),
      lastSunday(year, 5) + 1 > dayOf(year, 5, 31)
        ? lastSunday(year, 5) - 6
        : lastSunday(year, 5) + 1,
      nthWeekday(year, 9, 1, 1),
      nthWeekday(year, 10, 1, 2),
      nthWeekday(year, 11, 4, 4),
    ]
    return fixed.includes(key) || moving.includes(day)
  }
  const fixed = [
    '1-1',
    '1-2',
    '1-3',
    '2-11',
    '2-23',
    '4-29',
    '5-3',
    '5-4',
    '5-5',
    '8-11',
    '11-3',
    '11-23',
  ]
  const moving = [nthWeekday(year, 1, 1, 2), nthWeekday(year, 7, 1, 3), nthWeekday(year, 9, 1, 3)]
  return fixed.includes(key) || moving.includes(day) || nthWeekday(year, 10, 1, 2) === day
}

export function dateOf(day: number): {
  readonly year: number
  readonly month: number
  readonly date: number
} {
  const at = new Date(day * DAY_MS)
  return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, date: at.getUTCDate() }
}

export function dayOf(year: number, month: number, date: number): number {
  return Date.UTC(year, month - 1, date) / DAY_MS
}

/** The n-th such weekday of a month. */
function nthWeekday(year: number, month: number, wanted: number, n: number): number {
  const first = dayOf(year, month, 1)
  return first + ((wanted - weekday(first) + 7) % 7) + 7 * (n - 1)
}

function lastSunday(year: number, month: number): number {
  const last = dayOf(year, month + 1, 0)
  return last - weekday(last)
}

/** Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher). */
function easter(year: number): number {
  const a = year % 19
  const b = Math.floor(year / 100)
  const c = year % 100
  const d = b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3)
  const h = (19 * a + d + 15) % 30
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7
  const m = Math.floor((a + 11 * h + 22 * l) / 451)
  const n = h + l - 7 * m + 114
  return dayOf(year, Math.floor(n / 31), (n % 31) + 1)
}
