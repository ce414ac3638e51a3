// A schedule that would fit a stretch of time, as jobs are declared (docs/spec/alerts.md). Pure.

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const HOUR_MS = 3_600_000

/** `Tue 22:00-24:00`: whole hours of the day on which it began, over midnight where it went on. */
export function scheduleAround(fromMs: number, toMs: number): string {
  const start = Math.floor(fromMs / HOUR_MS) * HOUR_MS
  const end = Math.max(Math.ceil(toMs / HOUR_MS) * HOUR_MS, start + HOUR_MS)
  const day = DAYS[new Date(start).getUTCDay()] ?? 'Sun'
  if (end - start >= 24 * HOUR_MS) return `${day} 00:00-24:00`
  const from = new Date(start).getUTCHours()
  const to = new Date(end).getUTCHours()
  return `${day} ${hour(from)}-${hour(to === 0 ? 24 : to)}`
}

function hour(of: number): string {
  return `${String(of).padStart(2, '0')}:00`
}
