// A checked question as SQL for DuckDB: values only by parameter. Every leaf is true or false,
// never null, so that `not` means "the others", with events that lack the field among them.

import { type Checked, isAsWritten, type QueryField } from './check.ts'
import { IPV4_PATTERN, ipv4Part, ipv4Pattern } from './network.ts'
import { literalOf } from './syntax.ts'
import { foldedBytes, re2Pattern } from './text-match.ts'

export type SqlValue = string | bigint | number | boolean
export type Sql = { readonly sql: string; readonly params: readonly SqlValue[] }

export function compileSql(checked: Checked): Sql {
  switch (checked.kind) {
    case 'all':
      return { sql: 'true', params: [] }
    case 'not': {
      const { sql, params } = compileSql(checked.item)
      return { sql: `NOT (${sql})`, params }
    }
    case 'exists':
      return { sql: existsSql(checked.field), params: [] }
    case 'text':
      return textSql(checked)
    case 'number':
      return compare(checked.field, checked.operator, numberParam(checked.field, checked.value))
    case 'between': {
      const params = [checked.from, checked.to].map(BigInt)
      return leaf(`"${checked.field.column}" >= ? AND "${checked.field.column}" < ?`, params)
    }
    case 'bool':
      return compare(checked.field, '=', checked.value)
    case 'network':
      return networkSql(checked)
    default:
      return joined(checked.kind, checked.items.map(compileSql))
  }
}

function leaf(test: string, params: readonly SqlValue[]): Sql {
  return { sql: `coalesce(${test}, false)`, params }
}

function joined(kind: 'and' | 'or', parts: readonly Sql[]): Sql {
  if (parts.length === 0) return { sql: kind === 'and' ? 'true' : 'false', params: [] }
  const word = kind === 'and' ? ' AND ' : ' OR '
  const sql = `(${parts.map(part => part.sql).join(word)})`
  return { sql, params: parts.flatMap(part => part.params) }
}

function existsSql(field: QueryField): string {
  const column = `"${field.column}"`
  if (!field.many) return `${column} IS NOT NULL`
  return `coalesce(len(list_filter(${column}, lambda x: x IS NOT NULL)) > 0, false)`
}

type Text = Extract<Checked, { kind: 'text' }>

function textSql(text: Text): Sql {
  const { column, many } = text.field
  const { sql, params } = textTest(many ? 'x' : `"${column}"`, text)
  return leaf(many ? `len(list_filter("${column}", lambda x: ${sql})) > 0` : sql, params)
}

function textTest(value: string, { field, pattern }: Text): Sql {
  const literal = literalOf(pattern)
  if (literal !== null && isAsWritten(field)) return { sql: `${value} = ?`, params: [literal] }
  const search = { sql: `regexp_matches(${value}, ?)`, params: [re2Pattern(pattern)] }
  if (literal === null) return search
  // Comparing lengths first leaves the search for a few; CASE keeps this order.
  return {
    sql: `CASE WHEN strlen(${value}) = ? THEN ${search.sql} ELSE false END`,
    params: [BigInt(foldedBytes(literal)), ...search.params],
  }
}

function networkSql(network: Extract<Checked, { kind: 'network' }>): Sql {
  const column = `"${network.field.column}"`
  const key = `"${network.field.column}_key"`
  const part = ipv4Part(network)
  if (part === 'only') return leaf(`regexp_matches(${column}, ?)`, [ipv4Pattern(network)])
  const others = part === 'all' ? `regexp_matches(${column}, '${IPV4_PATTERN}')` : 'false'
  // Making a key costs a hundred times more than looking for a colon.
  const test = `CASE WHEN contains(${column}, ':') THEN ${key} BETWEEN ? AND ? ELSE ${others} END`
  return leaf(test, [network.low, network.high])
}

function compare(field: QueryField, operator: string, value: SqlValue): Sql {
  return leaf(`"${field.column}" ${operator} ?`, [value])
}

function numberParam(field: QueryField, value: number): SqlValue {
  return field.type === 'number' ? value : BigInt(value)
}
