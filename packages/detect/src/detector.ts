// The interface between the engine and one kind of correlation. The engine finds the group of an
// event (an entity and what else the rule groups by), keeps and evicts its state, suppresses
// repeats, freezes learning and builds the finding; a detector only knows one group's numbers.

import type { SealedEvent } from '@tocsin/sdk/event'
import type { Feature } from './finding.ts'
import type { CorrelationRule } from './rule.ts'
import type { StateReader, StateWriter } from './state-bytes.ts'

/** One matched event on its way to one group. */
export type Step = {
  readonly event: SealedEvent
  readonly timeMs: number
  /** False while the entity is under suspicion: nothing seen now may become normal. */
  readonly mayLearn: boolean
  /**
   * Older than the entity's newest event by more than LATENESS_MS: it may teach the past, and is in
   * no window.
   */
  readonly isLate: boolean
  /** When the entity was first seen, ms. */
  readonly firstMs: number
}

/** What a detector claims of a group, now. */
export type Hit = {
  /** 0 to 1: how far the rule's level counts. 1 for a rule without p. */
  readonly confidence: number
  readonly p: number | null
  readonly startMs: number
  readonly expected: number | string | null
  readonly seen: number | string | null
  /** Ends the sentence that begins with the entity: `read 48,000 rows in 2 h, 12 × …`. */
  readonly says: string
  /** Without `part`, which the engine shares out by `weight`. */
  readonly features: readonly (Omit<Feature, 'part'> & { readonly weight: number })[]
  readonly eventIds: readonly string[]
  readonly eventCount: number
  readonly learning: { readonly days: number; readonly of: number } | null
}

/**
 * State of one group `S` and of all groups of a rule and cohort `C` (pooled residuals, shapes, who
 * else uses a value). Both are changed in place. None of the calls throws on any event.
 */
export interface Detector<S, C> {
  openGroup(): S
  openCohort(): C
  /** null when nothing is unusual. */
  step(group: S, cohort: C, at: Step): Hit | null
  /** Time has come to `nowMs` without an event of the group; only for what can notice absence. */
  tick?(group: S, cohort: C, nowMs: number): Hit | null
  /** A person said that what happened was normal: take it into the baseline. */
  accept?(group: S): void
  /** A person said that it was an attack: what was kept back may never be taken in by `accept`. */
  reject?(group: S): void
  saveGroup(group: S, out: StateWriter): void
  loadGroup(input: StateReader): S
  saveCohort(cohort: C, out: StateWriter): void
  loadCohort(input: StateReader): C
  /** What people see of the group's baseline: now, expected, profile. Null before there is any. */
  describe(group: S, cohort: C, nowMs: number): BaselineView | null
}

export type BaselineView = {
  readonly now: number
  readonly expected: number
  readonly learning: { readonly days: number; readonly of: number }
  /** Expected per hour of the week, Monday 00 UTC first; empty where the detector has no hours. */
  readonly hourOfWeek: readonly number[]
  /** Values that were seen first, newest last. */
  readonly firstSeen: readonly { readonly value: string; readonly timeMs: number }[]
}

export type BuildDetector = (rule: CorrelationRule) => Detector<unknown, unknown>
