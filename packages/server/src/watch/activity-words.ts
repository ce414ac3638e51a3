// A moment of an entity's activity in one sentence: how much of what, when, and what it usually is.
// All times are UTC, and numbers have three digits, so that a sentence claims no more than is
// known.

import { clockWords, numberWords, weekdayOf, weekdayWords } from '@tocsin/detect/plain-words'
import type { Sum } from '../query/query.ts'
import { DAY_MS, HOUR_MS, type Learning, type Point, type Series, usualAt } from './usual.ts'

type Words = {
  /** For one and for many; `verb`: "usually reads 0 to 40". */
  readonly one: string
  readonly many: string
  readonly verb: string
  readonly label: string
  readonly unit: 'events' | 'rows' | 'bytes' | 'tokens' | 'costMicros'
  /** Field that is summed up; null where events are counted. */
  readonly field: string | null
}

const EVENTS = { unit: 'events', field: null } as const

type Summed = Pick<Words, 'unit' | 'field'>

const say = (one: string, many: string, verb: string, summed: Summed = EVENTS): Words => {
  const label = `${many.charAt(0).toUpperCase()}${many.slice(1)}`
  return { one, many, verb, label, ...summed }
}

export const SUM_WORDS: { readonly [sum in Sum]: Words } = {
  requests: say('request', 'requests', 'makes'),
  failures: say('failed request', 'failed requests', 'has'),
  denied: say('refused request', 'refused requests', 'has'),
  rows: say('row', 'rows', 'reads', { unit: 'rows', field: 'rows' }),
  bytes: say('byte out', 'bytes out', 'takes', { unit: 'bytes', field: 'bytes.out' }),
  bytesIn: say('byte in', 'bytes in', 'sends', { unit: 'bytes', field: 'bytes.in' }),
  tokens: say('token', 'tokens', 'uses', { unit: 'tokens', field: null }),
  tokensIn: say('input token', 'input tokens', 'sends', { unit: 'tokens', field: 'usage.in' }),
  tokensOut: say('output token', 'output tokens', 'takes', { unit: 'tokens', field: 'usage.out' }),
  cost: {
    ...say('spent', 'spent', 'spends', { unit: 'costMicros', field: 'costMicros' }),
    label: 'Cost',
  },
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const
const MICROS = 1e6

export type Told = {
  readonly series: Series
  readonly sum: Sum
  readonly learning: Learning
}

/** `4,812 rows on Tuesday 24 November between 02:00 and 03:00 UTC; Tuesdays at this hour it …` */
export function pointWords({ t, value }: Point, told: Told): string {
  const { series, sum, learning } = told
  const { one, many, verb } = SUM_WORDS[sum]
  const seen = `${amountWords(sum, value)} ${amountOf(sum, value) === 1 ? one : many}`
  const usual = usualAt(series, t)
  const when = whenWords(t, series.stepMs)
  if (!usual) {
    const known = `${learning.days} of ${learning.of} days are known`
    return `${seen} ${when}; what is usual for it then is not known yet (${known}).`
  }
  const days = daysWords(t, usual.basis)
  const hours = series.stepMs === DAY_MS ? '' : ` at ${hoursName(series.stepMs)}`
  return `${seen} ${when}; ${days}${hours} it usually ${verb} ${rangeWords(sum, usual)}.`
}

/** Farthest above its band; null where none is above. */
export function farthestAbove(points: readonly Point[]): Point | null {
  return mostBy(
    points.filter(({ value, hi }) => hi !== null && value > hi),
    excessOf,
  )
}

export function largest(points: readonly Point[]): Point | null {
  return mostBy(points, ({ value }) => value)
}

function mostBy(points: readonly Point[], of: (point: Point) => number): Point | null {
  return points.reduce<Point | null>((a, b) => (a && of(a) >= of(b) ? a : b), null)
}

/** In widths of its own band; a band without width is as wide as its square root. */
function excessOf({ value, expected, hi }: Point): number {
  const high = hi ?? 0
  const width = Math.max(high - (expected ?? 0), Math.sqrt(high), 1)
  return (value - high) / width
}

function whenWords(t: number, stepMs: number): string {
  const date = new Date(t)
  const day = `${weekdayWords(weekdayOf(t))} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`
  if (stepMs === DAY_MS) return `on ${day} (UTC)`
  const end = clockWords(t + stepMs)
  return `on ${day} between ${clockWords(t)} and ${end === '00:00' ? '24:00' : end} UTC`
}

function hoursName(stepMs: number): string {
  return stepMs === HOUR_MS ? 'this hour' : 'these hours'
}

function daysWords(t: number, basis: 'week' | 'pool'): string {
  const weekday = weekdayOf(t)
  if (basis === 'week') return `${weekdayWords(weekday)}s`
  return weekday >= 5 ? 'on weekends' : 'on working days'
}

function rangeWords(sum: Sum, { lo, hi }: { readonly lo: number; readonly hi: number }): string {
  const [low, high] = [amountWords(sum, lo), amountWords(sum, hi)]
  if (low !== high) return `${low} to ${high}`
  return high === '0' ? 'none' : high
}

/** Cost in the tenant's currency; what is counted in whole numbers. */
function amountOf(sum: Sum, value: number): number {
  if (sum !== 'cost') return Math.round(value)
  return Number((value / MICROS).toPrecision(3))
}

function amountWords(sum: Sum, value: number): string {
  return numberWords(amountOf(sum, value))
}
