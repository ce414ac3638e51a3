// What the read-spike rule promises: a burst is found in accounts of any size, a rhythm is not, and
// nothing that was suspicious, late or cut short by a restart changes what is normal.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DAY_MS, HOUR_MS } from '../rule.ts'
import { buildBaselineRatio } from './baseline.ts'
import {
  type Act,
  actsOf,
  bursty,
  type Life,
  MONDAY_MS,
  openLife,
  poisson,
  type Random,
  randomOf,
  ruleOf,
} from './test-lives.ts'

const at = (day: number, hour: number, minute = 0) =>
  MONDAY_MS + day * DAY_MS + hour * HOUR_MS + minute * 60_000

/** So much in working hours, a tenth of it in the evening, nothing at night and on weekends. */
function officeRate(hour: number): number {
  const [weekday, ofDay] = [Math.floor(hour / 24) % 7, hour % 24]
  if (weekday >= 5 || ofDay < 8 || ofDay >= 21) return 0
  return ofDay < 17 ? 1 : 0.1
}

const detector = buildBaselineRatio(ruleOf())

/** Accounts of one cohort with 30 days behind them. */
function office(sizes: readonly number[], seed: number, phi = 0.2) {
  const random = randomOf(seed)
  const shared = { cohort: detector.openCohort() }
  const lives = sizes.map(size => ({ size, life: openLife(detector, shared) }))
  const acts = (size: number, day: number) =>
    actsOf({ from: day * 24, count: 24 }, random, h => bursty(random, size * officeRate(h), phi))
  const found = { hits: 0, accountDays: 0 }
  const pass = (days: readonly number[]) => {
    for (const day of days) {
      for (const { size, life } of lives) {
        found.hits += life.live(acts(size, day)).length
        found.accountDays += 1
      }
    }
  }
  pass(Array.from({ length: 30 }, (_, day) => day))
  return { lives, random, acts, pass, found, shared }
}

function batch(day: number, hour: number, events: number): Act[] {
  return Array.from({ length: events }, (_, i) => ({ timeMs: at(day, hour, 2) + i * 5000 }))
}

function nightly(days: number, isOn: (day: number) => boolean = () => true): Act[] {
  return Array.from({ length: days }, (_, day) => day)
    .filter(isOn)
    .flatMap(day => batch(day, 2, 300))
}

const isWorkday = (day: number) => day % 7 < 5

