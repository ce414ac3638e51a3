// A rule as the engine runs it: what sigma/ makes of a file, checked and compiled. Either a test on
// one event, or a correlation over events that other rules match.

import type { SealedEvent } from '@tocsin/sdk/event'
import type { Level } from './finding.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS: number = 24 * HOUR_MS

/** Sigma 2.1's correlation types that run here, then Tocsin's own (docs/spec/rules.md). */
export const CORRELATION_TYPES = [
  'event_count',
  'value_count',
  'value_sum',
  'baseline_ratio',
  'baseline_drift',
  'first_seen',
  'unusual_hour',
  'unusual_sequence',
  'absence',
] as const

export type CorrelationType = (typeof CORRELATION_TYPES)[number]

export type Comparison = {
  readonly operator: 'gt' | 'gte' | 'lt' | 'lte' | 'eq' | 'neq'
  readonly value: number
}

type Head = {
  /** The file's `id`, else its `name`, else its file's name. Unique among the rules that run. */
  readonly id: string
  readonly name: string
  readonly title: string
  readonly description: string
  readonly level: Level
  readonly tags: readonly string[]
  readonly falsePositives: readonly string[]
  readonly file: string
  /** False for a base rule that only feeds correlations. */
  readonly findsByItself: boolean
}

export type MatchRule = Head & {
  readonly kind: 'match'
  /** Kinds of event it can match at all; null when any. The engine asks only these. */
  readonly kinds: readonly string[] | null
  readonly matches: (event: SealedEvent) => boolean
}

export type CorrelationRule = Head & {
  readonly kind: 'correlation'
  readonly type: CorrelationType
  /** Ids of the rules it counts. */
  readonly rules: readonly string[]
  /** Field paths; the first names the entity. */
  readonly groupBy: readonly string[]
  /** Length of the sliding window; 0 where the type has none. */
  readonly timespanMs: number
  /** All must hold. Empty where the type decides by p alone. */
  readonly condition: readonly Comparison[]
  /** Field that is summed (`value_sum`, `baseline_…`), counted (`value_count`) or new. */
  readonly field: string | null
  /** Own past that is the norm: `baseline: 30d`. */
  readonly baselineMs: number
  /** Absolute floor: less than this is never unusual. */
  readonly minCount: number
  /** Significance that must be reached; 1 where none is asked for. */
  readonly pMax: number
}

export type Rule = MatchRule | CorrelationRule
