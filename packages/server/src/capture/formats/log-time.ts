// The times that access logs write: CLF (`17/May/2015:10:05:03 +0000`), RFC 3339, and seconds since
// 1970 with a fraction. All become whole milliseconds; null means that it is not a time.

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
/** Length of `17/May/2015:10:05:03 +0000`. */
export const CLF_TIME_CHARS = 26
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:?\d\d)$/
const DECIMAL = /^\d{1,19}(?:\.\d{1,9})?$/
const MINUTE_MS = 60_000
// One reading of a number is plausible: these are the year 2001 in seconds, milliseconds and
// microseconds times ten, so each unit has the years 1973 to 5138 to itself.
const MILLIS_MIN = 1e11
const MICROS_MIN = 1e14
const NANOS_MIN = 1e17

/** The CLF time that starts at `at` (Apache `%t` without brackets, nginx `$time_local`). */
export function parseClfTime(text: string, at: number): number | null {
  const day = digits(text, at, 2)
  const month = monthAt(text, at + 3)
  const year = digits(text, at + 7, 4)
  const hour = digits(text, at + 12, 2)
  const minute = digits(text, at + 15, 2)
  const second = digits(text, at + 18, 2)
  const offset = offsetMinutes(text, at + 21)
  if (day === null || month === null || year === null || offset === null) return null
  if (hour === null || minute === null || second === null || !hasClfMarks(text, at)) return null
  if (day < 1 || day > daysOf(year, month) || hour > 23 || minute > 59 || second > 60) return null
  return Date.UTC(year, month, day, hour, minute, second) - offset * MINUTE_MS
}

function hasClfMarks(text: string, at: number): boolean {
  return (
    text.charCodeAt(at + 2) === 47 &&
    text.charCodeAt(at + 6) === 47 &&
    text.charCodeAt(at + 11) === 58 &&
    text.charCodeAt(at + 14) === 58 &&
    text.charCodeAt(at + 17) === 58 &&
    text.charCodeAt(at + 20) === 32
  )
}

function digits(text: string, at: number, count: number): number | null {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 48
    if (!(digit >= 0 && digit <= 9)) return null
    value = value * 10 + digit
  }
  return value
}

function monthAt(text: string, at: number): number | null {
  const index = MONTHS.indexOf(text.slice(at, at + 3))
  return index < 0 || index % 3 !== 0 ? null : index / 3
}

function daysOf(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return month === 1 && !leap ? 28 : (DAYS[month] ?? 0)
}

function offsetMinutes(text: string, at: number): number | null {
  const sign = text.charCodeAt(at)
  const hours = digits(text, at + 1, 2)
  const minutes = digits(text, at + 3, 2)
  if (hours === null || minutes === null || hours > 14 || minutes > 59) return null
  if (sign !== 43 && sign !== 45) return null
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes)
}

/** A time as a log writes it: a number (s, ms, µs or ns by its size), CLF or RFC 3339 text. */
export function parseLogTime(value: unknown): number | null {
  if (typeof value === 'number') return epochToMs(value)
  if (typeof value !== 'string') return null
  if (DECIMAL.test(value)) return epochToMs(Number(value))
  if (RFC3339.test(value)) return parseRfc3339(value)
  const bracket = value.startsWith('[') ? 1 : 0
  return value.length === CLF_TIME_CHARS + 2 * bracket ? parseClfTime(value, bracket) : null
}

function parseRfc3339(text: string): number | null {
  const ms = Date.parse(text.replace(' ', 'T'))
  return Number.isFinite(ms) ? ms : null
}

function epochToMs(value: number): number | null {
  if (!Number.isFinite(value) || value < 0) return null
  if (value < MILLIS_MIN) return Math.round(value * 1000)
  if (value < MICROS_MIN) return Math.round(value)
  if (value < NANOS_MIN) return Math.round(value / 1000)
  return Math.round(value / 1e6)
}
