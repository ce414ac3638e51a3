// A checked question as SQL for DuckDB: values only by parameter. A test on a field that is absent
// gives null, which WHERE and FILTER take for false; only `not` must tell the two apart, and means
// "the others", with events that lack the field among them. Tests stay bare because those inside a
// function cannot skip parts of a file: coalesce around an id made looking it up 25 times slower.

import { type Checked, isAsWritten, type QueryField } from './check.ts'
import { IPV4_PATTERN, ipv4Part, ipv4Pattern } from './network.ts'
import { literalOf } from './syntax.ts'
import { foldedBytes, hasLetter, longPieces, re2Pattern } from './text-match.ts'

export type SqlValue = string | bigint | number | boolean
export type Sql = { readonly sql: string; readonly params: readonly SqlValue[] }

/** For WHERE and FILTER, also joined to other conditions by AND and OR. */
export function compileSql(checked: Checked): Sql {
  switch (checked.kind) {
    case 'all':
      return { sql: 'true', params: [] }
    case 'not': {
      const { item } = checked
      const { sql, params } = compileSql(item)
      // Bare, for the same reason; NOT and coalesce together doubled what counting everything took.
      if (item.kind === 'text' && isEqual(item) && !item.field.many) {
        return { sql: `"${item.field.column}" IS DISTINCT FROM ?`, params }
      }
      return { sql: `NOT coalesce(${sql}, false)`, params }
    }
    case 'exists':
      return some(checked.field, value => ({ sql: `${value} IS NOT NULL`, params: [] }))
    case 'text':
      return textSql([checked])
    case 'number':
      return compare(checked.field, checked.operator, numberParam(checked.field, checked.value))
    case 'between': {
      const params = [checked.from, checked.to].map(BigInt)
      return some(checked.field, value => ({ sql: `(${value} >= ? AND ${value} < ?)`, params }))
    }
    case 'bool':
      return compare(checked.field, '=', checked.value)
    case 'network':
      return networkSql(checked)
    case 'and':
      return joined('AND', checked.items.map(compileSql))
    default:
      return orSql(checked.items)
  }
}

/** A test on a field's value, or on each of its values, of which one must pass. */
function some(field: QueryField, test: (value: string) => Sql): Sql {
  if (!field.many) return test(`"${field.column}"`)
  const { sql, params } = test('x')
  return { sql: `len(list_filter("${field.column}", lambda x: ${sql})) > 0`, params }
}

function joined(word: 'AND' | 'OR', parts: readonly Sql[]): Sql {
  if (parts.length === 0) return { sql: word === 'AND' ? 'true' : 'false', params: [] }
  const sql = `(${parts.map(part => part.sql).join(` ${word} `)})`
  return { sql, params: parts.flatMap(part => part.params) }
}

type Text = Extract<Checked, { kind: 'text' }>

/** Texts for one field are one test: 500 of them over 100,000 rows took 3.9 s, and now 0.1 s. */
function orSql(items: readonly Checked[]): Sql {
  const texts = items.filter(item => item.kind === 'text')
  const groups = Map.groupBy(texts, text => {
    const own = isLong(text) || hasInnerWildcard(text) ? texts.indexOf(text) : ''
    return `${text.field.column} ${isEqual(text)} ${own}`
  })
  const others = items.filter(item => item.kind !== 'text').map(compileSql)
  return joined('OR', [...[...groups.values()].map(textSql), ...others])
}

/** All of one form: compared as they are, or searched for. */
function textSql(texts: readonly Text[]): Sql {
  const field = texts[0]?.field
  if (!field) return joined('OR', [])
  const literals = texts.map(text => literalOf(text.pattern)).filter(literal => literal !== null)
  if (texts.every(isEqual)) return some(field, value => oneOf(value, literals))
  const search = re2Pattern(texts.map(text => text.pattern))
  return some(field, value => {
    const guard =
      literals.length === texts.length ? lengthGuard(value, literals) : pieceGuard(value, texts)
    const test = `regexp_matches(${value}, ?)`
    if (guard === null) return { sql: test, params: [search] }
    // CASE keeps the order: the cheap test first, the search for what it leaves.
    const sql = `CASE WHEN ${guard.sql} THEN ${test} ELSE false END`
    return { sql, params: [...guard.params, search] }
  })
}

function isEqual({ field, pattern }: Text): boolean {
  const literal = literalOf(pattern)
  return literal !== null && (isAsWritten(field) || !hasLetter(literal))
}

function isLong({ pattern }: Text): boolean {
  return literalOf(pattern) === null && longPieces(pattern).length > 0
}

/** Together they multiply what RE2 must keep: 100 with 32 `*` each took 0.4 s for one text. */
function hasInnerWildcard({ pattern }: Text): boolean {
  return pattern.slice(1, -1).includes(null)
}

function lengthGuard(value: string, literals: readonly string[]): Sql {
  const lengths = new Set(literals.map(foldedBytes))
  return oneOf(`strlen(${value})`, [...lengths].map(BigInt))
}

/**
 * RE2 can take 0.2 s for one text when a long piece nearly fits; contains() takes a thousandth.
 * DuckDB's lower() folds more than the search, each character by itself, so it loses nothing.
 */
function pieceGuard(value: string, [text]: readonly Text[]): Sql | null {
  const pieces = text && isLong(text) ? longPieces(text.pattern) : []
  if (pieces.length === 0) return null
  const sql = pieces.map(() => `contains(lower(${value}), lower(?))`).join(' AND ')
  return { sql, params: pieces }
}

function oneOf(value: string, params: readonly SqlValue[]): Sql {
  if (params.length === 1) return { sql: `${value} = ?`, params }
  return { sql: `${value} IN (${params.map(() => '?').join(', ')})`, params }
}

function networkSql(network: Extract<Checked, { kind: 'network' }>): Sql {
  const { field, low, high } = network
  const key = `${field.column}_key`
  const part = ipv4Part(network)
  if (part === 'only') {
    const params = [ipv4Pattern(network)]
    return some(field, value => ({ sql: `regexp_matches(${value}, ?)`, params }))
  }
  const isInside = (value: string) => ({ sql: `${value} BETWEEN ? AND ?`, params: [low, high] })
  if (field.many) return some({ ...field, column: key }, isInside)
  const column = `"${field.column}"`
  const others = part === 'all' ? `regexp_matches(${column}, '${IPV4_PATTERN}')` : 'false'
  const { sql, params } = isInside(`"${key}"`)
  // Making a key costs a hundred times more than looking for a colon.
  return { sql: `CASE WHEN contains(${column}, ':') THEN ${sql} ELSE ${others} END`, params }
}

function compare(field: QueryField, operator: string, param: SqlValue): Sql {
  return some(field, value => ({ sql: `${value} ${operator} ?`, params: [param] }))
}

function numberParam(field: QueryField, value: number): SqlValue {
  return field.type === 'number' ? value : BigInt(value)
}