describe('a burst', () => {
  it('of +400 % is found in small, median and large accounts', () => {
    const sizes = [5, 30, 600]
    const found = sizes.map(() => 0)
    for (let seed = 1; seed <= 12; seed++) {
      const { lives, acts, random } = office([...sizes, 8, 12, 20, 20, 50, 100], seed, 0.05)
      for (const [i, { life, size }] of lives.slice(0, 3).entries()) {
        const usual = acts(size, 31)
        const before = usual.filter(({ timeMs }) => timeMs < at(31, 13))
        const spike = actsOf({ from: 31 * 24 + 13, count: 2 }, random, () =>
          poisson(random, 5 * size),
        )
        assert.equal(life.live(before).length, 0)
        if (life.live(spike).length > 0) found[i] = (found[i] ?? 0) + 1
      }
    }
    const [small = 0, median = 0, large = 0] = found
    assert.ok(small >= 8, `small ${small}/12`)
    assert.ok(median >= 11, `median ${median}/12`)
    assert.ok(large >= 11, `large ${large}/12`)
  })

  it('outside an account’s shift is found, and said in words with its numbers', () => {
    const life = openLife(buildBaselineRatio(ruleOf({ field: 'rows', minCount: 5000 })))
    const rows = (acts: readonly Act[]) => acts.map(act => ({ ...act, rows: 1000 }))
    assert.deepEqual(life.live(rows(nightly(30, isWorkday))), [])
    const [first] = life.live(rows(batch(33, 14, 300)))
    const { hit } = first ?? assert.fail('nothing was found on the weekend')
    assert.match(
      hit.says,
      /^read [\d,]+ rows in 2 h, [\d.,]+ × the [\d,]+ expected of it on a Saturday at 14:\d\d UTC /,
    )
    assert.ok((hit.p ?? 1) < 0.001)
    assert.equal(hit.confidence, 1)
    assert.ok(Number(hit.seen) >= 5000 && Number(hit.seen) > 4 * Number(hit.expected))
    assert.ok(hit.eventIds.length >= 1 && hit.eventIds.length <= 50)
    assert.equal(hit.eventCount, Number(hit.seen) / 1000)
    assert.match(String(hit.features.at(-1)?.seen), /^(?:ratio|floor|p)$/)
    assert.ok(hit.features.some(({ weight }) => weight > 0))
  })

  it('below the floor, below the ratio or no rarer than asked is none', () => {
    const spike = () => batch(33, 14, 60)
    for (const [other, isFound] of [
      [{}, true],
      [{ minCount: 61 }, false],
      [{ condition: [{ operator: 'gt', value: 1e6 } as const] }, false],
      [{ pMax: 1e-13 }, false],
      [{ condition: [{ operator: 'lt', value: 1 } as const] }, false],
    ] as const) {
      const life = openLife(buildBaselineRatio(ruleOf(other)))
      life.live(nightly(30))
      assert.equal(life.live(spike()).length > 0, isFound, JSON.stringify(other))
    }
  })

  it('is no hit in the first three days, and of low confidence in the first week', () => {
    for (const [days, confidence] of [
      [2, null],
      [5, 0.3],
      [7, 0.6],
      [29, 1],
    ] as const) {
      const life = openLife(buildBaselineRatio(ruleOf({ pMax: 1 })))
      life.live(nightly(days))
      const [found] = life.live(batch(days, 14, 300))
      assert.equal(
        found?.hit.confidence ?? null,
        confidence === 0.6 ? found?.hit.confidence : confidence,
      )
      if (confidence === 0.6) assert.ok((found?.hit.confidence ?? 0) > 0.5)
      if (confidence !== null) {
        assert.deepEqual(found?.hit.learning, { days: days, of: 30 })
      }
    }
  })

  it('that goes on is not its own norm', () => {
    const life = openLife(detector)
    life.live(nightly(30))
    let hits = 0
    // For 18 hours, seen by an engine that never freezes.
    for (let i = 0; i < 18; i++) {
      const hour = 30 * 24 + 4 + i
      hits += batch(0, hour, 300).filter(act => life.step(act) !== null).length > 0 ? 1 : 0
    }
    // Each counts in the pool as one at the threshold, and this pool is that of one account.
    assert.ok(hits >= 15, String(hits))
    const view = life.describe(at(30, 21, 30)) ?? assert.fail()
    assert.ok(view.now > 500 && view.expected < 10, `${view.now} ${view.expected}`)
  })
})

describe('what is normal', () => {
  it('a nightly batch is expected at its hour on every day, also after only one week', () => {
    const life = openLife(buildBaselineRatio(ruleOf({ pMax: 1 })))
    assert.deepEqual(life.live(nightly(8)), [])
    const { hourOfWeek } = life.describe(at(7, 12)) ?? assert.fail()
    // Sunday's is not learnt yet: it is judged by Saturday's.
    for (let day = 0; day < 7; day++) {
      assert.ok((hourOfWeek[day * 24 + 2] ?? 0) >= 150, `day ${day}: ${hourOfWeek[day * 24 + 2]}`)
      assert.ok((hourOfWeek[day * 24 + 14] ?? 300) < 30)
    }
    assert.deepEqual(life.live(nightly(21).filter(({ timeMs }) => timeMs >= at(8, 0))), [])
  })

  it('a weekday job’s weekend is not', () => {
    const life = openLife(detector)
    life.live(nightly(19, isWorkday))
    const { hourOfWeek } = life.describe(at(19, 0)) ?? assert.fail()
    assert.ok((hourOfWeek[2] ?? 0) > 200)
    assert.ok((hourOfWeek[5 * 24 + 2] ?? 0) < 30)
    assert.equal(life.live(batch(19, 2, 300)).length, 1)
  })

  it('nor is its first one, of which nothing is known', () => {
    const life = openLife(detector)
    life.live(nightly(5, isWorkday))
    const { hourOfWeek } = life.describe(at(5, 0)) ?? assert.fail()
    assert.ok((hourOfWeek[5 * 24 + 2] ?? 0) <= 300 * 0.31)
  })

  it('the weekend of an account that is new is guessed from its cohort', () => {
    const shared = { cohort: detector.openCohort() }
    for (let i = 0; i < 8; i++) openLife(detector, shared).live(nightly(30))
    const life = openLife(detector, shared)
    life.live(nightly(5))
    const { hourOfWeek } = life.describe(at(5, 0)) ?? assert.fail()
    assert.ok((hourOfWeek[5 * 24 + 2] ?? 0) > 200)
  })

  it('an account that comes back from weeks away is met as before', () => {
    for (const days of [16, 23, 60, 800]) {
      const life = openLife(detector)
      life.live(nightly(30, isWorkday))
      const back = 30 - (30 % 7) + 7 * Math.ceil(days / 7)
      assert.deepEqual(life.live(batch(back, 2, 300)), [], `${days} days`)
      assert.deepEqual(life.live(batch(back + 1, 2, 300)), [], `${days} days and one`)
      const { hourOfWeek } = life.describe(at(back + 2, 0)) ?? assert.fail()
      assert.ok((hourOfWeek[24 + 2] ?? 0) > 100, `${days}: ${hourOfWeek[26]}`)
    }
  })

  it('the level is the account’s own: a large neighbour hides nothing', () => {
    const shared = { cohort: detector.openCohort() }
    const [small, large] = [openLife(detector, shared), openLife(detector, shared)]
    large.live(nightly(30).flatMap(act => Array.from({ length: 20 }, () => act)))
    small.live(nightly(30).filter((_, i) => i % 30 === 0))
    const { hourOfWeek } = small.describe(at(30, 0)) ?? assert.fail()
    assert.ok(Math.abs((hourOfWeek[26] ?? 0) - 10) < 1.5, String(hourOfWeek[26]))
  })
})

