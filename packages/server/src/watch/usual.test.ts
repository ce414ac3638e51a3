// What is usual, against an independent computation: percentiles by counting, hours by the calendar
// of Date, samples by looking at every hour of the past.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  DAY_MS,
  HOUR_MS,
  hourOfWeek,
  learningAt,
  PAST_MS,
  pointsOf,
  quantile,
  seriesOf,
  usualAt,
  WEEK_MS,
  weekMapOf,
} from './usual.ts'

/** Monday 00 UTC. */
const MONDAY = Date.UTC(2026, 10, 2)
const byHour = (values: (t: number) => number, from: number, to: number) => {
  const hours = new Map<number, number>()
  for (let t = from; t < to; t += HOUR_MS) if (values(t) !== 0) hours.set(t, values(t))
  return hours
}

/** The value that so many hundredths of the samples do not pass, between two in proportion. */
function percentile(samples: readonly number[], hundredths: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const steps = (hundredths * (sorted.length - 1)) / 100
  const [low = 0, high = low] = sorted.slice(Math.trunc(steps), Math.trunc(steps) + 2)
  return low * (1 - (steps % 1)) + high * (steps % 1)
}

/** Every hour of four weeks before, asked of the calendar. */
function samplesByHand(hours: ReadonlyMap<number, number>, firstMs: number, t: number) {
  const at = new Date(t)
  const isWeekend = (day: number) => day === 0 || day === 6
  const week: number[] = []
  const pool: number[] = []
  for (let before = t - PAST_MS; before < t; before += HOUR_MS) {
    const then = new Date(before)
    if (before + HOUR_MS <= firstMs || then.getUTCHours() !== at.getUTCHours()) continue
    const value = hours.get(before) ?? 0
    if (then.getUTCDay() === at.getUTCDay()) week.push(value)
    if (isWeekend(then.getUTCDay()) === isWeekend(at.getUTCDay())) pool.push(value)
  }
  return week.length >= 3 ? week : pool.length >= 3 ? pool : null
}

describe('the hours of the week', () => {
  it('begin on Monday 00 UTC', () => {
    for (let i = 0; i < 400; i++) {
      const t = MONDAY + i * HOUR_MS + 1234
      const date = new Date(t)
      assert.equal(hourOfWeek(t), ((date.getUTCDay() + 6) % 7) * 24 + date.getUTCHours())
    }
    assert.equal(hourOfWeek(0), 3 * 24, '1970 began on a Thursday')
  })
})

describe('a percentile', () => {
  it('lies between two samples in proportion', () => {
    assert.deepEqual(
      [0, 0.1, 0.5, 0.9, 1].map(share => quantile([0, 10, 20, 30, 40], share)),
      [0, 4, 20, 36, 40],
    )
    assert.equal(quantile([7], 0.9), 7)
    assert.equal(quantile([1, 3], 0.5), 2)
  })
})

