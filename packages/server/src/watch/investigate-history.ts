// What an account usually does, from summaries of its past: from where, with what, to what, and at
// which hours; and who else uses the same credential or address.

import type { SealedEvent } from '@tocsin/sdk/event'
import type { Query, SummaryGroup, TimeRange } from '../query/query.ts'
import { quoted } from './entity-question.ts'

type Asks = Pick<Query, 'summarise'>

const DAY_MS = 86_400_000
export const PAST_DAYS = 28
const GROUPS_MAX = 5000

/** A way in: an address, program, country and credential that were used together. */
export type Way = {
  readonly address: string
  readonly program: string
  readonly country: string
  readonly credential: string
}

export function waysIn(events: readonly SealedEvent[]): readonly Way[] {
  const ways = new Map<string, Way>()
  for (const { source, actor } of events) {
    const { ip: address = '', userAgent: program = '', geo } = source ?? {}
    const way = {
      address,
      program,
      country: geo?.country ?? '',
      credential: actor.credential ?? '',
    }
    ways.set(JSON.stringify(way), way)
  }
  return [...ways.values()]
}

/** What an account came from and with; without countries, which the index reads slowly. */
export type Usual = {
  readonly addresses: ReadonlySet<string>
  readonly programs: ReadonlySet<string>
  readonly requests: number
  /** null where there is nothing. */
  readonly firstMs: number | null
}

export async function usualWays(query: Asks, text: string, range: TimeRange): Promise<Usual> {
  const by = ['source.ip', 'source.userAgent']
  const groups = await query.summarise({ text, range, by, limit: GROUPS_MAX })
  return {
    addresses: new Set(groups.map(({ group }) => group[0] ?? '')),
    programs: new Set(groups.map(({ group }) => group[1] ?? '')),
    requests: groups.reduce((sum, { requests }) => sum + requests, 0),
    firstMs: groups.length === 0 ? null : Math.min(...groups.map(({ firstMs }) => firstMs)),
  }
}

/** Whether an account ever came from a country. */
export async function knowsCountry(
  query: Asks,
  { text, country }: { readonly text: string; readonly country: string },
  range: TimeRange,
): Promise<boolean> {
  const asked = `${text} source.geo.country:${quoted(country)}`
  const groups = await query.summarise({ text: asked, range, by: ['kind'], limit: 1 })
  return groups.length > 0
}

/** What an account did something with: a dataset, model or tool. */
export type Target = { readonly kind: string; readonly target: string }

export async function usualTargets(
  query: Asks,
  text: string,
  range: TimeRange,
): Promise<readonly Target[]> {
  const by = ['kind', 'resource.id', 'model.served', 'tool.name']
  const groups = await query.summarise({ text, range, by, limit: GROUPS_MAX })
  return groups.flatMap(({ group }) => {
    const [kind = '', resource = '', model, tool] = group.map(value => value ?? '')
    // A list of resources stands in brackets.
    const resources = resource.replace(/^\[(.*)\]$/s, '$1').split(', ')
    return targets(kind, resources, model || tool)
  })
}

export function targetsIn(events: readonly SealedEvent[]): readonly Target[] {
  return events.flatMap(({ kind, resource, model, tool }) => {
    const resources = (resource ?? []).map(({ id }) => id ?? '')
    return targets(kind, resources, model?.served ?? tool?.name)
  })
}

function targets(kind: string, resources: readonly string[], other = ''): readonly Target[] {
  const ids = resources.filter(id => id !== '')
  return (ids.length > 0 ? ids : [other]).map(target => ({ kind, target }))
}

/** Who used a credential or an address, and whether that began with what was found. */
export type Elsewhere = {
  readonly kind: 'credential' | 'address'
  readonly value: string
  readonly uses: readonly {
    readonly actor: string
    readonly address: string
    readonly program: string
    readonly requests: number
    readonly firstMs: number
    readonly lastMs: number
    /** Not before the day on which it was found. */
    readonly isNew: boolean
    /** Also meanwhile. */
    readonly isMeanwhile: boolean
  }[]
}

const USES_MAX = 200
const FIELDS = { credential: 'actor.credential', address: 'source.ip' } as const

/** All values in one question: the index reads credentials out of every event. */
export async function elsewhere(
  query: Asks,
  { kind, values }: { readonly kind: Elsewhere['kind']; readonly values: readonly string[] },
  { past, burst }: { readonly past: TimeRange; readonly burst: TimeRange },
): Promise<readonly Elsewhere[]> {
  if (values.length === 0) return []
  const field = FIELDS[kind]
  const groups = await query.summarise({
    text: `${field}:(${values.map(quoted).join(' or ')}) not kind:tocsin.*`,
    range: { fromMs: past.fromMs, toMs: burst.toMs + 1 },
    by: [field, 'actor.id', 'source.ip', 'source.userAgent'],
    limit: USES_MAX,
  })
  const uses = groups.map(({ group, requests, firstMs, lastMs }) => {
    const [value = '', actor = '', address = '', program = ''] = group.map(one => one ?? '')
    const isNew = firstMs >= past.toMs
    const isMeanwhile = lastMs >= burst.fromMs
    return { value, actor, address, program, requests, firstMs, lastMs, isNew, isMeanwhile }
  })
  return values.map(value => ({
    kind,
    value,
    uses: uses.filter(use => use.value === value).map(({ value: _, ...use }) => use),
  }))
}

export type Session = {
  readonly session: string
  readonly address: string
  readonly requests: number
  readonly firstMs: number
  readonly lastMs: number
}

