import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Hit } from '../detector.ts'
import { type CorrelationRule, DAY_MS, HOUR_MS } from '../rule.ts'
import { makeEvent, T0 } from '../test-events.ts'
import { checkHit, makeRule, type Run, runDetector } from '../test-runs.ts'
import { buildUnusualHour } from './novelty.ts'
import { markHour, openWeeks, weeksActive } from './week-map.ts'

function unusualHour(parts: Partial<CorrelationRule> = {}): Run {
  return runDetector(buildUnusualHour(makeRule({ type: 'unusual_hour', timespanMs: 0, ...parts })))
}

let made = 0
/** Some events in an hour; what the last one gave. T0 is a Monday, 00 UTC. */
function active(run: Run, hour: number, events = 1, mayLearn = true): Hit | null {
  let hit: Hit | null = null
  for (let i = 0; i < events; i++) {
    made += 1
    const time = T0 + hour * HOUR_MS + 12 * 60_000 + i * 1000
    hit = run.step(makeEvent({ id: `e${made}`, time }), { mayLearn })
  }
  return hit
}

/** Office hours for so many days. */
function office(run: Run, days: number, fromDay = 0): void {
  for (let day = fromDay; day < fromDay + days; day++) {
    if (day % 7 >= 5) continue
    for (let hour = 8; hour < 17; hour++) active(run, 24 * day + hour)
  }
}

