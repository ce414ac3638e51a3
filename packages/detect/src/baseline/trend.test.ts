import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cusum, fitClimb, mannKendall } from './trend.ts'

const series = (length: number, valueAt: (i: number) => number) =>
  Array.from({ length }, (_, i) => valueAt(i))

describe('a trend', () => {
  it('Mann–Kendall agrees with the textbook on a series of ten', () => {
    // 45 pairs, all rising: S = 45, Var S = 10 · 9 · 25 / 18 = 125.
    assert.equal(mannKendall(series(10, i => i)), 44 / Math.sqrt(125))
    assert.equal(mannKendall(series(10, i => -i)), -44 / Math.sqrt(125))
    assert.equal(mannKendall(series(10, () => 1)), 0)
    assert.equal(mannKendall([1]), 0)
    assert.equal(mannKendall([]), 0)
  })

  it('a CUSUM forgets what went down, and one value adds at most three deviations', () => {
    assert.equal(cusum([100]), 2.5)
    assert.equal(cusum([-100, 1.5, 1.5]), 2)
    assert.equal(cusum([]), 0)
    assert.equal(cusum(series(20, () => 0.5)), 0)
  })

  it('a climb is told from a step, both ways', () => {
    const climb = fitClimb(series(20, i => Math.max(0, i - 9) * 0.06))
    assert.ok(climb.climbError < 1e-9 && climb.stepError > 0.05)
    assert.equal(climb.knot, 9)
    assert.ok(Math.abs(climb.slope - 0.06) < 1e-9)
    const step = fitClimb(series(20, i => (i > 9 ? 0.7 : 0)))
    assert.ok(step.stepError < 1e-9 && step.climbError > 0.1)
  })
})
