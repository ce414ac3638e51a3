// Pages of a search, by time or by any field that has an order. A page goes on where the one before
// ended, by the place of its last event and not by a number, so that what comes meanwhile moves
// nothing; and it looks only at what was there when the first page was asked for.

import { TocsinError } from '@tocsin/sdk/errors'
import { FIELD_BY_NAME, type Field } from '@tocsin/sdk/event'
import { ALL_TIME, type Asking } from './asking.ts'
import { nearestField } from './nearest-field.ts'
import { hideOwnReads } from './own-reads.ts'
import type { PageStatement, Row, SqlPart, TimeRange } from './store.ts'

/** A place between two events of a search: everything after it comes later in its order. */
export type PageCursor = {
  /** As `printSort` writes it. */
  readonly sort: string
  /** Of the sorted field, where that is not the time; null where the event lacks it. */
  readonly value: number | null
  readonly timeMs: number
  readonly index: number
  readonly limit: number
}

export type Sort = { readonly field: Field; readonly descending: boolean }

export type SearchRequest = {
  readonly text: string
  readonly range: TimeRange
  readonly limit: number
  /** Newest first where it is left out. */
  readonly sort?: Sort
  readonly after?: PageCursor
  /** Only entries below this leaf index. */
  readonly below?: number
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

const TIME = 'time'
export const NEWEST_FIRST: Sort = parseSort(`-${TIME}`)

/** `durationMs` or `-durationMs`; throws `query.unknown_field` and `query.bad_value`. */
export function parseSort(text: string): Sort {
  const descending = text.startsWith('-')
  const name = descending ? text.slice(1) : text
  const field = FIELD_BY_NAME.get(name)
  const shown = JSON.stringify(name.slice(0, 60))
  if (!field) {
    throw new TocsinError('query.unknown_field', {
      public: `${shown} is not a field to sort by; try ${nearestField(name, isOrdered) ?? '-time'}`,
      field: 'sort',
    })
  }
  if (isOrdered(field)) return { field, descending }
  throw new TocsinError('query.bad_value', {
    public: `events are sorted by numbers and times, and ${shown} has none; try -time or -durationMs`,
    field: 'sort',
  })
}

function isOrdered({ type, many }: Field): boolean {
  return !many && (type === 'int' || type === 'number' || type === 'time')
}

export function printSort({ field, descending }: Sort): string {
  return `${descending ? '-' : ''}${field.path}`
}

/** `size`: of what is durable, the first page's `limit`. */
export async function askPage(
  { check, page }: Pick<Asking, 'check' | 'page'>,
  { text, range, limit, sort = NEWEST_FIRST, after, below }: SearchRequest,
  size: number,
): Promise<Omit<SearchPage, 'complete'>> {
  const { field, descending } = sort
  const isByTime = field.path === TIME
  const statement: PageStatement = {
    asked: hideOwnReads(check(text)),
    where: after ? isAfter(after, sort) : isBelow(below ?? size),
    range: after && isByTime ? rangeAfter(range, after, descending) : range,
    order: { column: isByTime ? null : field.column, descending },
    limit: limit + 1,
  }
  const rows = await page(statement)
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const isMore = rows.length > limit && last
  const events = shown.map(toFound)
  return {
    events,
    next: isMore ? cursorAt(last, printSort(sort), after?.limit ?? below ?? size) : null,
  }
}

function cursorAt(row: Row, sort: string, limit: number): PageCursor {
  const { index, timeMs } = toFound(row)
  const value = row.sort === null || row.sort === undefined ? null : Number(row.sort)
  return { sort, value, timeMs, index, limit }
}

/** What cannot come any more need not be looked at. */
function rangeAfter(range: TimeRange, { timeMs }: PageCursor, descending: boolean): TimeRange {
  return descending
    ? { fromMs: range.fromMs, toMs: Math.min(range.toMs, timeMs + 1) }
    : { fromMs: Math.max(range.fromMs, timeMs), toMs: range.toMs }
}

function isAfter(cursor: PageCursor, { field, descending }: Sort): SqlPart {
  const seen = isBelow(cursor.limit)
  const later = laterInTime(cursor, field.path !== TIME || descending)
  if (field.path === TIME) return bothOf(later, seen)
  const column = `"${field.column}"`
  const { value } = cursor
  if (value === null) return bothOf(bothOf({ sql: `${column} IS NULL`, params: [] }, later), seen)
  const sql = `${column} ${descending ? '<' : '>'} ? OR (${column} = ? AND (${later.sql}))
    OR ${column} IS NULL`
  const bound = field.type === 'number' ? value : BigInt(value)
  return bothOf({ sql, params: [bound, bound, ...later.params] }, seen)
}

function isBelow(limit: number): SqlPart {
  return { sql: 'idx < ?', params: [BigInt(limit)] }
}

function laterInTime({ timeMs, index }: PageCursor, descending: boolean): SqlPart {
  const than = descending ? '<' : '>'
  return {
    sql: `"time" ${than} ? OR ("time" = ? AND idx ${than} ?)`,
    params: [timeMs, timeMs, index].map(BigInt),
  }
}

function bothOf(a: SqlPart, b: SqlPart): SqlPart {
  return { sql: `(${a.sql}) AND (${b.sql})`, params: [...a.params, ...b.params] }
}

export type CountRequest = Pick<SearchRequest, 'text' | 'range'> & { readonly below: number }

/** How many events a search with the same `below` finds on all its pages. */
export async function askCount(
  { check, select }: Asking,
  { text, range, below }: CountRequest,
): Promise<number> {
  const [row] = await select({
    columns: 'count(*) AS events',
    asked: hideOwnReads(check(text)),
    where: isBelow(below),
    range,
  })
  return Number(row?.events ?? 0)
}

type Since = { readonly text: string; readonly index: number; readonly limit: number }

/** Events behind leaf index `index`, oldest first. */
export async function askSince(
  { check, select }: Asking,
  { text, index, limit }: Since,
): Promise<readonly FoundEvent[]> {
  const rows = await select({
    columns: 'idx, "time", raw',
    asked: hideOwnReads(check(text)),
    where: { sql: 'idx > ?', params: [BigInt(index)] },
    tail: { sql: 'ORDER BY idx LIMIT ?', params: [BigInt(limit)] },
    range: ALL_TIME,
  })
  return rows.map(toFound)
}

/** null when no event has this id. */
export async function askEvent({ select }: Asking, id: string): Promise<FoundEvent | null> {
  const [row] = await select({
    columns: 'idx, "time", raw',
    where: { sql: 'id = ?', params: [id.toLowerCase()] },
    range: ALL_TIME,
    pace: 'quick',
  })
  return row ? toFound(row) : null
}

function toFound(row: Row): FoundEvent {
  return { index: Number(row.idx), timeMs: Number(row.time), json: String(row.raw) }
}
