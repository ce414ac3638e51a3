// DuckDB as the index uses it: one instance in memory, and for each statement a connection of its
// own, ended when it takes too long or nobody waits for it any more.

import { rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'
import { TocsinError } from '@tocsin/sdk/errors'
import { type Checked, compileSql } from '@tocsin/sdk/query'
import { QUERY_MEMORY_BYTES, SEARCH_MS_MAX } from '../base/limits.ts'
import { lazyColumns } from './columns.ts'
import type { Pace } from './lanes.ts'
import type { TimeRange } from './part-files.ts'

export type SqlPart = { readonly sql: string; readonly params: readonly DuckDBValue[] }
export type Row = { readonly [column: string]: unknown }

/** A question over the events of a range. What is left out is: all of them, no tests, `whole`. */
export type Statement = {
  /** Select list and what follows WHERE; they may name columns of the index. */
  readonly columns: string
  /** Events that are meant; `where` says which of them. */
  readonly asked?: Checked
  /** Columns `holds0`, `holds1` …: whether each is true for the event. */
  readonly tests?: readonly Checked[]
  readonly where?: SqlPart
  readonly tail?: SqlPart
  readonly range: TimeRange
  readonly pace?: Pace
  /** What is made of the rows, as a SELECT from `picked`; without it they are the answer. */
  readonly over?: SqlPart
}

export type Source = {
  /** A place where events are, as it stands behind FROM. */
  readonly from: string
  /** All of them lie in the range: comparing times took as long as counting. */
  readonly isInRange: boolean
  /** What a question is there. */
  readonly narrow: (asked: Checked) => Checked
}

export async function createInstance(directory: string): Promise<DuckDBInstance> {
  const spill = join(directory, 'spill')
  rmSync(spill, { recursive: true, force: true })
  const instance = await DuckDBInstance.create(':memory:', {
    // Its threads spin while they wait for one another, on cores that prepare the next events.
    threads: String(Math.max(1, availableParallelism() >> 1)),
    memory_limit: `${Math.round(QUERY_MEMORY_BYTES / 1024 ** 2)}MB`,
    temp_directory: spill,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // Every 16 MB it would compress the hot table, which lives for a minute.
    checkpoint_threshold: '1TB',
  })
  const connection = await instance.connect()
  await connection.run('LOAD parquet')
  // Files do not change; reading their ends anew was half of what a page cost.
  await connection.run('SET GLOBAL parquet_metadata_cache = true')
  connection.closeSync()
  return instance
}

type Asked = { readonly sql: string; readonly values: readonly DuckDBValue[] }

const INTERRUPT_MS = 100
const EVERYTHING: Checked = { kind: 'all' }
const NOTHING: SqlPart = { sql: '', params: [] }

function askedOf(statement: Statement, sources: readonly Source[]): Asked {
  const { columns, where = { sql: 'true', params: [] }, tail = NOTHING, over } = statement
  const parts = sources.map(source => eventsOf(statement, source))
  const events = parts.map(({ sql }) => sql).join(' UNION ALL BY NAME ')
  const picked = `SELECT ${columns} FROM events WHERE ${where.sql} ${tail.sql}`
  return {
    sql: `WITH events AS (${events}) ${over ? `, picked AS (${picked}) ${over.sql}` : picked}`,
    values: [
      ...parts.flatMap(({ params }) => params),
      ...where.params,
      ...tail.params,
      ...(over?.params ?? []),
    ],
  }
}

/** The events of one place, with the columns that the statement needs. */
function eventsOf(statement: Statement, { from, isInRange, narrow }: Source): SqlPart {
  const { columns, where = NOTHING, tail = NOTHING, range, asked = EVERYTHING } = statement
  const events = compileSql(narrow(asked))
  const tests = (statement.tests ?? []).map(test => compileSql(narrow(test)))
  const used = [columns, where.sql, tail.sql, events.sql, ...tests.map(({ sql }) => sql)].join(' ')
  const holds = tests.map(({ sql }, i) => `, coalesce(${sql}, false) AS holds${i}`).join('')
  const bounds = isInRange ? 'true' : `"time" >= ${range.fromMs} AND "time" < ${range.toMs}`
  return {
    sql: `SELECT *${holds} FROM (SELECT *${lazyColumns(used)} FROM ${from} WHERE ${bounds})
      WHERE ${events.sql}`,
    params: [...tests.flatMap(({ params }) => params), ...events.params],
  }
}

/** Throws `query.timeout`, and whatever the signal was aborted with. */
export async function runAlone(
  instance: DuckDBInstance,
  statement: Statement,
  sources: readonly Source[],
  signal: AbortSignal,
): Promise<readonly Row[]> {
  signal.throwIfAborted()
  const { sql, values } = askedOf(statement, sources)
  const connection = await instance.connect()
  const late = AbortSignal.timeout(SEARCH_MS_MAX)
  const ended = AbortSignal.any([signal, late])
  const interrupt = () => connection.interrupt()
  // A word that comes between two steps of a statement is lost, so it is said until it is heard.
  let saying: NodeJS.Timeout | undefined
  const end = () => {
    interrupt()
    saying = setInterval(interrupt, INTERRUPT_MS)
  }
  ended.addEventListener('abort', end)
  try {
    const reader = await connection.runAndReadAll(sql, [...values])
    return reader.getRowObjectsJS()
  } catch (cause) {
    signal.throwIfAborted()
    if (!late.aborted) throw cause
    throw new TocsinError('query.timeout', {
      public: `the search took longer than ${SEARCH_MS_MAX / 1000} s; ask for a shorter time range`,
      cause,
    })
  } finally {
    ended.removeEventListener('abort', end)
    clearInterval(saying)
    connection.closeSync()
  }
}
