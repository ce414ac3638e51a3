import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DAY_MS, HOUR_MS } from '../rule.ts'
import { makeEvent, T0 } from '../test-events.ts'
import { checkHit, makeRule, type Run, runDetector } from '../test-runs.ts'
import { buildAbsence } from './windows.ts'

const MINUTE = 60_000

function absence(timespanMs = 10 * MINUTE, parts = {}): Run {
  return runDetector(buildAbsence(makeRule({ type: 'absence', timespanMs, ...parts })))
}

/** Events each `stepMs` from `fromMs` on, up to `toMs`; when the last one was. */
function live(run: Run, fromMs: number, toMs: number, stepMs: number): number {
  let last = fromMs
  for (let ms = fromMs; ms <= toMs; ms += stepMs) {
    run.step(makeEvent({ id: `e${ms}`, time: T0 + ms }))
    last = ms
  }
  return last
}

describe('absence', () => {
  it('notices a steady source that is silent for longer than the span, to the millisecond', () => {
    const run = absence()
    const last = live(run, 0, 5 * DAY_MS, MINUTE)
    assert.equal(run.tick(T0 + last + 10 * MINUTE), null)
    const hit = run.tick(T0 + last + 10 * MINUTE + 1)
    assert.ok(hit)
    checkHit(hit)
    assert.equal(hit.startMs, T0 + last)
    assert.equal(hit.says, 'has been silent for 10 min; in 5 days (7,201 events) at most 1 min')
    assert.equal(hit.eventIds.at(-1), `e${last}`)
    assert.ok(hit.confidence < 1)
  })

  it('says a silence once, and the next one again', () => {
    const run = absence()
    const last = live(run, 0, 5 * DAY_MS, MINUTE)
    const said = [11, 12, 60].map(minute => run.tick(T0 + last + minute * MINUTE) !== null)
    assert.deepEqual(said, [true, false, false])
    const next = live(run, last + 2 * HOUR_MS, last + 3 * HOUR_MS, MINUTE)
    // Two hours are known now, but not yet of many days.
    assert.equal(run.tick(T0 + next + 3.9 * HOUR_MS), null)
    assert.notEqual(run.tick(T0 + next + 4 * HOUR_MS + 1), null)
  })

  it('forgives one outage once there are two weeks', () => {
    const run = absence()
    live(run, 0, 9 * DAY_MS, MINUTE)
    const last = live(run, 9 * DAY_MS + 6 * HOUR_MS, 15 * DAY_MS, MINUTE)
    assert.notEqual(run.tick(T0 + last + 11 * MINUTE), null)
  })

  it('knows nights and weekends', () => {
    const run = absence(HOUR_MS)
    let last = 0
    // T0 is a Monday.
    for (let day = 0; day < 19; day++) {
      if (day % 7 >= 5) continue
      const from = day * DAY_MS + 8 * HOUR_MS
      // No tick of any silence in this life is a finding.
      for (let ms = last + HOUR_MS; ms < from; ms += HOUR_MS) {
        const found = run.tick(T0 + ms)
        assert.equal(day > 8 && found !== null, false, `day ${day}`)
      }
      last = live(run, from, from + 9 * HOUR_MS, 10 * MINUTE)
    }
    // The week after, nobody comes on Monday, nor on Tuesday.
    assert.equal(run.tick(T0 + last + 63 * HOUR_MS), null)
    assert.notEqual(run.tick(T0 + last + 127 * HOUR_MS), null)
  })

  it('expects nothing before three days and twenty events', () => {
    const young = absence()
    const last = live(young, 0, 3 * DAY_MS - MINUTE, MINUTE)
    assert.equal(young.tick(T0 + last + DAY_MS), null)
    const rare = absence()
    const lastOfRare = live(rare, 0, 18 * DAY_MS, DAY_MS)
    assert.equal(rare.tick(T0 + lastOfRare + 9 * DAY_MS), null)
    assert.equal(absence().tick(T0), null)
  })

  it('does not learn a silence under suspicion before a person says so', () => {
    const make = () => {
      const run = absence()
      const last = live(run, 0, 10 * DAY_MS, MINUTE)
      const after = last + 4 * HOUR_MS
      run.step(makeEvent({ id: 'after', time: T0 + after }), { mayLearn: false })
      return { run, after: live(run, after + MINUTE, after + HOUR_MS, MINUTE) }
    }
    const frozen = make()
    assert.notEqual(frozen.run.tick(T0 + frozen.after + HOUR_MS), null)
    const accepted = make()
    accepted.run.accept()
    assert.equal(accepted.run.tick(T0 + accepted.after + HOUR_MS), null)
  })

  it('asks for p where the rule does', () => {
    const run = absence(10 * MINUTE, { pMax: 0.05 })
    const last = live(run, 0, 17 * DAY_MS, MINUTE)
    assert.equal(run.tick(T0 + last + HOUR_MS), null)
    const later = live(run, last + MINUTE, 21 * DAY_MS, MINUTE)
    assert.ok(Number(run.tick(T0 + later + HOUR_MS)?.p) <= 0.05)
  })

  it('has the same future after a restart at any point', () => {
    const plan = fc.array(
      fc.record({
        afterMs: fc.constantFrom(0, 1, MINUTE, HOUR_MS, 6 * HOUR_MS, -HOUR_MS),
        mayLearn: fc.boolean(),
        isTick: fc.boolean(),
      }),
      { maxLength: 120 },
    )
    fc.assert(
      fc.property(plan, fc.nat(120), (steps, restartAt) => {
        const [one, other] = [absence(MINUTE), absence(MINUTE)]
        let now = T0
        steps.forEach(({ afterMs, mayLearn, isTick }, i) => {
          if (i === restartAt) other.restart()
          now += afterMs
          const play = (run: Run) =>
            isTick ? run.tick(now) : run.step(makeEvent({ id: `e${i}`, time: now }), { mayLearn })
          assert.deepEqual(play(other), play(one))
        })
        assert.deepEqual(other.bytes(), one.bytes())
        assert.ok(one.bytes().length < 1500)
      }),
    )
  })
})
