// What entities do, hour by hour: sums of each hour, what was seen first when, and how one stands
// beside its like. Each is one statement over the index; what is usual is worked out of them above
// (watch/usual.ts).

import { FIELD_BY_NAME } from '@tocsin/sdk/event'
import { type Checked, compileSql } from '@tocsin/sdk/query'
import type { Row, SqlPart, Statement, TimeRange } from './store.ts'
import { groupColumns } from './summary.ts'

/** What can be summed up of events, as SQL over columns of the index. */
const SUMS = {
  requests: 'count(*)',
  failures: "count(*) FILTER (outcome = 'failure')",
  denied: "count(*) FILTER (outcome = 'denied')",
  rows: 'coalesce(sum("rows"), 0)',
  bytes: 'coalesce(sum(bytes_out), 0)',
  bytesIn: 'coalesce(sum(bytes_in), 0)',
  tokens: 'coalesce(sum(coalesce(usage_in, 0) + coalesce(usage_out, 0)), 0)',
  tokensIn: 'coalesce(sum(usage_in), 0)',
  tokensOut: 'coalesce(sum(usage_out), 0)',
  cost: 'coalesce(sum(cost_micros), 0)',
} as const

export type Sum = keyof typeof SUMS

/** Fields whose new values are worth telling. */
export const FIRST_FIELDS = [
  'model.served',
  'source.ip',
  'source.geo.country',
  'tool.name',
  'resource.id',
  'agent.id',
] as const
export type FirstField = (typeof FIRST_FIELDS)[number]

export type FirstSeen = {
  readonly field: FirstField
  readonly value: string
  readonly firstMs: number
  readonly events: number
}

export type HourSums = {
  /** Of the earliest event of the range; null where there is none. */
  readonly firstMs: number | null
  /** Start of the hour (UTC) → sum; hours without events are left out. */
  readonly hours: ReadonlyMap<number, number>
}

/** How one stands beside its like, all of them counted, itself too. */
export type Standing = {
  readonly of: number
  readonly above: number
  /** As much as it, without itself. */
  readonly equal: number
  readonly median: number
}

export type Standings = {
  readonly value: number
  /** Type of the actor, and the groups it acted with; empty where they are not known. */
  readonly type: string
  readonly groups: readonly string[]
  /** Among those of its type, and among those of them that share a group with it. */
  readonly inType: Standing
  readonly inGroups: Standing
}

type Asked = { readonly text: string; readonly range: TimeRange }

