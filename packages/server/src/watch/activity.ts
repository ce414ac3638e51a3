// What an entity does, hour by hour, beside what is usual for it, what it did for the first time,
// and where it stands among its like. Made from the index at the time of the question: nothing here
// is kept, and the same events give the same answer.

import { ENTITY_TYPES, type EntityRef, entityKey } from '@tocsin/detect/finding'
import { TocsinError } from '@tocsin/sdk/errors'
import type { FirstSeen, Query, Standing, Standings, Sum, TimeRange } from '../query/query.ts'
import { farthestAbove, pointWords } from './activity-words.ts'
import { questionFor } from './entity-question.ts'
import {
  ceilTo,
  DAY_MS,
  floorTo,
  HOUR_MS,
  type Learning,
  learningAt,
  PAST_MS,
  type Point,
  pointsOf,
  seriesOf,
  WEEK_MS,
  type WeekMap,
  weekMapOf,
} from './usual.ts'

export type Metric = Exclude<Sum, 'bytesIn' | 'tokensIn' | 'tokensOut'>
export const METRICS: readonly Metric[] = [
  'requests',
  'rows',
  'bytes',
  'tokens',
  'cost',
  'failures',
  'denied',
]

export type Activity = {
  readonly metric: Metric
  readonly stepMs: number
  readonly from: number
  readonly to: number
  readonly points: readonly Point[]
  readonly week: WeekMap
  readonly learning: Learning
  readonly firstSeen: readonly (FirstSeen & { readonly isNew: boolean })[]
  readonly peers: Peers | null
  readonly sentence: string
}

export type Peers = {
  /** Who they are: `group fraud`, `services`, `addresses`. */
  readonly cohort: string
  readonly of: number
  /** 1 is the one with most. */
  readonly rank: number
  /** Of the others, how many in a hundred have less; those with as much count half. */
  readonly percentile: number
  readonly median: number
  readonly value: number
}

export type ActivityQuestion = {
  readonly entity: EntityRef
  readonly metric: Metric
  readonly range: TimeRange
  readonly nowMs: number
  /** Since when the detectors know the entity; null where they do not. */
  readonly knownSinceMs: number | null
}

export type ActivityDeps = { readonly query: Pick<Query, 'hourSums' | 'firstSeen' | 'standingOf'> }

/** Shown where nobody asks for another range. */
export const SHOWN_MS: number = 8 * DAY_MS
const POINTS_MAX = 720
const STEPS_MS = [HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, DAY_MS] as const
const FIRST_SEEN_MAX = 60
const PEERS_MIN = 3
const GROUPS_SHOWN = 3

/** Throws `entity.unknown` where no event and no detector knows of it. */
export async function entityActivity(
  { entity, metric, range, nowMs, knownSinceMs }: ActivityQuestion,
  { query }: ActivityDeps,
): Promise<Activity> {
  const text = askedOf(entity)
  const { stepMs, from, to } = stepsOf(range, nowMs)
  const hoursTo = Math.min(to, ceilTo(nowMs, HOUR_MS))
  const past = { fromMs: Math.min(from, hoursTo - WEEK_MS) - PAST_MS, toMs: to }
  // One after the other: each may take much of the memory that the index has.
  const sums = await query.hourSums({ text, range: past, sum: metric })
  const seen = await query.firstSeen({ text, range: { fromMs: 0, toMs: to } })
  const firstMs = earliest(knownSinceMs, sums.firstMs, ...seen.map(one => one.firstMs))
  if (firstMs === null) throw unknownEntity(entity)
  const day = { fromMs: hoursTo - DAY_MS, toMs: hoursTo }
  const peers = await peersOf(query, { entity, sum: metric, range: day })
  const series = seriesOf(sums.hours, firstMs, stepMs)
  const points = pointsOf(series, from, to)
  const learning = learningAt(firstMs, Math.min(nowMs, to))
  // Where nothing stands out, the newest step that is over.
  const isOver = ({ t }: Point) => t + stepMs <= nowMs
  const told = farthestAbove(points) ?? points.findLast(isOver) ?? points.at(-1)
  return {
    metric,
    stepMs,
    from,
    to,
    points,
    week: weekMapOf(seriesOf(sums.hours, firstMs, HOUR_MS), hoursTo),
    learning,
    firstSeen: newestFirst(seen, firstMs, hoursTo),
    peers,
    sentence: told ? pointWords(told, { series, sum: metric, learning }) : '',
  }
}

