// Search over everything the log holds: turns questions in the query language into statements for
// the index thread, and says when an answer is partial. Changes nothing.

import { FIELDS } from '@tocsin/sdk/event'
import { checkQuery, compilePredicate, compileSql, parseQuery } from '@tocsin/sdk/query'
import type { Telemetry } from '../base/emit.ts'
import { PAGE_EVENTS_MAX, SUMMARY_GROUPS_MAX } from '../base/limits.ts'
import type { Log } from '../log/log.ts'
import { type ActivityQueries, activityQueries } from './activity.ts'
import { type Arrival, type ArrivalsRequest, arrivalsStatement, toArrival } from './arrivals.ts'
import { askFacets, type Facets, type FacetsRequest } from './facets.ts'
import { startIndexThread } from './index-thread.ts'
import type { IndexConfig } from './index-worker.ts'
import { hideOwnReads } from './own-reads.ts'
import { askSeries, type Series, type SeriesRequest } from './series.ts'
import type { Row, SqlPart, TimeRange } from './store.ts'
import { groupColumns, type SummaryGroup, summaryStatement, toGroup } from './summary.ts'

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
export { FACET_FIELDS_MAX, type Facet, type Facets, type FacetsRequest } from './facets.ts'
export type { FirstSeen, HourSums, Standing, Standings, Sum } from './activity.ts'
export { hideOwnReads } from './own-reads.ts'
export { type Measures, type Series, type SeriesRequest, stepFor } from './series.ts'
export type { TimeRange } from './store.ts'
export { foldSummary, type SummaryFold, type SummaryGroup } from './summary.ts'

/** A place between two events of a search, newest first: everything after it is older. */
export type PageCursor = { readonly timeMs: number; readonly index: number; readonly limit: number }

export type SearchRequest = {
  readonly text: string
  readonly range: TimeRange
  readonly limit: number
  readonly after?: PageCursor
}

export type FoundEvent = {
  readonly index: number
  readonly timeMs: number
  /** The sealed event's JSON text. */
  readonly json: string
}

export type SearchPage = {
  readonly events: readonly FoundEvent[]
  /** null at the end. */
  readonly next: PageCursor | null
  /** False while the index is behind what is durable. */
  readonly complete: boolean
}

export type SummaryRequest = {
  readonly text: string
  readonly range: TimeRange
  readonly by: readonly string[]
  readonly limit: number
}

export interface Query extends ActivityQueries {
  /** Entries below this index can be found. */
  readonly indexed: number
  /**
   * Throws `query.*` for a question that cannot be asked. Newest first. Questions find reads of the
   * record only where they name its kinds (own-reads.ts).
   */
  search(request: SearchRequest): Promise<SearchPage>
  /** Events behind leaf index `index`, oldest first, at most `limit`. */
  since(text: string, index: number, limit: number): Promise<readonly FoundEvent[]>
  /** null when no event has this id. */
  find(id: string): Promise<FoundEvent | null>
  /** Requests, failures, bytes, first and last seen for each value of `by`, most requests first. */
  summarise(request: SummaryRequest): Promise<readonly SummaryGroup[]>
  /** What a question finds over time. */
  series(request: SeriesRequest): Promise<Series>
  /** The values of fields among what a question finds; throws as `summarise` does. */
  facets(request: FacetsRequest): Promise<Facets>
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
  const asking = { check: read, select: thread.select }

  async function search({ text, range, limit, after }: SearchRequest): Promise<SearchPage> {
    const page = Math.min(limit, PAGE_EVENTS_MAX)
    const asked = compileSql(check(text))
    const where = after ? bothOf(asked, isAfter(after)) : asked
    const rows = await thread.select({
      columns: 'idx, "time", raw',
      where,
      tail: { sql: 'ORDER BY "time" DESC, idx DESC LIMIT ?', params: [BigInt(page + 1)] },
      range,
    })
    const events = rows.slice(0, page).map(toFound)
    const last = events.at(-1)
    const ceiling = after?.limit ?? log.size
    const next = rows.length > page && last ? { ...last, limit: ceiling } : null
    return {
      events,
      next: next && { timeMs: next.timeMs, index: next.index, limit: next.limit },
      complete: thread.size >= Math.min(log.size, ceiling),
    }
  }

  return {
    get indexed() {
      return thread.size
    },
    search,
    async since(text, index, limit) {
      const rows = await thread.select({
        columns: 'idx, "time", raw',
        where: bothOf(compileSql(check(text)), { sql: 'idx > ?', params: [BigInt(index)] }),
        tail: { sql: 'ORDER BY idx LIMIT ?', params: [BigInt(limit)] },
        range: ALL_TIME,
      })
      return rows.map(toFound)
    },
    async find(id) {
      const rows = await thread.select({
        columns: 'idx, "time", raw',
        where: { sql: 'id = ?', params: [id.toLowerCase()] },
        tail: { sql: 'LIMIT 1', params: [] },
        range: ALL_TIME,
      })
      const [row] = rows
      return row ? toFound(row) : null
    },
    async summarise({ text, range, by, limit }) {
      const columns = groupColumns(by)
      const most = Math.min(limit, SUMMARY_GROUPS_MAX)
      const rows = await thread.select(
        summaryStatement({ columns, asked: compileSql(check(text)), most, range }),
      )
      return rows.map(row => toGroup(row, by))
    },
    series: request => askSeries(asking, request),
    facets: request => askFacets(asking, request),
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

const ALL_TIME: TimeRange = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }

function isAfter({ timeMs, index, limit }: PageCursor): SqlPart {
  return {
    sql: '("time" < ? OR ("time" = ? AND idx < ?)) AND idx < ?',
    params: [timeMs, timeMs, index, limit].map(BigInt),
  }
}

function bothOf(a: SqlPart, b: SqlPart): SqlPart {
  return { sql: `(${a.sql}) AND (${b.sql})`, params: [...a.params, ...b.params] }
}

function toFound(row: Row): FoundEvent {
  return { index: Number(row.idx), timeMs: Number(row.time), json: String(row.raw) }
}