describe('the rate of false hits', () => {
  it('of benign accounts, Poisson and bursty, is far below what p allows', () => {
    const sizes = Array.from({ length: 40 }, (_, i) => 3 * 1.09 ** i)
    for (const [seed, phi] of [
      [1, 0],
      [2, 0.3],
      [3, 1],
    ] as const) {
      const { pass, found } = office(sizes, seed, phi)
      found.hits = 0
      found.accountDays = 0
      pass(Array.from({ length: 20 }, (_, i) => 30 + i))
      // 13 active hours a workday, each with at most 0.001.
      assert.ok(found.hits <= (found.accountDays * 13 * 5) / 7 / 1000, `φ ${phi}: ${found.hits}`)
    }
  })

  it('with p alone, is p, for an hour of activity', () => {
    const alone = buildBaselineRatio(ruleOf({ condition: [], minCount: 0, pMax: 0.01 }))
    const random = randomOf(5)
    const shared = { cohort: alone.openCohort() }
    const lives = Array.from({ length: 40 }, () => openLife(alone, shared))
    let [hours, hitHours] = [0, 0]
    for (let day = 0; day < 60; day++) {
      for (const [i, life] of lives.entries()) {
        for (let hour = day * 24; hour < day * 24 + 24; hour++) {
          const rate = 4 * (i + 1) * officeRate(hour)
          const acts = actsOf({ from: hour, count: 1 }, random, () => bursty(random, rate, 0.3))
          const isHit = acts.map(act => life.step(act)).some(hit => hit !== null)
          if (day < 30 || acts.length === 0) continue
          hours += 1
          if (isHit) hitHours += 1
        }
      }
    }
    const rate = hitHours / hours
    assert.ok(rate > 0.007 && rate < 0.0125, `${rate} of ${hours} h`)
  })
})

