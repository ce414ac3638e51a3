// A question as a tree, its limits, and what can be wrong with it. The tree knows nothing of fields
// or types: `check.ts` does.

import type { ErrorCode } from '../errors.ts'

/** UTF-8 bytes of a whole question. */
export const QUERY_BYTES_MAX: number = 8 * 1024
/** UTF-8 bytes of one value. */
export const QUERY_VALUE_BYTES_MAX = 1024
/** `*` in one value. */
export const QUERY_WILDCARDS_MAX = 32
/** Parentheses and `not` around a clause. */
export const QUERY_DEPTH_MAX = 64
/** Clauses and groups; after checking, tests on fields (a word is one for each field searched). */
export const QUERY_CLAUSES_MAX = 5000

/** Half-open span of the text, in UTF-16 units. */
export type Span = { readonly start: number; readonly end: number }

/**
 * Pieces of literal text with `null` for each `*`, by turns: never two texts or two `null` in a
 * row, and no empty text but alone.
 */
export type Pattern = readonly (string | null)[]

export type Operator = ':' | '>' | '>=' | '<' | '<='

export type Clause =
  | { readonly kind: 'all'; readonly span: Span }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Clause[]; readonly span: Span }
  | { readonly kind: 'not'; readonly item: Clause; readonly span: Span }
  | {
      readonly kind: 'compare'
      readonly field: string
      readonly operator: Operator
      readonly pattern: Pattern
      readonly span: Span
    }
  /** Text without a field: looked for in every field that is searched as text. */
  | { readonly kind: 'words'; readonly pattern: Pattern; readonly span: Span }

export type Query = { readonly text: string; readonly root: Clause }

/** One thing that is wrong with a question; the message says what to write instead. */
export type Problem = {
  readonly code: ErrorCode
  readonly message: string
  readonly span: Span
}

/** Takes a problem: throws it (strict reading), or keeps it and lets the reader go on (editors). */
export type Report = (problem: Problem) => void

/** The text where the pattern has no `*`, else null. */
export function literalOf(pattern: Pattern): string | null {
  const [only] = pattern
  return pattern.length === 1 && typeof only === 'string' ? only : null
}
