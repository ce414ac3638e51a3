import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SealedEvent } from '@tocsin/sdk/event'
import fc from 'fast-check'
import type { Hit } from '../detector.ts'
import { type CorrelationRule, DAY_MS } from '../rule.ts'
import { makeEvent, T0 } from '../test-events.ts'
import { checkHit, makeRule, type Run, runDetector } from '../test-runs.ts'
import { buildUnusualSequence } from './novelty.ts'

const SECOND = 1000

function sequence(parts: Partial<CorrelationRule> = {}): Run {
  const rule = makeRule({ type: 'unusual_sequence', timespanMs: 0, ...parts })
  return runDetector(buildUnusualSequence(rule))
}

function call(timeMs: number, endpoint: string, who = 'svc-a'): SealedEvent {
  return makeEvent({ who, id: `${who}-${timeMs}`, time: timeMs, endpoint })
}

/** Sessions of features, then a score, with some variety that repeats itself. */
function usualDay(run: Run, day: number, who = 'svc-a'): void {
  for (let i = 0; i < 30; i++) {
    const from = T0 + day * DAY_MS + i * 60 * SECOND
    run.step(call(from, 'POST /get-online-features', who))
    run.step(call(from + SECOND, i % 5 === day % 5 ? 'POST /batch' : 'POST /predict', who))
  }
}

/** `steps` in a row on a day; what was claimed. */
function doNow(run: Run, day: number, steps: readonly string[]): readonly (Hit | null)[] {
  const from = T0 + day * DAY_MS + 40 * 60 * SECOND
  return steps.map((endpoint, i) => run.step(call(from + i * SECOND, endpoint)))
}

function settled(days = 20, parts: Partial<CorrelationRule> = {}): Run {
  const run = sequence({ pMax: 0.05, minCount: 5, ...parts })
  for (let day = 0; day < days; day++) {
    for (const who of ['svc-a', 'svc-b', 'svc-c', 'svc-d']) usualDay(run, day, who)
  }
  return run
}

const repeated = (endpoint: string, times: number) => Array.from({ length: times }, () => endpoint)

