import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseEvent, type WireEvent } from '@tocsin/sdk/event'
import fc from 'fast-check'
import { DAY_MS, dayOf, dayStartMs, HOUR_MS, localDay } from './calendar.ts'
import { createWorld } from './simulate.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const FROM = NOW - 30 * DAY_MS
const world = createWorld({ seed: 1 })
const month = [...world.events(FROM, NOW)]
const people = new Map(world.cast.people.map(p => [p.id, p]))

function count<T>(items: Iterable<T>, key: (item: T) => string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const item of items) found.set(key(item), (found.get(key(item)) ?? 0) + 1)
  return found
}

describe('the world', () => {
  it('is the same whatever window is asked for', () => {
    const moment = fc.integer({ min: FROM, max: NOW })
    fc.assert(
      fc.property(moment, fc.integer({ min: 1, max: 6 * HOUR_MS }), (start, length) => {
        const again = [...createWorld({ seed: 1 }).events(start, start + length)]
        const expected = month.filter(
          e => e.time >= start && e.time < Math.min(start + length, NOW),
        )
        assert.deepEqual(
          again.filter(e => e.time < NOW),
          expected,
        )
      }),
      { numRuns: 8 },
    )
  })

  it('goes on second by second as it does day by day', () => {
    const live = createWorld({ seed: 1 })
    const seconds: WireEvent[] = []
    for (let at = NOW - 600_000; at < NOW; at += 1000) seconds.push(...live.events(at, at + 1000))
    assert.deepEqual(
      seconds,
      month.filter(e => e.time >= NOW - 600_000),
    )
  })

  it('is another one for another seed', () => {
    const other = [...createWorld({ seed: 2 }).events(NOW - HOUR_MS, NOW)]
    const ids = new Set(month.map(e => e.id))
    assert.ok(other.length > 0 && other.every(e => !ids.has(e.id)))
  })

  it('sends only events that the server takes, each with an id of its own, in order', () => {
    for (const event of month) parseEvent(event, NOW)
    assert.equal(new Set(month.map(e => e.id)).size, month.length)
    assert.ok(month.every((e, i) => i === 0 || (month[i - 1]?.time ?? 0) <= e.time))
  })

  it('has the size that was promised: a month of 180,000 to 220,000 events by 120 actors', () => {
    assert.ok(month.length > 180_000 && month.length < 220_000, `${month.length}`)
    const actors = count(month, e => e.actor.type)
    assert.ok((actors.get('human') ?? 0) > 30_000, 'people')
    assert.ok((actors.get('agent') ?? 0) > 10_000, 'agents')
    const { people, services, models, agents } = world.cast
    assert.deepEqual(
      [people.length, services.length, models.length, agents.length],
      [60, 25, 12, 6],
    )
    assert.ok(count(month, e => e.kind).size >= 16)
  })

  it('numbers the records of each producer without gap or repeat', () => {
    const whole = [...world.events(Math.ceil(FROM / DAY_MS) * DAY_MS, NOW)]
    const last = new Map<string, number>()
    for (const { producer = '', producerSeq = 0 } of whole) {
      assert.equal(producerSeq, (last.get(producer) ?? 0) + 1, producer)
      last.set(producer, producerSeq)
    }
    assert.ok(last.size > 100)
  })
})

describe('everyday life', () => {
  it('happens at work: four fifths of what people do is between six and twenty, their time', () => {
    const human = month.filter(e => e.actor.type === 'human')
    const ordinary = human.filter(e => people.get(e.actor.id)?.shift === null)
    const atWork = ordinary.filter(e => {
      const { country } = people.get(e.actor.id) ?? { country: 'DE' as const }
      const hour = (e.time - dayStartMs(country, localDay(country, e.time))) / HOUR_MS
      return hour >= 6 && hour < 20
    })
    assert.ok(atWork.length > 0.8 * ordinary.length, `${atWork.length} of ${ordinary.length}`)
  })

  it('rests on weekends and holidays', () => {
    const perDay = count(
      month.filter(
        e => people.get(e.actor.id)?.country === 'DE' && people.get(e.actor.id)?.shift === null,
      ),
      e => String(Math.floor(e.time / DAY_MS)),
    )
    const on = (year: number, m: number, date: number) =>
      perDay.get(String(dayOf(year, m, date))) ?? 0
    assert.ok(on(2026, 11, 17) > 10 * on(2026, 11, 15), 'Tuesday against Sunday')
    const others = [
      ...createWorld({ seed: 1 }).events(Date.UTC(2026, 11, 21), Date.UTC(2026, 11, 27)),
    ]
    const christmas = others.filter(
      e => people.get(e.actor.id)?.shift === null && people.get(e.actor.id)?.country === 'DE',
    )
    const byDate = count(christmas, e => new Date(e.time).toISOString().slice(0, 10))
    assert.ok((byDate.get('2026-12-22') ?? 0) > 10 * (byDate.get('2026-12-25') ?? 0), 'Christmas')
  })

  it('begins with a logon: no session is used before it was opened', () => {
    const opened = new Set<string>()
    const started = FROM + 2 * DAY_MS
    for (const event of month) {
      const { session } = event.actor
      if (session === undefined) continue
      if (event.kind === 'auth.logon') opened.add(session)
      else if (event.kind !== 'auth.failed' && event.time > started) {
        assert.ok(opened.has(session), `${event.kind} of ${event.actor.id} without logon`)
      }
    }
    assert.ok(opened.size > 800)
  })

  it('releases new versions of own models, and only on release days', () => {
    const versions = new Map<string, Set<string>>()
    for (const { model } of month) {
      if (model?.provider !== 'own' || !model.served || !model.version) continue
      const known = versions.get(model.served) ?? new Set()
      versions.set(model.served, known.add(model.version))
    }
    for (const [name, known] of versions) assert.ok(known.size >= 2 && known.size <= 4, name)
  })
})

describe('labels', () => {
  const labels = world.labels(FROM, NOW)

  it('name the hard negatives, with events that exist', () => {
    assert.deepEqual(
      labels.map(l => l.campaign),
      [
        'benign:release-day',
        'benign:on-call-week',
        'benign:quarter-end-batch',
        'benign:new-joiner',
        'benign:conference-travel',
      ],
    )
    const byId = new Map(month.map(e => [e.id, e]))
    for (const label of labels) {
      assert.equal(label.kind, '')
      const events = label.eventIds.map(id => byId.get(id))
      assert.ok(events.length > 20 && events.every(e => e !== undefined), label.campaign)
      assert.equal(Math.min(...events.map(e => e?.time ?? 0)), label.start)
      assert.equal(Math.max(...events.map(e => e?.time ?? 0)), label.end)
      assert.deepEqual(new Set(events.map(e => e?.actor.id)), new Set(label.entities))
    }
  })
})
