// The query language: what people and programs ask of events. A text is parsed into a tree
// (parse.ts), checked against the field catalogue (check.ts), and compiled twice with one meaning:
// into SQL for the index (sql.ts) and into a test on one event (predicate.ts). Editors get every
// problem at once (lint.ts) and what can be written next (complete.ts); what finds nothing is
// explained part by part (explain.ts). docs/spec/query.md describes it.

import { type Checked, checkQuery, type QueryField } from './check.ts'
import { parseQuery } from './parse.ts'

export {
  type Checked,
  checkQuery,
  isAsWritten,
  type QueryField,
} from './check.ts'
export { COMPLETIONS_MAX, type Completion, type Completions, completions } from './complete.ts'
export { EXPLAINED_CLAUSES_MAX, type ExplainedClause, explainQuery } from './explain.ts'
export { lintQuery } from './lint.ts'
export { nearestName } from './nearest.ts'
export { type AddressRange, addressKey, networkRange } from './network.ts'
export { type Draft, parseDraft, parseQuery, QUERY_PROBLEMS_MAX } from './parse.ts'
export { compilePredicate, type Predicate } from './predicate.ts'
export { printPattern, printQuery } from './print.ts'
export { compileSql, type Sql, type SqlValue } from './sql.ts'
export {
  type Clause,
  type Pattern,
  type Problem,
  QUERY_BYTES_MAX,
  QUERY_CLAUSES_MAX,
  QUERY_DEPTH_MAX,
  QUERY_VALUE_BYTES_MAX,
  QUERY_WILDCARDS_MAX,
  type Query,
  type Span,
} from './syntax.ts'
export { foldText, textMatcher } from './text-match.ts'

/** Parse and check in one step. `nowMs` is what `now` means. Throws `query.*`. */
export function readQuery(text: string, fields: readonly QueryField[], nowMs: number): Checked {
  return checkQuery(parseQuery(text), fields, nowMs)
}
