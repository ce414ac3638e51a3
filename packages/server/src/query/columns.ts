// How the field catalogue stands in the index. The fields that people ask for most are columns,
// filled by DuckDB from the event's JSON in one pass; every other field is read out of the JSON by
// a query that names it. One table decides which is which, so moving a field is one line.

import { FIELDS, type Field } from '@tocsin/sdk/event'

/** Fields with a column of their own: those searched as text, and those most asked for. */
const MATERIALISED = new Set([
  'id',
  'kind',
  'retention',
  'actor.type',
  'actor.id',
  'actor.verified',
  'actor.claimed',
  'agent.id',
  'onBehalfOf.id',
  'actor.session',
  'actor.credential',
  'system',
  'operation',
  'model.requested',
  'model.served',
  'model.version',
  'resource.id',
  'tool.name',
  'time',
  'observed',
  'source.ip',
  'source.geo.country',
  'source.userAgent',
  'via',
  'endpoint',
  'outcome',
  'reasonCode',
  'status',
  'usage.in',
  'usage.out',
  'bytes.in',
  'bytes.out',
  'rows',
  'durationMs',
  'costMicros',
])

const LISTS_OF_OBJECTS = new Set(['resource', 'onBehalfOf'])

const COLUMNS = FIELDS.filter(f => MATERIALISED.has(f.path))
/** Columns whose texts are searched: not ids, nor those whose values the catalogue knows. */
export const TEXT_COLUMNS: readonly Field[] = COLUMNS.filter(
  f =>
    (f.type === 'text' || f.type === 'ip') && !f.values && !/^(?:id|actor\.session)$/.test(f.path),
)
const LAZY = FIELDS.filter(f => !MATERIALISED.has(f.path) && f.type !== 'json')

/** Columns of a hot table and of every Parquet file, in order. `idx` is the leaf index. */
export function createTableSql(name: string): string {
  const columns = COLUMNS.map(f => `${quoted(f.column)} ${sqlType(f)}`)
  return `CREATE TABLE ${name} (idx UBIGINT, raw VARCHAR, ${columns.join(', ')})`
}

/**
 * Inserts events given as NDJSON (parameter 2) under consecutive leaf indexes from parameter 1 on.
 * JSON text holds no raw newline, so the lines are the events.
 */
export function insertLinesSql(table: string): string {
  return `INSERT INTO ${table}
    SELECT $1::UBIGINT + ord - 1, line, ${COLUMNS.map(f => extract('s', f)).join(', ')}
    FROM (
      SELECT line, ord, json_transform(line, '${JSON.stringify(structure())}') AS s
      FROM (
        SELECT u.line, u.ord
        FROM unnest(string_split($2, chr(10))) WITH ORDINALITY AS u(line, ord)
      )
      WHERE line <> ''
    )`
}

/** Select-list items for the columns that `sql` names and that are not stored. */
export function lazyColumns(sql: string): string {
  const words = new Set(sql.match(/[a-z0-9_]+/g) ?? [])
  const items = LAZY.filter(f => words.has(f.column)).map(
    f => `${fromRaw(f)} AS ${quoted(f.column)}`,
  )
  if (words.has('source_ip_key')) items.push(`${ipKeySql('source_ip')} AS source_ip_key`)
  return items.map(item => `, ${item}`).join('')
}

function sqlType(field: Field): string {
  const types = { text: 'VARCHAR', ip: 'VARCHAR', int: 'BIGINT', time: 'BIGINT' } as const
  const one = field.type in types ? types[field.type as keyof typeof types] : otherType(field)
  return field.many ? `${one}[]` : one
}

function otherType(field: Field): string {
  if (field.type === 'bool') return 'BOOLEAN'
  return field.type === 'number' ? 'DOUBLE' : 'VARCHAR'
}

/** The shape that json_transform reads: only what COLUMNS needs. */
function structure(): object {
  const root: { [key: string]: unknown } = {}
  for (const f of COLUMNS) {
    const [head = '', ...rest] = f.path.split('.')
    const one = sqlType({ ...f, many: false })
    if (LISTS_OF_OBJECTS.has(head)) root[head] = [{ [rest.join('.')]: one }]
    else put(root, [head, ...rest], f.many ? [one] : one)
  }
  return root
}

function put(root: { [key: string]: unknown }, keys: readonly string[], value: unknown): void {
  const [head = '', ...rest] = keys
  if (rest.length === 0) {
    root[head] = value
    return
  }
  const child = (root[head] ?? {}) as { [key: string]: unknown }
  root[head] = child
  put(child, rest, value)
}

function extract(struct: string, field: Field): string {
  const [head = '', ...rest] = field.path.split('.')
  if (LISTS_OF_OBJECTS.has(head)) {
    return `list_transform(${struct}.${quoted(head)}, lambda x: x.${quoted(rest.join('.'))})`
  }
  return [struct, quoted(head), ...rest.map(quoted)].join('.')
}

function fromRaw(field: Field): string {
  const [head = '', ...rest] = field.path.split('.')
  const path = LISTS_OF_OBJECTS.has(head) ? `$.${head}[*].${rest.join('.')}` : `$.${field.path}`
  if (field.many && LISTS_OF_OBJECTS.has(head)) return `json_extract_string(raw, '${path}')`
  if (field.many) return `CAST(json_extract(raw, '${path}') AS VARCHAR[])`
  return `TRY_CAST(json_extract_string(raw, '${path}') AS ${sqlType(field)})`
}

function quoted(name: string): string {
  return `"${name}"`
}

/**
 * 32 hex digits of an address, IPv4 as mapped IPv6, from its text; null when it is none. No part of
 * it may fail: over a file DuckDB works out every branch for every value that the file has.
 */
export function ipKeySql(text: string): string {
  const groups = (place: number) => {
    const part = `split_part(${text}, '::', ${place})`
    return `CASE WHEN ${part} = '' THEN [] ELSE string_split(${part}, ':') END`
  }
  const [left, right] = [groups(1), groups(2)]
  const zeros = `list_transform(range(8 - len(${left}) - len(${right})), lambda z: '0')`
  return `CASE
    WHEN regexp_full_match(${text}, '\\d{1,3}(\\.\\d{1,3}){3}') THEN
      '00000000000000000000ffff' || list_aggregate(list_transform(
        string_split(${text}, '.'), lambda o: printf('%02x', TRY_CAST(o AS INTEGER))), 'string_agg', '')
    WHEN regexp_full_match(${text}, '[0-9a-fA-F:]+') AND contains(${text}, ':') THEN
      lower(list_aggregate(list_transform(
        list_concat(${left}, list_concat(${zeros}, ${right})),
        lambda g: lpad(g, 4, '0')), 'string_agg', ''))
    END`
}
