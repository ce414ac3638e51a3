// What tests of rules share: an event, a rule from plain data, its mistakes.

import assert from 'node:assert/strict'
import type { SealedEvent } from '@tocsin/sdk/event'
import type { MatchRule } from '../rule.ts'
import { type Path, parseRule, type RuleSource, readRule } from './sigma.ts'

export type Data = { readonly [key: string]: unknown }

const TIME = Date.UTC(2026, 10, 24, 12)

export function event(parts: Data = {}): SealedEvent {
  return {
    v: 1,
    id: '00000000-0000-8000-8000-000000000001',
    tenant: 't',
    observed: TIME,
    via: 'bulk',
    retention: 'r6m',
    kind: 'data.read',
    time: TIME,
    outcome: 'success',
    operation: 'read',
    system: 'lake',
    actor: { type: 'service', id: 'svc-a', verified: 'key' },
    ...parts,
  }
}

/** Lines are the length of the path, so that a test sees which path was meant. */
export function source(value: unknown, file = 'rules/x.yml'): RuleSource {
  return { file, value, lineOf: (path: Path) => path.length + 1 }
}

export function ruleOf(detection: Data): MatchRule {
  const rule = parseRule(source({ title: 'T', logsource: { product: 'tocsin' }, detection }))
  assert.equal(rule.kind, 'match')
  return rule
}

/** `what; fix` of every mistake. */
export function mistakes(value: unknown): readonly string[] {
  return readRule(source(value)).problems.map(({ what, fix }) => `${what}; ${fix}`)
}

export function mistakesOf(detection: unknown, more: Data = {}): readonly string[] {
  return mistakes({ title: 'T', logsource: { product: 'tocsin' }, detection, ...more })
}

export function correlation(parts: Data): Data {
  return { title: 'C', correlation: { rules: ['a'], 'group-by': ['actor.id'], ...parts } }
}
