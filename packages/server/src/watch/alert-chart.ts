// Normal versus now for an alert: eight days, hour by hour, of what its heaviest finding is about,
// with what is usual at each hour. What was measured stands in the finding's first feature ("rows
// in 2 h"); where it names nothing that can be summed up, requests of the kind that was found are
// counted, refused or failed ones where all that was found is so.

import type { EntityRef, Finding } from '@tocsin/detect/finding'
import type { Query, Sum, TimeRange } from '../query/query.ts'
import { askedOf } from './activity.ts'
import { farthestAbove, largest, pointWords, SUM_WORDS } from './activity-words.ts'
import { questionFor, quoted } from './entity-question.ts'
import {
  ceilTo,
  DAY_MS,
  HOUR_MS,
  learningAt,
  PAST_MS,
  type Point,
  pointsOf,
  seriesOf,
} from './usual.ts'

export type AlertChart = {
  readonly label: string
  readonly unit: string
  /** Field that is summed up; null where events are counted. */
  readonly field: string | null
  /** The question that finds the events of the chart. */
  readonly query: string
  readonly from: number
  readonly to: number
  readonly stepMs: number
  readonly points: readonly Point[]
  readonly sentence: string
  /** Where the finding lies. */
  readonly window: TimeRange
}

export type ChartDeps = { readonly query: Pick<Query, 'hourSums' | 'summarise'> }

const SHOWN_MS = 8 * DAY_MS
const AFTER_MS = 12 * HOUR_MS
const KINDS_MAX = 8

type ChartQuestion = {
  readonly finding: Finding
  readonly nowMs: number
  readonly knownSinceMs: number | null
}

/** null where the entity has no events that could be shown. */
export async function alertChart(
  { finding, nowMs, knownSinceMs }: ChartQuestion,
  { query }: ChartDeps,
): Promise<AlertChart | null> {
  const { entity, startMs, timeMs } = finding
  if (questionFor(entity) === null) return null
  const { sum, narrowing } = await measureOf(query, finding)
  const text = `${askedOf(entity)}${narrowing}`
  const to = ceilTo(Math.max(timeMs + 1, Math.min(timeMs + AFTER_MS, nowMs)), HOUR_MS)
  const from = to - SHOWN_MS
  const sums = await query.hourSums({ text, range: { fromMs: from - PAST_MS, toMs: to }, sum })
  if (sums.firstMs === null) return null
  const firstMs = Math.min(sums.firstMs, knownSinceMs ?? sums.firstMs)
  const series = seriesOf(sums.hours, firstMs, HOUR_MS)
  const points = pointsOf(series, from, to)
  const window = { fromMs: startMs, toMs: timeMs }
  const inside = points.filter(({ t }) => t + HOUR_MS > startMs && t <= timeMs)
  const told = farthestAbove(inside) ?? largest(inside)
  const learning = learningAt(firstMs, timeMs)
  return {
    label: labelOf(entity, sum),
    unit: SUM_WORDS[sum].unit,
    field: SUM_WORDS[sum].field,
    query: text,
    from,
    to,
    stepMs: HOUR_MS,
    points,
    sentence: told ? pointWords(told, { series, sum, learning }) : '',
    window,
  }
}

function labelOf({ type, id }: EntityRef, sum: Sum): string {
  const name = type === 'actor' ? id : `${type === 'source' ? 'address' : type} ${id}`
  return `${SUM_WORDS[sum].label} per hour, ${name}`
}

/** Names by which findings call what they counted (`rows in 2 h`, `output tokens a day`). */
const SUMS_BY_UNIT: { readonly [unit: string]: Sum } = {
  rows: 'rows',
  'bytes in': 'bytesIn',
  'bytes out': 'bytes',
  'bytes.in': 'bytesIn',
  'bytes.out': 'bytes',
  'input tokens': 'tokensIn',
  'output tokens': 'tokensOut',
  'usage.in': 'tokensIn',
  'usage.out': 'tokensOut',
  cost: 'cost',
  costMicros: 'cost',
}

type Measured = {
  readonly sum: Sum
  /** What else the question asks for. */
  readonly narrowing: string
}

async function measureOf(query: ChartDeps['query'], finding: Finding): Promise<Measured> {
  const [, unit = ''] = /^(.{1,40}?) (?:in [\d.,]+ \w+|a day)$/.exec(nameOf(finding)) ?? []
  const sum = SUMS_BY_UNIT[unit]
  if (sum) return { sum, narrowing: '' }
  const { eventIds, startMs, timeMs } = finding
  // An hour is unusual whatever was done in it.
  if (eventIds.length === 0 || finding.detector === 'unusual_hour') return REQUESTS
  const groups = await query.summarise({
    text: `id:(${eventIds.map(quoted).join(' or ')})`,
    range: { fromMs: Math.min(startMs, timeMs), toMs: timeMs + 1 },
    by: ['kind', 'outcome'],
    limit: KINDS_MAX + 1,
  })
  const kinds = [...new Set(groups.map(({ group }) => group[0] ?? ''))].sort()
  if (kinds.length === 0 || groups.length > KINDS_MAX) return REQUESTS
  const outcomes = new Set(groups.map(({ group }) => group[1]))
  const only = outcomes.size === 1 ? [...outcomes][0] : undefined
  const counted: Sum = only === 'denied' ? 'denied' : only === 'failure' ? 'failures' : 'requests'
  return { sum: counted, narrowing: ` kind:(${kinds.map(quoted).join(' or ')})` }
}

const REQUESTS: Measured = { sum: 'requests', narrowing: '' }

function nameOf({ features }: Finding): string {
  return features[0]?.name ?? ''
}