describe('time', () => {
  /** Any order in which no event is more than 15 minutes behind the newest. */
  function disordered(acts: readonly Act[], random: Random): Act[] {
    return acts
      .map(act => ({ act, arrivalMs: act.timeMs + random() * 15 * 60_000 }))
      .sort((a, b) => a.arrivalMs - b.arrivalMs)
      .map(({ act }) => act)
  }

  it('events out of order within the lateness count as if they had come in order', () => {
    const random = randomOf(11)
    const acts = actsOf({ from: 0, count: 24 * 20 }, random, h =>
      poisson(random, 8 * officeRate(h)),
    )
    const [inOrder, outOfOrder] = [openLife(detector), openLife(detector)]
    const end = { timeMs: at(21, 9) }
    inOrder.live([...acts, end])
    outOfOrder.live([...disordered(acts, random), end])
    assert.deepEqual(outOfOrder.describe(at(21, 9)), inOrder.describe(at(21, 9)))
    const spike = batch(21, 11, 200)
    const [expected] = inOrder.live(spike)
    assert.ok(expected)
    assert.equal(outOfOrder.live(disordered(spike, random)).length, 1)
  })

  it('a late event teaches the past and is in no window', () => {
    const [life, other] = [openLife(detector), openLife(detector)]
    for (const one of [life, other]) one.live(nightly(20))
    const nowMs = at(20, 12)
    for (const one of [life, other]) one.step({ timeMs: nowMs })
    for (let i = 0; i < 4000; i++) {
      assert.equal(life.step({ timeMs: at(19, 17, 1) }, true), null)
    }
    assert.equal(life.describe(nowMs)?.now, 1)
    for (const one of [life, other]) one.live(batch(21, 12, 1))
    const hour = 5 * 24 + 17
    const [taught = 0, not = 0] = [life, other].map(
      one => one.describe(at(21, 12))?.hourOfWeek[hour],
    )
    assert.ok(taught > not + 50, `${taught} ${not}`)
  })

  it('a window slides: what is older than its span is out of it', () => {
    const life = openLife(detector)
    life.live(nightly(10))
    life.live(batch(10, 12, 10))
    assert.equal(life.describe(at(10, 12, 30))?.now, 10)
    assert.equal(life.describe(at(10, 13, 55))?.now, 10)
    assert.equal(life.describe(at(10, 14, 10))?.now, 0)
  })

  it('centuries of silence, or a clock that jumps, close in no time', () => {
    const life = openLife(detector)
    for (const timeMs of [at(0, 1), at(40_000, 1), at(3, 1), at(40_001, 1)]) life.step({ timeMs })
    assert.ok(life.reopen().group < 2000)
  })
})

describe('suspicion', () => {
  const frozen = (acts: readonly Act[]): Act[] => acts.map(act => ({ ...act, isFrozen: true }))
  const norm = (life: Life) => life.describe(at(30, 0))?.hourOfWeek ?? assert.fail()
  const later = batch(29, 2, 300)

  it('a frozen time teaches nothing, and neither do the hours that led to it', () => {
    const [calm, attacked] = [openLife(detector), openLife(detector)]
    for (const life of [calm, attacked]) life.live(nightly(20))
    // Four hours unnoticed, then under suspicion for days.
    for (let hour = 10; hour < 14; hour++)
      for (const act of batch(20, hour, 900)) attacked.step(act)
    for (let day = 20; day < 27; day++)
      for (const act of frozen(batch(day, 15, 900))) attacked.step(act)
    for (const life of [calm, attacked]) life.live(later)
    const [expected, seen] = [norm(calm), norm(attacked)]
    for (let hour = 0; hour < 168; hour++) {
      const [a = 0, b = 0] = [expected[hour], seen[hour]]
      assert.ok(b <= a + 8, `hour ${hour}: ${b} for ${a}`)
    }
  })

  it('accepted, it counts', () => {
    const life = openLife(detector)
    life.live(nightly(20))
    for (let day = 20; day < 27; day++)
      for (const act of frozen(batch(day, 15, 900))) life.step(act)
    life.accept()
    life.live(later)
    assert.ok((norm(life)[15] ?? 0) > 100, String(norm(life)[15]))
    assert.deepEqual(life.live(batch(30, 15, 900)), [])
  })

  it('called an attack, it is never taken in, not by a later word about something else', () => {
    const life = openLife(detector)
    life.live(nightly(20))
    for (let day = 20; day < 27; day++)
      for (const act of frozen(batch(day, 15, 900))) life.step(act)
    life.reject()
    life.reopen()
    life.accept()
    life.live(later)
    assert.ok((norm(life)[15] ?? 0) < 100, String(norm(life)[15]))
    assert.notDeepEqual(life.live(batch(30, 15, 900)), [])
  })

  it('a job that comes once a month is accepted once, for as much and about its hour', () => {
    const closing = (day: number, hour: number, events: number) => batch(day, hour, events)
    const life = openLife(detector)
    const acts = nightly(100)
    const daysBefore = (from: number, to: number) =>
      acts.filter(({ timeMs }) => timeMs >= at(from, 0) && timeMs < at(to, 0))
    life.live(daysBefore(0, 26))
    assert.equal(life.live(closing(25, 18, 900)).length, 1)
    life.accept()
    life.live(daysBefore(26, 57))
    life.reopen()
    assert.deepEqual(life.live(closing(56, 19, 1000)), [])
    assert.equal(life.live(closing(56, 21, 1900)).length, 1, 'twice as much')
    life.live(daysBefore(57, 60))
    assert.equal(life.live(closing(60, 9, 800)).length, 1, 'at another time of the day')
  })

  it('a late event that is newer than the group itself is in no window either', () => {
    const life = openLife(detector)
    life.live(nightly(20))
    for (const act of batch(20, 12, 300)) assert.equal(life.step(act, true), null)
    assert.equal(life.describe(at(20, 12, 30))?.now, 0)
  })

  it('the hour of a hit does not make the pool believe that hits are usual', () => {
    const [shared, life] = [{ cohort: detector.openCohort() }, [] as Life[]]
    for (let i = 0; i < 5; i++) life.push(openLife(detector, shared))
    for (const one of life) one.live(nightly(20))
    const ps = [20, 21, 22, 23].map(day => {
      const [one] = life.splice(0, 1)
      return one?.live(batch(day, 15, 300))[0]?.hit.p ?? 1
    })
    for (const p of ps) assert.ok(p <= 0.001, ps.join(' '))
  })
})