export interface ActivityQueries {
  hourSums(asked: Asked & { readonly sum: Sum }): Promise<HourSums>
  /** Of each field the values that came last, newest first, at most `FIRSTS_MAX`. */
  firstSeen(asked: Asked): Promise<readonly FirstSeen[]>
  /** null where it did nothing in the range. */
  standingOf(
    asked: Asked & { readonly field: string; readonly id: string; readonly sum: Sum },
  ): Promise<Standings | null>
  /** Events of each hour, by value of a field, for the values that are given. */
  hoursOf(
    asked: Asked & { readonly field: string; readonly values: readonly string[] },
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>>
}

export const FIRSTS_MAX = 20
const HOUR_MS = 3_600_000
const HOUR = `("time" // ${HOUR_MS}) * ${HOUR_MS}`

type Deps = {
  readonly select: (statement: Statement) => Promise<readonly Row[]>
  readonly check: (text: string) => Checked
}

export function activityQueries({ select, check }: Deps): ActivityQueries {
  const asked = (text: string): SqlPart => compileSql(check(text))
  return {
    async hourSums({ text, range, sum }) {
      const rows = await select({
        columns: `${HOUR} AS hour, (${SUMS[sum]})::DOUBLE AS value, min("time") AS first_ms`,
        where: asked(text),
        tail: { sql: 'GROUP BY 1 ORDER BY 1', params: [] },
        range,
      })
      const hours = new Map(rows.map(row => [Number(row.hour), Number(row.value)]))
      const [first] = rows
      return { firstMs: first ? Number(first.first_ms) : null, hours }
    },
    async firstSeen({ text, range }) {
      const rows = await select({ ...FIRST_SEEN, where: asked(text), range })
      return rows.map(row => ({
        field: FIRST_FIELDS[Number(row.field)] ?? FIRST_FIELDS[0],
        value: String(row.value),
        firstMs: Number(row.first_ms),
        events: Number(row.events),
      }))
    },
    async standingOf({ text, range, field, id, sum }) {
      const isActor = field === 'actor.id'
      const type = isActor ? "coalesce(max(actor_type), '')" : "''"
      const groups = isActor ? GROUPS : '[]::VARCHAR[]'
      const [row] = await select({
        columns: `${columnOf(field)} AS peer, (${SUMS[sum]})::DOUBLE AS value,
          ${type} AS type, ${groups} AS groups`,
        where: asked(text),
        tail: { sql: 'GROUP BY 1', params: [] },
        range,
        over: { sql: STANDING, params: [id] },
      })
      return row ? toStandings(row) : null
    },
    async hoursOf({ text, range, field, values }) {
      const column = columnOf(field)
      const { sql, params } = asked(text)
      const list = values.map(() => '?').join(', ')
      const isMany = FIELD_BY_NAME.get(field)?.many === true
      const among = isMany ? `list_has_any(${column}, [${list}])` : `${column} IN (${list})`
      const rows = await select({
        columns: `${column} AS entity, ${HOUR} AS hour, count(*) AS events`,
        where: { sql: `(${sql}) AND ${among}`, params: [...params, ...values] },
        tail: { sql: 'GROUP BY 1, 2', params: [] },
        range,
        ...(isMany ? { over: { sql: BY_ELEMENT, params: [] } } : {}),
      })
      const found = new Map<string, Map<number, number>>()
      for (const { entity, hour, events } of rows) {
        const hours = found.get(String(entity)) ?? new Map<number, number>()
        found.set(String(entity), hours.set(Number(hour), Number(events)))
      }
      return found
    },
  }
}

/** The name of a column is none that anybody can choose. */
function columnOf(field: string): string {
  return groupColumns([field])
    .map(({ column }) => `"${column}"`)
    .join()
}

const BY_ELEMENT = `SELECT entity, hour, sum(events)::BIGINT AS events
  FROM (SELECT unnest(list_distinct(entity)) AS entity, hour, events FROM picked)
  GROUP BY 1, 2`

const GROUPS = `coalesce(flatten(list(DISTINCT actor_groups)
  FILTER (actor_groups IS NOT NULL)), [])`
const COUNTED = (which: string) => `
  count(*) FILTER (${which}) AS of, count(*) FILTER (${which} AND p.value > own.value) AS above,
  count(*) FILTER (${which} AND p.value = own.value) - 1 AS equal,
  median(p.value) FILTER (${which}) AS middle`
const aliased = (columns: string, suffix: string) =>
  columns.replaceAll(/ AS (\w+)/g, ` AS $1_${suffix}`)

const STANDING = `SELECT own.value AS value, own.type AS type, own.groups AS groups,
    ${aliased(COUNTED('true'), 'type')}, ${aliased(
      COUNTED('(p.peer = own.peer OR list_has_any(p.groups, own.groups))'),
      'group',
    )}
  FROM picked AS p, (SELECT * FROM picked WHERE peer = ?) AS own
  WHERE p.type = own.type GROUP BY ALL`

function toStandings(row: Row): Standings {
  const standing = (suffix: string): Standing => ({
    of: Number(row[`of_${suffix}`]),
    above: Number(row[`above_${suffix}`]),
    equal: Number(row[`equal_${suffix}`]),
    median: Number(row[`middle_${suffix}`]),
  })
  const groups = Array.isArray(row.groups) ? row.groups.filter(one => typeof one === 'string') : []
  return {
    value: Number(row.value),
    type: String(row.type),
    groups: [...new Set(groups)].sort(),
    inType: standing('type'),
    inGroups: standing('group'),
  }
}

/** Values that come together are folded first, so that each list is taken apart once. */
const FIRST_SEEN: Pick<Statement, 'columns' | 'tail' | 'over'> = {
  columns: `model_served, source_ip, source_geo_country, tool_name, resource_id, agent_id,
    min("time") AS at_ms, count(*) AS n`,
  tail: { sql: 'GROUP BY 1, 2, 3, 4, 5, 6', params: [] },
  over: {
    sql: `SELECT field, value, min(at_ms) AS first_ms, sum(n)::BIGINT AS events FROM (
      ${FIRST_FIELDS.map((field, i) => {
        const column = columnOf(field)
        const value = field === 'resource.id' ? `unnest(list_distinct(${column}))` : column
        return `SELECT ${i} AS field, ${value} AS value, at_ms, n FROM picked`
      }).join(' UNION ALL ')}
    ) WHERE value IS NOT NULL GROUP BY 1, 2
    QUALIFY row_number() OVER (PARTITION BY field ORDER BY first_ms DESC, value) <= ${FIRSTS_MAX}
    ORDER BY first_ms DESC, field, value`,
    params: [],
  },
}
