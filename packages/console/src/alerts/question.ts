// The question of an inbox as text of the query language, and what buttons change in it. Pure. A
// filter by state is sent apart from the rest, so that the server counts every state of the rest.

import { type Clause, parseDraft, printQuery, type Span } from '@tocsin/sdk/query'

/** Asked where the address names nothing: what is still to be decided. */
export const DEFAULT_QUESTION = 'state:open'
/** Everything, suppressed ones left out. */
const EVERYTHING = '*'
const NOWHERE: Span = { start: 0, end: 0 }

export const STATES = ['open', 'acknowledged', 'resolved'] as const
export type AlertState = (typeof STATES)[number]

export type Asked = {
  /** What is asked beside the state. */
  readonly q: string
  readonly state: AlertState | null
}

/** Text that does not parse goes to the server as it is, which says what is wrong with it. */
export function askedIn(text: string): Asked {
  const clauses = clausesOf(text)
  const stated = clauses?.filter(clause => stateIn(clause) !== null) ?? []
  const [only] = stated
  if (clauses?.length === 0) return { q: '', state: null }
  if (!clauses || !only || stated.length > 1) return { q: text, state: null }
  return { q: printAll(clauses.filter(one => one !== only)), state: stateIn(only) }
}

/** The literal value that the question asks a field for; null where it asks none, or several. */
export function askedValue(text: string, field: string): string | null {
  const values = (clausesOf(text) ?? []).flatMap(clause => literalOf(clause, field) ?? [])
  return values.length === 1 ? (values[0] ?? null) : null
}

/** The question with a field at one value; with null it no longer asks for the field. */
export function withValue(text: string, field: string, value: string | null): string {
  const kept = (clausesOf(text) ?? []).filter(clause => !isOnlyAbout(clause, field))
  if (value === null) return printAll(kept) || EVERYTHING
  const asked: Clause = { kind: 'compare', field, operator: ':', pattern: [value], span: NOWHERE }
  return printAll([...kept, asked])
}

/** The question of alerts by their ids. */
export function byIds(ids: readonly string[]): string {
  return ids.length === 1 ? `id:${ids[0]}` : `id:(${ids.join(' or ')})`
}

/** The whole question again, as it is copied and sent where no state is apart. */
export function wholeOf({ q, state }: Asked): string {
  return state === null ? q : withValue(q === '' ? EVERYTHING : q, 'state', state)
}

/** What must all hold; null for what does not parse. */
function clausesOf(text: string): readonly Clause[] | null {
  const { query, problems } = parseDraft(text.trim() === '' ? EVERYTHING : text)
  if (problems.length > 0) return null
  const { root } = query
  if (root.kind === 'all') return []
  return root.kind === 'and' ? root.items : [root]
}

function printAll(clauses: readonly Clause[]): string {
  const [first, ...rest] = clauses
  if (!first) return ''
  if (rest.length === 0) return printQuery({ root: first })
  return printQuery({ root: { kind: 'and', items: clauses, span: NOWHERE } })
}

function literalOf(clause: Clause, field: string): string | null {
  if (clause.kind !== 'compare' || clause.field !== field || clause.operator !== ':') return null
  const [literal] = clause.pattern
  return clause.pattern.length === 1 && typeof literal === 'string' ? literal : null
}

function stateIn(clause: Clause): AlertState | null {
  const value = literalOf(clause, 'state')
  return STATES.find(state => state === value) ?? null
}

function isOnlyAbout(clause: Clause, field: string): boolean {
  if (clause.kind === 'compare') return clause.field === field
  if (clause.kind === 'not') return isOnlyAbout(clause.item, field)
  if (clause.kind === 'and' || clause.kind === 'or') {
    return clause.items.every(item => isOnlyAbout(item, field))
  }
  return false
}
