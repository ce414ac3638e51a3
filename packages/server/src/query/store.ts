// The index itself: a hot table in DuckDB's memory for the newest events and Parquet files for the
// rest, read together by the same SQL. A view of the log: everything here can be deleted and comes
// again. It holds clear values, so its directory is the owner's alone. Owned by one thread.

import type { DuckDBConnection } from '@duckdb/node-api'
import { TocsinError } from '@tocsin/sdk/errors'
import { makeDirectory } from '../base/durable.ts'
import { STATEMENTS_MAX, WHOLE_STATEMENTS_MAX } from '../base/limits.ts'
import { createInstance, type Row, runAlone, type Source, type Statement } from './database.ts'
import { createHotTable, piecesOf } from './hot-table.ts'
import { buildLanes } from './lanes.ts'
import { type PageStatement, readPage } from './pages.ts'
import { openPartFiles, type PartFile, type PartFiles, type TimeRange } from './part-files.ts'
import { buildViews } from './views.ts'
import { openVocabulary, type Vocabulary } from './vocabulary.ts'

export type { Row, SqlPart, Statement } from './database.ts'
export type { Order, PageStatement } from './pages.ts'
export type { TimeRange } from './part-files.ts'

export interface EventStore {
  /** Entries below this leaf index can be searched. */
  readonly indexed: number
  /**
   * Adds events given as NDJSON, each with its newline, under consecutive leaf indexes from
   * `firstIndex` on.
   */
  insert(firstIndex: number, lines: Buffer): Promise<void>
  /** Entries below `index` that are no events are passed over. */
  advance(index: number): void
  /** Moves the hot rows to files, as `insert` does when they are many. */
  flush(): Promise<void>
  /**
   * The rows of a statement over the events whose time is in its range. At most one statement;
   * values only by parameter. A search sees each event once, and neither waits for indexing nor
   * holds it up. Ends early, with the signal's reason, when that is aborted.
   */
  select(statement: Statement, signal: AbortSignal): Promise<readonly Row[]>
  /** The first events of a question, with their text (pages.ts); as `select`. */
  page(statement: PageStatement, signal: AbortSignal): Promise<readonly Row[]>
  /** Ends searches that run, with `query.cancelled`. */
  close(): Promise<void>
}

/** What a search reads: nothing of it changes while it is read. */
type View = { readonly hot: string; readonly files: readonly PartFile[] }

export async function openEventStore(directory: string): Promise<EventStore> {
  makeDirectory(directory)
  const instance = await createInstance(directory)
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  const files = openPartFiles({ directory, connection })
  const hot = await createHotTable(instance)
  const vocabulary = openVocabulary(directory)
  if (vocabulary.isNew) await learnAll(vocabulary, files, connection)
  const viewNow = (): View => ({ hot: hot.name, files: files.list })
  const views = buildViews(viewNow())
  const lanes = buildLanes({ all: STATEMENTS_MAX, whole: WHOLE_STATEMENTS_MAX })
  const closing = new AbortController()
  let indexed = files.cursor
  // One statement at a time changes the table; searches have connections of their own.
  let writing: Promise<void> = Promise.resolve()

  function exclusive(step: () => Promise<void>): Promise<void> {
    writing = writing.catch(() => undefined).then(step)
    return writing
  }

  async function insert(firstIndex: number, lines: Buffer): Promise<void> {
    let index = firstIndex
    for (const text of piecesOf(lines)) {
      // Before, not after: what a full disk does not take must not grow the table.
      if (hot.isFull) await flush()
      index += await hot.insert(index, text)
      indexed = index
    }
  }

  async function flush(): Promise<void> {
    if (hot.rows === 0) return
    const drop = await hot.renew(async parts => {
      await vocabulary.learn(connection, hot.name)
      await files.add(parts, indexed)
    })
    await views.replace(viewNow(), drop)
    await files.joinSmall(remove => views.replace(viewNow(), remove))
  }

  const runner = (view: View, signal: AbortSignal) => (statement: Statement) => {
    const sources = sourcesIn(view, statement.range, { files, vocabulary })
    const ended = AbortSignal.any([signal, closing.signal])
    const step = () => runAlone(instance, statement, sources, ended)
    return lanes.run(statement.pace ?? 'whole', step)
  }

  return {
    get indexed() {
      return indexed
    },
    insert: (firstIndex, lines) => exclusive(() => insert(firstIndex, lines)),
    advance(index) {
      indexed = Math.max(indexed, index)
    },
    flush: () => exclusive(flush),
    select: (statement, signal) => views.read(view => runner(view, signal)(statement)),
    page: (page, signal) =>
      views.read(view => readPage(page, filesIn(view.files, page.range), runner(view, signal))),
    async close() {
      closing.abort(new TocsinError('query.cancelled', { public: 'the server is closing' }))
      await views.idle()
      hot.close()
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** From files that are older than it, or when it was lost. */
async function learnAll(
  vocabulary: Vocabulary,
  files: PartFiles,
  connection: DuckDBConnection,
): Promise<void> {
  if (files.list.length > 0) await vocabulary.learn(connection, files.sourceOf(files.list))
}

type Parts = { readonly files: PartFiles; readonly vocabulary: Vocabulary }

function sourcesIn(view: View, range: TimeRange, { files, vocabulary }: Parts): readonly Source[] {
  const { narrow } = vocabulary
  const used = filesIn(view.files, range)
  const isWhole = (f: PartFile) => f.minTime >= range.fromMs && f.maxTime < range.toMs
  const groups = [
    { isInRange: true, part: used.filter(isWhole) },
    { isInRange: false, part: used.filter(f => !isWhole(f)) },
  ].filter(({ part }) => part.length > 0)
  return [
    // The newest events are not in the vocabulary yet.
    { from: view.hot, isInRange: false, narrow: asked => asked },
    ...groups.map(({ isInRange, part }) => ({ from: files.sourceOf(part), isInRange, narrow })),
  ]
}

function filesIn(files: readonly PartFile[], range: TimeRange): readonly PartFile[] {
  return files.filter(f => f.maxTime >= range.fromMs && f.minTime < range.toMs)
}