describe('unusual_hour', () => {
  it('finds a night when somebody with office hours was never active', () => {
    const run = unusualHour({ pMax: 0.004, minCount: 3 })
    office(run, 33)
    const hit = active(run, 24 * 33 + 3, 3)
    assert.ok(hit)
    checkHit(hit)
    assert.equal(
      hit.says,
      'was active at 03:12 UTC on a Saturday (3 events in the hour); ' +
        'in 32 days active on 0 of 4 Saturdays between 02 and 05',
    )
    assert.deepEqual([hit.eventCount, hit.eventIds.length], [3, 3])
    assert.equal(hit.confidence, 1)
    assert.equal(hit.startMs, T0 + (24 * 33 + 3) * HOUR_MS + 12 * 60_000)
  })

  it('is silent in the hours that are usual, and beside them', () => {
    const run = unusualHour({ pMax: 0.004 })
    office(run, 29)
    for (let hour = 8; hour < 17; hour++) assert.equal(active(run, 24 * 29 + hour), null)
    assert.equal(active(run, 24 * 29 + 17), null)
  })

  it('waits for so many events in the hour as min_count says', () => {
    const run = unusualHour({ pMax: 0.004, minCount: 3 })
    office(run, 33)
    assert.equal(active(run, 24 * 33 + 3, 2), null)
    assert.equal(active(run, 24 * 33 + 4, 2), null)
    assert.equal(active(run, 24 * 33 + 5, 3)?.eventCount, 3)
  })

  it('claims nothing in the first week, and half at its end', () => {
    const early = unusualHour()
    office(early, 7)
    assert.equal(active(early, 24 * 6 + 3), null)
    const hit = active(early, 24 * 7 + 23)
    assert.equal(hit?.learning?.of, 14)
    assert.ok(Number(hit?.confidence) >= 0.5 && Number(hit?.confidence) < 0.6)
  })

  it('expects everything of somebody who turns around the clock', () => {
    const run = unusualHour()
    for (let day = 0; day < 30; day++) {
      const phase = day % 10
      if (phase >= 6) continue
      const start = 24 * day + 6 + 8 * Math.floor(phase / 2)
      for (let hour = start; hour < start + 8; hour++) active(run, hour)
    }
    const lowest = Math.min(...(run.describe(T0 + 30 * DAY_MS)?.hourOfWeek ?? []))
    assert.ok(lowest > 0.05, String(lowest))
  })

  it('is not surprised by anything of somebody who comes at all hours, now and then', () => {
    const run = unusualHour()
    const hits: (Hit | null)[] = []
    // 17 and 168 have no divisor in common: never the same hour of the week within a year.
    for (let i = 0; i < 120; i++) hits.push(active(run, 17 * i, 3))
    assert.deepEqual(
      hits.filter(hit => hit !== null),
      [],
    )
  })

  it('is less surprised each night of somebody on call', () => {
    const run = unusualHour()
    office(run, 60)
    const nights = [0, 2, 4, 7, 9].map(i => Number(active(run, 24 * (60 + i) + 2)?.p))
    assert.ok((nights.at(-1) ?? 0) > 2 * (nights[0] ?? 0), String(nights))
  })

  it('does not take one night for a habit of that night', () => {
    const run = unusualHour({ pMax: 0.004 })
    office(run, 33)
    const night = [1, 2, 3, 4].map(hour => Number(active(run, 24 * 33 + hour)?.p))
    assert.equal(new Set(night).size, 1, String(night))
  })

  it('learns nothing under suspicion before a person says so', () => {
    const nightOf = (isAccepted: boolean, mayLearn: boolean) => {
      const run = unusualHour()
      office(run, 33)
      active(run, 24 * 33 + 3, 1, mayLearn)
      if (isAccepted) run.accept()
      return Number(active(run, 24 * 40 + 3)?.p)
    }
    assert.ok(nightOf(false, false) < nightOf(false, true))
    assert.equal(nightOf(true, false), nightOf(false, true))
  })

  it('lets late events teach the past', () => {
    const run = unusualHour()
    office(run, 33)
    const before = run.describe(T0 + 34 * DAY_MS)?.hourOfWeek[24 * 5 + 3] ?? 1
    const late = makeEvent({ id: 'late', time: T0 + (24 * 26 + 3) * HOUR_MS })
    assert.equal(run.step(late, { isLate: true }), null)
    const after = run.describe(T0 + 34 * DAY_MS)?.hourOfWeek[24 * 5 + 3] ?? 0
    assert.ok(after > before, `${before} ${after}`)
  })

  it('shows the week: busy hours high, nights low', () => {
    const run = unusualHour()
    office(run, 35)
    const week = run.describe(T0 + 35 * DAY_MS)?.hourOfWeek ?? []
    assert.equal(week.length, 168)
    assert.ok((week[24 + 10] ?? 0) > 0.9)
    assert.ok((week[24 + 3] ?? 1) < 0.02)
    assert.ok((week[24 * 6 + 10] ?? 1) < 0.3)
  })

  it('is small, and has the same future after a restart at any point', () => {
    const plan = fc.array(
      fc.record({
        hours: fc.constantFrom(0, 1, 5, 24, 167, 168, -3, 2000),
        mayLearn: fc.boolean(),
        isLate: fc.boolean(),
      }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(plan, fc.nat(60), (steps, restartAt) => {
        const [one, other] = [unusualHour(), unusualHour()]
        let hours = 0
        steps.forEach((step, i) => {
          if (i === restartAt) other.restart()
          hours = Math.max(0, hours + step.hours)
          const event = makeEvent({ id: `e${i}`, time: T0 + hours * HOUR_MS })
          const [hit, again] = [one.step(event, step), other.step(event, step)]
          if (hit) checkHit(hit)
          assert.deepEqual(again, hit)
        })
        assert.deepEqual(other.bytes(), one.bytes())
      }),
    )
    const run = unusualHour()
    office(run, 60)
    assert.ok(run.bytes().length < 450, String(run.bytes().length))
  })
})

describe('the map of weeks', () => {
  it('says what a list of hours would, of the eight newest weeks', () => {
    const hours = fc.array(fc.integer({ min: 0, max: 20 * 168 }), { maxLength: 60 })
    fc.assert(
      fc.property(hours, fc.integer({ min: 0, max: 20 * 168 }), (list, asked) => {
        const weeks = openWeeks()
        for (const hour of list) markHour(weeks, hour)
        const weekOf = (hour: number) => Math.floor((hour - 96) / 168)
        const newest = Math.max(0, ...list.map(weekOf))
        const span = { fromHour: 200, untilHour: asked }
        const same = Array.from({ length: 30 }, (_, i) => asked - 168 * i).filter(
          hour => hour >= 200 && hour < asked && newest - weekOf(hour) < 8,
        )
        const { active, seen } = weeksActive(weeks, asked, span)
        const kept = same.slice(0, 7)
        assert.equal(seen, kept.length)
        assert.equal(active, kept.filter(hour => list.includes(hour)).length)
      }),
    )
  })
})
