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
