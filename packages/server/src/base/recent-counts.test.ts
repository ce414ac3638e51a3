import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTelemetry } from './emit.ts'
import { listenIn } from './recent-counts.ts'

const HOUR_MS = 3_600_000

function setUp() {
  const clock = { ms: Date.UTC(2026, 0, 1, 0, 30), nowMs: () => clock.ms }
  const own = createTelemetry(() => undefined)
  const { telemetry, recent } = listenIn(own, clock)
  const add = (via: string, fate: string, n: number) =>
    telemetry.add('capture.events', n, { via, fate })
  return { clock, own, telemetry, recent, add }
}

describe('recent counts', () => {
  it('are those of 24 hours, by the hour, and counters go on as before', () => {
    const { clock, own, recent, add } = setUp()
    const startMs = clock.ms
    add('http', 'refused', 3)
    add('http', 'stored', 5)
    add('file', 'refused', 1)
    assert.deepEqual([recent.of('http', 'refused'), recent.of('http', 'conflict')], [3, 0])
    assert.equal(recent.sinceMs, startMs)
    clock.ms += 23 * HOUR_MS
    add('http', 'refused', 4)
    assert.equal(recent.of('http', 'refused'), 7)
    clock.ms += HOUR_MS
    assert.equal(recent.of('http', 'refused'), 4)
    assert.equal(recent.sinceMs, startMs - 30 * 60_000 + HOUR_MS)
    clock.ms += 24 * HOUR_MS
    assert.equal(recent.of('http', 'refused'), 0)
    assert.deepEqual(recent.sources, ['http', 'file'])
    assert.equal(own.get('capture.events', { via: 'http', fate: 'refused' }), 7)
  })

  it('are not moved by other counters, nor without bound by made-up names', () => {
    const { telemetry, recent, add } = setUp()
    telemetry.add('log.commits', 5)
    assert.deepEqual(recent.sources, [])
    for (let i = 0; i < 1000; i++) add(`via-${i}`, 'stored', 1)
    assert.equal(recent.sources.length, 100)
  })
})
