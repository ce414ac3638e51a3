import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SealedEvent } from '@tocsin/sdk/event'
import fc from 'fast-check'
import { LATENESS_MS } from '../detect.ts'
import type { Detector } from '../detector.ts'
import type { Comparison, CorrelationRule } from '../rule.ts'
import { makeEvent, T0 } from '../test-events.ts'
import { checkHit, makeRule, type Run, runDetector } from '../test-runs.ts'
import { LATE_MS } from './sliding-window.ts'
import { buildEventCount, buildValueCount, buildValueSum } from './windows.ts'

const MINUTE = 60_000
const SPAN = 10 * MINUTE

type Operator = Comparison['operator']
const asks = (operator: Operator, value: number): readonly Comparison[] => [{ operator, value }]

function run<S, C>(
  build: (rule: CorrelationRule) => Detector<S, C>,
  parts: Partial<CorrelationRule>,
): Run {
  return runDetector(build(makeRule({ timespanMs: SPAN, ...parts })))
}

function at(ms: number, parts: Partial<SealedEvent> = {}): SealedEvent {
  return makeEvent({ id: `e${ms}-${parts.rows ?? ''}`, time: T0 + ms, ...parts })
}

describe('event_count', () => {
  it('holds what is inside (t − span, t], to the millisecond', () => {
    const inside = run(buildEventCount, { condition: asks('gte', 2) })
    inside.step(at(0))
    assert.equal(inside.step(at(SPAN - 1))?.seen, 2)
    const outside = run(buildEventCount, { condition: asks('gte', 2) })
    outside.step(at(0))
    assert.equal(outside.step(at(SPAN)), null)
  })

  it('slides: five events are found wherever they lie', () => {
    const counted = run(buildEventCount, { condition: asks('gt', 4) })
    const times = [0, 9, 11, 13, 15, 17, 18].map(minute => minute * MINUTE)
    const found = times.map(time => counted.step(at(time)) !== null)
    assert.deepEqual(found, [false, false, false, false, false, true, true])
  })

  it('counts each of many events of one moment', () => {
    const counted = run(buildEventCount, { condition: asks('eq', 3) })
    const seen = [1, 2, 3, 4].map(() => counted.step(at(5))?.seen ?? null)
    assert.deepEqual(seen, [null, null, 3, null])
  })

  it('wants all comparisons to hold, and nothing from none', () => {
    const both = run(buildEventCount, {
      condition: [
        { operator: 'gt', value: 1 },
        { operator: 'neq', value: 3 },
      ],
    })
    const seen = [1, 2, 3, 4].map(ms => both.step(at(ms))?.seen ?? null)
    assert.deepEqual(seen, [null, 2, null, 4])
    assert.equal(run(buildEventCount, { condition: [] }).step(at(0)), null)
  })

  it('is silent below the floor', () => {
    const counted = run(buildEventCount, { condition: asks('gte', 1), minCount: 3 })
    const seen = [1, 2, 3].map(ms => counted.step(at(ms))?.seen ?? null)
    assert.deepEqual(seen, [null, null, 3])
  })

  it('says what it saw and where it begins, and names the events, newest last', () => {
    const counted = run(buildEventCount, { condition: asks('gt', 59) })
    const hits = Array.from({ length: 60 }, (_, i) => counted.step(at(i))).filter(h => h !== null)
    assert.equal(hits.length, 1)
    const [hit] = hits
    assert.ok(hit)
    checkHit(hit)
    assert.equal(hit.says, 'had 60 matching events in 10 min; the rule asks for more than 59')
    assert.equal(hit.startMs, T0 + 59 - SPAN)
    assert.equal(hit.eventCount, 60)
    assert.equal(hit.eventIds.length, 50)
    assert.equal(hit.eventIds.at(-1), 'e59-')
    assert.equal(hit.eventIds[0], 'e10-')
  })

  it('puts a late event where it belongs, and judges every window it is in', () => {
    const counted = run(buildEventCount, { condition: asks('gte', 3) })
    for (const minute of [0, 9, 12]) counted.step(at(minute * MINUTE))
    const hit = counted.step(at(5 * MINUTE))
    // 0, 5 and 9 lie in the window that ends at 9; with 12, 0 is out and 5, 9, 12 are in.
    assert.equal(hit?.startMs, T0 + 9 * MINUTE - SPAN)
    assert.deepEqual(hit?.eventIds, ['e0-', `e${5 * MINUTE}-`, `e${9 * MINUTE}-`])
  })

  it('leaves out what the engine calls late', () => {
    const counted = run(buildEventCount, { condition: asks('gte', 2) })
    counted.step(at(0))
    assert.equal(counted.step(at(-1), { isLate: true }), null)
    assert.equal(counted.step(at(1))?.seen, 2)
  })
})

