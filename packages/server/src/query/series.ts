// What a question finds, over time: one bucket for each step of a range, the empty ones too, and
// the totals. Steps are round, and buckets begin at their multiples in UTC, so
// that two charts of one range have the same buckets whatever was asked.

import type { Checked } from '@tocsin/sdk/query'
import type { Asking } from './asking.ts'
import { hideOwnReads } from './own-reads.ts'
import type { Row, TimeRange } from './store.ts'

export type SeriesRequest = {
  readonly text: string
  readonly range: TimeRange
  /** The most there may be. */
  readonly buckets: number
}

/** Of the events of a bucket, or of all; null where no event says its duration. */
export type Measures = {
  readonly success: number
  readonly failure: number
  readonly denied: number
  /** Every other event. */
  readonly unknown: number
  /** Of a bucket estimates, by t-digest. */
  readonly durationMsP50: number | null
  readonly durationMsP95: number | null
  readonly tokensIn: number
  readonly tokensOut: number
  readonly costMicros: number
  readonly bytesOut: number
  readonly rows: number
}

export type Series = {
  readonly range: TimeRange
  readonly stepMs: number
  readonly totals: Measures & { readonly events: number }
  readonly buckets: readonly (Measures & { readonly t: number })[]
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const WEEK_MS = 7 * DAY_MS
const STEPS_MS: readonly number[] = [
  ...[1, 5, 15, 30].map(n => n * SECOND_MS),
  ...[1, 5, 15, 30].map(n => n * MINUTE_MS),
  ...[1, 3, 6, 12].map(n => n * HOUR_MS),
  DAY_MS,
]

/** The shortest round step of which no more than `buckets` touch the range; at last whole weeks. */
export function stepFor({ fromMs, toMs }: TimeRange, buckets: number): number {
  const fits = (stepMs: number) =>
    Math.floor((toMs - 1) / stepMs) - Math.floor(fromMs / stepMs) < buckets
  const round = STEPS_MS.find(fits)
  if (round !== undefined) return round
  let stepMs = WEEK_MS
  while (!fits(stepMs)) stepMs *= 2
  return stepMs
}

export async function askSeries(
  asking: Asking,
  { text, range, buckets }: SeriesRequest,
): Promise<Series> {
  const asked = hideOwnReads(asking.check(text))
  const whole = range.fromMs > 0 ? range : await sinceFirst(asking, range)
  const stepMs = stepFor(whole, buckets)
  const [rows, durations] = await Promise.all([
    asking.select({
      columns: `"time" // ${stepMs} AS bucket, ${MEASURES}`,
      asked,
      tail: { sql: 'GROUP BY bucket', params: [] },
      range: whole,
    }),
    durationsOf(asking, asked, whole),
  ])
  const byBucket = new Map(rows.map(row => [Number(row.bucket), toMeasures(row)]))
  const first = Math.floor(whole.fromMs / stepMs)
  const count = Math.floor((whole.toMs - 1) / stepMs) - first + 1
  const all = [...byBucket.values()].reduce(added, EMPTY)
  const { success, failure, denied, unknown } = all
  return {
    range: whole,
    stepMs,
    totals: { events: success + failure + denied + unknown, ...all, ...durations },
    buckets: Array.from({ length: count }, (_, i) => {
      return { t: (first + i) * stepMs, ...(byBucket.get(first + i) ?? EMPTY) }
    }),
  }
}

/** Without a beginning the range begins with the first event that there is, whatever was asked. */
async function sinceFirst(asking: Asking, { toMs }: TimeRange): Promise<TimeRange> {
  const range = { fromMs: 0, toMs }
  const [row] = await asking.select({ columns: 'min("time") AS first', range })
  const first = row?.first ?? null
  return { fromMs: first === null ? toMs - HOUR_MS : Number(first), toMs }
}

type Durations = Pick<Measures, 'durationMsP50' | 'durationMsP95'>

/** Of all events, by nearest rank: a third of what an estimate over them takes. */
async function durationsOf(asking: Asking, asked: Checked, range: TimeRange): Promise<Durations> {
  const [row] = await asking.select({
    columns: 'duration_ms AS duration, count(*) AS n',
    asked,
    where: { sql: 'duration_ms IS NOT NULL', params: [] },
    tail: { sql: 'GROUP BY duration_ms', params: [] },
    range,
    over: {
      sql: `SELECT min(duration) FILTER (upto >= 0.5 * total) AS p50,
        min(duration) FILTER (upto >= 0.95 * total) AS p95
        FROM (SELECT duration, sum(n) OVER (ORDER BY duration) AS upto, sum(n) OVER () AS total
          FROM picked)`,
      params: [],
    },
  })
  return { durationMsP50: numberOrNull(row?.p50), durationMsP95: numberOrNull(row?.p95) }
}

/** Sums as DOUBLE: what senders state must not overflow. */
const MEASURES = `count(*) AS events,
  count(*) FILTER (outcome = 'success') AS success,
  count(*) FILTER (outcome = 'failure') AS failure,
  count(*) FILTER (outcome = 'denied') AS denied,
  approx_quantile(duration_ms, [0.5, 0.95]) AS durations,
  sum(usage_in)::DOUBLE AS tokens_in,
  sum(usage_out)::DOUBLE AS tokens_out,
  sum(cost_micros)::DOUBLE AS cost_micros_sum,
  sum(bytes_out)::DOUBLE AS bytes_out_sum,
  sum("rows")::DOUBLE AS rows_sum`

const EMPTY: Measures = toMeasures({})

function toMeasures(row: Row): Measures {
  const [success, failure, denied] = [row.success, row.failure, row.denied].map(numberOf)
  const durations = Array.isArray(row.durations) ? row.durations : [null, null]
  return {
    success: success ?? 0,
    failure: failure ?? 0,
    denied: denied ?? 0,
    unknown: numberOf(row.events) - (success ?? 0) - (failure ?? 0) - (denied ?? 0),
    durationMsP50: numberOrNull(durations[0]),
    durationMsP95: numberOrNull(durations[1]),
    tokensIn: numberOf(row.tokens_in),
    tokensOut: numberOf(row.tokens_out),
    costMicros: numberOf(row.cost_micros_sum),
    bytesOut: numberOf(row.bytes_out_sum),
    rows: numberOf(row.rows_sum),
  }
}

/** Durations do not add up. */
function added(a: Measures, b: Measures): Measures {
  return {
    success: a.success + b.success,
    failure: a.failure + b.failure,
    denied: a.denied + b.denied,
    unknown: a.unknown + b.unknown,
    durationMsP50: null,
    durationMsP95: null,
    tokensIn: a.tokensIn + b.tokensIn,
    tokensOut: a.tokensOut + b.tokensOut,
    costMicros: a.costMicros + b.costMicros,
    bytesOut: a.bytesOut + b.bytesOut,
    rows: a.rows + b.rows,
  }
}

function numberOf(value: unknown): number {
  return Number(value ?? 0)
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value)
}