describe('unusual_sequence', () => {
  it('finds the same call over and over where it always came in turn', () => {
    const hits = doNow(settled(), 20, repeated('POST /get-online-features', 30))
    const first = hits.findIndex(hit => hit !== null)
    const hit = hits[first]
    assert.ok(hit)
    checkHit(hit)
    assert.ok(first >= 4 && first < 16, String(first))
    const steps = 'read POST /get-online-features → read POST /get-online-features'
    assert.ok(hit.says.includes(`(${steps})`), hit.says)
    assert.match(hit.says, /^did things in an order unlike it: 5 of its last 16 steps never came/)
    assert.equal(hit.eventIds.length, 16)
    assert.equal(hit.eventIds.at(-1), `svc-a-${T0 + 20 * DAY_MS + (2400 + first) * SECOND}`)
    assert.ok(Number(hit.seen) > 2 * Number(hit.expected))
  })

  it('finds calls that were never made', () => {
    const steps = ['GET /datasets', 'GET /datasets/{id}', 'GET /export', 'PUT /bucket']
    const hits = doNow(settled(), 20, [...steps, ...steps, ...steps, ...steps])
    assert.notEqual(hits.find(hit => hit !== null) ?? null, null)
  })

  it('is silent in the usual order, day after day', () => {
    const run = settled()
    const pairs = Array.from({ length: 20 }, () => ['POST /get-online-features', 'POST /predict'])
    assert.deepEqual(
      doNow(run, 20, pairs.flat()).filter(hit => hit !== null),
      [],
    )
  })

  it('wants so many unseen steps as min_count says, and three where it does not', () => {
    const unseen = (minCount: number) => {
      const hits = doNow(settled(20, { minCount }), 20, repeated('GET /new', 16))
      return hits.findIndex(hit => hit !== null) + 1
    }
    assert.ok(unseen(0) >= 3)
    assert.ok(unseen(12) >= 12, String(unseen(12)))
  })

  it('claims nothing in the first week, nor of hardly any events', () => {
    const strange = repeated('GET /new', 30)
    assert.equal(doNow(settled(7), 6, strange).find(hit => hit !== null) ?? null, null)
    const rare = sequence()
    for (let day = 0; day < 20; day++) rare.step(call(T0 + day * DAY_MS, 'POST /predict'))
    assert.equal(doNow(rare, 20, strange).find(hit => hit !== null) ?? null, null)
  })

  it('learns nothing under suspicion before a person says so', () => {
    const strange = repeated('GET /new', 40)
    const again = (mayLearn: boolean, isAccepted: boolean) => {
      const run = settled()
      const from = T0 + 20 * DAY_MS
      strange.forEach((endpoint, i) => {
        run.step(call(from + i * SECOND, endpoint), { mayLearn })
      })
      if (isAccepted) run.accept()
      const hits = doNow(run, 21, strange)
      return hits.filter(hit => hit !== null).length
    }
    assert.equal(again(true, false), 0)
    assert.ok(again(false, false) > 0)
    assert.equal(again(false, true), 0)
  })

  it('takes what many others do for less strange', () => {
    const nats = (isKnownToOthers: boolean) => {
      const run = settled()
      for (let i = 0; i < 400; i++) {
        const endpoint = isKnownToOthers ? 'GET /new' : 'POST /predict'
        run.step(call(T0 + 19.5 * DAY_MS + i * SECOND, endpoint, 'svc-b'))
      }
      doNow(run, 20, repeated('GET /new', 16))
      return run.describe(T0 + 21 * DAY_MS)?.now ?? 0
    }
    assert.ok(nats(true) < nats(false) - 0.5, `${nats(true)} ${nats(false)}`)
  })

  it('leaves late events out of the order', () => {
    const run = settled()
    const before = run.bytes()
    assert.equal(run.step(call(T0, 'GET /late'), { isLate: true }), null)
    assert.deepEqual(run.bytes(), before)
  })

  it('is bounded whatever comes', () => {
    const run = sequence()
    for (let i = 0; i < 20_000; i++) {
      const odd = i % 3 === 0 ? `${'x'.repeat(200)}${i}` : `\ud800${i % 700}`
      const hit = run.step(call(T0 + i * 60 * SECOND, odd))
      if (hit) checkHit(hit)
    }
    // Mostly of the cohort, whose table is the larger one.
    assert.ok(run.bytes().length < 400_000, String(run.bytes().length))
    const before = run.bytes()
    run.restart()
    assert.deepEqual(run.bytes(), before)
  })

  it('has the same future after a restart at any point', () => {
    const plan = fc.array(
      fc.record({
        seconds: fc.constantFrom(0, 1, 60, 3600, 86_400, -30),
        endpoint: fc.constantFrom('a', 'b', 'c', '\udc00', 'x'.repeat(10_000)),
        mayLearn: fc.boolean(),
        who: fc.constantFrom('a', 'b'),
      }),
      { maxLength: 80 },
    )
    fc.assert(
      fc.property(plan, fc.nat(80), (steps, restartAt) => {
        const [one, other] = [sequence(), sequence()]
        let timeMs = T0
        steps.forEach((step, i) => {
          if (i === restartAt) other.restart()
          timeMs += step.seconds * SECOND
          const event = call(timeMs, step.endpoint, step.who)
          assert.deepEqual(other.step(event, step), one.step(event, step))
        })
        assert.deepEqual(
          ['a', 'b'].map(who => other.describe(timeMs, who)),
          ['a', 'b'].map(who => one.describe(timeMs, who)),
        )
      }),
    )
    const [one, other] = [settled(), settled()]
    other.restart()
    const strange = repeated('GET /new', 30)
    assert.deepEqual(doNow(other, 20, strange), doNow(one, 20, strange))
  })
})
