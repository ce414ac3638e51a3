// Events and findings for tests: whole ones, of which a test names only what it is about.

import { createHash } from 'node:crypto'
import type { Sha256 } from '@tocsin/sdk/crypto'
import type { SealedEvent } from '@tocsin/sdk/event'
import type { Finding } from './finding.ts'

export const sha256: Sha256 = bytes => new Uint8Array(createHash('sha256').update(bytes).digest())

export const T0: number = Date.UTC(2026, 9, 5)

export function makeEvent(parts: Partial<SealedEvent> & { readonly who?: string }): SealedEvent {
  const { who = 'svc-a', ...rest } = parts
  const time = rest.time ?? T0
  return {
    v: 1,
    id: `e-${time}-${who}`,
    tenant: 'default',
    observed: time,
    via: 'test',
    retention: 'r6m',
    kind: 'data.read',
    time,
    outcome: 'success',
    operation: 'read',
    system: 'lake',
    actor: { type: 'service', id: who, verified: 'gateway' },
    ...rest,
  }
}

export function makeTestFinding(parts: Partial<Finding>): Finding {
  const timeMs = parts.timeMs ?? T0
  return {
    id: `f-${timeMs}-${parts.rule ?? 'rule'}-${parts.entity?.id ?? 'svc-a'}`,
    rule: 'rule',
    title: 'Rule',
    detector: 'match',
    level: 'medium',
    tags: [],
    entity: { type: 'actor', id: 'svc-a' },
    timeMs,
    startMs: timeMs,
    score: 45,
    confidence: 1,
    p: null,
    expected: null,
    seen: null,
    sentence: 'svc-a did something',
    features: [],
    eventIds: [],
    eventCount: 0,
    learning: null,
    actor: { id: 'svc-a', type: 'service', verified: 'gateway', session: null, credential: null },
    ...parts,
  }
}
