// What Overview asks of the server. Looking is itself recorded, so nothing is asked again that
// cannot have changed: sources and log, which are not recorded, are asked every few seconds, and
// the rest only when they say that something arrived.

import {
  type QueryClient,
  type UseQueryResult,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import { momentOf, useAddress } from '../address/address.tsx'
import { type Answer, ask, type Route } from '../api/api.ts'
import { nowMs, serverNowMs } from '../clock/clock.ts'
import { spanBefore } from './change.ts'

export type Asking<R extends Route> = UseQueryResult<Answer<R>>
export type Series = Answer<'GET /v1/series'>
export type Alert = Answer<'GET /v1/alerts'>['alerts'][number]
export type Listed = Answer<'GET /v1/entities'>['entities'][number]
export type Source = Answer<'GET /v1/sources'>['sources'][number]

/** The traffic of others; what Tocsin writes about itself is no traffic. */
export const TRAFFIC = 'not via:tocsin'
export const RANKED_FIELDS = ['endpoint', 'model.served'] as const
export const RANKED = 8
const BUCKETS = 96
const OPEN_ALERTS = 100
export const ENTITIES = 9
const WATCH_MS = 15_000
/** How often, at most, figures are asked again while data arrives. */
const FRESH_MS = 60_000
const KEY = 'overview'

/** What was not whole is asked again, and not for ever: a look is itself to be indexed. */
const AGAIN_MS = 2000
const AGAIN_MAX = 2

function untilWhole({
  state,
}: {
  readonly state: {
    readonly data: { readonly complete: boolean } | undefined
    readonly dataUpdateCount: number
  }
}): number | false {
  return state.data?.complete === false && state.dataUpdateCount <= AGAIN_MAX ? AGAIN_MS : false
}

export function useSeries(): Asking<'GET /v1/series'> {
  const { range } = useAddress()
  const query = { q: TRAFFIC, ...range, buckets: BUCKETS }
  return useQuery({
    queryKey: [KEY, 'series', query],
    queryFn: ({ signal }) => ask('GET /v1/series', { query, signal }),
    refetchInterval: untilWhole,
  })
}

/** Totals of the span before the range; null where there is none. */
export function useBefore(): Asking<'GET /v1/series'> {
  const { range } = useAddress()
  const { from, to } = range
  const before = useMemo(
    () => spanBefore({ from, to }, text => momentOf(text, serverNowMs())),
    [from, to],
  )
  const query = { q: TRAFFIC, ...before, buckets: 1 }
  return useQuery({
    queryKey: [KEY, 'before', query],
    queryFn: ({ signal }) => ask('GET /v1/series', { query, signal }),
    enabled: before !== null,
  })
}

export function useRanked(): Asking<'GET /v1/facets'> {
  const { range } = useAddress()
  const query = { q: TRAFFIC, ...range, fields: RANKED_FIELDS.join(','), top: RANKED }
  return useQuery({
    queryKey: [KEY, 'ranked', query],
    queryFn: ({ signal }) => ask('GET /v1/facets', { query, signal }),
    refetchInterval: untilWhole,
  })
}

export function useOpenAlerts(): Asking<'GET /v1/alerts'> {
  return useQuery({
    queryKey: [KEY, 'open'],
    queryFn: ({ signal }) =>
      ask('GET /v1/alerts', { query: { state: 'open', limit: OPEN_ALERTS }, signal }),
  })
}

export function useRiskiest(): Asking<'GET /v1/entities'> {
  return useQuery({
    queryKey: [KEY, 'riskiest'],
    queryFn: ({ signal }) => ask('GET /v1/entities', { query: { limit: ENTITIES }, signal }),
  })
}

export function useStoryChart(id: string): Asking<'GET /v1/alerts/{id}/chart'> {
  return useQuery({
    queryKey: ['alert-chart', id],
    queryFn: ({ signal }) => ask('GET /v1/alerts/{id}/chart', { params: { id }, signal }),
  })
}

export function useSources(): Asking<'GET /v1/sources'> {
  return useQuery({
    queryKey: ['sources'],
    queryFn: ({ signal }) => ask('GET /v1/sources', { signal }),
    refetchInterval: WATCH_MS,
  })
}

/** Shared with the header, which asks it again. */
export function useLog(): Asking<'GET /v1/log'> {
  return useQuery({ queryKey: ['log'], queryFn: ({ signal }) => ask('GET /v1/log', { signal }) })
}

/** Whether anything ever arrived; asked where the range has nothing. */
export function useEver(isWanted: boolean): Asking<'GET /v1/events'> {
  return useQuery({
    queryKey: [KEY, 'ever'],
    queryFn: ({ signal }) => ask('GET /v1/events', { query: { q: TRAFFIC, limit: 1 }, signal }),
    enabled: isWanted,
  })
}

/** Asks figures again when data arrived, alerts when another number is open. */
export function useFreshness(): void {
  const client = useQueryClient()
  const { range } = useAddress()
  const { data: sources } = useSources()
  const arrived = sources?.sources.map(({ via, events }) => `${via} ${events}`).join()
  // The menu asks it every few seconds.
  const open = useQuery({
    queryKey: ['open-alerts'],
    queryFn: () => ask('GET /v1/alerts', { query: { state: 'open', limit: 1 } }),
  }).data?.counts.open
  const askedMs = useRef(0)
  const isLive = range.to === 'now'
  useEffect(() => {
    if (arrived === undefined || !isLive || nowMs() - askedMs.current < FRESH_MS) return
    if (askedMs.current > 0) void askAgain(client, FIGURES)
    askedMs.current = nowMs()
  }, [arrived, client, isLive])
  const before = useRef(open)
  useEffect(() => {
    if (before.current !== undefined && before.current !== open) void askAgain(client, ALERTS)
    before.current = open
  }, [open, client])
}

const FIGURES: ReadonlySet<unknown> = new Set(['series', 'ranked', 'riskiest'])
const ALERTS: ReadonlySet<unknown> = new Set(['open', 'riskiest'])

function askAgain(client: QueryClient, parts: ReadonlySet<unknown>): Promise<void> {
  return client.invalidateQueries({
    predicate: ({ queryKey: [key, part] }) => key === KEY && parts.has(part),
  })
}

/** Everything that stands on the page. */
export function askAllAgain(client: QueryClient): Promise<void> {
  return client.invalidateQueries({ queryKey: [KEY] })
}
