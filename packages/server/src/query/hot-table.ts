// The hot table: the newest events, in DuckDB's memory, until they are enough for a file. Bounded
// by rows and by bytes, so that wide events fit that memory too.

import type { DuckDBConnection, DuckDBInstance, DuckDBPreparedStatement } from '@duckdb/node-api'
import { HOT_BYTES_MAX, HOT_ROWS_MAX, INSERT_BYTES_MAX, INSERT_ROWS_MAX } from '../base/limits.ts'
import { createTableSql, insertLinesSql } from './columns.ts'
import { literal, type Part } from './part-files.ts'

export interface HotTable {
  /** Of the table as it is now, for FROM. */
  readonly name: string
  /** Adds events given as NDJSON from leaf index `index` on, and says how many they were. */
  insert(index: number, lines: string): Promise<number>
  readonly rows: number
  readonly isFull: boolean
  /**
   * Hands its rows to `write` and begins an empty table under another name; the step that is given
   * back drops the old one, and does not throw. When `write` throws, all stays as it is.
   */
  renew(write: (parts: readonly Part[]) => Promise<void>): Promise<() => Promise<void>>
  close(): void
}

type Table = { readonly name: string; readonly insertion: DuckDBPreparedStatement }

export async function createHotTable(instance: DuckDBInstance): Promise<HotTable> {
  const connection = await instance.connect()
  let tables = 0
  let table = await create()
  let spare: Table | null = null
  let rows = 0
  let bytes = 0

  async function create(): Promise<Table> {
    tables += 1
    const name = `hot_${tables}`
    await connection.run(createTableSql(name))
    // Prepared once: planning it costs as much as a hundred events.
    return { name, insertion: await connection.prepare(insertLinesSql(name)) }
  }

  return {
    get name() {
      return table.name
    },
    get rows() {
      return rows
    },
    get isFull() {
      return rows >= HOT_ROWS_MAX || bytes >= HOT_BYTES_MAX
    },
    async insert(index, lines) {
      table.insertion.bindBigInt(1, BigInt(index))
      table.insertion.bindVarchar(2, lines)
      const { rowsChanged } = await table.insertion.run()
      rows += rowsChanged
      bytes += Buffer.byteLength(lines)
      return rowsChanged
    },
    async renew(write) {
      const { name, insertion } = table
      spare ??= await create()
      await write(await partsOf(connection, name, Math.ceil(bytes / rows)))
      table = spare
      spare = null
      rows = 0
      bytes = 0
      return async () => {
        insertion.destroySync()
        // At the end of the process the connection may be gone before the last reader.
        await connection.run(`DROP TABLE ${name}`).catch(() => undefined)
      }
    },
    close() {
      table.insertion.destroySync()
      connection.closeSync()
    },
  }
}

const NEWLINE = 0x0a

/** Texts of at most INSERT_ROWS_MAX lines each, and little more than INSERT_BYTES_MAX. */
export function* piecesOf(lines: Buffer): Generator<string> {
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

/** The hot rows by class and month; bounds are compared as numbers, which costs nothing. */
async function partsOf(
  connection: DuckDBConnection,
  table: string,
  rowBytes: number,
): Promise<readonly Part[]> {
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT retention, strftime(make_timestamp("time" * 1000), '%Y-%m') AS month
     FROM ${table} ORDER BY 1, 2`,
  )
  return reader.getRowObjectsJS().map(row => {
    const [retention, month] = [String(row.retention), String(row.month)]
    const [year = 0, number = 1] = month.split('-').map(Number)
    const [fromMs, toMs] = [Date.UTC(year, number - 1), Date.UTC(year, number)]
    return {
      rowBytes,
      partition: `${retention}/${month}`,
      source: `(SELECT * FROM ${table} WHERE retention = ${literal(retention)}
        AND "time" >= ${fromMs} AND "time" < ${toMs}
        ORDER BY "time", idx)`,
    }
  })
}
