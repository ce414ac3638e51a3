import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SealedEvent } from '@tocsin/sdk/event'
import fc from 'fast-check'
import type { Hit } from '../detector.ts'
import { type CorrelationRule, DAY_MS, HOUR_MS } from '../rule.ts'
import { makeEvent, T0 } from '../test-events.ts'
import { checkHit, makeRule, type Run, runDetector } from '../test-runs.ts'
import { networkOf } from './network.ts'
import { buildFirstSeen } from './novelty.ts'

const COUNTRY = 'source.geo.country'

function firstSeen(parts: Partial<CorrelationRule> = {}): Run {
  const rule = makeRule({ type: 'first_seen', field: COUNTRY, timespanMs: 0, ...parts })
  return runDetector(buildFirstSeen(rule))
}

function from(country: string, day: number, who = 'svc-a'): SealedEvent {
  const time = T0 + day * DAY_MS
  return makeEvent({ who, id: `${who}-${day}-${country}`, time, source: { geo: { country } } })
}

/** A cohort at home for so many days. */
function settle(run: Run, days: number, people = 20, country = 'DE'): void {
  for (let day = 0; day < days; day++) {
    for (let i = 0; i < people; i++) run.step(from(country, day, `p${i}`))
  }
}

describe('first_seen', () => {
  it('finds a country that nobody was ever in, and says who else was', () => {
    const run = firstSeen({ pMax: 0.001 })
    settle(run, 20)
    const hit = run.step(from('SG', 20, 'p0'))
    assert.ok(hit)
    checkHit(hit)
    assert.equal(
      hit.says,
      'had source.geo.country SG for the first time in 20 days ' +
        '(before: DE; new ones on 0 days; 0 of 19 others had it)',
    )
    assert.deepEqual([hit.expected, hit.seen], ['DE', 'SG'])
    assert.deepEqual(hit.eventIds, ['p0-20-SG'])
    assert.equal(hit.confidence, 1)
    assert.equal(hit.learning, null)
  })

  it('is no surprise the second time', () => {
    const run = firstSeen()
    settle(run, 20)
    assert.notEqual(run.step(from('SG', 20, 'p0')), null)
    assert.equal(run.step(from('SG', 20.1, 'p0')), null)
    assert.equal(run.step(from('SG', 21, 'p0')), null)
  })

  it('claims nothing in the first three days, and little in the first seven', () => {
    const early = firstSeen()
    settle(early, 3)
    assert.equal(early.step(from('SG', 2.99, 'p0')), null)
    assert.ok(Number(early.step(from('CA', 3, 'p0'))?.confidence) < 0.5)
    const hit = early.step(from('PT', 3, 'p1'))
    assert.deepEqual(hit?.learning, { days: 3, of: 7 })
  })

  it('is less surprised by what others have', () => {
    const p = (country: string) => {
      const run = firstSeen()
      settle(run, 20)
      for (let i = 0; i < 10; i++) run.step(from('US', 1, `q${i}`))
      return Number(run.step(from(country, 20, 'p0'))?.p)
    }
    assert.ok(p('US') > 3 * p('SG'), `${p('US')} ${p('SG')}`)
  })

  it('is not surprised by somebody who travels', () => {
    const run = firstSeen()
    settle(run, 31)
    const seen: number[] = []
    for (let trip = 0; trip < 9; trip++) {
      seen.push(Number(run.step(from(`X${trip}`, 4 + 3 * trip, 'p1'))?.p))
    }
    const [first = 0] = seen
    const last = seen.at(-1) ?? 0
    assert.ok(last > 0.1 && last > 20 * first, String(seen))
    // The others, who never travel, are another matter.
    assert.ok(Number(run.step(from('X9', 31, 'p2'))?.p) < last / 4)
  })

  it('knows that a first value of all is another thing than a further one', () => {
    const run = firstSeen()
    settle(run, 20)
    // Ten who had none for days have one: they work from home for the first time.
    for (let i = 0; i < 10; i++) {
      for (let day = 0; day < 10 + i; day++) {
        const time = T0 + day * DAY_MS
        run.step(makeEvent({ who: `q${i}`, id: `q${i}-${day}`, time }))
      }
      run.step(from('DE', 10 + i, `q${i}`))
    }
    const none = makeEvent({ who: 'r', time: T0 })
    run.step(none)
    const first = Number(run.step(from('DE', 20, 'r'))?.p)
    const further = Number(run.step(from('SG', 20, 'p0'))?.p)
    assert.ok(first > 10 * further, `${first} ${further}`)
  })

  it('waits for so many new values of one day as min_count says', () => {
    const run = firstSeen({ minCount: 3, field: 'resource.id' })
    const read = (id: string, day: number) =>
      makeEvent({ id: `e-${id}`, time: T0 + day * DAY_MS, resource: [{ id }] })
    for (let day = 0; day < 10; day++) run.step(read('own', day))
    assert.equal(run.step(read('a', 10)), null)
    assert.equal(run.step(read('b', 10.5)), null)
    assert.equal(run.step(read('c', 11)), null)
    assert.equal(run.step(read('d', 11.1)), null)
    const hit = run.step(read('e', 11.2))
    assert.deepEqual(hit?.eventIds, ['e-c', 'e-d', 'e-e'])
    assert.equal(hit?.eventCount, 3)
  })

  it('takes several grouping fields as one value', () => {
    const groupBy = ['actor.id', 'tool.name', 'system']
    const run = firstSeen({ field: null, groupBy })
    const call = (name: string, system: string, day: number) =>
      makeEvent({ id: `${name}${day}`, time: T0 + day * DAY_MS, tool: { name }, system })
    for (let day = 0; day < 10; day++) {
      run.step(call('read', 'crm', day))
      run.step(call('write', 'wiki', day))
    }
    assert.equal(run.step(call('read', 'crm', 10)), null)
    assert.equal(run.step(call('read', 'wiki', 10))?.seen, 'read · wiki')
    assert.equal(run.step(makeEvent({ time: T0 + 11 * DAY_MS, system: 'new' })), null)
  })

  it('compares addresses by their network', () => {
    const run = firstSeen({ field: 'source.ip' })
    const via = (ip: string, day: number) =>
      makeEvent({ id: `${ip}-${day}`, time: T0 + day * DAY_MS, source: { ip } })
    for (let day = 0; day < 10; day++) run.step(via(`198.18.4.${day}`, day))
    assert.equal(run.step(via('198.18.4.200', 10)), null)
    assert.equal(run.step(via('198.18.5.200', 10))?.seen, '198.18.5.0/24')
  })

  it('does not take in what it sees under suspicion, before a person says so', () => {
    const suspected = () => {
      const run = firstSeen()
      settle(run, 20)
      assert.notEqual(run.step(from('SG', 20, 'p0'), { mayLearn: false }), null)
      return run
    }
    const run = suspected()
    // It is still unknown, but has been said.
    assert.equal(run.step(from('SG', 22, 'p0')), null)
    const view = run.describe(T0 + 21 * DAY_MS, 'p0')
    assert.deepEqual(
      view?.firstSeen.map(({ value }) => value),
      ['DE', 'SG'],
    )
    const frozen = suspected()
    const names = () => frozen.describe(T0, 'p0')?.firstSeen.map(({ value }) => value)
    assert.deepEqual(names(), ['DE'])
    frozen.accept('p0')
    assert.deepEqual(names(), ['DE', 'SG'])
    const attacked = suspected()
    attacked.reject('p0')
    attacked.accept('p0')
    assert.deepEqual(
      attacked.describe(T0, 'p0')?.firstSeen.map(({ value }) => value),
      ['DE'],
    )
  })

  it('lets late events teach and finds nothing in them', () => {
    const run = firstSeen()
    settle(run, 20)
    assert.equal(run.step(from('SG', 5, 'p0'), { isLate: true }), null)
    assert.equal(run.step(from('SG', 20, 'p0')), null)
  })

  it('keeps 64 values, the newest, and is not surprised by a collector', () => {
    const run = firstSeen({ field: 'resource.id' })
    const hits: (Hit | null)[] = []
    for (let i = 0; i < 400; i++) {
      const time = T0 + i * 6 * HOUR_MS
      hits.push(run.step(makeEvent({ id: `e${i}`, time, resource: [{ id: `r${i}` }] })))
    }
    const view = run.describe(T0 + 100 * DAY_MS)
    assert.equal(view?.firstSeen.at(-1)?.value, 'r399')
    assert.ok(Number(hits.at(-1)?.p) > 0.5, String(hits.at(-1)?.p))
    assert.ok(run.bytes().length < 12_000, String(run.bytes().length))
  })

  it('is small for a usual account', () => {
    const run = firstSeen()
    for (let day = 0; day < 60; day++) for (const c of ['DE', 'US']) run.step(from(c, day))
    assert.ok(run.bytes().length < 300, String(run.bytes().length))
  })

  it('has the same future after a restart at any point', () => {
    const plan = fc.array(
      fc.record({
        hours: fc.constantFrom(0, 1, 12, 24, 72, -5),
        value: fc.oneof(fc.nat(6).map(String), fc.constantFrom('\ud800', 'x'.repeat(10_000), '')),
        mayLearn: fc.boolean(),
        isLate: fc.boolean(),
        who: fc.constantFrom('a', 'b'),
      }),
      { maxLength: 80 },
    )
    fc.assert(
      fc.property(plan, fc.nat(80), fc.nat(80), (steps, restartAt, acceptAt) => {
        const [one, other] = [firstSeen(), firstSeen()]
        let hours = 0
        steps.forEach((step, i) => {
          if (i === restartAt) other.restart()
          for (const run of i === acceptAt ? [one, other] : []) run.accept('a')
          hours += step.hours
          const event = from(step.value, hours / 24, step.who)
          const [hit, again] = [one.step(event, step), other.step(event, step)]
          if (hit) checkHit(hit)
          assert.deepEqual(again, hit)
        })
        assert.deepEqual(other.bytes(), one.bytes())
      }),
    )
  })
})

describe('the network of an address', () => {
  it('is its /24 or /48, however it is written', () => {
    const rows: readonly (readonly [string, string])[] = [
      ['198.18.4.7', '198.18.4.0/24'],
      ['2001:DB8:7:1::9', '2001:db8:7::/48'],
      ['2001:0db8:0007:1:2:3:4:5', '2001:db8:7::/48'],
      ['2001:db8::1', '2001:db8:0::/48'],
      ['::1', '0:0:0::/48'],
      ['no address', 'no address'],
      ['1.2.3.4.5', '1.2.3.4.5'],
      ['', ''],
    ]
    for (const [address, network] of rows) assert.equal(networkOf(address), network)
  })
})
