// From what a detector claims to a finding: score, sentence, shares of the features, an id that
// every replay gives again.

import type { Sha256 } from '@tocsin/sdk/crypto'
import type { SealedEvent } from '@tocsin/sdk/event'
import type { Hit } from './detector.ts'
import { keysOf, readField } from './field-value.ts'
import {
  actorOf,
  type EntityRef,
  EVENT_IDS_MAX,
  entityKey,
  type Finding,
  LEVEL_SCORES,
} from './finding.ts'
import { findingId } from './finding-id.ts'
import type { Rule } from './rule.ts'

/** A p far below what was asked for adds at most so many points. */
const SURPRISE_MAX = 12
const POINTS_PER_DECADE = 3

export type Found = {
  readonly rule: Rule
  readonly entity: EntityRef
  /** What else the rule groups by; empty for most. */
  readonly rest: string
  readonly hit: Hit
  readonly timeMs: number
  readonly event: SealedEvent
}

export function scoreOf(rule: Rule, { confidence, p }: Hit): number {
  const base = LEVEL_SCORES[rule.level] * confidence
  const asked = rule.kind === 'correlation' ? rule.pMax : 1
  const surprise = p === null ? 0 : POINTS_PER_DECADE * Math.log10(asked / Math.max(p, 1e-12))
  return Math.min(100, base + Math.min(SURPRISE_MAX, Math.max(0, surprise)) * confidence)
}

export function makeFinding(sha256: Sha256, found: Found): Finding {
  const { rule, entity, rest, hit, timeMs, event } = found
  const score = scoreOf(rule, hit)
  const total = hit.features.reduce((sum, { weight }) => sum + weight, 0)
  return {
    id: findingId(sha256, rule.id, entityKey(entity), rest, event.id),
    rule: rule.id,
    title: rule.title,
    detector: rule.kind === 'match' ? 'match' : rule.type,
    level: rule.level,
    tags: rule.tags,
    entity,
    timeMs,
    startMs: hit.startMs,
    score,
    confidence: hit.confidence,
    p: hit.p,
    expected: hit.expected,
    seen: hit.seen,
    sentence: `${nameOf(entity, event)} ${hit.says}`,
    features: hit.features.map(({ weight, ...feature }) => ({
      ...feature,
      part: total > 0 ? (score * weight) / total : score / hit.features.length,
    })),
    eventIds: hit.eventIds.slice(-EVENT_IDS_MAX),
    eventCount: hit.eventCount,
    learning: hit.learning,
    actor: actorOf(event),
  }
}

/** `svc-feast-nightly` for an actor, `address 198.18.4.2` for what is none. */
function nameOf({ type, id }: EntityRef, { actor }: SealedEvent): string {
  if (type !== 'actor') return `${type === 'source' ? 'address' : type} ${id}`
  return actor.claimed === undefined ? id : `${id} (claiming to be ${actor.claimed})`
}

/** The claim of a rule that needs one event only. */
export function matchHit(event: SealedEvent, timeMs: number): Hit {
  const target = targetOf(event)
  const where = event.system === target ? '' : ` at ${event.system}`
  const outcome = event.outcome === 'success' ? '' : ` (${event.outcome})`
  return {
    confidence: 1,
    p: null,
    startMs: timeMs,
    expected: null,
    seen: event.operation,
    says: `did ${event.operation}${target === '' ? '' : ` on ${target}`}${where}${outcome}`,
    features: [{ name: event.kind, expected: 'none', seen: event.operation, weight: 1 }],
    eventIds: [event.id],
    eventCount: 1,
    learning: null,
  }
}

const TARGETS = ['resource.id', 'model.served', 'model.requested', 'tool.name', 'endpoint'].map(
  readField,
)

function targetOf(event: SealedEvent): string {
  for (const read of TARGETS) {
    const [first] = keysOf(read(event))
    if (first !== undefined) return first
  }
  return ''
}

/** Stands for the event that did not come: named by what came last, so that a replay agrees. */
export function absentEvent({ type, id }: EntityRef, { startMs }: Hit, nowMs: number): SealedEvent {
  const isActor = type === 'actor'
  return {
    v: 1,
    id: `absent-${startMs}`,
    tenant: '',
    observed: nowMs,
    via: '',
    retention: 'r13m',
    kind: 'audit.gap',
    time: nowMs,
    outcome: 'unknown',
    operation: 'absence',
    system: type === 'system' ? id : '',
    actor: { type: 'unknown', id: isActor ? id : '', verified: 'none' },
  }
}
