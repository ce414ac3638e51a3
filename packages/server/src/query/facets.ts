// The values that fields have among the events that a question finds, most frequent first. A value
// counts the events that `field:value` would find: once for each event, whatever the case of its
// letters A-Z or the spelling of its address, and for a list each of its elements. Events are read
// once, for all fields together; only their groups are folded and unpacked after that.

import { TocsinError } from '@tocsin/sdk/errors'
import { FIELD_BY_NAME, type Field } from '@tocsin/sdk/event'
import { isAsWritten } from '@tocsin/sdk/query'
import type { Asking } from './asking.ts'
import { ipKeySql } from './columns.ts'
import { nearestField } from './nearest-field.ts'
import { hideOwnReads } from './own-reads.ts'
import type { Row, TimeRange } from './store.ts'

export type FacetsRequest = {
  readonly text: string
  readonly range: TimeRange
  readonly fields: readonly string[]
  /** Values of each field. */
  readonly top: number
}

export type Facet = {
  /** As it was asked for. */
  readonly field: string
  /** Events that have the field. */
  readonly present: number
  readonly distinct: number
  readonly top: readonly { readonly value: string; readonly events: number }[]
}

export type Facets = { readonly facets: readonly Facet[]; readonly total: number }

export const FACET_FIELDS_MAX = 20

/** Throws `query.unknown_field` and `query.bad_value` naming the field. */
export async function askFacets(asking: Asking, request: FacetsRequest): Promise<Facets> {
  const { text, range, top } = request
  const fields = facetFields(request.fields)
  const sets = fields.map(f => `("${f.column}"), `).join('')
  const keys = fields.map((f, i) => `grouping("${f.column}") AS away${i}, "${f.column}" AS v${i}`)
  const parts = [totalSql(fields), ...fields.map((f, i) => facetSql(f, i, top))]
  const rows = await asking.select({
    columns: `${keys.join(', ')}, count(*) AS events`,
    asked: hideOwnReads(asking.check(text)),
    tail: { sql: `GROUP BY GROUPING SETS (${sets}())`, params: [] },
    range,
    over: { sql: parts.join(' UNION ALL '), params: [] },
  })
  const byPlace = new Map(rows.map(row => [Number(row.place), row]))
  return {
    total: Number(byPlace.get(TOTAL_PLACE)?.present ?? 0),
    facets: request.fields.map(name => {
      return { field: name, ...toFacet(byPlace.get(fields.findIndex(isNamed(name)))) }
    }),
  }
}

const isNamed = (name: string) => (field: Field) => FIELD_BY_NAME.get(name) === field

/** Each once, whatever it was called. */
function facetFields(names: readonly string[]): readonly Field[] {
  if (names.length === 0 || names.length > FACET_FIELDS_MAX) {
    throw new TocsinError('query.bad_value', {
      public: `values are counted for 1 to ${FACET_FIELDS_MAX} fields at once, for instance kind,outcome`,
      field: 'fields',
    })
  }
  return [...new Set(names.map(facetField))]
}

function facetField(name: string): Field {
  const field = FIELD_BY_NAME.get(name)
  if (field && isCounted(field)) return field
  const near = nearestField(name, isCounted) ?? 'kind or actor.id'
  throw new TocsinError('query.unknown_field', {
    public: `${JSON.stringify(name.slice(0, 60))} is not a field whose values can be counted; try ${near}`,
    field: name.slice(0, 60),
  })
}

function isCounted({ type }: Field): boolean {
  return type !== 'json' && type !== 'time'
}

const TOTAL_PLACE = -1

function totalSql(fields: readonly Field[]): string {
  const isTotal = fields.map((_, i) => `away${i} = 1`).join(' AND ')
  return `SELECT ${TOTAL_PLACE} AS place, sum(events)::BIGINT AS present, 0::BIGINT AS values_,
    NULL AS top FROM picked WHERE ${isTotal}`
}

/** One row from the groups: of a field's values the most frequent, and how many there are. */
function facetSql(field: Field, place: number, top: number): string {
  return `SELECT ${place}, ${presentSql(field, place)}, count(*),
    min({'less': -n, 'v': spelling}, ${top})
    FROM (
      SELECT sum(events)::BIGINT AS n, max({'n': events, 'v': spelling}).v AS spelling
      FROM (${field.many ? elementsSql(field, place) : valuesSql(field, place)})
      GROUP BY key
    )`
}

function presentSql(field: Field, place: number): string {
  const isThere = field.many
    ? `len(list_filter(v${place}, lambda x: x IS NOT NULL)) > 0`
    : `v${place} IS NOT NULL`
  return `(SELECT coalesce(sum(events), 0)::BIGINT FROM picked
    WHERE away${place} = 0 AND ${isThere})`
}

function valuesSql(field: Field, place: number): string {
  const value = `v${place}`
  return `SELECT ${value}::VARCHAR AS spelling, ${keySql(field, value)} AS key, events
    FROM picked WHERE away${place} = 0 AND ${value} IS NOT NULL`
}

/** An event whose list has two spellings of one value is found once. */
function elementsSql(field: Field, place: number): string {
  return `SELECT min(x) AS spelling, key, any_value(events) AS events
    FROM (
      SELECT list, x, ${keySql(field, 'x')} AS key, events
      FROM (
        SELECT v${place} AS list, unnest(list_distinct(v${place})) AS x, events
        FROM picked WHERE away${place} = 0
      )
    )
    GROUP BY list, key`
}

/** What two values have in common that one question finds. */
function keySql(field: Field, value: string): string {
  if (field.type === 'ip') {
    return `CASE WHEN contains(${value}, ':') THEN ${ipKeySql(value)} ELSE ${value} END`
  }
  if (field.type !== 'text' || isAsWritten(field)) return value
  // Most values have no capital letter, and looking for one costs a tenth of translate().
  return `CASE WHEN regexp_matches(${value}, '[A-Z]')
    THEN translate(${value}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
    ELSE ${value} END`
}

function toFacet(row: Row | undefined): Omit<Facet, 'field'> {
  const top = Array.isArray(row?.top) ? row.top : []
  return {
    present: Number(row?.present ?? 0),
    distinct: Number(row?.values_ ?? 0),
    top: top.map(({ v, less }) => ({ value: String(v), events: -Number(less) })),
  }
}