describe('what is usual at an hour', () => {
  it('is the same hour of the week in the four weeks before', () => {
    const tuesday2 = MONDAY + DAY_MS + 2 * HOUR_MS
    const values = [10, 0, 40, 20]
    const hours = new Map(values.map((value, i) => [tuesday2 - (i + 1) * WEEK_MS, value]))
    hours
      .set(tuesday2 - 5 * WEEK_MS, 1e9)
      .set(tuesday2, 1e9)
      .set(tuesday2 - DAY_MS, 1e9)
    const series = seriesOf(hours, tuesday2 - 9 * WEEK_MS, HOUR_MS)
    const { basis, ...band } = usualAt(series, tuesday2) ?? assert.fail()
    const { lo, expected, hi } = band
    assert.deepEqual([basis, Math.fround(lo), expected, hi], ['week', 3, 15, 34])
  })

  it('is pooled over days of its kind while fewer than three weeks are known', () => {
    const wednesday9 = MONDAY + 2 * DAY_MS + 9 * HOUR_MS
    const hours = byHour(t => new Date(t).getUTCDate(), MONDAY - 9 * DAY_MS, wednesday9)
    const series = seriesOf(hours, MONDAY - 9 * DAY_MS, HOUR_MS)
    const usual = usualAt(series, wednesday9)
    assert.equal(usual?.basis, 'pool')
    // 26 to 30 October, 2 and 3 November; not the weekends.
    assert.equal(usual?.expected, percentile([26, 27, 28, 29, 30, 2, 3], 50))
    const saturday9 = MONDAY + 5 * DAY_MS + 9 * HOUR_MS
    assert.equal(usualAt(series, saturday9)?.expected, percentile([24, 25, 31, 1], 50))
  })

  it('is nothing that is claimed when fewer than three are known, or nothing at all', () => {
    const t = MONDAY + 3 * DAY_MS
    const hours = byHour(() => 5, t - 3 * DAY_MS, t)
    for (const [firstMs, isKnown] of [
      [t - 3 * DAY_MS, true],
      [t - 2 * DAY_MS, false],
      [t - HOUR_MS, false],
      [t + DAY_MS, false],
      [null, false],
    ] as const)
      assert.equal(usualAt(seriesOf(hours, firstMs, HOUR_MS), t) !== null, isKnown, `${firstMs}`)
  })

  it('agrees with samples counted by hand, whatever was done and since when', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50_000 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: -40 * 24, max: 10 }),
        fc.integer({ min: 0, max: 167 }),
        fc.integer({ min: 0, max: HOUR_MS - 1 }),
        (values, firstHour, hour, into) => {
          const t = MONDAY + hour * HOUR_MS
          const firstMs = MONDAY + firstHour * HOUR_MS + into
          const from = firstMs - into
          const hours = byHour(at => values[(at / HOUR_MS) % values.length] ?? 0, from, t)
          const usual = usualAt(seriesOf(hours, firstMs, HOUR_MS), t)
          const samples = samplesByHand(hours, firstMs, t)
          assert.equal(usual === null, samples === null)
          if (!usual || !samples) return
          for (const [found, hundredths] of [
            [usual.lo, 10],
            [usual.expected, 50],
            [usual.hi, 90],
          ] as const)
            assert.ok(Math.abs(found - percentile(samples, hundredths)) < 1e-6)
          assert.ok(usual.lo <= usual.expected && usual.expected <= usual.hi)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('sums hours to longer steps without losing any', () => {
    const hours = byHour(t => (t / HOUR_MS) % 7, MONDAY - 6 * WEEK_MS, MONDAY + WEEK_MS)
    for (const stepMs of [HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, DAY_MS]) {
      const points = pointsOf(seriesOf(hours, 0, stepMs), MONDAY, MONDAY + WEEK_MS)
      assert.equal(points.length, WEEK_MS / stepMs)
      const sum = points.reduce((total, { value }) => total + value, 0)
      const all = [...hours].filter(([t]) => t >= MONDAY).reduce((total, [, v]) => total + v, 0)
      assert.equal(sum, all)
      assert.ok(
        points.every(({ expected, t }, i) => expected !== null && t === MONDAY + i * stepMs),
      )
    }
  })
})

describe('the week', () => {
  it('has now and the mean of the weeks that are known', () => {
    const end = MONDAY + 5 * HOUR_MS
    const firstMs = end - 3 * WEEK_MS
    // 100 a week ago, 200 two weeks ago; nobody knows what was before.
    const age = (t: number) => Math.ceil((end - t) / WEEK_MS)
    const hours = byHour(t => (age(t) - 1) * 100 + 1, firstMs, end)
    const { now, usual } = weekMapOf(seriesOf(hours, firstMs, HOUR_MS), end)
    assert.deepEqual([now.length, usual.length], [168, 168])
    assert.ok(now.every(value => value === 1))
    assert.ok(usual.every(value => value === 151))
    const young = weekMapOf(seriesOf(hours, end - WEEK_MS - 1, HOUR_MS), end)
    assert.equal(young.usual.filter(value => value !== null).length, 1)
  })
})

describe('learning', () => {
  it('counts whole days up to four weeks', () => {
    const days = (ms: number) => learningAt(MONDAY, MONDAY + ms).days
    assert.deepEqual(
      [-DAY_MS, 0, DAY_MS - 1, DAY_MS, 27.9 * DAY_MS, 400 * DAY_MS].map(days),
      [0, 0, 0, 1, 27, 28],
    )
    assert.deepEqual(learningAt(null, MONDAY), { days: 0, of: 28 })
  })
})
