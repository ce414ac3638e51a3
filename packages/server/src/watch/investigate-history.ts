// What an account usually does, from summaries of its past: from where, with what, to what, and at
// which hours; and who else uses the same credential or address.

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
  readonly requests: number
  readonly firstMs: number
  readonly lastMs: number
}

export async function waysOf(query: Asks, text: string, range: TimeRange): Promise<readonly Way[]> {
  const by = ['source.ip', 'source.userAgent', 'source.geo.country', 'actor.credential']
  const groups = await query.summarise({ text, range, by, limit: GROUPS_MAX })
  return groups.map(({ group, requests, firstMs, lastMs }) => {
    const [address, program, country, credential] = group.map(value => value ?? '')
    return {
      address: address ?? '',
      program: program ?? '',
      country: country ?? '',
      credential: credential ?? '',
      requests,
      firstMs,
      lastMs,
    }
  })
}

/** What an account did something with: a dataset, model or tool. */
export type Target = { readonly kind: string; readonly target: string; readonly requests: number }

export async function targetsOf(
  query: Asks,
  text: string,
  range: TimeRange,
): Promise<readonly Target[]> {
  const by = ['kind', 'resource.id', 'model.served', 'tool.name']
  const groups = await query.summarise({ text, range, by, limit: GROUPS_MAX })
  return groups.flatMap(({ group, requests }) => {
    const [kind, resource, model, tool] = group.map(value => value ?? '')
    // A list of resources stands in brackets.
    const resources = (resource ?? '').replace(/^\[(.*)\]$/s, '$1').split(', ')
    const first = resources[0] === '' ? [model || tool || ''] : resources
    return first.map(target => ({ kind: kind ?? '', target, requests }))
  })
}

/** Who used a credential or an address, and whether that began with what was found. */
export type Elsewhere = {
  readonly kind: 'credential' | 'address'
  readonly value: string
  readonly uses: readonly {
    readonly actor: string
    readonly address: string
    readonly program: string
    readonly country: string
    readonly requests: number
    readonly firstMs: number
    readonly lastMs: number
    /** Not before the day on which it was found. */
    readonly isNew: boolean
    /** Also meanwhile. */
    readonly isMeanwhile: boolean
  }[]
}

const USES_MAX = 50

export async function elsewhere(
  query: Asks,
  what: Pick<Elsewhere, 'kind' | 'value'>,
  { past, burst }: { readonly past: TimeRange; readonly burst: TimeRange },
): Promise<Elsewhere> {
  const field = what.kind === 'credential' ? 'actor.credential' : 'source.ip'
  const groups = await query.summarise({
    text: `${field}:${quoted(what.value)} not kind:tocsin.*`,
    range: { fromMs: past.fromMs, toMs: burst.toMs + 1 },
    by: ['actor.id', 'source.ip', 'source.userAgent', 'source.geo.country'],
    limit: USES_MAX,
  })
  const uses = groups.map(({ group, requests, firstMs, lastMs }) => {
    const [actor, address, program, country] = group.map(value => value ?? '')
    return {
      actor: actor ?? '',
      address: address ?? '',
      program: program ?? '',
      country: country ?? '',
      requests,
      firstMs,
      lastMs,
      isNew: firstMs >= past.toMs,
      isMeanwhile: lastMs >= burst.fromMs,
    }
  })
  return { ...what, uses }
}

export type Session = {
  readonly session: string
  readonly address: string
  readonly requests: number
  readonly firstMs: number
  readonly lastMs: number
}

export async function sessionsOf(
  query: Asks,
  text: string,
  range: TimeRange,
): Promise<readonly Session[]> {
  const by = ['actor.session', 'source.ip']
  const groups = await query.summarise({ text: `${text} actor.session:*`, range, by, limit: 50 })
  return groups.map(({ group, requests, firstMs, lastMs }) => {
    const [session, address] = group
    return { session: session ?? '', address: address ?? '', requests, firstMs, lastMs }
  })
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
const OCCASIONS_MAX = 7
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
  const counts = await Promise.all(
    days.map(async day => ({ day, ...(await volume(query, working, daysBefore(around, day))) })),
  )
  const worked = counts.filter(({ requests }) => requests > 0)
  const weeks = worked.filter(({ day }) => day % 7 === 0).length
  const there = worked.reduce((sum, { requests }) => sum + requests, 0)
  const share = (there / Math.max(1, total)) * (DAY_MS / (2 * SLACK_MS))
  const isBusy = share < CONCENTRATED && worked.length > PAST_DAYS / 2
  const span = { fromMs: around.fromMs, toMs: burst.toMs + SLACK_MS }
  const usual = await Promise.all(
    worked.slice(0, OCCASIONS_MAX).map(({ day }) => volume(query, working, daysBefore(span, day))),
  )
  const kind = habitKind({ days: worked.length, weeks, isBusy })
  return { kind, days: worked.length, weeks, usual: medianOf(usual), now }
}

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