/** The entity's own doing, without what Tocsin writes about it. */
export function askedOf(entity: EntityRef): string {
  const text = questionFor(entity)
  if (text === null) throw unknownEntity(entity)
  return `(${text}) not kind:tocsin.*`
}

function unknownEntity({ type, id }: EntityRef): TocsinError {
  const shown = JSON.stringify(id.slice(0, 60).toWellFormed())
  return new TocsinError('entity.unknown', { public: `nothing is known of the ${type} ${shown}` })
}

/** Whole steps around the range, as many as a chart can show; the end is what counts. */
function stepsOf({ fromMs, toMs }: TimeRange, nowMs: number) {
  const end = Math.max(1, Math.min(toMs, nowMs))
  const span = end - fromMs
  const stepMs = STEPS_MS.find(step => span <= step * POINTS_MAX) ?? DAY_MS
  const to = ceilTo(end, stepMs)
  const from = Math.min(to - stepMs, Math.max(floorTo(fromMs, stepMs), to - POINTS_MAX * stepMs))
  return { stepMs, from, to }
}

function earliest(...times: readonly (number | null)[]): number | null {
  const known = times.filter(time => time !== null)
  return known.length === 0 ? null : Math.min(...known)
}

/** New is what came in the newest seven days to an entity that was there before them. */
function newestFirst(seen: readonly FirstSeen[], firstMs: number, endMs: number) {
  const sinceMs = endMs - WEEK_MS
  return seen
    .slice(0, FIRST_SEEN_MAX)
    .map(one => ({ ...one, isNew: one.firstMs >= sinceMs && firstMs < sinceMs }))
}

type PeersQuestion = {
  readonly entity: EntityRef
  readonly sum: Sum
  readonly range: TimeRange
}

async function peersOf(
  query: ActivityDeps['query'],
  { entity: { type, id }, sum, range }: PeersQuestion,
): Promise<Peers | null> {
  const found = Object.entries(ENTITY_TYPES).find(([, name]) => name === type)
  // A read of two datasets is of both: there is no one sum to stand beside.
  if (!found || type === 'resource') return null
  const [field] = found
  const text = `${field}:* not kind:tocsin.*`
  const standings = await query.standingOf({ text, range, field, id, sum })
  if (!standings) return null
  const { inGroups, inType, value, groups } = standings
  const isGroup = groups.length > 0 && inGroups.of >= PEERS_MIN
  const among = isGroup ? inGroups : inType
  if (among.of < PEERS_MIN) return null
  return { cohort: cohortName(standings, type, isGroup), ...placeOf(among), value }
}

function placeOf({ of, above, equal, median }: Standing) {
  const below = of - 1 - above - equal
  const percentile = (100 * (below + equal / 2)) / (of - 1)
  return { of, rank: above + 1, percentile, median }
}

const TYPE_NAMES: { readonly [type: string]: string } = {
  human: 'people',
  service: 'services',
  agent: 'agents',
  unknown: 'accounts of unknown type',
  source: 'addresses',
}

function cohortName({ type, groups }: Standings, entityType: string, isGroup: boolean): string {
  const own = type === '' ? entityType : type
  const many = TYPE_NAMES[own] ?? `${own}s`
  if (!isGroup) return many
  return `${many} of ${groups.slice(0, GROUPS_SHOWN).join(', ')}`
}

/** Events of an entity in each of the newest 24 hours, oldest first, by `type:id`. */
export type Sparks = ReadonlyMap<string, readonly number[]>

export const SPARK_HOURS = 24

/** One statement for each type of entity. */
export async function sparksOf(
  entities: readonly EntityRef[],
  nowMs: number,
  query: Pick<Query, 'hoursOf'>,
): Promise<Sparks> {
  const endMs = ceilTo(nowMs, HOUR_MS)
  const range = { fromMs: endMs - SPARK_HOURS * HOUR_MS, toMs: endMs }
  const sparks = new Map<string, readonly number[]>()
  for (const [type, refs] of Map.groupBy(entities, one => one.type)) {
    const [field] = Object.entries(ENTITY_TYPES).find(([, name]) => name === type) ?? []
    if (field === undefined) continue
    const values = refs.map(({ id }) => id)
    const hours = await query.hoursOf({ text: 'not kind:tocsin.*', range, field, values })
    for (const ref of refs) sparks.set(entityKey(ref), hoursIn(hours.get(ref.id), range))
  }
  return sparks
}

function hoursIn(hours: ReadonlyMap<number, number> | undefined, { fromMs }: TimeRange) {
  return Array.from({ length: SPARK_HOURS }, (_, i) => hours?.get(fromMs + i * HOUR_MS) ?? 0)
}
