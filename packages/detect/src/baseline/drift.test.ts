// A climb of a few per cent a day is found within days; what also goes up, but does not climb, is
// not.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DAY_MS } from '../rule.ts'
import { buildBaselineDrift } from './baseline.ts'
import { type Act, gaussian, MONDAY_MS, openLife, randomOf, ruleOf } from './test-lives.ts'

const rule = ruleOf({ type: 'baseline_drift', condition: [], timespanMs: 0, field: 'rows' })
const detector = buildBaselineDrift(rule)

const WEEK = [1, 1.1, 1, 0.9, 0.8, 0.3, 0.25]

type Day = (day: number) => number

/** Four events a day with the day's rows between them. */
function actsOf(days: number, sizeOn: Day, noise: { seed: number; sigma: number }): Act[] {
  const random = randomOf(noise.seed)
  return Array.from({ length: days }, (_, day) => {
    const factor = Math.exp(noise.sigma * gaussian(random) - noise.sigma ** 2 / 2)
    const rows = Math.round(250 * (WEEK[day % 7] ?? 0) * sizeOn(day) * factor)
    const hours = [9, 11, 13, 16]
    return hours.map(hour => ({ timeMs: MONDAY_MS + day * DAY_MS + hour * 3_600_000, rows }))
  }).flat()
}

