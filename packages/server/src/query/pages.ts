// The first events of a question in some order. What decides about them is read first, column by
// column; their text, which is most of what is stored, only of those that are shown.

import type { Checked } from '@tocsin/sdk/query'
import type { Row, SqlPart, Statement } from './database.ts'
import type { PartFile, TimeRange } from './part-files.ts'
import { windowsOf } from './windows.ts'

export type PageStatement = {
  readonly asked: Checked
  readonly where: SqlPart
  readonly range: TimeRange
  readonly order: Order
  readonly limit: number
}

/** By time, or by another column and then newest first. Events without the field come last. */
export type Order = {
  /** null for the time itself. */
  readonly column: string | null
  readonly descending: boolean
}

type Run = (statement: Statement) => Promise<readonly Row[]>

/** Rows of `idx`, `time`, `raw` and, where it goes by a column, its value as `sort`. */
export async function readPage(
  page: PageStatement,
  files: readonly PartFile[],
  run: Run,
): Promise<readonly Row[]> {
  const places =
    page.order.column === null ? await byTime(page, files, run) : await byColumn(page, run)
  if (places.length === 0) return []
  const texts = await textsOf(places, page, run)
  return places.flatMap(place => {
    const raw = texts.get(String(place.idx))
    return raw === undefined ? [] : [{ ...place, raw }]
  })
}

async function byTime(
  { asked, where, range, order, limit }: PageStatement,
  files: readonly PartFile[],
  run: Run,
): Promise<readonly Row[]> {
  const found: Row[] = []
  const way = order.descending ? 'DESC' : 'ASC'
  for (const window of windowsOf(range, files, order.descending)) {
    const left = limit - found.length
    const rows = await run({
      columns: 'idx, "time"',
      asked,
      where,
      tail: { sql: `ORDER BY "time" ${way}, idx ${way} LIMIT ?`, params: [BigInt(left)] },
      range: window,
      pace: 'quick',
    })
    found.push(...rows)
    if (found.length === limit) break
  }
  return found
}

function byColumn(
  { asked, where, range, order, limit }: PageStatement,
  run: Run,
): Promise<readonly Row[]> {
  const way = order.descending ? 'DESC' : 'ASC'
  const sql = `ORDER BY sort ${way} NULLS LAST, "time" DESC, idx DESC LIMIT ?`
  return run({
    columns: `idx, "time", "${order.column}" AS sort`,
    asked,
    where,
    tail: { sql, params: [BigInt(limit)] },
    range,
  })
}

/** More numbers in one statement cost more than asking again in the range that they span. */
const NAMED_MAX = 200

async function textsOf(
  places: readonly Row[],
  { asked, where, order }: PageStatement,
  run: Run,
): Promise<ReadonlyMap<string, unknown>> {
  const times = places.map(row => Number(row.time))
  const range = { fromMs: Math.min(...times), toMs: Math.max(...times) + 1 }
  const isNamed = order.column !== null || places.length <= NAMED_MAX
  const again = isNamed ? { where: named(places) } : { asked, where }
  const rows = await run({ columns: 'idx, raw', ...again, range, pace: 'quick' })
  return new Map(rows.map(row => [String(row.idx), row.raw]))
}

/** As literals, since they came from the index: DuckDB skips parts of files by these alone. */
function named(places: readonly Row[]): SqlPart {
  const indexes = places.map(row => BigInt(String(row.idx)))
  return { sql: `idx IN (${indexes.join(', ')})`, params: [] }
}
