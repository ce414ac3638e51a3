// Numbers, spans and times in the words of a finding's sentence: the same on every machine, so
// nothing of a locale or a time zone; all times are UTC.

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const DAY_NAMES = [
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
  'Sunday',
] as const

/** `48,000`, `12.3`, `0.031`: three digits of what is not whole. */
export function numberWords(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size >= 1e15) return value.toExponential(2)
  if (Number.isInteger(value) || size >= 100) return grouped(Math.round(value))
  return String(Number(value.toPrecision(size < 10 && size >= 1 ? 2 : 3)))
}

function grouped(whole: number): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 event`, `12 events`. */
export function countWords(count: number, name: string): string {
  return `${numberWords(count)} ${name}${count === 1 ? '' : 's'}`
}

/** `45 s`, `10 min`, `2 h`, `30 days`; what does not come out even has one decimal. */
export function spanWords(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${tenths(ms / DAY_MS)} days`
  if (ms >= HOUR_MS) return `${tenths(ms / HOUR_MS)} h`
  if (ms >= MINUTE_MS) return `${tenths(ms / MINUTE_MS)} min`
  return `${tenths(ms / SECOND_MS)} s`
}

function tenths(value: number): string {
  return grouped(Math.round(value)) === '0' || value < 100
    ? String(Math.round(value * 10) / 10)
    : grouped(Math.round(value))
}

/** 0 is Monday; 1970 began on a Thursday. */
export function weekdayOf(ms: number): number {
  return (((Math.floor(ms / DAY_MS) + 3) % 7) + 7) % 7
}

export function weekdayWords(weekday: number): string {
  return DAY_NAMES[weekday] ?? ''
}

/** `03:12`. */
export function clockWords(ms: number): string {
  const minutes = Math.floor((((ms % DAY_MS) + DAY_MS) % DAY_MS) / MINUTE_MS)
  return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`
}

export function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
