// Search over everything the log holds: turns questions in the query language into statements for
// the index thread, and says when an answer is partial. Changes nothing.

import { setTimeout as sleep } from 'node:timers/promises'
import { FIELDS } from '@tocsin/sdk/event'
import { checkQuery, compilePredicate, parseQuery } from '@tocsin/sdk/query'
import type { Telemetry } from '../base/emit.ts'
import { SEARCH_WAIT_MS } from '../base/limits.ts'
import type { Log } from '../log/log.ts'
import { type ActivityQueries, activityQueries } from './activity.ts'
import { type Arrival, type ArrivalsRequest, arrivalsStatement, toArrival } from './arrivals.ts'
import type { Asking } from './asking.ts'
import { askExplanation, type ExplainRequest, type Explanation } from './explain.ts'
import { askFacets, type Facets, type FacetsRequest } from './facets.ts'
import { startIndexThread } from './index-thread.ts'
import type { IndexConfig } from './index-worker.ts'
import { hideOwnReads } from './own-reads.ts'
import {
  askCount,
  askEvent,
  askPage,
  askSince,
  type CountRequest,
  type FoundEvent,
  type SearchPage,
  type SearchRequest,
} from './search.ts'
import { askSeries, type Series, type SeriesRequest } from './series.ts'
import { askSummary, type SummaryGroup, type SummaryRequest } from './summary.ts'

export type { FirstSeen, HourSums, Standing, Standings, Sum } from './activity.ts'
export {
  type ApiKey,
  type ApiKeys,
  createKey,
  generateKey,
  isWellFormedKey,
  keyEvent,
  OWN_VIA,
  openApiKeys,
  parseScopes,
  SCOPES,
  type Scope,
} from './api-keys.ts'
export type { Arrival, ArrivalsRequest } from './arrivals.ts'
export type { ExplainRequest, Explanation, Extent } from './explain.ts'
export { FACET_FIELDS_MAX, type Facet, type Facets, type FacetsRequest } from './facets.ts'
export { nearestField } from './nearest-field.ts'
export { hideOwnReads } from './own-reads.ts'
export {
  type CountRequest,
  type FoundEvent,
  NEWEST_FIRST,
  type PageCursor,
  parseSort,
  printSort,
  type SearchPage,
  type SearchRequest,
  type Sort,
} from './search.ts'
export { type Measures, type Series, type SeriesRequest, stepFor } from './series.ts'
export type { TimeRange } from './store.ts'
export { foldSummary, type SummaryFold, type SummaryGroup, type SummaryRequest } from './summary.ts'

/** `complete` is false while the index is behind what was durable when the question was asked. */
export type Answered<T> = T & { readonly complete: boolean }

export interface Query extends ActivityQueries {
  /** Entries below this index can be found. */
  readonly indexed: number
  /**
   * Throws `query.*` for a question that cannot be asked. Questions find reads of the record only
   * where they name its kinds (own-reads.ts). Waits a moment for what is durable at the call. Ends
   * with `query.cancelled` when the signal is aborted, as all that take one.
   */
  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchPage>
  /** How many events a search with the same `below` finds on all its pages. */
  count(request: CountRequest, signal?: AbortSignal): Promise<number>
  /** Events behind leaf index `index`, oldest first, at most `limit`. */
  since(text: string, index: number, limit: number): Promise<readonly FoundEvent[]>
  /** null when no event has this id. */
  find(id: string): Promise<FoundEvent | null>
  /** Requests, failures, bytes, first and last seen for each value of `by`, most requests first. */
  summarise(request: SummaryRequest): Promise<readonly SummaryGroup[]>
  /** What a question finds over time. */
  series(request: SeriesRequest, signal?: AbortSignal): Promise<Answered<Series>>
  /** The values of fields among what a question finds; throws as `summarise` does. */
  facets(request: FacetsRequest, signal?: AbortSignal): Promise<Answered<Facets>>
  /** Which of its parts leave a question with what it finds, and what there is beside it. */
  explain(request: ExplainRequest, signal?: AbortSignal): Promise<Answered<Explanation>>
  /** What came from each receiver. */
  arrivals(request: ArrivalsRequest): Promise<readonly Arrival[]>
  /** The same question as a test on one event, for live streams. */
  matcher(text: string): (event: unknown) => boolean
  /** Resolves when everything durable now can be found. */
  settled(): Promise<void>
  close(): Promise<void>
}

export type QueryDeps = {
  readonly dataDir: string
  readonly directory: string
  readonly log: Log
  readonly telemetry: Telemetry
  readonly nowMs: () => number
}

export function openQuery({ dataDir, directory, log, telemetry, nowMs }: QueryDeps): Query {
  const config: IndexConfig = {
    dataDir,
    directory,
    paths: log.paths,
    origin: log.origin,
    kek: log.secrets.kek,
    publishedSize: log.publishedSize,
  }
  const thread = startIndexThread(config, { log, telemetry })
  const read = (text: string) => checkQuery(parseQuery(text), FIELDS, nowMs())
  const check = (text: string) => hideOwnReads(read(text))
  const asking = (signal?: AbortSignal): Asking => ({
    check: read,
    select: statement => thread.select(statement, signal),
    page: statement => thread.page(statement, signal),
  })

  /** What is durable now, and often not indexed yet because somebody has just looked. */
  async function answered<T>(
    size: number,
    ask: (asking: Asking) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<Answered<T>> {
    const complete = await settledWithin(thread.reached(size))
    return { ...(await ask(asking(signal))), complete }
  }

  return {
    get indexed() {
      return thread.size
    },
    search(request, signal) {
      const { size } = log
      const asked = Math.min(size, request.after?.limit ?? size)
      return answered(asked, a => askPage(a, request, size), signal)
    },
    count: (request, signal) => askCount(asking(signal), request),
    since: (text, index, limit) => askSince(asking(), { text, index, limit }),
    find: id => askEvent(asking(), id),
    summarise: request => askSummary(asking(), request),
    series: (request, signal) => answered(log.size, a => askSeries(a, request), signal),
    facets: (request, signal) => answered(log.size, a => askFacets(a, request), signal),
    explain: (request, signal) => answered(log.size, a => askExplanation(a, request), signal),
    arrivals: async request => (await thread.select(arrivalsStatement(request))).map(toArrival),
    matcher(text) {
      const matches = compilePredicate(check(text))
      return event => typeof event === 'object' && event !== null && matches(event)
    },
    ...activityQueries({ select: thread.select, check }),
    settled: () => thread.reached(log.size),
    close: thread.close,
  }
}

/** True when it came within a moment. */
async function settledWithin(reached: Promise<void>): Promise<boolean> {
  const stop = new AbortController()
  const { signal } = stop
  const late = sleep(SEARCH_WAIT_MS, false, { signal }).catch(() => false)
  const isThere = await Promise.race([reached.then(() => true), late])
  stop.abort()
  return isThere
}
