// The simulator's stories as an investigation reads them: a theft by an insider, a stolen key and a
// batch job after a release are told apart, from the events alone.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Finding } from '@tocsin/detect/finding'
import type { SealedEvent } from '@tocsin/sdk/event'
import { createWorld, type Label } from '@tocsin/simulate/simulate'
import { investigate } from '../../packages/server/src/watch/investigate.ts'
import { memoryIndex, sealedEvent } from '../../packages/server/src/watch/test-index.ts'

const DAY = 86_400_000
/** Two weeks hold a release; four more days hold the week before it. */
const DAYS = 24
/** None of the seeds that the points were chosen with, 1 and 5. */
const SEED = 23
const NOW = Date.UTC(2026, 10, 24, 19, 30)

const EXPECTED: { readonly [campaign: string]: string } = {
  'feature-store-theft': 'insider or misuse',
  'stolen-key': 'compromised account',
  'benign:batch-after-release': 'misconfigured batch job',
}

/** What a detector has after a quarter of the story. */
function findingOn(events: readonly SealedEvent[], actor: string): Finding {
  const some = events.slice(0, Math.max(3, Math.ceil(events.length / 4))).slice(-50)
  const times = some.map(({ time }) => time)
  const entity = { type: 'actor', id: actor } as const
  return {
    id: '1'.padStart(32, '0'),
    rule: 'r',
    title: 'R',
    detector: 'baseline_ratio',
    level: 'high',
    tags: [],
    entity,
    timeMs: Math.max(...times),
    startMs: Math.max(...times) - 2 * 3_600_000,
    score: 70,
    confidence: 1,
    p: null,
    expected: null,
    seen: null,
    sentence: '',
    features: [],
    eventIds: some.map(({ id }) => id),
    eventCount: some.length,
    learning: null,
    actor: { id: actor, type: 'service', verified: 'key', session: null, credential: null },
  }
}

describe('stories of the simulator', () => {
  const world = createWorld({ seed: SEED, stories: { nowMs: NOW } })
  const events = [...world.events(NOW - DAYS * DAY, NOW + 600_000)].map(one => sealedEvent(one))
  const byId = new Map(events.map(one => [one.id, one]))
  const query = memoryIndex(events)
  const labels = world
    .labels(NOW - DAYS * DAY, NOW + 600_000)
    .filter(({ campaign, start }) => campaign in EXPECTED && start > NOW - 10 * DAY)

  const read = async ({ entities, eventIds }: Label) => {
    const actor = entities.find(id => eventIds.some(e => byId.get(e)?.actor.id === id)) ?? ''
    const own = eventIds.flatMap(id => byId.get(id) ?? []).filter(one => one.actor.id === actor)
    const findings = [findingOn(own, actor)]
    const entity = { type: 'actor', id: actor } as const
    return investigate({ alertId: null, entity, findings }, { query })
  }

  it('have each of the three that must be told apart', () => {
    const names = new Set(labels.map(({ campaign }) => campaign))
    assert.deepEqual([...names].sort(), Object.keys(EXPECTED).sort())
  })

  for (const label of labels) {
    const at = new Date(label.start).toISOString().slice(0, 16)
    it(`${label.campaign} of ${at} reads like: ${EXPECTED[label.campaign]}`, async () => {
      const found = await read(label)
      const why = JSON.stringify(found.readings)
      assert.equal(found.reading, EXPECTED[label.campaign], why)
      const hits = found.during.reduce((sum, run) => sum + run.found, 0)
      assert.ok(hits > 0, 'the stretch shown holds what was found')
      assert.ok((found.chain[0]?.found ?? 0) > 0)
    })
  }
})
