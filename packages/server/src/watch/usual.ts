// What is usual: the same hour of the week in the four weeks before, as median and as the range
// from the 10th to the 90th percentile. Where fewer than three such weeks are known, the same hour
// of all working days (or of all days of the weekend) of those weeks speaks for it; where even
// these are fewer than three, nothing is claimed. An hour without events is an hour with nothing,
// from the entity's first event on.

export const HOUR_MS = 3_600_000
export const DAY_MS: number = 24 * HOUR_MS
export const WEEK_MS: number = 7 * DAY_MS
/** Weeks before a moment that say what is usual at it. */
export const WEEKS_BEFORE = 4
export const PAST_MS: number = WEEKS_BEFORE * WEEK_MS
/** With fewer samples nothing is claimed. */
export const SAMPLES_MIN = 3
export const WEEK_HOURS = 168
const LOW = 0.1
const HIGH = 0.9

/** Sums of steps of time that begin at whole multiples of `stepMs` (UTC). */
export type Series = {
  readonly stepMs: number
  /** Of the entity's first event ever; null where none is known. */
  readonly firstMs: number | null
  readonly valueAt: (timeMs: number) => number
}

export type Usual = {
  readonly expected: number
  readonly lo: number
  readonly hi: number
  /** `week`: the same hour of the week. `pool`: the same hour of days of this kind. */
  readonly basis: 'week' | 'pool'
}

export type Point = {
  readonly t: number
  readonly value: number
  readonly expected: number | null
  readonly lo: number | null
  readonly hi: number | null
}

/** Hours into steps of another length, which is a whole number of hours. */
export function seriesOf(
  hours: ReadonlyMap<number, number>,
  firstMs: number | null,
  stepMs: number,
): Series {
  if (stepMs === HOUR_MS) return { stepMs, firstMs, valueAt: t => hours.get(t) ?? 0 }
  const steps = new Map<number, number>()
  for (const [hour, value] of hours) {
    const at = floorTo(hour, stepMs)
    steps.set(at, (steps.get(at) ?? 0) + value)
  }
  return { stepMs, firstMs, valueAt: t => steps.get(t) ?? 0 }
}

/** null where too little is known. */
export function usualAt(series: Series, timeMs: number): Usual | null {
  const week = samplesAt(series, timeMs, WEEK_MS)
  if (week.length >= SAMPLES_MIN) return bandOf(week, 'week')
  const pool = samplesAt(series, timeMs, DAY_MS)
  return pool.length >= SAMPLES_MIN ? bandOf(pool, 'pool') : null
}

function samplesAt({ stepMs, firstMs, valueAt }: Series, timeMs: number, everyMs: number) {
  const samples: number[] = []
  const sinceMs = firstMs === null ? Number.POSITIVE_INFINITY : floorTo(firstMs, stepMs)
  for (let t = timeMs - everyMs; t >= timeMs - PAST_MS && t >= sinceMs; t -= everyMs) {
    if (isWeekend(t) === isWeekend(timeMs)) samples.push(valueAt(t))
  }
  return samples
}

function bandOf(samples: readonly number[], basis: Usual['basis']): Usual {
  const sorted = [...samples].sort((a, b) => a - b)
  const [lo, expected, hi] = [LOW, 0.5, HIGH].map(share => quantile(sorted, share))
  return { expected: expected ?? 0, lo: lo ?? 0, hi: hi ?? 0, basis }
}

/** Of sorted values; between two of them in proportion (Hyndman and Fan 1996, type 7). */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)] ?? 0
  const above = sorted[Math.ceil(at)] ?? below
  return below + (above - below) * (at - Math.floor(at))
}

export function pointsOf(series: Series, fromMs: number, toMs: number): readonly Point[] {
  const points: Point[] = []
  for (let t = fromMs; t < toMs; t += series.stepMs) {
    const { expected = null, lo = null, hi = null } = usualAt(series, t) ?? {}
    points.push({ t, value: series.valueAt(t), expected, lo, hi })
  }
  return points
}

/** Hours of the week, Monday 00 UTC first. */
export type WeekMap = {
  /** Of the seven days up to `endMs`. */
  readonly now: readonly number[]
  /** Mean of the weeks before; null at hours of which none is known. */
  readonly usual: readonly (number | null)[]
}

/** `endMs` is a whole hour. */
export function weekMapOf(series: Series, endMs: number): WeekMap {
  const now = Array.from({ length: WEEK_HOURS }, () => 0)
  const usual = Array.from({ length: WEEK_HOURS }, (): number | null => null)
  for (let t = endMs - WEEK_MS; t < endMs; t += HOUR_MS) {
    const hour = hourOfWeek(t)
    now[hour] = series.valueAt(t)
    const before = samplesAt(series, t, WEEK_MS)
    usual[hour] = before.length === 0 ? null : sumOf(before) / before.length
  }
  return { now, usual }
}

export type Learning = { readonly days: number; readonly of: number }

/** Of the four weeks that make it, as far as the entity is known. */
export function learningAt(firstMs: number | null, timeMs: number): Learning {
  const of = PAST_MS / DAY_MS
  const days = firstMs === null ? 0 : Math.floor((timeMs - firstMs) / DAY_MS)
  return { days: Math.max(0, Math.min(of, days)), of }
}

/** 0 is Monday 00 UTC; 1970 began on a Thursday. */
export function hourOfWeek(timeMs: number): number {
  return (Math.floor(timeMs / HOUR_MS) + 3 * 24) % WEEK_HOURS
}

function isWeekend(timeMs: number): boolean {
  return hourOfWeek(timeMs) >= 5 * 24
}

export function floorTo(timeMs: number, stepMs: number): number {
  return Math.floor(timeMs / stepMs) * stepMs
}

export function ceilTo(timeMs: number, stepMs: number): number {
  return Math.ceil(timeMs / stepMs) * stepMs
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
