// What a click adds to a question, and what it takes out. The question is read into the language's
// tree, changed there and printed anew, so that no value, whatever it holds, can become syntax.

import { type Clause, parseQuery, printQuery, type Span } from '@tocsin/sdk/query'

export type Filter = {
  readonly field: string
  /** null: any value. */
  readonly value: string | null
  readonly isOut: boolean
}

/** A part of the question that must hold; all of them together are the question. */
export type Part = {
  readonly text: string
  readonly span: Span
  readonly isOut: boolean
}

/** A longer value is filtered by how it begins; the language takes 1,024 bytes (syntax.ts). */
const VALUE_CHARS_MAX = 300
const NOWHERE: Span = { start: 0, end: 0 }

/** The question with the filter and without its opposite; null when it does not parse. */
export function withFilter(text: string, filter: Filter): string | null {
  const parts = partsOf(text)
  if (!parts) return null
  const wanted = clauseOf(filter)
  const replaced = new Set([wanted, opposite(wanted)].map(print))
  return printAll([...parts.filter(part => !replaced.has(print(part))), wanted])
}

/** Without the part that stands there. */
export function withoutPart(text: string, span: Span): string | null {
  const parts = partsOf(text)
  return parts && printAll(parts.filter(part => !isAt(part, span)))
}

/** With the opposite of the part that stands there. */
export function withPartFlipped(text: string, span: Span): string | null {
  const parts = partsOf(text)
  return parts && printAll(parts.map(part => (isAt(part, span) ? opposite(part) : part)))
}

/** For showing; none for a question that does not parse. */
export function shownParts(text: string): readonly Part[] {
  return (partsOf(text) ?? []).map(part => {
    const isOut = part.kind === 'not'
    return { text: print(isOut ? part.item : part), span: part.span, isOut }
  })
}

export function printFilter(filter: Filter): string {
  return print(clauseOf(filter))
}

function clauseOf({ field, value, isOut }: Filter): Clause {
  const pattern = value === null ? [null] : patternOf(value.toWellFormed())
  const clause: Clause = { kind: 'compare', field, operator: ':', pattern, span: NOWHERE }
  return isOut ? { kind: 'not', item: clause, span: NOWHERE } : clause
}

function patternOf(value: string): readonly (string | null)[] {
  if (value.length <= VALUE_CHARS_MAX) return [value]
  // Half a surrogate pair at the end would match nothing.
  return [value.slice(0, VALUE_CHARS_MAX).replace(/[\ud800-\udbff]$/, ''), null]
}

function opposite(clause: Clause): Clause {
  if (clause.kind === 'not') return clause.item
  return { kind: 'not', item: clause, span: clause.span }
}

function partsOf(text: string): readonly Clause[] | null {
  try {
    const { root } = parseQuery(text)
    if (root.kind === 'all') return []
    return root.kind === 'and' ? root.items : [root]
  } catch {
    return null
  }
}

function isAt({ span }: Clause, { start, end }: Span): boolean {
  return span.start === start && span.end === end
}

function print(clause: Clause): string {
  return printQuery({ root: clause })
}

function printAll(parts: readonly Clause[]): string {
  const [first, ...rest] = parts
  if (!first) return ''
  return print(rest.length === 0 ? first : { kind: 'and', items: parts, span: NOWHERE })
}
