// Findings and alerts as tests need them.

import { openAlertBook } from '@tocsin/detect/alert'
import type { EntityRef, Finding } from '@tocsin/detect/finding'
import type { WireEvent } from '@tocsin/sdk/event'
import { sha256 } from '@tocsin/sdk/node'
import { findingEvent } from './found.ts'

export const FOUND_MS: number = Date.UTC(2026, 10, 21, 2)

export const hexId = (n: number): string => n.toString(16).padStart(32, '0')

/** Of level high and an alert by itself. */
export function findingOf(n: number, entity: EntityRef, more: Partial<Finding> = {}): Finding {
  const timeMs = more.timeMs ?? FOUND_MS + n * 60_000
  return {
    id: hexId(n),
    rule: `rule-${n}`,
    title: `Title ${n}`,
    detector: 'match',
    level: 'high',
    tags: [],
    entity,
    timeMs,
    startMs: timeMs,
    score: 70,
    confidence: 1,
    p: null,
    expected: 4000,
    seen: 48_000,
    sentence: `${entity.id} did ${n}`,
    features: [],
    eventIds: [],
    eventCount: 1,
    learning: null,
    actor: { id: entity.id, type: 'service', verified: 'key', session: null, credential: null },
    ...more,
  }
}

/** The events by which the server stores findings, each with the alert that it makes. */
export function foundEvents(findings: readonly Finding[]): readonly WireEvent[] {
  const book = openAlertBook({ sha256, budget: 10 })
  return findings.map(finding => findingEvent({ finding, alert: book.take(finding) }))
}
