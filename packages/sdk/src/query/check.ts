// A parsed question against the field catalogue: names resolved, values typed. What comes out is
// what the compilers take; nothing in it can fail any more.

import { TocsinError } from '../errors.ts'
import { momentRange } from './moment.ts'
import { nearestName } from './nearest.ts'
import { type AddressRange, asWritten, ipv6Range, networkRange } from './network.ts'
import { printPattern } from './print.ts'
import {
  type Clause,
  literalOf,
  type Operator,
  type Pattern,
  QUERY_CLAUSES_MAX,
  type Query,
  type Span,
} from './syntax.ts'
import { foldText } from './text-match.ts'

/** What the language needs to know of a field; rows of the event's catalogue fit it. */
export type QueryField = {
  readonly path: string
  readonly aliases?: readonly string[]
  readonly type: 'text' | 'int' | 'number' | 'bool' | 'time' | 'ip' | 'json'
  readonly many?: boolean
  /** Column of the index; an ip also has `<column>_key`. */
  readonly column: string
  readonly freeText?: boolean
  /** The only values there are. */
  readonly values?: readonly string[]
  /** One sentence for whoever chooses among fields. */
  readonly help?: string
}

type CheckedLeaf =
  | { readonly kind: 'all' }
  | { readonly kind: 'exists'; readonly field: QueryField }
  | { readonly kind: 'text'; readonly field: QueryField; readonly pattern: Pattern }
  | {
      readonly kind: 'number'
      readonly field: QueryField
      readonly operator: '=' | Exclude<Operator, ':'>
      readonly value: number
    }
  /** From `from`, before `to`; whole numbers. */
  | {
      readonly kind: 'between'
      readonly field: QueryField
      readonly from: number
      readonly to: number
    }
  | { readonly kind: 'bool'; readonly field: QueryField; readonly value: boolean }
  | ({ readonly kind: 'network'; readonly field: QueryField } & AddressRange)

/** `span` is the place in the text that was asked; rules that were put together have none. */
export type Checked = (
  | CheckedLeaf
  | { readonly kind: 'and' | 'or'; readonly items: readonly Checked[] }
  | { readonly kind: 'not'; readonly item: Checked }
) & { readonly span?: Span }

/**
 * Throws `query.unknown_field` with the nearest name, `query.bad_value` with what would fit,
 * `query.too_complex` when it comes to more than QUERY_CLAUSES_MAX tests. `nowMs` is what `now`
 * means.
 */
export function checkQuery(query: Query, fields: readonly QueryField[], nowMs: number): Checked {
  return new Checker(fields, nowMs).check(query.root)
}

/**
 * True where events hold one spelling only, which checking has given the value too: ids are lower
 * case, and fields with a list of values hold these. Such a test can use the index's statistics.
 */
export function isAsWritten({ path, values }: QueryField): boolean {
  return values !== undefined || path === 'id'
}

/** One question's check; `check` may be called for each clause by itself. */
export class Checker {
  readonly #byName: ReadonlyMap<string, QueryField>
  readonly #freeText: readonly QueryField[]
  readonly #nowMs: number
  #tests = 0

  constructor(fields: readonly QueryField[], nowMs: number) {
    this.#byName = new Map(
      fields.flatMap(f => [f.path, ...(f.aliases ?? [])].map(name => [name, f] as const)),
    )
    this.#freeText = fields.filter(f => f.freeText)
    this.#nowMs = nowMs
  }

  check(clause: Clause): Checked {
    const { span } = clause
    switch (clause.kind) {
      case 'all':
        return { kind: 'all', span }
      case 'not':
        return { kind: 'not', item: this.check(clause.item), span }
      case 'words':
        return { ...this.#checkWords(clause.pattern), span }
      case 'compare':
        this.#count(1)
        return { ...this.#checkCompare(clause), span }
      default:
        return { kind: clause.kind, items: clause.items.map(item => this.check(item)), span }
    }
  }

  /** A word is found wherever it stands in a field; `*` inside it works as in a value. */
  #checkWords(pattern: Pattern): Checked {
    this.#count(this.#freeText.length)
    const start = pattern[0] === null ? 1 : 0
    const end = pattern.at(-1) === null ? -1 : pattern.length
    const anywhere = [null, ...pattern.slice(start, end), null]
    const items = this.#freeText.map(
      field => ({ kind: 'text', field, pattern: anywhere }) satisfies Checked,
    )
    return { kind: 'or', items }
  }

  #checkCompare(clause: Compare): Checked {
    const { field: name, operator, pattern } = clause
    const field = this.#byName.get(name) ?? this.#unknown(name)
    if (field.type === 'json') badValue(name, 'is kept but not searchable; ask by another field')
    const isAny = pattern.length === 1 && pattern[0] === null
    if (isAny && operator === ':') return { kind: 'exists', field }
    switch (field.type) {
      case 'text':
        return checkText(field, clause)
      case 'ip':
        return checkIp(field, clause)
      case 'bool':
        return { kind: 'bool', field, value: checkBool(clause) }
      case 'time':
        return checkTime(field, clause, this.#nowMs)
      default:
        return checkNumber(field, clause)
    }
  }

  #count(tests: number): void {
    this.#tests += tests
    if (this.#tests <= QUERY_CLAUSES_MAX) return
    const many = `comes to over ${QUERY_CLAUSES_MAX} tests`
    const how = `a word is ${this.#freeText.length}, one for each field searched as text`
    throw new TocsinError('query.too_complex', {
      public: `the query ${many} (${how}); ask for less`,
    })
  }

  #unknown(name: string): never {
    const near = nearestName(name, this.#byName.keys())
    const search = 'o look for the text itself, put it in quotes'
    const hint = near === null ? `t${search}` : `did you mean ${near}? T${search}`
    throw new TocsinError('query.unknown_field', {
      public: `${quoted(name)} is not a field; ${hint}`,
      field: name,
    })
  }
}

