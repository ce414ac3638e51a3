// The index itself: a hot table in DuckDB's memory for the newest events and Parquet files for the
// rest, read together by the same SQL. A view of the log: everything here can be deleted and comes
// again. It holds clear values, so its directory is the owner's alone. Owned by one thread.
//
// Files lie by retention class and month, each of one or more runs sorted by time:
// `events/<class>/<yyyy-mm>/<n>.parquet`. `manifest.json` says which files count and up to which
// leaf index they reach; files that it does not name are leftovers of a crash and are removed at
// start.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBValue,
} from '@duckdb/node-api'
import { TocsinError } from '@tocsin/sdk/errors'
import {
  makeDirectory,
  readFileIfThere,
  replaceFile,
  syncDirectory,
  syncFile,
} from '../base/durable.ts'
import {
  HOT_BYTES_MAX,
  HOT_ROWS_MAX,
  INSERT_BYTES_MAX,
  INSERT_ROWS_MAX,
  PARTITION_FILES_MAX,
  PARTITION_ROWS_MERGED_MAX,
  QUERY_MEMORY_BYTES,
  SEARCH_MS_MAX,
} from '../base/limits.ts'
import { CREATE_HOT, INSERT_LINES, lazyColumns } from './columns.ts'
import { buildTurns } from './turns.ts'

const FORMAT = 2
/** Of a Parquet file's row groups: what a search reads at least, and a writer holds in memory. */
const ROW_GROUP_ROWS_MAX = 20_480
const ROW_GROUP_BYTES_MAX = 16 * 1024 * 1024
/** DuckDB's vector: row groups are whole numbers of them. */
const VECTOR_ROWS = 2048

type PartFile = {
  readonly path: string
  readonly partition: string
  readonly rows: number
  /** Of the events' text, on average. */
  readonly rowBytes: number
  readonly minTime: number
  readonly maxTime: number
}

type Manifest = {
  readonly format: number
  /** Entries below this leaf index are in the files. */
  readonly cursor: number
  readonly nextFile: number
  readonly files: readonly PartFile[]
}

export type SqlPart = { readonly sql: string; readonly params: readonly DuckDBValue[] }
export type TimeRange = { readonly fromMs: number; readonly toMs: number }
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
}

