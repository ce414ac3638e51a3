// Charts of alerts and the last day of entities over HTTP, beside figures that are computed from
// the events themselves.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { EntityRef, Finding } from '@tocsin/detect/finding'
import { findingEvent } from '../../packages/server/src/watch/watch.ts'
import {
  busyEvents,
  DAY,
  event,
  HOSTILE,
  HOUR,
  NOW_HOUR,
  type Sent,
  sendAll,
  sumOf,
} from './activity-rig.ts'
import { openRig, type Rig } from './rig.ts'

let rig: Rig
const sent: Sent[] = []

async function send(...events: readonly Sent[]): Promise<void> {
  sent.push(...events)
  await sendAll(rig, events)
}

const activity = (id: string, query: string) =>
  rig.ask(`/v1/entities/actor/${encodeURIComponent(id)}/activity?${query}`)
const of = (id: string) => sent.filter(({ actor }) => actor.id === id)

before(async () => {
  rig = await openRig(undefined, { rules: [] })
  await send(...busyEvents('svc-busy'))
  await send(...HOSTILE.map(name => event(name, NOW_HOUR - 3 * HOUR, { rows: 7 })))
  await send(event('svc-once', NOW_HOUR - 30 * HOUR, { rows: 48_000 }))
  await rig.tocsin.query.settled()
})
after(() => rig.close())

describe('the chart of an alert', () => {
  let made = 0
  async function raise(entity: EntityRef, more: Partial<Finding>): Promise<string> {
    made += 1
    const id = made.toString(16).padStart(8, '0').padEnd(32, '0')
    const timeMs = more.timeMs ?? NOW_HOUR - HOUR
    const base = {
      rule: 'read_spike',
      title: 'Read spike',
      detector: 'baseline_ratio',
      level: 'high',
    } as const
    const finding: Finding = {
      ...{
        id,
        ...base,
        tags: [],
        entity,
        timeMs,
        startMs: timeMs - HOUR,
        score: 70,
        confidence: 1,
      },
      ...{ p: null, expected: 10, seen: 100, sentence: `${entity.id} read a lot` },
      ...{ features: [], eventIds: [], eventCount: 1, learning: null },
      actor: { id: entity.id, type: 'service', verified: 'key', session: null, credential: null },
      ...more,
    }
    const times = { startMs: timeMs, openedMs: timeMs, lastMs: timeMs }
    const alert = {
      id: `a${id.slice(1)}`,
      entity,
      ...times,
      score: 26.8,
      threshold: 20,
      findingIds: [id],
    }
    const found = findingEvent({ finding, alert })
    await rig.tocsin.record(found)
    rig.tocsin.alerts.take(found)
    return alert.id
  }
  const chart = async (id: string) => (await rig.ask(`/v1/alerts/${id}/chart`)).json
  const features = (name: string) => [{ name, expected: 1, seen: 2, part: 70 }]
  const entity = { type: 'actor', id: 'svc-busy' } as const

  it('shows what the heaviest finding measured, eight days of it', async () => {
    for (const [name, metric, unit] of [
      ['rows in 2 h', 'rows', 'rows'],
      ['cost in 3 h', 'cost', 'costMicros'],
      ['rows a day', 'rows', 'rows'],
      ['requests in 30 min', 'requests', 'events'],
      ['surprise of a step, nats', 'requests', 'events'],
    ] as const) {
      const json = await chart(await raise(entity, { features: features(name) }))
      assert.equal(json.unit, unit, name)
      assert.deepEqual([json.stepMs, json.to - json.from], [HOUR, 8 * DAY])
      assert.deepEqual(json.window, { fromMs: NOW_HOUR - 2 * HOUR, toMs: NOW_HOUR - HOUR })
      for (const { t, value } of json.points)
        assert.equal(value, sumOf(of('svc-busy'), metric, t, t + HOUR), name)
      const { json: same } = await activity(
        'svc-busy',
        `metric=${metric}&from=${json.from}&to=${json.to}`,
      )
      assert.deepEqual(json.points, same.points)
    }
  })

  it('counts what was found where nothing can be summed up', async () => {
    const denied = Array.from({ length: 6 }, () =>
      event('svc-scan', NOW_HOUR - 2 * HOUR, { outcome: 'denied' }),
    )
    const other = event('svc-scan', NOW_HOUR - 2 * HOUR, { kind: 'ai.invoke', outcome: 'denied' })
    await send(...denied, other, event('svc-scan', NOW_HOUR - 2 * HOUR))
    await rig.tocsin.query.settled()
    const eventIds = denied.map(one => String(one.id))
    const more = { eventIds, detector: 'event_count', features: features('events in 10 min') }
    const json = await chart(
      await raise({ type: 'actor', id: 'svc-scan' }, { ...more, startMs: NOW_HOUR - 2 * HOUR }),
    )
    assert.equal(json.label, 'Refused requests per hour, svc-scan')
    assert.equal(json.field, null)
    const seen = json.points.filter((p: { value: number }) => p.value > 0)
    assert.deepEqual(
      seen.map((p: { value: number }) => p.value),
      [6],
    )
    const found = await rig.ask(`/v1/events?q=${encodeURIComponent(json.query)}`)
    assert.equal(found.json.events.length, 7, 'the question finds all of that kind')
  })

  it('is shown of any name, and null where there are no events', async () => {
    for (const name of HOSTILE) {
      const json = await chart(
        await raise({ type: 'actor', id: name }, { features: features('rows in 2 h') }),
      )
      assert.equal(
        json.points.reduce((s: number, p: { value: number }) => s + p.value, 0),
        7,
        name,
      )
    }
    const gone = await raise({ type: 'actor', id: 'svc-gone' }, {})
    assert.equal(await chart(gone), null)
    const long = await raise({ type: 'actor', id: 'y'.repeat(1100) }, {})
    assert.equal(await chart(long), null)
    assert.equal((await rig.ask('/v1/alerts/ffffffff/chart')).json.code, 'alert.unknown')
    const triage = await rig.key('triage')
    assert.equal((await rig.ask(`/v1/alerts/${gone}/chart`, { key: triage })).status, 403)
  })

  it('of what nobody did for long says so', async () => {
    const json = await chart(
      await raise(
        { type: 'actor', id: 'svc-once' },
        {
          timeMs: NOW_HOUR - 29 * HOUR,
          features: features('rows in 2 h'),
        },
      ),
    )
    assert.match(json.sentence, /^48,000 rows on .* is not known yet \(0 of 28 days are known\)\.$/)
  })
})

describe('the last day of entities', () => {
  it('is in the list, hour by hour', async () => {
    const { json } = await rig.ask('/v1/entities?limit=100')
    const found = json.entities.find((one: { entity: EntityRef }) => one.entity.id === 'svc-busy')
    const end = Math.ceil(Date.now() / HOUR) * HOUR
    assert.equal(found.spark.length, 24)
    for (const [i, events] of found.spark.entries()) {
      const t = end - (24 - i) * HOUR
      assert.equal(events, sumOf(of('svc-busy'), 'requests', t, t + HOUR))
    }
    const hostile = json.entities.filter((one: { entity: EntityRef }) =>
      HOSTILE.includes(one.entity.id),
    )
    assert.equal(hostile.length, HOSTILE.length)
    for (const { spark, delta, risk } of hostile) {
      assert.equal(
        spark.reduce((a: number, b: number) => a + b, 0),
        1,
      )
      assert.equal(delta, risk.score)
    }
  })
})