type Compare = Extract<Clause, { kind: 'compare' }>

function checkText(field: QueryField, { field: name, operator, pattern }: Compare): Checked {
  if (operator !== ':') badValue(name, `is text, which has no order; write ${name}:value`)
  const literal = literalOf(pattern)
  if (literal === null || !isAsWritten(field)) return { kind: 'text', field, pattern }
  const wanted = foldText(literal)
  if (!field.values) return { kind: 'text', field, pattern: [wanted] }
  const value = field.values.find(one => foldText(one) === wanted)
  if (value !== undefined) return { kind: 'text', field, pattern: [value] }
  const near = nearestName(literal, field.values)
  const hint = near === null ? '' : `; did you mean ${near}?`
  return badValue(name, `is one of ${field.values.join(', ')}, not ${quoted(literal)}${hint}`)
}

function checkIp(field: QueryField, clause: Compare): Checked {
  const { field: name, operator, pattern } = clause
  const text = literalOf(pattern)
  if (operator !== ':') badValue(name, `has no order; write ${name}:10.0.0.0/8 for a network`)
  if (text === null) return { kind: 'text', field, pattern }
  if (!text.includes('/')) {
    const range = ipv6Range(text)
    return range ? { kind: 'network', field, ...range } : checkIpText(field, name, text)
  }
  const range = networkRange(text)
  if (!range)
    badValue(name, `takes a network like 10.0.0.0/8 or 2001:db8::/32, not ${quoted(text)}`)
  return { kind: 'network', field, ...range }
}

/** Masked addresses are text like any other, so only what no address can hold is refused. */
function checkIpText(field: QueryField, name: string, text: string): Checked {
  if (/^[0-9a-fA-F:.*]+$/.test(text)) return { kind: 'text', field, pattern: [asWritten(text)] }
  return badValue(
    name,
    `takes an address, a network like 10.0.0.0/8 or 10.0.*, not ${quoted(text)}`,
  )
}

function checkBool({ field: name, operator, pattern }: Compare): boolean {
  const text = literalOf(pattern)?.toLowerCase()
  if (operator === ':' && (text === 'true' || text === 'false')) return text === 'true'
  return badValue(name, `is ${name}:true or ${name}:false`)
}

function checkNumber(field: QueryField, { field: name, operator, pattern }: Compare): Checked {
  const text = literalOf(pattern) ?? ''
  const value = /^-?\d+(?:\.\d+)?(?:e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : Number.NaN
  const fits = field.type === 'int' ? Number.isSafeInteger(value) : Number.isFinite(value)
  const by = operator === ':' ? '=' : operator
  if (fits) return { kind: 'number', field, operator: by, value: value === 0 ? 0 : value }
  const kind = field.type === 'int' ? 'a whole number' : 'a number'
  return badValue(name, `takes ${kind}, like ${name}>=500; not ${written(pattern)}`)
}

function checkTime(field: QueryField, clause: Compare, nowMs: number): Checked {
  const { field: name, operator, pattern } = clause
  const text = literalOf(pattern) ?? ''
  const range = momentRange(text, nowMs)
  if (!range) {
    const takes = 'takes 2026-11-24, 2026-11-24T08:00Z, milliseconds or now-24h'
    badValue(name, `${takes}; not ${written(pattern)}`)
  }
  const { fromMs: from, toMs: to } = range
  if (operator === ':') {
    if (/^now/i.test(text)) badValue(name, `takes one moment so; write ${name}>${text} for since`)
    return { kind: 'between', field, from, to: range.unitToMs }
  }
  // A day is a span: `time>2026-11-24` means after it, `time<=2026-11-24` up to its end.
  const isFrom = operator === '>=' || operator === '>'
  const value = operator === '>=' || operator === '<' ? from : to
  return { kind: 'number', field, operator: isFrom ? '>=' : '<', value }
}

function badValue(name: string, what: string): never {
  throw new TocsinError('query.bad_value', { public: `${name} ${what}`, field: name })
}

function written(pattern: Pattern): string {
  return quoted(literalOf(pattern) ?? printPattern(pattern))
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60).toWellFormed())
}