export async function openEventStore(directory: string): Promise<EventStore> {
  makeDirectory(directory)
  rmSync(join(directory, 'spill'), { recursive: true, force: true })
  const instance = await DuckDBInstance.create(':memory:', {
    // Its threads spin while they wait for one another, on cores that prepare the next events.
    threads: String(Math.max(1, availableParallelism() >> 1)),
    memory_limit: `${Math.round(QUERY_MEMORY_BYTES / 1024 ** 2)}MB`,
    temp_directory: join(directory, 'spill'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // Every 16 MB it would compress the hot table, which lives for a minute.
    checkpoint_threshold: '1TB',
  })
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  await connection.run(CREATE_HOT)
  const manifest = readManifest(directory)
  removeLeftovers(directory, manifest)
  const insertion = await connection.prepare(INSERT_LINES)
  return buildStore({ directory, instance, connection, insertion }, manifest)
}

type Opened = {
  readonly directory: string
  readonly instance: DuckDBInstance
  readonly connection: DuckDBConnection
  /** INSERT_LINES, prepared once: planning it costs as much as a hundred events. */
  readonly insertion: DuckDBPreparedStatement
}

function buildStore(
  { directory, instance, connection, insertion }: Opened,
  start: Manifest,
): EventStore {
  let manifest = start
  let indexed = start.cursor
  let hotRows = 0
  let hotBytes = 0
  // A search sees a row once: while rows move from the table to a file, or files are joined, no
  // search runs.
  const turns = buildTurns()
  // One statement at a time changes the table; searches have connections of their own.
  let writing: Promise<void> = Promise.resolve()

  function exclusive(step: () => Promise<void>): Promise<void> {
    writing = writing.catch(() => undefined).then(step)
    return writing
  }

  async function insert(firstIndex: number, lines: Buffer): Promise<void> {
    let index = firstIndex
    for (const text of piecesOf(lines)) {
      insertion.bindBigInt(1, BigInt(index))
      insertion.bindVarchar(2, text)
      const { rowsChanged } = await insertion.run()
      hotRows += rowsChanged
      hotBytes += text.length
      index += rowsChanged
      indexed = index
      if (hotRows >= HOT_ROWS_MAX || hotBytes >= HOT_BYTES_MAX) await flush()
    }
  }

  async function flush(): Promise<void> {
    if (hotRows === 0) return
    const rowBytes = Math.ceil(hotBytes / hotRows)
    const cursor = indexed
    const files = [...manifest.files]
    let { nextFile } = manifest
    for (const { partition, source } of await hotParts(connection)) {
      const place = { directory, partition, number: nextFile }
      files.push(await writePart(connection, place, { source, rowBytes }))
      nextFile += 1
    }
    const next = { format: FORMAT, cursor, nextFile, files }
    writeManifest(directory, next)
    await turns.change(async () => {
      await connection.run('DROP TABLE hot')
      await connection.run(CREATE_HOT)
      manifest = next
    })
    hotRows = 0
    hotBytes = 0
    await merge()
  }

  /**
   * Joins the small files of a partition that has many, so that a search opens few. One behind the
   * other: sorting them together would need them all in memory, and each keeps its own short ranges
   * of time, which is what a search skips by. Files of events so wide that DuckDB's smallest piece
   * of work would be large stay as they are.
   */
  async function merge(): Promise<void> {
    const small = manifest.files.filter(
      f => f.rows < PARTITION_ROWS_MERGED_MAX && f.rowBytes * VECTOR_ROWS <= ROW_GROUP_BYTES_MAX,
    )
    for (const [partition, parts] of Map.groupBy(small, f => f.partition)) {
      if (parts.length < PARTITION_FILES_MAX) continue
      const number = manifest.nextFile
      const source = `read_parquet([${parts.map(p => literal(join(directory, p.path))).join(', ')}])`
      const rowBytes = Math.max(...parts.map(p => p.rowBytes))
      const place = { directory, partition, number }
      const joined = await writePart(connection, place, { source, rowBytes })
      const files = [...manifest.files.filter(f => !parts.includes(f)), joined]
      const next = { ...manifest, nextFile: number + 1, files }
      writeManifest(directory, next)
      await turns.change(async () => {
        manifest = next
        for (const part of parts) rmSync(join(directory, part.path), { force: true })
      })
    }
  }

  async function select(statement: Statement): Promise<readonly Row[]> {
    const { columns, where, tail, range } = statement
    const used = `${columns} ${where.sql} ${tail.sql}`
    const files = manifest.files.filter(f => f.maxTime >= range.fromMs && f.minTime < range.toMs)
    const paths = files.map(f => literal(join(directory, f.path))).join(', ')
    const cold =
      files.length === 0 ? '' : `UNION ALL BY NAME SELECT * FROM read_parquet([${paths}])`
    const sql = `WITH events AS (
        SELECT *${lazyColumns(used)} FROM (SELECT * FROM hot ${cold})
        WHERE "time" >= ? AND "time" < ?
      )
      SELECT ${columns} FROM events WHERE ${where.sql} ${tail.sql}`
    const bounds = [BigInt(range.fromMs), BigInt(range.toMs)]
    const values = [...bounds, ...where.params, ...tail.params]
    return searchAlone(instance, sql, values)
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
    select: statement => turns.read(() => select(statement)),
    close() {
      insertion.destroySync()
      connection.closeSync()
      instance.closeSync()
    },
  }
}

const NEWLINE = 0x0a

/** Texts of at most INSERT_ROWS_MAX lines each, and little more than INSERT_BYTES_MAX. */
function* piecesOf(lines: Buffer): Generator<string> {
  let start = 0
  for (let rows = 0, at = 0; at < lines.length; ) {
    at = lines.indexOf(NEWLINE, at) + 1 || lines.length
    rows += 1
    const isFull = rows === INSERT_ROWS_MAX || at - start >= INSERT_BYTES_MAX
    if (!isFull && at < lines.length) continue
    yield lines.toString('utf8', start, at)
    start = at
    rows = 0
  }
}

/** Runs one search on a connection of its own, and ends it when it takes too long. */
async function searchAlone(
  instance: DuckDBInstance,
  sql: string,
  values: DuckDBValue[],
): Promise<readonly Row[]> {
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

type HotPart = { readonly partition: string; readonly source: string }

/** The hot rows by class and month; bounds are compared as numbers, which costs nothing. */
async function hotParts(connection: DuckDBConnection): Promise<readonly HotPart[]> {
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT retention, strftime(make_timestamp("time" * 1000), '%Y-%m') AS month
     FROM hot ORDER BY 1, 2`,
  )
  return reader.getRowObjectsJS().map(row => {
    const [retention, month] = [String(row.retention), String(row.month)]
    const [year = 0, number = 1] = month.split('-').map(Number)
    const [fromMs, toMs] = [Date.UTC(year, number - 1), Date.UTC(year, number)]
    return {
      partition: `${retention}/${month}`,
      source: `(SELECT * FROM hot WHERE retention = ${literal(retention)}
        AND "time" >= ${fromMs} AND "time" < ${toMs}
        ORDER BY "time", idx)`,
    }
  })
}

type PartPlace = {
  readonly directory: string
  readonly partition: string
  readonly number: number
}

async function writePart(
  connection: DuckDBConnection,
  { directory, partition, number }: PartPlace,
  { source, rowBytes }: { readonly source: string; readonly rowBytes: number },
): Promise<PartFile> {
  const folder = join('events', partition)
  const path = join(folder, `${String(number).padStart(9, '0')}.parquet`)
  makeDirectory(join(directory, folder))
  await connection.run(
    `COPY (SELECT * FROM ${source}) TO ${literal(join(directory, path))}
     (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows(rowBytes)})`,
  )
  syncFile(join(directory, path))
  syncDirectory(join(directory, folder))
  const reader = await connection.runAndReadAll(
    `SELECT count(*) AS n, min("time") AS lo, max("time") AS hi
     FROM read_parquet(${literal(join(directory, path))})`,
  )
  const [row] = reader.getRowObjectsJS()
  return {
    path,
    partition,
    rows: Number(row?.n),
    rowBytes,
    minTime: Number(row?.lo),
    maxTime: Number(row?.hi),
  }
}

function rowGroupRows(rowBytes: number): number {
  const rows = Math.min(ROW_GROUP_ROWS_MAX, ROW_GROUP_BYTES_MAX / rowBytes)
  return Math.max(1, Math.floor(rows / VECTOR_ROWS)) * VECTOR_ROWS
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function readManifest(directory: string): Manifest {
  const empty: Manifest = { format: FORMAT, cursor: 0, nextFile: 0, files: [] }
  const bytes = readFileIfThere(join(directory, 'manifest.json'))
  if (!bytes) return empty
  const manifest = parseManifest(Buffer.from(bytes).toString('utf8'))
  // An index of another format, or with a file gone, is simply built again.
  const isWhole = manifest?.files.every(f => existsSync(join(directory, f.path)))
  return manifest?.format === FORMAT && isWhole ? manifest : empty
}

function parseManifest(text: string): Manifest | null {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && 'files' in value
    return isObject ? (value as Manifest) : null
  } catch {
    return null
  }
}

function writeManifest(directory: string, manifest: Manifest): void {
  replaceFile(join(directory, 'manifest.json'), JSON.stringify(manifest))
}

function removeLeftovers(directory: string, manifest: Manifest): void {
  const root = join(directory, 'events')
  if (!existsSync(root)) return
  const known = new Set(manifest.files.map(f => f.path))
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const path = join('events', name)
    if (name.endsWith('.parquet') && !known.has(path)) rmSync(join(directory, path))
  }
}
