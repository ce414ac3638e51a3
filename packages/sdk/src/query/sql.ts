// A checked question as SQL for DuckDB: values only by parameter. Every leaf is true or false,
// never null, so that `not` means "the others", with events that lack the field among them.

import type { Checked, QueryField } from './check.ts'
import { foldSql, likePattern } from './text-match.ts'

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
    case 'bool':
      return compare(checked.field, '=', checked.value)
    case 'network': {
      const key = `"${checked.field.column}_key"`
      const sql = `coalesce(${key} BETWEEN ? AND ?, false)`
      return { sql, params: [checked.low, checked.high] }
    }
    default:
      return joined(checked.kind, checked.items.map(compileSql))
  }
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

function textSql({ field, pattern }: Text): Sql {
  const column = `"${field.column}"`
  const [only] = pattern
  // An event's id is lower case and unique: compared as it is, it can use what the files know of
  // it.
  if (field.path === 'id' && pattern.length === 1 && typeof only === 'string') {
    return { sql: `coalesce(${column} = ?, false)`, params: [only.toLowerCase()] }
  }
  const params = [likePattern(pattern)]
  const test = (value: string) => `${foldSql(value)} LIKE ? ESCAPE '\\'`
  if (!field.many) return { sql: `coalesce(${test(column)}, false)`, params }
  return { sql: `coalesce(len(list_filter(${column}, lambda x: ${test('x')})) > 0, false)`, params }
}

function compare(field: QueryField, operator: string, value: SqlValue): Sql {
  return { sql: `coalesce("${field.column}" ${operator} ?, false)`, params: [value] }
}

function numberParam(field: QueryField, value: number): SqlValue {
  return field.type === 'number' ? value : BigInt(value)
}
