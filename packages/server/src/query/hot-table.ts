// The hot table: the newest events, in DuckDB's memory, until they are enough for a file. Bounded
// by rows and by bytes, so that wide events fit that memory too.

import type { DuckDBConnection } from '@duckdb/node-api'
import { HOT_BYTES_MAX, HOT_ROWS_MAX, INSERT_BYTES_MAX, INSERT_ROWS_MAX } from '../base/limits.ts'
import { CREATE_HOT, INSERT_LINES } from './columns.ts'
import { literal, type Part } from './part-files.ts'

export interface HotTable {
  /** Adds events given as NDJSON from leaf index `index` on, and says how many they were. */
  insert(index: number, lines: string): Promise<number>
  readonly rows: number
  readonly isFull: boolean
  /** Its rows as they go to files. */
  parts(): Promise<readonly Part[]>
  clear(): Promise<void>
  close(): void
}

export async function createHotTable(connection: DuckDBConnection): Promise<HotTable> {
  await connection.run(CREATE_HOT)
  // Prepared once: planning it costs as much as a hundred events.
  const insertion = await connection.prepare(INSERT_LINES)
  let rows = 0
  let bytes = 0
  return {
    get rows() {
      return rows
    },
    get isFull() {
      return rows >= HOT_ROWS_MAX || bytes >= HOT_BYTES_MAX
    },
    async insert(index, lines) {
      insertion.bindBigInt(1, BigInt(index))
      insertion.bindVarchar(2, lines)
      const { rowsChanged } = await insertion.run()
      rows += rowsChanged
      bytes += Buffer.byteLength(lines)
      return rowsChanged
    },
    parts: () => partsOf(connection, Math.ceil(bytes / rows)),
    async clear() {
      await connection.run('DROP TABLE hot')
      await connection.run(CREATE_HOT)
      rows = 0
      bytes = 0
    },
    close: () => insertion.destroySync(),
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
async function partsOf(connection: DuckDBConnection, rowBytes: number): Promise<readonly Part[]> {
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT retention, strftime(make_timestamp("time" * 1000), '%Y-%m') AS month
     FROM hot ORDER BY 1, 2`,
  )
  return reader.getRowObjectsJS().map(row => {
    const [retention, month] = [String(row.retention), String(row.month)]
    const [year = 0, number = 1] = month.split('-').map(Number)
    const [fromMs, toMs] = [Date.UTC(year, number - 1), Date.UTC(year, number)]
    return {
      rowBytes,
      partition: `${retention}/${month}`,
      source: `(SELECT * FROM hot WHERE retention = ${literal(retention)}
        AND "time" >= ${fromMs} AND "time" < ${toMs}
        ORDER BY "time", idx)`,
    }
  })
}
