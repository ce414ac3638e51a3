// The days of three countries: local time by the rules for summer time, working days, holidays by
// rule. Days are numbered from 1970-01-01, local to a place.

export type Country = 'DE' | 'US' | 'JP'

export const DAY_MS = 86_400_000
export const HOUR_MS = 3_600_000
export const MINUTE_MS = 60_000

const SUNDAY = 0
const MONDAY = 1
const THURSDAY = 4
const SATURDAY = 6

/** 0 is Sunday. 1970-01-01 was a Thursday. */
export function weekday(day: number): number {
  return (((day + 4) % 7) + 7) % 7
}

/** Number of the week that begins on a Monday. */
export function weekOf(day: number): number {
  return Math.floor((day + 3) / 7)
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
    const isSummer = day >= lastWeekday(year, 3, SUNDAY) && day < lastWeekday(year, 10, SUNDAY)
    return isSummer ? 2 : 1
  }
  const isSummer = day >= nthWeekday(year, 3, SUNDAY, 2) && day < nthWeekday(year, 11, SUNDAY, 1)
  return isSummer ? -4 : -5
}

export function isWeekend(day: number): boolean {
  const at = weekday(day)
  return at === SUNDAY || at === SATURDAY
}

export function isWorkday(country: Country, day: number): boolean {
  return !isWeekend(day) && !isHoliday(country, day)
}

export function isHoliday(country: Country, day: number): boolean {
  return holidaysOf(country, dateOf(day).year).has(day)
}

const KNOWN_YEARS = new Map<string, ReadonlySet<number>>()

/** A pure function's results, kept because every person asks for every day. */
function holidaysOf(country: Country, year: number): ReadonlySet<number> {
  const key = `${country}${year}`
  const known = KNOWN_YEARS.get(key)
  if (known) return known
  const rule = { DE: germanHolidays, US: federalHolidays, JP: japaneseHolidays }[country]
  const found = new Set(rule(year))
  KNOWN_YEARS.set(key, found)
  return found
}

/** Those of all states. */
function germanHolidays(year: number): readonly number[] {
  const sunday = easter(year)
  // Good Friday, Easter Monday, Ascension, Whit Monday.
  const moving = [-2, 1, 39, 50].map(days => sunday + days)
  return [...moving, ...dates(year, '1-1 5-1 10-3 12-25 12-26')]
}

/** 5 U.S.C. 6103, and the day after Thanksgiving, as most companies have it. */
function federalHolidays(year: number): readonly number[] {
  const thanksgiving = nthWeekday(year, 11, THURSDAY, 4)
  const fixed = dates(year, '1-1 6-19 7-4 11-11 12-25').map(day => {
    if (weekday(day) === SATURDAY) return day - 1
    return weekday(day) === SUNDAY ? day + 1 : day
  })
  return [
    ...fixed,
    nthWeekday(year, 1, MONDAY, 3),
    nthWeekday(year, 2, MONDAY, 3),
    lastWeekday(year, 5, MONDAY),
    nthWeekday(year, 9, MONDAY, 1),
    nthWeekday(year, 10, MONDAY, 2),
    thanksgiving,
    thanksgiving + 1,
  ]
}

/** The national holidays act with its substitutes, and the three days of New Year. */
function japaneseHolidays(year: number): readonly number[] {
  const law = [
    ...dates(year, '1-1 2-11 2-23 4-29 5-3 5-4 5-5 8-11 11-3 11-23'),
    ...[vernalEquinox(year), autumnalEquinox(year)],
    nthWeekday(year, 1, MONDAY, 2),
    nthWeekday(year, 7, MONDAY, 3),
    nthWeekday(year, 9, MONDAY, 3),
    nthWeekday(year, 10, MONDAY, 2),
  ]
  const all = new Set(law)
  // An ordinary day between two holidays is one too.
  for (const day of law) if (all.has(day + 2)) all.add(day + 1)
  for (const day of law) {
    if (weekday(day) !== SUNDAY) continue
    let substitute = day + 1
    while (all.has(substitute)) substitute += 1
    all.add(substitute)
  }
  return [...all, ...dates(year, '1-2 1-3 12-31')]
}

/** The equinoxes in Japanese time; the usual approximation, good from 1980 to 2099. */
function vernalEquinox(year: number): number {
  const date = 20.8431 + 0.242194 * (year - 1980) - Math.floor((year - 1980) / 4)
  return dayOf(year, 3, Math.floor(date))
}

function autumnalEquinox(year: number): number {
  const date = 23.2488 + 0.242194 * (year - 1980) - Math.floor((year - 1980) / 4)
  return dayOf(year, 9, Math.floor(date))
}

export type CalendarDate = { readonly year: number; readonly month: number; readonly date: number }

export function dateOf(day: number): CalendarDate {
  const at = new Date(day * DAY_MS)
  return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, date: at.getUTCDate() }
}

export function dayOf(year: number, month: number, date: number): number {
  return Date.UTC(year, month - 1, date) / DAY_MS
}

/** As in 2026-11-24. */
export function dateText(day: number): string {
  const { year, month, date } = dateOf(day)
  return `${year}-${String(month).padStart(2, '0')}-${String(date).padStart(2, '0')}`
}

/** Days of a year from a list such as `1-1 12-25`. */
function dates(year: number, list: string): readonly number[] {
  return list.split(' ').map(text => {
    const [month = 1, date = 1] = text.split('-').map(Number)
    return dayOf(year, month, date)
  })
}

/** The n-th such weekday of a month. */
export function nthWeekday(year: number, month: number, wanted: number, n: number): number {
  const first = dayOf(year, month, 1)
  return first + ((wanted - weekday(first) + 7) % 7) + 7 * (n - 1)
}

function lastWeekday(year: number, month: number, wanted: number): number {
  const last = dayOf(year, month + 1, 0)
  return last - ((weekday(last) - wanted + 7) % 7)
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
