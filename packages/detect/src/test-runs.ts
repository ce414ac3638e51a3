// One detector run by hand, for tests: one cohort, groups by name, and a restart at any point.

import type { SealedEvent } from '@tocsin/sdk/event'
import type { BaselineView, Detector, Hit, Step } from './detector.ts'
import type { CorrelationRule } from './rule.ts'
import { readState, writeState } from './state-bytes.ts'

export function makeRule(parts: Partial<CorrelationRule>): CorrelationRule {
  return {
    kind: 'correlation',
    id: 'rule',
    name: 'rule',
    title: 'Rule',
    description: '',
    level: 'low',
    tags: [],
    falsePositives: [],
    file: 'rule.yml',
    findsByItself: true,
    type: 'event_count',
    rules: [],
    groupBy: ['actor.id'],
    timespanMs: 600_000,
    condition: [],
    field: null,
    baselineMs: 0,
    minCount: 0,
    pMax: 1,
    ...parts,
  }
}

export interface Run {
  step(event: SealedEvent, at?: Partial<Step>): Hit | null
  tick(nowMs: number, who?: string): Hit | null
  accept(who?: string): void
  reject(who?: string): void
  describe(nowMs: number, who?: string): BaselineView | null
  /** Everything to bytes and back. */
  restart(): void
  bytes(): Uint8Array
}

export function runDetector<S, C>(detector: Detector<S, C>): Run {
  let cohort = detector.openCohort()
  let groups = new Map<string, S>()
  const firstMs = new Map<string, number>()

  function groupOf(who: string): S {
    const found = groups.get(who)
    if (found !== undefined) return found
    const made = detector.openGroup()
    groups.set(who, made)
    return made
  }

  function bytes(): Uint8Array {
    const out = writeState()
    detector.saveCohort(cohort, out)
    for (const group of groups.values()) detector.saveGroup(group, out)
    return out.finish()
  }

  return {
    step(event, at = {}) {
      const { id } = event.actor
      if (!firstMs.has(id)) firstMs.set(id, at.firstMs ?? event.time)
      const step: Step = {
        event,
        timeMs: event.time,
        mayLearn: true,
        isLate: false,
        firstMs: firstMs.get(id) ?? event.time,
        ...at,
      }
      return detector.step(groupOf(id), cohort, step)
    },
    tick: (nowMs, who = 'svc-a') => detector.tick?.(groupOf(who), cohort, nowMs) ?? null,
    accept: (who = 'svc-a') => detector.accept?.(groupOf(who)),
    reject: (who = 'svc-a') => detector.reject?.(groupOf(who)),
    describe: (nowMs, who = 'svc-a') => detector.describe(groupOf(who), cohort, nowMs),
    restart() {
      const input = readState(bytes())
      cohort = detector.loadCohort(input)
      groups = new Map([...groups.keys()].map(who => [who, detector.loadGroup(input)]))
      if (!input.atEnd) throw new Error('the state was not read to its end')
    },
    bytes,
  }
}

/** What must hold of every hit, whatever the detector. */
export function checkHit(hit: Hit): void {
  const { confidence, p, eventIds, eventCount, features, says } = hit
  const isWhole = confidence >= 0 && confidence <= 1 && (p === null || (p > 0 && p <= 1))
  const hasIds = eventIds.length <= 50 && eventIds.length <= eventCount
  const hasWeight = features.every(({ weight }) => Number.isFinite(weight) && weight >= 0)
  if (!isWhole || !hasIds || !hasWeight || features.length === 0 || says.length > 1000) {
    throw new Error(`not a hit: ${JSON.stringify(hit)}`)
  }
}
