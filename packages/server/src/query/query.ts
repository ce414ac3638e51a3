// Search over everything the log holds: starts the index thread, feeds it with what becomes
// durable, and turns questions in the query language into statements for it. Knows what is
// searchable yet and says when an answer is partial. Changes nothing.

import { TocsinError } from '@tocsin/sdk/errors'
import { FIELDS } from '@tocsin/sdk/event'
import { checkQuery, compilePredicate, compileSql, parseQuery } from '@tocsin/sdk/query'
import type { Telemetry } from '../base/emit.ts'
import { FOLLOWER_BYTES_MAX, PAGE_EVENTS_MAX, SUMMARY_GROUPS_MAX } from '../base/limits.ts'
import { startThread } from '../base/threads.ts'
import type { DurableBatch, Log } from '../log/log.ts'
import type { FromIndex, IndexConfig, ToIndex } from './index-worker.ts'
import { hideOwnReads } from './own-reads.ts'
import type { Row, SqlPart, Statement, TimeRange } from './store.ts'
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
export { hideOwnReads } from './own-reads.ts'
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

export interface Query {
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
  const thread = startThread<ToIndex, FromIndex>(import.meta.url, 'index-worker', config)
  const tickets = new Map<number, PromiseWithResolvers<readonly Row[]>>()
  const closed = Promise.withResolvers<void>()
  const settling = new Set<{ readonly size: number; readonly resolve: () => void }>()
  let lastTicket = 0
  let indexed = 0
  // Sizes of the live batches that the thread has not answered yet, oldest first.
  const underWay: number[] = []
  let bytesUnderWay = 0

  thread.onMessage(message => {
    if (message.kind === 'indexed') onIndexed(message.size, message.taken)
    else if (message.kind === 'closed') closed.resolve()
    else {
      const ticket = tickets.get(message.ticket)
      tickets.delete(message.ticket)
      if (message.kind === 'rows') ticket?.resolve(message.rows)
      else ticket?.reject(failed(message.reason, message.code))
    }
  })
  thread.onFailure(error => {
    telemetry.report('error', `the index thread ended (${error.message}); restart Tocsin to search`)
    for (const { reject } of tickets.values()) reject(failed(error.message))
    closed.resolve()
  })

  function onIndexed(size: number, taken: number): void {
    indexed = Math.max(indexed, size)
    for (const bytes of underWay.splice(0, taken)) bytesUnderWay -= bytes
    telemetry.set('query.indexed_size', indexed)
    for (const waiting of settling) {
      if (waiting.size > indexed) continue
      settling.delete(waiting)
      waiting.resolve()
    }
  }

  const stopFollowing = log.follow(batch => {
    const { firstIndex, count, events } = batch
    if (bytesUnderWay + events.length > FOLLOWER_BYTES_MAX && bytesUnderWay > 0) return
    underWay.push(events.length)
    bytesUnderWay += events.length
    thread.send({ kind: 'live', firstIndex, count, events, hasHoles: hasHoles(batch) })
  })
  const stopPublished = log.onPublished(({ size }) => thread.send({ kind: 'published', size }))

  function select(statement: Statement): Promise<readonly Row[]> {
    const ticket = Promise.withResolvers<readonly Row[]>()
    lastTicket += 1
    tickets.set(lastTicket, ticket)
    thread.send({ kind: 'select', ticket: lastTicket, statement })
    return ticket.promise
  }

  const check = (text: string) => hideOwnReads(checkQuery(parseQuery(text), FIELDS, nowMs()))

  async function search({ text, range, limit, after }: SearchRequest): Promise<SearchPage> {
    const page = Math.min(limit, PAGE_EVENTS_MAX)
    const asked = compileSql(check(text))
    const where = after ? bothOf(asked, isAfter(after)) : asked
    const rows = await select({
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
      complete: indexed >= Math.min(log.size, ceiling),
    }
  }

  return {
    get indexed() {
      return indexed
    },
    search,
    async since(text, index, limit) {
      const rows = await select({
        columns: 'idx, "time", raw',
        where: bothOf(compileSql(check(text)), { sql: 'idx > ?', params: [BigInt(index)] }),
        tail: { sql: 'ORDER BY idx LIMIT ?', params: [BigInt(limit)] },
        range: ALL_TIME,
      })
      return rows.map(toFound)
    },
    async find(id) {
      const rows = await select({
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
      const rows = await select(
        summaryStatement({ columns, asked: compileSql(check(text)), most, range }),
      )
      return rows.map(row => toGroup(row, by))
    },
    matcher(text) {
      const matches = compilePredicate(check(text))
      return event => typeof event === 'object' && event !== null && matches(event)
    },
    settled() {
      if (indexed >= log.size) return Promise.resolve()
      return new Promise(resolve => settling.add({ size: log.size, resolve }))
    },
    async close() {
      stopFollowing()
      stopPublished()
      thread.send({ kind: 'close' })
      await closed.promise
      await thread.stop()
    },
  }
}

const ALL_TIME: TimeRange = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }

function hasHoles({ count, eventOffsets }: DurableBatch): boolean {
  for (let i = 0; i < count; i++) if (eventOffsets[i] === eventOffsets[i + 1]) return true
  return false
}

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

function failed(reason: string, code = 'query.failed'): TocsinError {
  if (code === 'query.timeout') return new TocsinError(code, { public: reason })
  return new TocsinError('query.failed', {
    public: 'the search failed; try a shorter time range, and see the log of the server',
    internal: reason,
  })
}
