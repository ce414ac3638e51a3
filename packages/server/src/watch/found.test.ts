import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Finding } from '@tocsin/detect/finding'
import { parseEvent, type SealedEvent } from '@tocsin/sdk/event'
import { findingEvent, parseFound } from './found.ts'

const ID = '0123456789abcdef0123456789abcdef'
const AT = Date.UTC(2026, 10, 24)

function findingOf(text: string): Finding {
  return {
    id: ID,
    rule: 'canary_touched',
    title: 'A canary was touched',
    detector: 'match',
    level: 'critical',
    tags: ['atlas.aml-t0035'],
    entity: { type: 'actor', id: text },
    timeMs: AT,
    startMs: AT,
    score: 95,
    confidence: 1,
    p: null,
    expected: null,
    seen: text,
    sentence: `svc-a did ${text}`,
    features: [{ name: 'data.read', expected: 'none', seen: text, part: 95 }],
    eventIds: Array.from({ length: 50 }, () => '00000000-0000-7000-8000-000000000001'),
    eventCount: 50,
    learning: null,
    actor: { id: 'svc-a', type: 'service', verified: 'key', session: null, credential: null },
  }
}

const alert = {
  id: ID,
  entity: { type: 'actor', id: 'svc-a' },
  startMs: AT,
  openedMs: AT,
  lastMs: AT,
  score: 36,
  threshold: 20,
  findingIds: Array.from({ length: 200 }, () => ID),
} as const

describe('a finding on its way into the log', () => {
  it('fits into an event, whatever the texts in it', () => {
    for (const text of [
      'read',
      '漢'.repeat(341),
      '\u0001'.repeat(1024),
      '\ud83d\ude00'.repeat(400),
    ]) {
      const wire = findingEvent({ finding: findingOf(text), alert })
      const event = parseEvent(JSON.parse(JSON.stringify(wire)), AT, 'server')
      assert.equal(event.operation, 'canary_touched')
    }
  })

  it('comes back as it went, where it was short enough', () => {
    const found = { finding: findingOf('read'), alert: { ...alert, findingIds: [ID] } }
    const sealed = { ...findingEvent(found), via: 'tocsin' }
    assert.deepEqual(parseFound(parseSealed(sealed)), found)
    assert.equal(parseFound(parseSealed({ ...sealed, via: 'key:mallory' })), null)
  })

  it('is the same event in every replay', () => {
    const found = { finding: findingOf('\u0001'.repeat(1024)), alert }
    assert.deepEqual(findingEvent(found), findingEvent(structuredClone(found)))
  })
})

function parseSealed(event: object): SealedEvent {
  return event as SealedEvent
}
