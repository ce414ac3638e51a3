// Why a question finds what it finds: the parts that must all hold, each with its place in the
// text, and two questions about each: what it finds alone, and what the others find without it. An
// empty result is explained by the part without which there would be one. They are questions like
// any other, so an index counts them with SQL and whoever has the events with predicates.

import type { Checked } from './check.ts'
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
  const items = checked.kind === 'and' ? checked.items : [checked]
  const most = EXPLAINED_CLAUSES_MAX
  const parts =
    items.length > most ? [...items.slice(0, most - 1), all(items.slice(most - 1))] : items
  return parts.map((alone, i) => {
    const span = alone.span ?? { start: 0, end: 0 }
    const without = all(parts.filter((_, j) => j !== i))
    return { span, text: text.slice(span.start, span.end), alone, without }
  })
}

function all(items: readonly Checked[]): Checked {
  const [first, second] = items
  if (!first) return { kind: 'all' }
  const span = { start: first.span?.start ?? 0, end: items.at(-1)?.span?.end ?? 0 }
  return second ? { kind: 'and', items, span } : first
}
