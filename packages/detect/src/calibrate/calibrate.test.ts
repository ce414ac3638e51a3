// Properties that a threshold may rely on: the stated rate is the realised one for scores like
// those of the pool, a higher score is never more usual, nothing is impossible, a saved pool goes
// on as if it had not been saved.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readState, type StateReader, writeState } from '../state-bytes.ts'
import {
  addScore,
  loadPool,
  openPool,
  P_MIN,
  type Pool,
  pOf,
  savePool,
  scoreOfP,
} from './calibrate.ts'

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const exponential = (random: () => number) => -Math.log(1 - random())
const gaussian = (random: () => number) =>
  Math.max(0, Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random()))
const logNormal = (random: () => number) =>
  Math.exp(Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random()))

const KINDS = { exponential, gaussian, logNormal }

/** Share of fresh scores with a p of at most each level, over many pools: each is a chance. */
function realised(draw: (random: () => number) => number, sizes: { pool: number; fresh: number }) {
  const random = randomOf(7)
  const levels = [0.1, 0.01, 0.001]
  const counts = levels.map(() => 0)
  const pools = 40
  for (let i = 0; i < pools; i++) {
    const pool = openPool()
    for (let n = 0; n < sizes.pool; n++) addScore(pool, draw(random))
    for (let n = 0; n < sizes.fresh; n++) {
      const p = pOf(pool, draw(random))
      for (const [at, level] of levels.entries()) if (p <= level) counts[at] = (counts[at] ?? 0) + 1
    }
  }
  return counts.map(count => count / (pools * sizes.fresh))
}

function reopened(pool: Pool): Pool {
  const out = writeState()
  savePool(pool, out)
  const input: StateReader = readState(out.finish())
  const again = loadPool(input)
  assert.ok(input.atEnd)
  return again
}

describe('a pool of scores', () => {
  it('gives (1 + number at least as high) / (n + 1) where it is dense', () => {
    const pool = openPool()
    for (let i = 1; i <= 20; i++) addScore(pool, i)
    assert.equal(pOf(pool, 0), 1)
    assert.equal(pOf(pool, 20), 2 / 21)
    assert.equal(pOf(pool, 16), 6 / 21)
    // Of few scores no more is known than that none was as high.
    assert.equal(pOf(pool, 1e9), 1 / 21)
  })

  for (const [name, draw] of Object.entries(KINDS)) {
    it(`the stated rate is the realised one, for ${name} scores`, () => {
      const [tenth = 0, hundredth = 0, thousandth = 0] = realised(draw, { pool: 3000, fresh: 5000 })
      const told = `${tenth} ${hundredth} ${thousandth}`
      assert.ok(tenth > 0.08 && tenth <= 0.104, told)
      assert.ok(hundredth > 0.008 && hundredth <= 0.0112, told)
      // Here the fitted tail decides; it leans to the careful side.
      assert.ok(thousandth > 0.0003 && thousandth <= 0.0014, told)
    })
  }

  it('p falls with the score, is never 0 and never above 1', () => {
    const score = fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constant(0))
    fc.assert(
      fc.property(fc.array(score, { maxLength: 300 }), score, score, (scores, a, b) => {
        const pool = openPool()
        for (const [at, one] of scores.entries()) {
          addScore(pool, one)
          // Fits the tail at some of the sizes, so that it is an older one that is asked.
          if (at % 37 === 0) pOf(pool, a)
        }
        const [low, high] = [pOf(pool, Math.min(a, b)), pOf(pool, Math.max(a, b))]
        assert.ok(low <= 1 && high >= P_MIN && low >= high, `${low} ${high}`)
      }),
    )
  })

  it('takes what is no number for nothing, and what has no end for the rarest', () => {
    const pool = openPool()
    for (let i = 0; i < 100; i++) addScore(pool, i % 7)
    addScore(pool, Number.NaN)
    assert.equal(pool.size, 100)
    assert.equal(pOf(pool, Number.NaN), 1)
    assert.equal(pOf(pool, Number.NEGATIVE_INFINITY), 1)
    assert.equal(pOf(pool, Number.POSITIVE_INFINITY), P_MIN)
    addScore(pool, Number.POSITIVE_INFINITY)
    assert.ok(pOf(pool, 1e300) > 0)
  })

  it('a pool of nothing calls nothing rare', () => {
    assert.equal(pOf(openPool(), 1e9), 1)
  })

  it('the threshold for a rate is where p reaches it', () => {
    const pool = openPool()
    const random = randomOf(3)
    for (let i = 0; i < 5000; i++) addScore(pool, exponential(random))
    for (const rate of [0.2, 0.01, 0.0005]) {
      const score = scoreOfP(pool, rate)
      assert.ok(pOf(pool, score) <= rate)
      assert.ok(pOf(pool, score * 0.9) > rate, `${rate}: ${score}`)
    }
  })

  it('old scores fade: what became usual is called usual', () => {
    const pool = openPool()
    const random = randomOf(5)
    for (let i = 0; i < 30_000; i++) addScore(pool, exponential(random))
    const before = pOf(pool, 12)
    for (let i = 0; i < 200_000; i++) addScore(pool, 4 * exponential(random))
    assert.ok(before < 0.0001)
    assert.ok(pOf(pool, 12) > 0.03)
    assert.ok(pool.size < 40_000)
  })

  it('saved and loaded at any point it has the same future', () => {
    const scores = fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { maxLength: 200 })
    fc.assert(
      fc.property(scores, scores, fc.double({ min: 0, max: 1e5, noNaN: true }), (a, b, asked) => {
        const pool = openPool()
        for (const one of a) addScore(pool, one)
        pOf(pool, asked)
        const again = reopened(pool)
        for (const one of b) {
          addScore(pool, one)
          addScore(again, one)
          assert.equal(pOf(again, asked), pOf(pool, asked))
        }
        assert.equal(pOf(again, asked), pOf(pool, asked))
      }),
    )
  })
})
