// The index itself: a hot table in DuckDB's memory for the newest events and Parquet files for the
// rest, read together by the same SQL. A view of the log: everything here can be deleted and comes
// again. It holds clear values, so its directory is the owner's alone. Owned by one thread.

import { rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'
import { TocsinError } from '@tocsin/sdk/errors'
import { makeDirectory } from '../base/durable.ts'
import { QUERY_MEMORY_BYTES, SEARCH_MS_MAX } from '../base/limits.ts'
import { lazyColumns } from './columns.ts'
import { createHotTable, piecesOf } from './hot-table.ts'
import { openPartFiles, type TimeRange } from './part-files.ts'
import { buildTurns } from './turns.ts'

export type { TimeRange } from './part-files.ts'

export type SqlPart = { readonly sql: string; readonly params: readonly DuckDBValue[] }
export type Row = { readonly [column: string]: unknown }

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
   * Runs `select` with its `FROM events` meaning every event whose time is in the range, and
   * `where` applied. At most one statement; values only by parameter.
   */
  select(statement: Statement): Promise<readonly Row[]>
  close(): void
}

export type Statement = {
  /** Select list and what follows WHERE; they may name columns of the index. */
  readonly columns: string
  readonly where: SqlPart
  readonly tail: SqlPart
  readonly range: TimeRange
  /** What is made of the rows, as a SELECT from `picked`; without it they are the answer. */
  readonly over?: SqlPart
}

export async function openEventStore(directory: string): Promise<EventStore> {
  makeDirectory(directory)
  const instance = await createInstance(directory)
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  // A search sees a row once: while rows move from the table to a file, or files are joined, no
  // search runs.
  const turns = buildTurns()
  const files = openPartFiles({ directory, connection }, turns.change)
  const hot = await createHotTable(connection)
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
    await files.add(await hot.parts(), indexed, hot.clear)
    await files.joinSmall()
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
    select: statement =>
      turns.read(() => searchAlone(instance, statement, files.sourceIn(statement.range))),
    close() {
      hot.close()
      connection.closeSync()
      instance.closeSync()
    },
  }
}

function createInstance(directory: string): Promise<DuckDBInstance> {
  const spill = join(directory, 'spill')
  rmSync(spill, { recursive: true, force: true })
  return DuckDBInstance.create(':memory:', {
    // Its threads spin while they wait for one another, on cores that prepare the next events.
    threads: String(Math.max(1, availableParallelism() >> 1)),
    memory_limit: `${Math.round(QUERY_MEMORY_BYTES / 1024 ** 2)}MB`,
    temp_directory: spill,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // Every 16 MB it would compress the hot table, which lives for a minute.
    checkpoint_threshold: '1TB',
  })
}

type Asked = { readonly sql: string; readonly values: DuckDBValue[] }

/** `cold` is what stands behind FROM for the files; null for none. */
function askedOf({ columns, where, tail, range, over }: Statement, cold: string | null): Asked {
  const used = `${columns} ${where.sql} ${tail.sql}`
  const files = cold === null ? '' : `UNION ALL BY NAME SELECT * FROM ${cold}`
  const picked = `SELECT ${columns} FROM events WHERE ${where.sql} ${tail.sql}`
  const sql = `WITH events AS (
      SELECT *${lazyColumns(used)} FROM (SELECT * FROM hot ${files})
      WHERE "time" >= ? AND "time" < ?
    )
    ${over ? `, picked AS (${picked}) ${over.sql}` : picked}`
  const bounds = [BigInt(range.fromMs), BigInt(range.toMs)]
  return { sql, values: [...bounds, ...where.params, ...tail.params, ...(over?.params ?? [])] }
}

/** Runs one search on a connection of its own, and ends it when it takes too long. */
async function searchAlone(
  instance: DuckDBInstance,
  statement: Statement,
  cold: string | null,
): Promise<readonly Row[]> {
  const { sql, values } = askedOf(statement, cold)
  const connection = await instance.connect()
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    connection.interrupt()
  }, SEARCH_MS_MAX)
  try {
    const reader = await connection.runAndReadAll(sql, values)
    return reader.getRowObjectsJS()
  } catch (cause) {
    if (!isLate) throw cause
    throw new TocsinError('query.timeout', {
      public: `the search took longer than ${SEARCH_MS_MAX / 1000} s; ask for a shorter time range`,
      cause,
    })
  } finally {
    clearTimeout(timer)
    connection.closeSync()
  }
}