/** Those with most requests first. */
export function sessionsIn(events: readonly SealedEvent[]): readonly Session[] {
  const sessions = new Map<string, { -readonly [K in keyof Session]: Session[K] }>()
  for (const { actor, source, time } of events) {
    const { session } = actor
    if (session === undefined) continue
    const address = source?.ip ?? ''
    const key = JSON.stringify([session, address])
    const known = sessions.get(key) ?? {
      session,
      address,
      requests: 0,
      firstMs: time,
      lastMs: time,
    }
    sessions.set(key, known)
    known.requests += 1
    known.lastMs = time
  }
  return [...sessions.values()].sort((a, b) => b.requests - a.requests)
}

/** Whether an account is at work at this hour on other days, too. */
export type Habit = {
  /** `always`: at this hour as at any other. `none`: never at this hour. */
  readonly kind: 'daily' | 'weekly' | 'sometimes' | 'always' | 'none'
  /** Earlier days, of `PAST_DAYS`, on which it was at work around the minute it began. */
  readonly days: number
  /** Of the last four weeks, on the same weekday. */
  readonly weeks: number
  /** Median of such an occasion, and what it was now. */
  readonly usual: Volume | null
  readonly now: Volume
}

export type Volume = { readonly requests: number; readonly bytesOut: number }

const SLACK_MS = 30 * 60_000
const OCCASIONS_MAX = 5
/** At its own hour an account does this many times as much as spread over the day. */
const CONCENTRATED = 2
const DAILY_MIN = 10
const OCCASIONS_MIN = 3

export async function habitOf(
  query: Asks,
  text: string,
  burst: TimeRange,
  total: number,
): Promise<Habit> {
  const working = `${text} not kind:auth.*`
  const now = await volume(query, working, { fromMs: burst.fromMs, toMs: burst.toMs + 1 })
  const around = { fromMs: burst.fromMs - SLACK_MS, toMs: burst.fromMs + SLACK_MS }
  const days = Array.from({ length: PAST_DAYS }, (_, i) => i + 1)
  const counts = await requestsOn(query, working, { days, around })
  const worked = counts.filter(({ requests }) => requests > 0)
  const weeks = worked.filter(({ day }) => day % 7 === 0).length
  const there = worked.reduce((sum, { requests }) => sum + requests, 0)
  const share = (there / Math.max(1, total)) * (DAY_MS / (2 * SLACK_MS))
  const isBusy = share < CONCENTRATED && worked.length > PAST_DAYS / 2
  const span = { fromMs: around.fromMs, toMs: burst.toMs + SLACK_MS }
  // One after the other: a search may take much of the memory that the index has.
  const usual: Volume[] = []
  for (const { day } of worked.slice(0, OCCASIONS_MAX)) {
    usual.push(await volume(query, working, daysBefore(span, day)))
  }
  const kind = habitKind({ days: worked.length, weeks, isBusy })
  return { kind, days: worked.length, weeks, usual: medianOf(usual), now }
}

type Occasions = { readonly days: readonly number[]; readonly around: TimeRange }

const MOMENTS_MAX = 10_000

/** Requests around a time of the day on so many days before, in one question where it fits. */
async function requestsOn(
  query: Asks,
  text: string,
  { days, around }: Occasions,
): Promise<readonly { readonly day: number; readonly requests: number }[]> {
  const windows = days.map(day => ({ day, ...daysBefore(around, day) }))
  const clauses = windows.map(({ fromMs, toMs }) => `(time>=${fromMs} time<${toMs})`)
  const fromMs = Math.min(...windows.map(window => window.fromMs))
  const toMs = Math.max(...windows.map(window => window.toMs))
  if (fromMs < TIME_MIN_MS) return []
  const asked = `${text} (${clauses.join(' or ')})`
  const range = { fromMs, toMs }
  const moments = await query.summarise({ text: asked, range, by: ['time'], limit: MOMENTS_MAX })
  if (moments.length === MOMENTS_MAX && days.length > 1) {
    const half = days.length >> 1
    const first = await requestsOn(query, text, { days: days.slice(0, half), around })
    return [...first, ...(await requestsOn(query, text, { days: days.slice(half), around }))]
  }
  return windows.map(window => ({
    day: window.day,
    requests: moments
      .filter(({ firstMs }) => firstMs >= window.fromMs && firstMs < window.toMs)
      .reduce((sum, { requests }) => sum + requests, 0),
  }))
}

/** Events are no older (event.wrong_value), and a question takes 10 digits or more for a time. */
const TIME_MIN_MS = 946_684_800_000

function habitKind(seen: {
  readonly days: number
  readonly weeks: number
  readonly isBusy: boolean
}): Habit['kind'] {
  const { days, weeks, isBusy } = seen
  if (isBusy) return 'always'
  if (days >= DAILY_MIN) return 'daily'
  if (weeks >= OCCASIONS_MIN) return 'weekly'
  return days === 0 ? 'none' : 'sometimes'
}

function daysBefore({ fromMs, toMs }: TimeRange, days: number): TimeRange {
  return { fromMs: fromMs - days * DAY_MS, toMs: toMs - days * DAY_MS }
}

async function volume(query: Asks, text: string, range: TimeRange): Promise<Volume> {
  if (range.fromMs < 0) return { requests: 0, bytesOut: 0 }
  const groups = await query.summarise({ text, range, by: ['actor.type'], limit: 10 })
  return sumOf(groups)
}

function sumOf(groups: readonly SummaryGroup[]): Volume {
  return {
    requests: groups.reduce((sum, { requests }) => sum + requests, 0),
    bytesOut: groups.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
  }
}

function medianOf(volumes: readonly Volume[]): Volume | null {
  if (volumes.length === 0) return null
  const middle = (values: readonly number[]) =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
  return {
    requests: middle(volumes.map(({ requests }) => requests)),
    bytesOut: middle(volumes.map(({ bytesOut }) => bytesOut)),
  }
}
