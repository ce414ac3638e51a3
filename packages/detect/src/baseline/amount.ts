// What one event adds to a sum, whatever stands in its field: a number from 0 to AMOUNT_MAX.

import type { SealedEvent } from '@tocsin/sdk/event'
import { readField } from '../field-value.ts'
import type { Comparison } from '../rule.ts'

/** Larger than any honest amount; sums of it and of its squares stay far from infinite. */
const AMOUNT_MAX = 1e15

/** Without a field, each event counts 1; where an event lacks the field, it adds nothing. */
export function buildAmount(field: string | null): (event: SealedEvent) => number {
  if (field === null) return () => 1
  const read = readField(field)
  return event => amountIn(read(event))
}

function amountIn(value: unknown): number {
  if (typeof value === 'number') return value > 0 ? Math.min(AMOUNT_MAX, value) : 0
  if (!Array.isArray(value)) return 0
  return value.reduce((sum: number, item: unknown) => Math.min(AMOUNT_MAX, sum + amountIn(item)), 0)
}

export function holds(condition: readonly Comparison[], ratio: number): boolean {
  for (const { operator, value } of condition) {
    if (!TESTS[operator](ratio, value)) return false
  }
  return true
}

const TESTS: {
  readonly [operator in Comparison['operator']]: (ratio: number, value: number) => boolean
} = {
  gt: (ratio, value) => ratio > value,
  gte: (ratio, value) => ratio >= value,
  lt: (ratio, value) => ratio < value,
  lte: (ratio, value) => ratio <= value,
  eq: (ratio, value) => ratio === value,
  neq: (ratio, value) => ratio !== value,
}
