// What an editor underlines: every problem of a question at once, of its grammar and of its fields
// and values, each with its place.

import { TocsinError } from '../errors.ts'
import { Checker, type QueryField } from './check.ts'
import { type Draft, parseDraft, QUERY_PROBLEMS_MAX } from './parse.ts'
import type { Clause, Problem } from './syntax.ts'

/** Never throws; no problems means that the question can be asked. `nowMs` is what `now` means. */
export function lintQuery(text: string, fields: readonly QueryField[], nowMs: number): Draft {
  const { query, problems } = parseDraft(text)
  const all = [...problems]
  const checker = new Checker(fields, nowMs)
  for (const clause of clausesIn(query.root)) {
    if (all.length >= QUERY_PROBLEMS_MAX) break
    const { start, end } = clause.span
    const isBroken = problems.some(({ span }) => span.start <= end && start <= span.end)
    const problem = isBroken ? null : problemOf(clause, checker)
    if (problem) all.push(problem)
    // Every clause behind this one would say the same.
    if (problem?.code === 'query.too_complex') break
  }
  return { query, problems: all.toSorted((a, b) => a.span.start - b.span.start) }
}

function* clausesIn(clause: Clause): Iterable<Clause> {
  if (clause.kind === 'and' || clause.kind === 'or') {
    for (const item of clause.items) yield* clausesIn(item)
  } else if (clause.kind === 'not') yield* clausesIn(clause.item)
  else yield clause
}

function problemOf(clause: Clause, checker: Checker): Problem | null {
  try {
    checker.check(clause)
    return null
  } catch (error) {
    if (!(error instanceof TocsinError)) throw error
    return { code: error.code, message: error.message, span: clause.span }
  }
}
