// Clauses of the query language for links from figures to the events behind them. A value is
// written so that it stands for itself, whatever it holds.

import { printPattern } from '@tocsin/sdk/query'

/** `actor.id:svc-a`, quoted where it must be. */
export function fieldIs(field: string, value: string): string {
  return `${field}:${printPattern([value])}`
}

/** `resource.id:*churn*`: the value stands somewhere in it. */
export function fieldHolds(field: string, value: string): string {
  return `${field}:${printPattern([null, value, null])}`
}

export function fieldIsOneOf(field: string, values: readonly string[]): string {
  const printed = values.map(value => printPattern([value]))
  return printed.length === 1 ? `${field}:${printed[0]}` : `${field}:(${printed.join(' or ')})`
}

/** All must hold; empty ones are left out. */
export function allOf(...clauses: readonly string[]): string {
  return clauses.filter(clause => clause !== '').join(' ')
}

/** Fields by whose values entities are told apart (docs/spec/alerts.md). */
const ENTITY_FIELDS: { readonly [type: string]: string } = {
  actor: 'actor.id',
  credential: 'actor.credential',
  session: 'actor.session',
  agent: 'agent.id',
  source: 'source.ip',
  model: 'model.served',
  resource: 'resource.id',
  tool: 'tool.name',
  system: 'system',
  producer: 'producer',
}

/** The field whose values are entities of the type. */
export function fieldOf(type: string): string {
  return ENTITY_FIELDS[type] ?? 'actor.id'
}

/** The events of an entity. */
export function aboutEntity({ type, id }: { readonly type: string; readonly id: string }): string {
  return fieldIs(fieldOf(type), id)
}
