// A parsed question against the field catalogue: names resolved, values typed. What comes out is
// what the compilers take; nothing in it can fail any more.

import { TocsinError } from '../errors.ts'
import { momentRange } from './moment.ts'
import { networkRange } from './network.ts'
import type { Clause, Operator, Pattern, Query } from './syntax.ts'

/** What the language needs to know of a field; rows of the event's catalogue fit it. */
export type QueryField = {
  readonly path: string
  readonly aliases?: readonly string[]
  readonly type: 'text' | 'int' | 'number' | 'bool' | 'time' | 'ip' | 'json'
  readonly many?: boolean
  /** Column of the index; an ip also has `<column>_key`. */
  readonly column: string
  readonly freeText?: boolean
  readonly values?: readonly string[]
}

export type Checked =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Checked[] }
  | { readonly kind: 'not'; readonly item: Checked }
  | { readonly kind: 'exists'; readonly field: QueryField }
  | { readonly kind: 'text'; readonly field: QueryField; readonly pattern: Pattern }
  /** Bounds as they are: null where there is none, `>` and `<` made into them by the operator. */
  | {
      readonly kind: 'number'
      readonly field: QueryField
      readonly operator: '=' | Exclude<Operator, ':'>
      readonly value: number
    }
  | { readonly kind: 'bool'; readonly field: QueryField; readonly value: boolean }
  /** Addresses from `low` to `high`, as 32 hex digits. */
  | {
      readonly kind: 'network'
      readonly field: QueryField
      readonly low: string
      readonly high: string
    }

type Catalogue = {
  readonly byName: ReadonlyMap<string, QueryField>
  readonly freeText: readonly QueryField[]
  readonly nowMs: number
}

/** Throws `query.unknown_field` with the nearest name, `query.bad_value` with what would fit. */
export function checkQuery(query: Query, fields: readonly QueryField[], nowMs: number): Checked {
  const names = fields.flatMap(f => [f.path, ...(f.aliases ?? [])].map(name => [name, f] as const))
  const freeText = fields.filter(f => f.freeText)
  return check(query.root, { byName: new Map(names), freeText, nowMs })
}

/** The parts of a question that must all hold, for saying which of them removes everything. */
export function explainClauses(checked: Checked): readonly Checked[] {
  return checked.kind === 'and' ? checked.items : [checked]
}

function check(clause: Clause, catalogue: Catalogue): Checked {
  switch (clause.kind) {
    case 'all':
      return { kind: 'all' }
    case 'not':
      return { kind: 'not', item: check(clause.item, catalogue) }
    case 'words':
      return checkWords(clause.pattern, catalogue)
    case 'compare':
      return checkCompare(clause, catalogue)
    default:
      return { kind: clause.kind, items: clause.items.map(item => check(item, catalogue)) }
  }
}

/** A word is found wherever it stands in a field; `*` inside it works as in a value. */
function checkWords(pattern: Pattern, { freeText }: Catalogue): Checked {
  const start = pattern[0] === null ? 1 : 0
  const end = pattern.at(-1) === null ? -1 : pattern.length
  const anywhere = [null, ...pattern.slice(start, end), null]
  return { kind: 'or', items: freeText.map(field => ({ kind: 'text', field, pattern: anywhere })) }
}

type Compare = Extract<Clause, { kind: 'compare' }>

function checkCompare(clause: Compare, catalogue: Catalogue): Checked {
  const { field: name, operator, pattern } = clause
  const field = catalogue.byName.get(name) ?? unknownField(name, catalogue)
  if (field.type === 'json') {
    badValue(name, 'is kept but not searchable; search by another field')
  }
  const isAny = pattern.length === 1 && pattern[0] === null
  if (isAny && operator === ':') return { kind: 'exists', field }
  switch (field.type) {
    case 'text':
      return checkText(field, clause)
    case 'ip':
      return checkIp(field, clause)
    case 'bool':
      return { kind: 'bool', field, value: checkBool(name, clause) }
    case 'time':
      return checkTime(field, clause, catalogue.nowMs)
    default:
      return { kind: 'number', field, operator: equal(operator), value: checkNumber(field, clause) }
  }
}

