// What Explore asks of the server. A run is one question over one range that does not move: `now`
// is taken once, so that rows, chart, values and export are about the same events. Whoever asks
// again stops what was under way. What was found before stays until the next is there.

import {
  type InfiniteData,
  keepPreviousData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { type Address, momentOf } from '../address/address.tsx'
import { type Answer, ask, Problem } from '../api/api.ts'
import { serverNowMs } from '../clock/clock.ts'
import { sortOf } from './view.ts'

export type FoundEvent = Answer<'GET /v1/events'>['events'][number]
export type Page = Answer<'GET /v1/events'>
export type Series = Answer<'GET /v1/series'>
export type Facet = Answer<'GET /v1/facets'>['facets'][number]
export type Explanation = Answer<'GET /v1/explain'>

export type Run = {
  readonly q: string
  /** Milliseconds, or what the address says where that is no time: the server judges it. */
  readonly from: string
  readonly to: string
  readonly sort: string
  readonly atMs: number
}

export type Counting = { readonly run: Run; readonly canCount: boolean }

const PAGE_EVENTS = 100
/** More rows than anybody reads; an export takes the rest. */
const ROWS_MAX = 20_000
const BUCKETS_MAX = 120
const VALUES = 10
/** A run is never asked twice; what is no longer shown is let go. */
const KEPT = { staleTime: Number.POSITIVE_INFINITY, gcTime: 60_000 }

export function useRun({ search, range }: Address): {
  readonly run: Run
  readonly again: () => void
} {
  const [round, setRound] = useState(0)
  const q = search.q ?? ''
  const sort = sortOf(search)
  const { from, to } = range
  // biome-ignore lint/correctness/useExhaustiveDependencies: each question has its now
  const frozen = useMemo(() => {
    const atMs = serverNowMs()
    const fixed = (text: string) => String(momentOf(text, atMs) ?? text)
    return { from: fixed(from), to: fixed(to), atMs }
  }, [q, from, to, round])
  const run = useMemo(() => ({ q, sort, ...frozen }), [q, sort, frozen])
  return { run, again: () => setRound(round + 1) }
}

/** As the API takes it. */
export function askedOf({ q, from, to }: Run): {
  readonly q?: string
  readonly from: string
  readonly to: string
} {
  return { ...(q === '' ? {} : { q }), from, to }
}

export function usePages(run: Run): UseInfiniteQueryResult<InfiniteData<Page>> {
  return useInfiniteQuery<Page, Error, InfiniteData<Page>, readonly unknown[], string | null>({
    queryKey: ['events', askedOf(run), run.sort],
    queryFn: ({ pageParam, signal }) => {
      const cursor = pageParam === null ? {} : { cursor: pageParam }
      const query = { ...askedOf(run), sort: run.sort, limit: PAGE_EVENTS, ...cursor }
      return ask('GET /v1/events', { query, signal })
    },
    initialPageParam: null,
    getNextPageParam: (last, pages) => (pages.length * PAGE_EVENTS >= ROWS_MAX ? null : last.next),
    placeholderData: keepPreviousData,
    // Comparing what came with what was there would walk through every event.
    structuralSharing: false,
    ...KEPT,
  })
}

/** How long the rows go before all that is counted. */
const HEAD_START_MS = 200

/**
 * Whether it is time to count: rows are what somebody waits for, and a server that counts the same
 * events at the same time answers later.
 */
export function useTurn(run: Run): boolean {
  const { data, error, isPlaceholderData } = usePages(run)
  const [late, setLate] = useState<Run | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => setLate(run), HEAD_START_MS)
    return () => clearTimeout(timer)
  }, [run])
  const isThere = (data !== undefined && !isPlaceholderData) || error !== null
  return isThere || late === run
}

export function useSeries({ run, canCount }: Counting): UseQueryResult<Series> {
  return useQuery({
    enabled: canCount,
    queryKey: ['series', askedOf(run)],
    queryFn: ({ signal }) =>
      ask('GET /v1/series', { query: { ...askedOf(run), buckets: BUCKETS_MAX }, signal }),
    placeholderData: keepPreviousData,
    structuralSharing: false,
    ...KEPT,
  })
}

/** Values of these fields, together: one pass over the events. */
export function useValues(
  { run, canCount }: Counting,
  fields: readonly string[],
): UseQueryResult<Answer<'GET /v1/facets'>> {
  return useQuery({
    queryKey: ['facets', askedOf(run), fields],
    queryFn: ({ signal }) =>
      ask('GET /v1/facets', {
        query: { ...askedOf(run), fields: fields.join(','), top: VALUES },
        signal,
      }),
    enabled: canCount && fields.length > 0,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    ...KEPT,
  })
}

export function useExplanation(run: Run): UseQueryResult<Explanation> {
  return useQuery({
    queryKey: ['explain', askedOf(run)],
    queryFn: ({ signal }) => ask('GET /v1/explain', { query: askedOf(run), signal }),
    ...KEPT,
  })
}

/** Events never change: what was opened once is known. */
export function useEvent(id: string | null): UseQueryResult<FoundEvent> {
  return useQuery({
    queryKey: ['event', id],
    queryFn: ({ signal }) => ask('GET /v1/events/{id}', { params: { id: id ?? '' }, signal }),
    enabled: id !== null,
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  })
}

/** The server's sentence where the question itself is wrong. */
export function refusalOf(error: Error | null): string | null {
  return error instanceof Problem && error.code.startsWith('query.') ? error.message : null
}