describe('a condition that asks for little', () => {
  const few = { condition: asks('lt', 2) }

  it('is not met before the entity was watched for a whole span', () => {
    const counted = run(buildEventCount, few)
    assert.equal(counted.step(at(0)), null)
    assert.equal(counted.tick(T0 + SPAN - 1), null)
    assert.equal(counted.tick(T0 + SPAN)?.seen, 0)
  })

  it('knows an entity that was watched by another rule', () => {
    const counted = run(buildEventCount, few)
    assert.equal(counted.step(at(0), { firstMs: T0 - SPAN })?.seen, 1)
  })

  it('is said once, and again when it was all right in between', () => {
    const counted = run(buildEventCount, few)
    counted.step(at(0))
    const said = [11, 12, 13].map(minute => counted.tick(T0 + minute * MINUTE) !== null)
    counted.step(at(14 * MINUTE))
    counted.step(at(15 * MINUTE))
    const again = [16, 25, 26].map(minute => counted.tick(T0 + minute * MINUTE)?.seen ?? null)
    assert.deepEqual(said, [true, false, false])
    assert.deepEqual(again, [null, 0, null])
  })

  it('counts down to nothing, to the millisecond', () => {
    const counted = run(buildEventCount, { condition: asks('eq', 0) })
    counted.step(at(0), { firstMs: T0 - 2 * SPAN })
    assert.equal(counted.tick(T0 + SPAN - 1), null)
    assert.equal(counted.tick(T0 + SPAN)?.seen, 0)
  })

  it('waits for time alone: what asks for much is not looked at between events', () => {
    assert.equal(buildEventCount(makeRule({ condition: asks('gt', 2) })).tick, undefined)
    assert.notEqual(buildEventCount(makeRule(few)).tick, undefined)
  })
})

describe('value_sum', () => {
  const rows = { field: 'rows', condition: asks('gt', 1000) }

  it('sums the field, to the millisecond', () => {
    const sum = run(buildValueSum, rows)
    sum.step(at(0, { rows: 1000 }))
    assert.equal(sum.step(at(SPAN, { rows: 1000 })), null)
    assert.equal(sum.step(at(SPAN + 1, { rows: 1 }))?.seen, 1001)
  })

  it('takes events without the field for nothing', () => {
    const sum = run(buildValueSum, { ...rows, condition: asks('gte', 0) })
    assert.equal(sum.step(at(0)), null)
    assert.equal(sum.step(at(1, { operation: 'x' })), null)
  })

  it('comes out even after sums beyond 2^53 and after fractions', () => {
    const huge = run(buildValueSum, { ...rows, condition: asks('gt', 0) })
    huge.step(at(0, { rows: Number.MAX_SAFE_INTEGER }))
    for (let i = 1; i < 9; i++) huge.step(at(i, { rows: Number.MAX_SAFE_INTEGER - i }))
    assert.equal(huge.step(at(SPAN + 9, { rows: 7 }))?.seen, 7)
    const fractions = run(buildValueSum, {
      field: 'params.temperature',
      condition: asks('gt', 0),
    })
    for (let i = 0; i < 100; i++) fractions.step(at(i, { params: { temperature: 0.1 } }))
    assert.equal(fractions.step(at(SPAN + 100, { params: { temperature: 0.3 } }))?.seen, 0.3)
  })
})

describe('value_count', () => {
  const resource = (...ids: readonly string[]) => ({ resource: ids.map(id => ({ id })) })
  const many = { field: 'resource.id', condition: asks('gte', 3) }

  it('counts different values, of lists each', () => {
    const counted = run(buildValueCount, many)
    assert.equal(counted.step(at(0, resource('a', 'b'))), null)
    assert.equal(counted.step(at(1, resource('a', 'b'))), null)
    const hit = counted.step(at(2, resource('c')))
    assert.equal(hit?.seen, 3)
    assert.equal(hit?.eventCount, 3)
  })

  it('forgets a value with its last event, to the millisecond', () => {
    const counted = run(buildValueCount, many)
    for (const [ms, id] of [
      [0, 'a'],
      [1, 'b'],
      [2, 'a'],
    ] as const) {
      counted.step(at(ms, resource(id)))
    }
    assert.equal(counted.step(at(SPAN + 1, resource('c'))), null)
    assert.equal(counted.step(at(SPAN + 1, resource('d')))?.seen, 3)
  })

  it('counts numbers', () => {
    const counted = run(buildValueCount, { field: 'source.asn', condition: asks('gte', 2) })
    counted.step(at(0, { source: { asn: 64500 } }))
    assert.equal(counted.step(at(1, { source: { asn: 64500 } })), null)
    assert.equal(counted.step(at(2, { source: { asn: 64501 } }))?.seen, 2)
  })

  it('stays exact at the newest event however often a value comes', () => {
    const counted = run(buildValueCount, many)
    counted.step(at(0, resource('a')))
    for (let i = 1; i < 5000; i++) counted.step(at(i, resource('b')))
    assert.equal(counted.step(at(5001, resource('c')))?.seen, 3)
    assert.ok(counted.bytes().length < 40_000, `${counted.bytes().length} bytes`)
  })

  it('keeps as many values as the rule asks for', () => {
    const counted = run(buildValueCount, { ...many, condition: asks('gte', 1500) })
    const seen = Array.from({ length: 1500 }, (_, i) => counted.step(at(i, resource(`r${i}`))))
    assert.equal(seen.at(-2), null)
    assert.equal(seen.at(-1)?.seen, 1500)
  })
})

