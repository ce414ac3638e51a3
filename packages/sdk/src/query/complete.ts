// What an editor offers at the cursor: fields, operators, values, words that join. It reads the
// tokens only, so it works in the middle of a text that does not parse yet.

import type { QueryField } from './check.ts'
import { printPattern } from './print.ts'
import { QUERY_BYTES_MAX, type Span } from './syntax.ts'
import { type Token, tokensOf } from './tokens.ts'

export const COMPLETIONS_MAX = 50

export type Completion = {
  readonly kind: 'field' | 'operator' | 'value' | 'keyword'
  readonly label: string
  /** What replaces the span. */
  readonly insert: string
  /** Type and meaning of a field, meaning of an operator or value; may be empty. */
  readonly detail: string
}

export type Completions = {
  /** What the cursor touches, and choosing replaces. */
  readonly span: Span
  readonly items: readonly Completion[]
  /** Path of the field whose value is being written: values seen in events may be offered too. */
  readonly field: string | null
}

type Fields = readonly QueryField[]
type Items = readonly Completion[]
type Meanings = readonly (readonly [string, string])[]

const TIMES: Meanings = [
  ['now-15m', 'a quarter of an hour ago'],
  ['now-1h', 'an hour ago'],
  ['now-24h', 'a day ago'],
  ['now-7d', 'a week ago'],
  ['now-30d', 'thirty days ago'],
]
const ORDER: Meanings = [
  ['>=', 'at least'],
  ['<=', 'at most'],
  ['>', 'more than'],
  ['<', 'less than'],
]
const KEYWORDS: Meanings = [
  ['and', 'both'],
  ['or', 'one of them'],
  ['not', 'the others'],
]

/** `cursor` is an offset in UTF-16 units. Never throws; offers nothing in a text over the limit. */
export function completions(text: string, cursor: number, fields: Fields): Completions {
  const at = Math.max(0, Math.min(cursor, text.length))
  const none = { span: { start: at, end: at }, items: [], field: null }
  if (text.length > QUERY_BYTES_MAX || !text.isWellFormed()) return none
  const tokens = tokensOf(text, () => undefined)
  const touched = tokens.find(t => t.span.start <= at && at <= t.span.end && isWord(t, at))
  const isHead = touched?.kind === 'head'
  const head = isHead ? null : headAt(tokens, at)
  if (head) {
    const span = touched?.kind === 'value' ? touched.span : none.span
    return ofValue(text.slice(span.start, at), span, head, fields)
  }
  const start = touched?.span.start ?? at
  const end = isHead ? touched.fieldEnd : (touched?.span.end ?? at)
  if (touched?.kind === 'value' && touched.isQuoted) return none
  const typed = text.slice(start, at)
  const before = tokens.findLast(t => t.span.end <= start && t.kind !== 'end')?.kind
  const isFirst = before !== 'value' && before !== 'close'
  const keywords = keywordItems(typed, isFirst)
  const fitting = [
    ...operatorItems(typed, isHead, fields),
    ...fieldItems(typed, isHead, fields),
  ].slice(0, COMPLETIONS_MAX - keywords.length)
  const items = isFirst ? [...fitting, ...keywords] : [...keywords, ...fitting]
  return { span: { start, end }, items, field: null }
}

/** Where a token can be gone on with; a field only in its name, not behind its operator. */
function isWord(token: Token, at: number): boolean {
  if (token.kind === 'head') return at <= token.fieldEnd
  return token.kind === 'value' || token.kind === 'and' || token.kind === 'or'
}

type Head = Extract<Token, { kind: 'head' }>

/** The field whose value stands at the cursor: behind its operator, or in its parentheses. */
function headAt(tokens: readonly Token[], at: number): Head | null {
  const open: (Head | null)[] = []
  let last: Head | null = null
  for (const token of tokens) {
    const { start, end } = token.span
    if (start >= at && !(token.kind === 'value' && start === at)) break
    if (token.kind === 'head') last = at >= end ? token : null
    else if (token.kind === 'open') {
      open.push(last ?? open.at(-1) ?? null)
      last = null
    } else if (token.kind === 'close') {
      open.pop()
      last = null
    } else if (end < at || token.kind !== 'value') last = null
  }
  return last ?? open.at(-1) ?? null
}

function ofValue(text: string, span: Span, head: Head, fields: Fields): Completions {
  const field = fields.find(f => f.path === head.field || f.aliases?.includes(head.field))
  if (!field) return { span, items: [], field: null }
  const typed = text.replace(/^"/, '').toLowerCase()
  const items = valuesOf(field, head)
    .filter(([value]) => value.toLowerCase().startsWith(typed))
    .map(([label, detail]): Completion => {
      const insert = label === '*' ? label : printPattern([label])
      return { kind: 'value', label, insert, detail }
    })
  return { span, items: items.slice(0, COMPLETIONS_MAX), field: field.path }
}

function valuesOf(field: QueryField, head: Head): Meanings {
  const any = head.operator === ':' ? ([['*', 'the field is there']] as const) : []
  if (field.values) return [...field.values.map(value => [value, ''] as const), ...any]
  if (field.type === 'bool') return [['true', ''], ['false', ''], ...any]
  return field.type === 'time' ? [...TIMES, ...any] : any
}

function operatorItems(typed: string, isHead: boolean, fields: Fields): Items {
  const field = fields.find(f => f.path === typed || f.aliases?.includes(typed))
  if (!field || isHead) return []
  const isOrdered = field.type === 'int' || field.type === 'number' || field.type === 'time'
  const operators = [[':', 'equals'] as const, ...(isOrdered ? ORDER : [])]
  return operators.map(([label, detail]) => {
    return { kind: 'operator', label, insert: `${typed}${label}`, detail }
  })
}

/** Best first: the path begins so, an alias does, a part of the path does, it stands somewhere. */
function fieldItems(typed: string, isHead: boolean, fields: Fields): Items {
  const wanted = typed.toLowerCase()
  const operator = isHead ? '' : ':'
  return fields
    .filter(field => field.type !== 'json' && field.path !== typed)
    .map(field => ({ field, rank: rankOf(field, wanted) }))
    .filter(({ rank }) => rank < 4)
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ field: { path, type, help } }) => {
      const detail = help ? `${type} · ${help}` : type
      return { kind: 'field', label: path, insert: `${path}${operator}`, detail }
    })
}

function rankOf({ path, aliases = [] }: QueryField, wanted: string): number {
  const name = path.toLowerCase()
  if (name.startsWith(wanted)) return 0
  if (aliases.some(alias => alias.toLowerCase().startsWith(wanted))) return 1
  if (name.includes(`.${wanted}`)) return 2
  return name.includes(wanted) ? 3 : 4
}

function keywordItems(typed: string, isFirst: boolean): Items {
  return KEYWORDS.slice(isFirst ? -1 : 0)
    .filter(([word]) => word.startsWith(typed.toLowerCase()))
    .map(([label, detail]) => ({ kind: 'keyword', label, insert: `${label} `, detail }))
}
