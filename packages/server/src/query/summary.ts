// The summary: how many requests, failures and bytes each value of a field has, first and last
// seen. One meaning for the index (as SQL) and for `tocsin summary` over a file (as a fold).

import { TocsinError } from '@tocsin/sdk/errors'
import { FIELD_BY_NAME, type Field } from '@tocsin/sdk/event'
import { SUMMARY_GROUPS_MAX } from '../base/limits.ts'
import type { Asking } from './asking.ts'
import { hideOwnReads } from './own-reads.ts'
import type { Row, TimeRange } from './store.ts'

export type SummaryGroup = {
  /** One value per field that was asked for; null where events lack it. */
  readonly group: readonly (string | null)[]
  readonly requests: number
  /** Events whose outcome is not success. */
  readonly failures: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly firstMs: number
  readonly lastMs: number
}

export type SummaryRequest = {
  readonly text: string
  readonly range: TimeRange
  readonly by: readonly string[]
  readonly limit: number
}

const GROUP_FIELDS_MAX = 4

/** Throws `query.unknown_field` and `query.bad_value` naming the field. */
export function groupColumns(by: readonly string[]): readonly Field[] {
  if (by.length === 0 || by.length > GROUP_FIELDS_MAX) {
    throw new TocsinError('query.bad_value', {
      public: `a summary goes by 1 to ${GROUP_FIELDS_MAX} fields, for instance actor.id`,
    })
  }
  return by.map(name => {
    const field = FIELD_BY_NAME.get(name)
    if (field && field.type !== 'json') return field
    throw new TocsinError('query.unknown_field', {
      public: `${JSON.stringify(name)} is not a field to sum up by; try actor.id or source.ip`,
      field: name,
    })
  })
}

/** Most requests first. Throws as `groupColumns` does. */
export async function askSummary(
  { check, select }: Asking,
  { text, range, by, limit }: SummaryRequest,
): Promise<readonly SummaryGroup[]> {
  const columns = groupColumns(by)
  const keys = columns.map((f, i) => `CAST(${`"${f.column}"`} AS VARCHAR) AS g${i}`)
  const places = columns.map((_, i) => String(i + 1)).join(', ')
  const rows = await select({
    columns: `${keys.join(', ')}, count(*) AS requests,
      count(*) FILTER (outcome <> 'success') AS failures,
      coalesce(sum(bytes_in), 0)::DOUBLE AS bytes_in_sum,
      coalesce(sum(bytes_out), 0)::DOUBLE AS bytes_out_sum,
      min("time") AS first_ms, max("time") AS last_ms`,
    asked: hideOwnReads(check(text)),
    tail: {
      sql: `GROUP BY ${places} ORDER BY requests DESC, ${places} LIMIT ?`,
      params: [BigInt(Math.min(limit, SUMMARY_GROUPS_MAX))],
    },
    range,
  })
  return rows.map(row => toGroup(row, by))
}

function toGroup(row: Row, by: readonly string[]): SummaryGroup {
  return {
    group: by.map((_, i) => textOrNull(row[`g${i}`])),
    requests: Number(row.requests),
    failures: Number(row.failures),
    bytesIn: Number(row.bytes_in_sum),
    bytesOut: Number(row.bytes_out_sum),
    firstMs: Number(row.first_ms),
    lastMs: Number(row.last_ms),
  }
}

export interface SummaryFold {
  add(event: unknown): void
  /** Most requests first, then by group. */
  groups(most: number): readonly SummaryGroup[]
}

type Running = { -readonly [K in keyof SummaryGroup]: SummaryGroup[K] }

/**
 * The same summary over events that stand in no index; a field with many values counts by its list.
 */
export function foldSummary(by: readonly string[]): SummaryFold {
  const paths = groupColumns(by).map(f => f.path.split('.'))
  const groups = new Map<string, Running>()
  return {
    add(event) {
      const group = paths.map(path => groupText(valueAt(event, path)))
      const key = JSON.stringify(group)
      const at = numberAt(event, ['time'])
      const found = groups.get(key) ?? emptyGroup(group, at)
      groups.set(key, found)
      found.requests += 1
      if (valueAt(event, ['outcome']) !== 'success') found.failures += 1
      found.bytesIn += numberAt(event, ['bytes', 'in'])
      found.bytesOut += numberAt(event, ['bytes', 'out'])
      found.firstMs = Math.min(found.firstMs, at)
      found.lastMs = Math.max(found.lastMs, at)
    },
    groups: most => [...groups.values()].sort(byRequests).slice(0, most),
  }
}

function emptyGroup(group: readonly (string | null)[], at: number): Running {
  return { group, requests: 0, failures: 0, bytesIn: 0, bytesOut: 0, firstMs: at, lastMs: at }
}

function byRequests(a: SummaryGroup, b: SummaryGroup): number {
  if (a.requests !== b.requests) return b.requests - a.requests
  return JSON.stringify(a.group) < JSON.stringify(b.group) ? -1 : 1
}

function valueAt(event: unknown, path: readonly string[]): unknown {
  let value = event
  for (const key of path) {
    if (Array.isArray(value)) value = value.map((item: unknown) => valueAt(item, [key]))
    else value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  }
  return value
}

function numberAt(event: unknown, path: readonly string[]): number {
  const value = valueAt(event, path)
  return typeof value === 'number' ? value : 0
}

/** As DuckDB prints a list, so that a file and the index agree. */
function groupText(value: unknown): string | null {
  if (Array.isArray(value)) return `[${value.map(groupText).join(', ')}]`
  return value === undefined || value === null ? null : String(value)
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value)
}