/** Days with a finding, of an account among others that live as usual. */
function daysFound(days: number, sizeOn: Day, noise: { seed: number; sigma: number }): number[] {
  const shared = { cohort: detector.openCohort() }
  const others = Array.from({ length: 10 }, (_, i) => ({
    life: openLife(detector, shared),
    acts: actsOf(days, () => 1, { seed: 1000 * noise.seed + i, sigma: noise.sigma }),
  }))
  const life = openLife(detector, shared)
  const acts = actsOf(days, sizeOn, noise)
  const found: number[] = []
  for (let day = 0; day < days; day++) {
    const untilMs = MONDAY_MS + (day + 1) * DAY_MS
    const today = (all: readonly Act[]) =>
      all.filter(({ timeMs }) => timeMs < untilMs && timeMs >= untilMs - DAY_MS)
    for (const other of others) other.life.live(today(other.acts))
    if (life.live(today(acts)).length > 0) found.push(day)
  }
  return found
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

const climb = (aDay: number, from: number) => (day: number) =>
  day < from ? 1 : (1 + aDay) ** (day - from + 1)

describe('a slow climb', () => {
  const firstOf = (aDay: number, sigma: number, seed: number) => {
    const [first] = daysFound(51, climb(aDay, 30), { seed, sigma })
    assert.ok(first === undefined || first >= 32, `found on day ${first}, before it began`)
    return first ?? Number.POSITIVE_INFINITY
  }

  it('of 6 % a day is found within 12 days', () => {
    for (const [sigma, least] of [
      [0.05, 10],
      [0.1, 9],
      [0.15, 9],
    ] as const) {
      const found = SEEDS.filter(seed => firstOf(0.06, sigma, seed) <= 42)
      assert.ok(found.length >= least, `σ ${sigma}: ${found.length} of ${SEEDS.length}`)
    }
  })

  it('of an account whose days vary by a third is mostly found within three weeks', () => {
    const found = SEEDS.filter(seed => firstOf(0.06, 0.3, seed) <= 51)
    assert.ok(found.length >= 6, `${found.length} of ${SEEDS.length}`)
  })

  it('is said in words, with its days and its rate', () => {
    const life = openLife(detector)
    const [found] = life.live(actsOf(45, climb(0.06, 30), { seed: 1, sigma: 0.05 }))
    const { hit } = found ?? assert.fail()
    assert.match(
      hit.says,
      /^took [\d.]+ % more each day for \d+ days: [\d,]+ rows on the last \w+day, where /,
    )
    assert.match(
      hit.says,
      /[\d,]+ were usual before; the newest days are [\d.]+ × the norm \(p = [\d.e-]+\)$/,
    )
    assert.ok(hit.startMs >= MONDAY_MS + 26 * DAY_MS && hit.startMs <= MONDAY_MS + 36 * DAY_MS)
    assert.ok(Number(hit.seen) > 1.2 * Number(hit.expected))
    assert.ok(hit.eventIds.length > 0 && hit.eventIds.length <= 50)
    assert.ok(hit.features.every(({ weight }) => weight > 0))
  })

  it('is one finding a week, however long it goes on', () => {
    const found = daysFound(60, climb(0.06, 30), { seed: 1, sigma: 0.05 })
    assert.ok(found.length >= 2 && found.length <= 4, found.join(' '))
    for (const [i, day] of found.entries()) assert.ok(i === 0 || day - (found[i - 1] ?? 0) >= 7)
  })

  it('is judged by the rule’s floor, ratio and p', () => {
    const acts = actsOf(45, climb(0.06, 30), { seed: 1, sigma: 0.05 })
    for (const [other, isFound] of [
      [{}, true],
      [{ minCount: 100_000 }, false],
      [{ condition: [{ operator: 'gt', value: 9 } as const] }, false],
      [{ condition: [{ operator: 'gt', value: 1.2 } as const] }, true],
      [{ pMax: 1e-13 }, false],
    ] as const) {
      const life = openLife(buildBaselineDrift({ ...rule, ...other }))
      assert.equal(life.live(acts).length > 0, isFound, JSON.stringify(other))
    }
  })
})

describe('no climb is', () => {
  const quiet: { readonly [name: string]: Day } = {
    'a weekly rhythm': () => 1,
    'one busy day': day => (day === 40 ? 12 : 1),
    'three days at the end of a month': day => (day >= 40 && day < 43 ? 10 : 1),
    'a step after a release that stays level': day => (day >= 35 ? 2.2 : 1),
    'the ramp of a new account that then stays level': day => Math.min(1, 0.1 + day / 9),
    'a fall': day => (day < 30 ? 1 : 0.94 ** (day - 30)),
    'a vacation and the return from it': day => (day >= 24 && day < 38 ? 0 : 1),
  }
  for (const [name, sizeOn] of Object.entries(quiet)) {
    it(name, () => {
      for (const sigma of [0.05, 0.15]) {
        for (const seed of SEEDS) {
          assert.deepEqual(daysFound(60, sizeOn, { seed, sigma }), [], `σ ${sigma}, seed ${seed}`)
        }
      }
    })
  }

  it('noise, more often than one account in hundreds of days', () => {
    let days = 0
    let hits = 0
    for (const sigma of [0.1, 0.3, 0.7]) {
      for (let seed = 20; seed < 30; seed++) {
        hits += daysFound(90, () => 1, { seed, sigma }).length
        days += 90
      }
    }
    assert.ok(hits <= days / 450, `${hits} in ${days} days`)
  })
})

describe('its state', () => {
  const acts = actsOf(48, climb(0.06, 30), { seed: 3, sigma: 0.1 })

  it('saved and loaded at any point has the same future', () => {
    const run = (cuts: readonly number[]) => {
      const life = openLife(detector)
      const hits = acts.map((act, i) => {
        if (cuts.includes(i)) life.reopen()
        return life.step({ ...act, isFrozen: i % 60 === 59 })
      })
      return {
        hits: hits.filter(hit => hit !== null),
        view: life.describe(MONDAY_MS + 48 * DAY_MS),
      }
    }
    const whole = run([])
    assert.ok(whole.hits.length > 0)
    const cut = fc.integer({ min: 0, max: acts.length - 1 })
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 4 }), cuts => assert.deepEqual(run(cuts), whole)),
      { numRuns: 50 },
    )
  })

  it('a climb under suspicion is no part of what is usual, until it is accepted', () => {
    const frozen = acts.map(act => ({ ...act, isFrozen: act.timeMs >= MONDAY_MS + 32 * DAY_MS }))
    const life = openLife(detector)
    for (const act of frozen) life.step(act)
    const nowMs = MONDAY_MS + 56 * DAY_MS
    const before = life.describe(nowMs)?.expected ?? 0
    life.accept()
    assert.ok((life.describe(nowMs)?.expected ?? 0) > 1.1 * before)
    const after = actsOf(60, day => (day < 48 ? 0 : 1.06 ** 18), { seed: 9, sigma: 0.05 })
    assert.deepEqual(life.live(after.filter(({ timeMs }) => timeMs >= MONDAY_MS + 48 * DAY_MS)), [])
  })

  it('a climb that was called an attack is no part of it after a later word, either', () => {
    const frozen = acts.map(act => ({ ...act, isFrozen: act.timeMs >= MONDAY_MS + 32 * DAY_MS }))
    const life = openLife(detector)
    for (const act of frozen) life.step(act)
    const nowMs = MONDAY_MS + 56 * DAY_MS
    const before = life.describe(nowMs)?.expected ?? 0
    life.reject()
    life.reopen()
    life.accept()
    assert.equal(life.describe(nowMs)?.expected, before)
  })

  it('a late event counts on its own day', () => {
    const life = openLife(detector)
    for (const day of [0, 1, 2]) life.step({ timeMs: MONDAY_MS + day * DAY_MS, rows: 100 })
    assert.equal(life.step({ timeMs: MONDAY_MS + DAY_MS, rows: 900 }, true), null)
    assert.equal(life.describe(MONDAY_MS + 2 * DAY_MS)?.now, 100)
  })

  it('silence of any length, and anything in a field or a time, is taken', () => {
    const time = fc.oneof(
      fc.integer({ min: MONDAY_MS, max: MONDAY_MS + 90 * DAY_MS }),
      fc.constantFrom(0, -1, Number.NaN, Number.MAX_SAFE_INTEGER, MONDAY_MS + 40_000 * DAY_MS),
    )
    const rows = fc.oneof(fc.double(), fc.constantFrom(1e300, -1, Number.NaN, 0))
    const one = fc.record({ timeMs: time, rows, isFrozen: fc.boolean() })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 150 }), some => {
        const life = openLife(buildBaselineDrift({ ...rule, pMax: 1, minCount: 0 }))
        for (const act of some) {
          const hit = life.step(act)
          if (hit) assert.ok(Number.isFinite(hit.seen) && Number.isFinite(hit.expected), hit.says)
        }
        life.reopen()
        const view = life.describe(MONDAY_MS + 91 * DAY_MS)
        if (view) assert.ok(Number.isFinite(view.expected) && Number.isFinite(view.now))
      }),
    )
  })
})