describe('state', () => {
  it('saved and loaded at any point has the same future', () => {
    const random = randomOf(21)
    const acts = actsOf({ from: 0, count: 24 * 24 }, random, h =>
      poisson(random, 6 * officeRate(h)),
    )
    const all = [...acts, ...batch(24, 3, 80), ...batch(25, 11, 90)].map((act, i) => ({
      ...act,
      isFrozen: i % 500 > 470,
    }))
    const run = (cuts: readonly number[]) => {
      const life = openLife(detector)
      const hits = all.map((act, i) => {
        if (cuts.includes(i)) life.reopen()
        return life.step(act)
      })
      return { hits: hits.filter(hit => hit !== null), view: life.describe(at(26, 0)) }
    }
    const whole = run([])
    assert.ok(whole.hits.length > 0)
    const cut = fc.integer({ min: 0, max: all.length - 1 })
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 4 }), cuts => {
        assert.deepEqual(run(cuts), whole)
      }),
      { numRuns: 25 },
    )
  })

  it('is small: under 2.6 kB for who is always busy, a few bytes for who was seen once', () => {
    const random = randomOf(2)
    const busy = openLife(detector)
    busy.live(actsOf({ from: 0, count: 24 * 40 }, random, () => poisson(random, 20)))
    assert.ok(busy.reopen().group < 2600)
    const once = openLife(detector)
    once.step({ timeMs: at(0, 9) })
    assert.ok(once.reopen().group < 300, String(once.reopen().group))
  })

  it('nothing is known before the first event, also after a restart', () => {
    const life = openLife(detector)
    life.reopen()
    assert.equal(life.describe(at(0, 0)), null)
  })
})

describe('hostile values', () => {
  it('whatever a field or a time holds, nothing is thrown and numbers stay numbers', () => {
    const byRows = buildBaselineRatio(
      ruleOf({ field: 'rows', pMax: 1, minCount: 0, condition: [] }),
    )
    const rows = fc.oneof(
      fc.double(),
      fc.constantFrom(1e300, -1, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, undefined),
      fc.integer({ min: 0, max: 1000 }),
    )
    const time = fc.oneof(
      fc.integer({ min: MONDAY_MS, max: MONDAY_MS + 60 * DAY_MS }),
      fc.constantFrom(0, -1, Number.NaN, Number.MAX_SAFE_INTEGER, 8.64e15, 0.5),
    )
    const act = fc.record({ timeMs: time, rows, isFrozen: fc.boolean(), isLate: fc.boolean() })
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), acts => {
        const life = openLife(byRows)
        for (const { rows: amount, isLate, ...one } of acts) {
          const hit = life.step(amount === undefined ? one : { ...one, rows: amount }, isLate)
          if (hit) assert.ok(Number.isFinite(hit.seen) && Number.isFinite(hit.expected), hit.says)
        }
        life.reopen()
        const view = life.describe(MONDAY_MS + 61 * DAY_MS)
        for (const value of view?.hourOfWeek ?? []) assert.ok(value >= 0 && Number.isFinite(value))
      }),
    )
  })
})
