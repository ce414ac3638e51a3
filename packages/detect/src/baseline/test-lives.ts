// Tests only: seeded accounts with a rhythm, and a rule and a detector that see them.

import type { SealedEvent } from '@tocsin/sdk/event'
import type { BaselineView, Detector, Hit } from '../detector.ts'
import { type CorrelationRule, DAY_MS, HOUR_MS } from '../rule.ts'
import { readState, writeState } from '../state-bytes.ts'

/** A Monday, 00 UTC. */
export const MONDAY_MS: number = Date.UTC(2026, 0, 5)

/** Mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export type Random = () => number

export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

export function poisson(random: Random, mean: number): number {
  if (mean > 200) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussian(random)))
  let [count, left] = [0, Math.exp(-mean)]
  for (let product = random(); product > left; product *= random()) count += 1
  return count
}

/** Over-dispersed: Poisson around a gamma-like factor of mean 1 and variance about `phi`. */
export function bursty(random: Random, mean: number, phi: number): number {
  const sigma = Math.sqrt(Math.log(1 + phi))
  return poisson(random, mean * Math.exp(sigma * gaussian(random) - (sigma * sigma) / 2))
}

export function ruleOf(other: Partial<CorrelationRule> = {}): CorrelationRule {
  return {
    id: 'reads',
    name: 'reads',
    title: 'Reads',
    description: '',
    level: 'high',
    tags: [],
    falsePositives: [],
    file: 'reads.yml',
    findsByItself: true,
    kind: 'correlation',
    type: 'baseline_ratio',
    rules: ['read'],
    groupBy: ['actor.id'],
    timespanMs: 2 * HOUR_MS,
    condition: [{ operator: 'gt', value: 4 }],
    field: null,
    baselineMs: 30 * DAY_MS,
    minCount: 20,
    pMax: 0.001,
    ...other,
  }
}

export type Act = { readonly timeMs: number; readonly rows?: number; readonly isFrozen?: boolean }

export function readAt({ timeMs, rows }: Act, number: number): SealedEvent {
  return {
    v: 1,
    id: `e${number}`,
    tenant: 't',
    observed: timeMs,
    via: 'test',
    retention: 'r13m',
    kind: 'data.read',
    time: timeMs,
    outcome: 'success',
    operation: 'read',
    system: 'lake',
    actor: { type: 'service', id: 'svc', verified: 'key' },
    ...(rows === undefined ? {} : { rows }),
  }
}

/** Amounts per hour, spread over each hour; sorted by time. */
export function actsOf(
  hours: { readonly from: number; readonly count: number },
  random: Random,
  amountAt: (hour: number) => number,
): Act[] {
  const acts: Act[] = []
  for (let hour = hours.from; hour < hours.from + hours.count; hour++) {
    for (let left = amountAt(hour); left > 0; left--) {
      acts.push({ timeMs: MONDAY_MS + Math.floor((hour + random()) * HOUR_MS) })
    }
  }
  return acts.sort((a, b) => a.timeMs - b.timeMs)
}

export type Found = { readonly timeMs: number; readonly hit: Hit }

export interface Life {
  step(act: Act, isLate?: boolean): Hit | null
  /** As an engine does, a finding freezes the account for a day. */
  live(acts: readonly Act[]): Found[]
  /** State to bytes and back; gives the size of both. */
  reopen(): { readonly group: number; readonly cohort: number }
  describe(nowMs: number): BaselineView | null
  accept(): void
  reject(): void
}

/** Accounts that share `cohort` are of one kind. */
export function openLife<S, C>(
  detector: Detector<S, C>,
  shared: { cohort: C } = { cohort: detector.openCohort() },
): Life {
  let group = detector.openGroup()
  let number = 0

  function step(act: Act, isLate = false): Hit | null {
    const event = readAt(act, number++)
    const mayLearn = act.isFrozen !== true
    const at = { event, timeMs: act.timeMs, mayLearn, isLate, firstMs: MONDAY_MS }
    return detector.step(group, shared.cohort, at)
  }

  return {
    step,
    live(acts) {
      const found: Found[] = []
      let frozenMs = 0
      for (const act of acts) {
        const hit = step({ ...act, isFrozen: act.isFrozen === true || act.timeMs < frozenMs })
        if (!hit) continue
        if (act.timeMs >= frozenMs) found.push({ timeMs: act.timeMs, hit })
        frozenMs = Math.max(frozenMs, act.timeMs + DAY_MS)
      }
      return found
    },
    reopen() {
      const [groupOut, cohortOut] = [writeState(), writeState()]
      detector.saveGroup(group, groupOut)
      detector.saveCohort(shared.cohort, cohortOut)
      const [groupIn, cohortIn] = [readState(groupOut.finish()), readState(cohortOut.finish())]
      group = detector.loadGroup(groupIn)
      shared.cohort = detector.loadCohort(cohortIn)
      if (!groupIn.atEnd || !cohortIn.atEnd) throw new RangeError('bytes are left over')
      return { group: groupOut.finish().length, cohort: cohortOut.finish().length }
    },
    describe: nowMs => detector.describe(group, shared.cohort, nowMs),
    accept: () => detector.accept?.(group),
    reject: () => detector.reject?.(group),
  }
}