describe('any window', () => {
  it('reaches as far back as events may be late', () => {
    assert.ok(LATE_MS >= LATENESS_MS)
  })

  const steps = fc.array(
    fc.record({
      /** Advance of the clock, and how far behind it the event is. */
      ahead: fc.constantFrom(0, 1, 500, MINUTE, 3 * MINUTE, SPAN - 1, SPAN, SPAN + 1),
      behind: fc.constantFrom(0, 0, 0, 1, MINUTE, SPAN, LATE_MS),
      rows: fc.integer({ min: 0, max: 4 }),
    }),
    { maxLength: 60 },
  )
  type Measure = (events: readonly SealedEvent[]) => number
  const kinds: readonly (readonly [typeof buildEventCount, string | null, Measure])[] = [
    [buildEventCount, null, events => events.length],
    [buildValueSum, 'rows', events => events.reduce((sum, { rows = 0 }) => sum + rows, 0)],
  ]

  /** What every window that the newest arrival is in would say, from all events so far. */
  function naive(events: readonly SealedEvent[], measure: Measure, least: number): number | null {
    const newest = events.at(-1)
    if (!newest) return null
    const ends = [...new Set(events.map(({ time }) => time))].sort((a, b) => a - b)
    for (const end of ends) {
      if (end < newest.time || end - SPAN >= newest.time) continue
      const value = measure(events.filter(({ time }) => time > end - SPAN && time <= end))
      if (value >= least) return value
    }
    return null
  }

  function checkAgainst(
    made: Run,
    { list, measure }: { list: readonly SealedEvent[]; measure: Measure },
    restartAt: number,
  ): void {
    list.forEach((event, i) => {
      if (i === restartAt) made.restart()
      const hit = made.step(event)
      if (hit) checkHit(hit)
      assert.equal(hit?.seen ?? null, naive(list.slice(0, i + 1), measure, 4))
    })
  }

  function eventsOf(plan: readonly { ahead: number; behind: number; rows: number }[]) {
    let now = LATE_MS
    return plan.map(({ ahead, behind, rows }, i) => {
      now += ahead
      return makeEvent({ id: `e${i}`, time: T0 + now - behind, rows })
    })
  }

  it('says what a count of all events would, in any order, with a restart anywhere', () => {
    fc.assert(
      fc.property(steps, fc.nat(60), (plan, restartAt) => {
        for (const [build, field, measure] of kinds) {
          const made = run(build, { field, condition: asks('gte', 4) })
          checkAgainst(made, { list: eventsOf(plan), measure }, restartAt)
        }
        const distinct: Measure = events => new Set(events.map(({ rows }) => rows)).size
        const made = run(buildValueCount, { field: 'rows', condition: asks('gte', 4) })
        checkAgainst(made, { list: eventsOf(plan), measure: distinct }, restartAt)
      }),
      { numRuns: 200 },
    )
  })

  it('has the same bytes after a restart', () => {
    fc.assert(
      fc.property(steps, plan => {
        const made = run(buildValueCount, { field: 'rows', condition: asks('lt', 2) })
        for (const event of eventsOf(plan)) made.step(event)
        const before = made.bytes()
        made.restart()
        assert.deepEqual(made.bytes(), before)
      }),
    )
  })

  it('is bounded: beyond 1,024 moments it lets go up to a 256th of the span too early', () => {
    const counted = run(buildEventCount, { condition: asks('gt', 0), timespanMs: 100 * MINUTE })
    const every = 100
    const exact = (100 * MINUTE) / every
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < 3 * exact; i++) {
      const seen = counted.step(at(i * every))?.seen
      if (i > 2 * exact) least = Math.min(least, Number(seen))
      assert.ok(Number(seen) <= exact, `${seen} of ${exact}`)
    }
    assert.ok(least >= exact - exact / 256 - 1, `${least} of ${exact}`)
    assert.ok(counted.bytes().length < 30_000, `${counted.bytes().length} bytes`)
  })

  it('survives what no event should be', () => {
    const wild: readonly Partial<SealedEvent>[] = [
      { resource: [{ id: 'x'.repeat(10_000) }, { id: `${'y'.repeat(243)}\ud83d\ude00` }] },
      { resource: [{ id: '\ud800' }, {}, { id: '' }], rows: Number.MAX_SAFE_INTEGER },
      { rows: 0, operation: '' },
    ]
    const condition = asks('gte', 0)
    for (const field of ['resource.id', 'rows', 'ext.a.b', '', 'constructor.name']) {
      for (const wildRun of [
        run(buildEventCount, { field, condition }),
        run(buildValueSum, { field, condition }),
        run(buildValueCount, { field, condition }),
      ]) {
        wild.forEach((parts, i) => {
          const hit = wildRun.step(at(i, parts))
          if (hit) checkHit(hit)
        })
        const before = wildRun.bytes()
        wildRun.restart()
        assert.deepEqual(wildRun.bytes(), before)
        assert.ok(before.length < 3000, `${before.length} bytes`)
      }
    }
  })
})
