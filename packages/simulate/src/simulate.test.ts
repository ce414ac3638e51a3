import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseEvent, type WireEvent } from '@tocsin/sdk/event'
import fc from 'fast-check'
import { DAY_MS, HOUR_MS } from './calendar.ts'
import { createWorld } from './simulate.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const FROM = NOW - 30 * DAY_MS
const SEED = 1
const world = createWorld({ seed: SEED })
const month: readonly WireEvent[] = [...world.events(FROM, NOW)]

function between(fromMs: number, toMs: number): readonly WireEvent[] {
  return month.filter(e => e.time >= fromMs && e.time < toMs)
}

describe('the stream of events', () => {
  it('is the same, byte for byte, whatever window is asked for and in whatever order', () => {
    const live = createWorld({ seed: SEED })
    const start = fc.integer({ min: FROM, max: NOW - 6 * HOUR_MS })
    fc.assert(
      fc.property(start, fc.integer({ min: 0, max: 6 * HOUR_MS }), (fromMs, lengthMs) => {
        const again = [...live.events(fromMs, fromMs + lengthMs)]
        assert.equal(JSON.stringify(again), JSON.stringify(between(fromMs, fromMs + lengthMs)))
      }),
      { numRuns: 10 },
    )
  })

  it('goes on second by second as it does day by day, over midnight too', () => {
    const live = createWorld({ seed: SEED })
    const midnight = Math.floor(NOW / DAY_MS) * DAY_MS
    const seconds: WireEvent[] = []
    for (let at = midnight - 300_000; at < midnight + 300_000; at += 1000) {
      seconds.push(...live.events(at, at + 1000))
    }
    assert.ok(seconds.length > 20)
    assert.deepEqual(seconds, between(midnight - 300_000, midnight + 300_000))
  })

  it('takes its start and leaves out its end', () => {
    const one = month[1000]
    assert.ok(one)
    const ids = (fromMs: number, toMs: number) => [...world.events(fromMs, toMs)].map(e => e.id)
    assert.ok(ids(one.time, one.time + 1).includes(one.id))
    assert.ok(!ids(one.time - 1000, one.time).includes(one.id))
    assert.deepEqual(ids(one.time, one.time), [])
    assert.deepEqual(ids(one.time, one.time - 5000), [])
  })

  it('is another one for another seed', () => {
    const other = [...createWorld({ seed: SEED + 1 }).events(NOW - HOUR_MS, NOW)]
    const ids = new Set(month.map(e => e.id))
    assert.ok(other.length > 20 && other.every(e => !ids.has(e.id)))
  })

  it('lets itself be watched alone: reading two worlds at once changes neither', () => {
    const one = createWorld({ seed: SEED }).events(NOW - HOUR_MS, NOW)
    const two = createWorld({ seed: SEED + 1 }).events(NOW - HOUR_MS, NOW)
    const seen: WireEvent[] = []
    for (const event of one) {
      seen.push(event)
      two.next()
    }
    assert.deepEqual(seen, between(NOW - HOUR_MS, NOW))
  })

  it('is in the order of time, with ids of its own that carry the time', () => {
    assert.ok(month.every((e, i) => i === 0 || (month[i - 1]?.time ?? 0) <= e.time))
    assert.equal(new Set(month.map(e => e.id)).size, month.length)
    for (const { id = '', time } of month) {
      assert.equal(Number.parseInt(id.slice(0, 13).replace('-', ''), 16), time)
    }
  })

  it('has only events that the server takes, as they are', () => {
    month.forEach((event, i) => {
      const parsed = parseEvent(event, NOW)
      if (i % 20 === 0) assert.equal(JSON.stringify(parsed), JSON.stringify(event))
    })
  })

  it('has the size that was promised', () => {
    assert.ok(month.length >= 180_000 && month.length <= 220_000, `${month.length}`)
    const { people, services, models, agents } = world.cast
    assert.deepEqual(
      [people.length, services.length, models.length, agents.length],
      [60, 25, 12, 6],
    )
    assert.equal(new Set(people.map(p => p.id)).size, 60)
  })

  it('is numbered by each producer without gap or repeat', () => {
    const wholeDays = between(Math.ceil(FROM / DAY_MS) * DAY_MS, NOW)
    const last = new Map<string, number>()
    for (const { producer = '', producerSeq = 0, time } of wholeDays) {
      assert.equal(producerSeq, (last.get(producer) ?? 0) + 1, producer)
      assert.ok(producer.endsWith(new Date(time).toISOString().slice(0, 10)), producer)
      last.set(producer, producerSeq)
    }
    assert.ok(last.size > 300)
  })
})

it('a year away is a world as well', () => {
  for (const at of [Date.UTC(2025, 1, 3), Date.UTC(2028, 1, 29), Date.UTC(2031, 11, 31)]) {
    const day = [...createWorld({ seed: 7 }).events(at, at + DAY_MS)]
    assert.ok(day.length > 3000 && day.length < 12_000, `${day.length}`)
    for (const event of day) parseEvent(event, at + DAY_MS)
  }
})
