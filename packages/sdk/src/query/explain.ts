// Why a question finds what it finds: the parts that must all hold, each with its place in the
// text, and two questions about each: what it finds alone, and what the others find without it. An
// empty result is explained by the part without which there would be one. The index counts with
// SQL, anything else with predicates; both count what is said here.

import type { Checked } from './check.ts'
import { compilePredicate } from './predicate.ts'
import type { Span } from './syntax.ts'

export type ExplainedClause = {
  readonly span: Span
  /** As it was written. */
  readonly text: string
  /** The question that this part is. */
  readonly alone: Checked
  /** The question that is left when this part is removed. */
  readonly without: Checked
}

/** Parts that are told apart; those behind them count as one, so that a page can show them. */
export const EXPLAINED_CLAUSES_MAX = 32

/** The parts of a question, in the order of its text; `text` is what `checked` was read from. */
export function explainQuery(text: string, checked: Checked): readonly ExplainedClause[] {
  const parts = partsOf(checked)
  return parts.map((alone, i) => {
    const span = spanOf(alone)
    return {
      span,
      text: text.slice(span.start, span.end),
      alone,
      without: all(parts.filter((_, j) => j !== i)),
    }
  })
}

export type ClauseCount = { readonly alone: number; readonly without: number }

/** The same counts over events at hand, for each part, and of the whole question. */
export function countClauses(
  clauses: readonly ExplainedClause[],
  events: Iterable<object>,
): { readonly total: number; readonly clauses: readonly ClauseCount[] } {
  const tests = clauses.map(({ alone }) => compilePredicate(alone))
  const counts = clauses.map(() => ({ alone: 0, without: 0 }))
  let total = 0
  for (const event of events) {
    const holds = tests.map(test => test(event))
    const failing = holds.filter(held => !held).length
    if (failing === 0) total += 1
    for (const [i, count] of counts.entries()) {
      if (holds[i]) count.alone += 1
      if (failing === 0 || (failing === 1 && !holds[i])) count.without += 1
    }
  }
  return { total, clauses: counts }
}

function partsOf(checked: Checked): readonly Checked[] {
  const items = checked.kind === 'and' ? checked.items : [checked]
  if (items.length <= EXPLAINED_CLAUSES_MAX) return items
  const rest = items.slice(EXPLAINED_CLAUSES_MAX - 1)
  const [first, last] = [rest[0], rest.at(-1)].map(item => item && spanOf(item))
  const span = { start: first?.start ?? 0, end: last?.end ?? 0 }
  return [...items.slice(0, EXPLAINED_CLAUSES_MAX - 1), { kind: 'and', items: rest, span }]
}

function spanOf({ span }: Checked): Span {
  return span ?? { start: 0, end: 0 }
}

function all(items: readonly Checked[]): Checked {
  const [only] = items
  if (items.length === 1 && only) return only
  return items.length === 0 ? { kind: 'all' } : { kind: 'and', items }
}