function checkText(field: QueryField, { field: name, operator, pattern }: Compare): Checked {
  if (operator !== ':') badValue(name, `is text, which has no order; write ${name}:value`)
  return { kind: 'text', field, pattern }
}

function checkIp(field: QueryField, clause: Compare): Checked {
  const text = literal(clause.pattern)
  if (!text?.includes('/')) return checkText(field, clause)
  if (clause.operator !== ':') badValue(clause.field, `takes ${clause.field}:${text}`)
  const range = networkRange(text)
  if (!range) badValue(clause.field, `takes a network like 10.0.0.0/8, not ${quoted(text)}`)
  return { kind: 'network', field, ...range }
}

function checkBool(name: string, { operator, pattern }: Compare): boolean {
  const text = literal(pattern)?.toLowerCase()
  if (operator === ':' && (text === 'true' || text === 'false')) return text === 'true'
  return badValue(name, `is ${name}:true or ${name}:false`)
}

function checkNumber(field: QueryField, { field: name, pattern }: Compare): number {
  const text = literal(pattern) ?? ''
  const value = /^-?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : Number.NaN
  const fits = field.type === 'int' ? Number.isSafeInteger(value) : Number.isFinite(value)
  if (fits) return value === 0 ? 0 : value
  const kind = field.type === 'int' ? 'a whole number' : 'a number'
  return badValue(name, `takes ${kind}, like ${name}>=500; not ${quoted(text || '*')}`)
}

function checkTime(field: QueryField, clause: Compare, nowMs: number): Checked {
  const { field: name, operator, pattern } = clause
  const text = literal(pattern) ?? ''
  const range = momentRange(text, nowMs)
  if (!range) {
    badValue(
      name,
      `takes 2026-11-24, 2026-11-24T08:00Z, milliseconds or now-24h; not ${quoted(text || '*')}`,
    )
  }
  const { fromMs, toMs } = range
  const bound = (operator: '>=' | '<', value: number): Checked => ({
    kind: 'number',
    field,
    operator,
    value,
  })
  // A day is a span: `time>2026-11-24` means after it, `time<=2026-11-24` up to its end.
  if (operator === '>=') return bound('>=', fromMs)
  if (operator === '<') return bound('<', fromMs)
  if (operator === '>') return bound('>=', toMs)
  if (operator === '<=') return bound('<', toMs)
  return { kind: 'and', items: [bound('>=', fromMs), bound('<', toMs)] }
}

function equal(operator: Operator): '=' | Exclude<Operator, ':'> {
  return operator === ':' ? '=' : operator
}

function literal(pattern: Pattern): string | null {
  const [only] = pattern
  return pattern.length === 1 && typeof only === 'string' ? only : null
}

function badValue(name: string, what: string): never {
  throw new TocsinError('query.bad_value', { public: `${name} ${what}`, field: name })
}

function unknownField(name: string, { byName }: Catalogue): never {
  const near = nearest(name, [...byName.keys()])
  const hint = near === null ? '' : `; did you mean ${near}?`
  throw new TocsinError('query.unknown_field', {
    public: `${quoted(name)} is not a field${hint} To look for the text itself, put it in quotes`,
    field: name,
  })
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60))
}

const NEAR_DISTANCE_MAX = 3

/** The name with the smallest edit distance, if it is small; the last part of a path counts too. */
function nearest(name: string, names: readonly string[]): string | null {
  const wanted = name.slice(0, 64).toLowerCase()
  let best: string | null = null
  let least = NEAR_DISTANCE_MAX + 1
  for (const candidate of names) {
    const last = candidate.slice(candidate.lastIndexOf('.') + 1)
    const parts = [candidate, last].map(part => distance(wanted, part.toLowerCase()))
    const far = Math.min(...parts)
    if (far < least && far < wanted.length) {
      least = far
      best = candidate
    }
  }
  return best
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const cheapest = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same)
      next.push(cheapest)
    }
    row = next
  }
  return row[b.length] ?? 0
}
