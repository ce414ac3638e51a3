import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readState, writeState } from '../state-bytes.ts'
import {
  type Gram,
  isKnown,
  learnGram,
  loadCounts,
  type NgramCounts,
  openCounts,
  packGram,
  predict,
  saveCounts,
  unpackGram,
} from './ngram-counts.ts'

const symbol = fc.nat(5)
const gram = fc.record({ a: symbol, b: symbol, c: symbol })
const grams = fc.array(gram, { maxLength: 200 })

/** Witten–Bell as the book has it, by counting the list again for every question. */
function naive(list: readonly Gram[], { a, b, c }: Gram, base: number): number {
  const orders = [list, list.filter(g => g.b === b), list.filter(g => g.a === a && g.b === b)]
  return orders.reduce((lower, seen) => {
    if (seen.length === 0) return lower
    const count = seen.filter(g => g.c === c).length
    const different = new Set(seen.map(g => g.c)).size
    return (count + different * lower) / (seen.length + different)
  }, base)
}

function learnt(list: readonly Gram[], slotsMax = 65_536): NgramCounts {
  const table = openCounts(slotsMax)
  for (const one of list) learnGram(table, one)
  return table
}

function restart(table: NgramCounts): NgramCounts {
  const out = writeState()
  saveCounts(table, out)
  return loadCounts(readState(out.finish()), table.slotsMax)
}

describe('n-gram counts', () => {
  it('predict as Witten and Bell do', () => {
    fc.assert(
      fc.property(grams, gram, (list, asked) => {
        const expected = naive(list, asked, 1 / 129)
        const found = predict(learnt(list), asked, 1 / 129)
        assert.ok(Math.abs(found - expected) < 1e-12, `${found} ${expected}`)
      }),
    )
  })

  it('give probabilities that add up to 1', () => {
    const table = learnt([1, 2, 3, 1, 2, 4].map(c => ({ a: 1, b: c % 3, c })))
    let sum = 0
    for (let c = 0; c < 128; c++) sum += predict(table, { a: 1, b: 2, c }, 1 / 128)
    assert.ok(Math.abs(sum - 1) < 1e-9, String(sum))
  })

  it('know what they learnt, and say the same after a restart', () => {
    fc.assert(
      fc.property(grams, grams, (list, more) => {
        const table = learnt(list)
        const again = restart(table)
        for (const one of more) {
          assert.equal(
            isKnown(table, one),
            list.some(g => packGram(g) === packGram(one)),
          )
          assert.equal(predict(again, one, 0.01), predict(table, one, 0.01))
        }
        for (const one of more) for (const t of [table, again]) learnGram(t, one)
        for (const one of list) {
          assert.equal(predict(again, one, 0.01), predict(table, one, 0.01))
        }
      }),
    )
  })

  it('stay within their limit, and forget what came once before what came often', () => {
    const table = openCounts(256)
    const often = { a: 1, b: 2, c: 3 }
    for (let i = 0; i < 20_000; i++) {
      learnGram(table, unpackGram((i * 7919) % 2 ** 21))
      if (i % 4 === 0) learnGram(table, often)
    }
    assert.equal(table.keys.length, 256)
    assert.ok(table.used <= 0.75 * 256, String(table.used))
    assert.ok(isKnown(table, often))
    assert.equal(isKnown(table, unpackGram(7919)), false)
  })

  it('do not overflow', () => {
    const table = openCounts(64)
    const [x, y] = [
      { a: 0, b: 0, c: 0 },
      { a: 0, b: 0, c: 1 },
    ]
    for (let i = 0; i < 200_000; i++) learnGram(table, i % 4 === 0 ? y : x)
    assert.ok(Math.abs(predict(table, x, 0) - 0.75) < 0.01, String(predict(table, x, 0)))
  })

  it('pack a gram into a number and back', () => {
    const any = fc.record({ a: fc.nat(127), b: fc.nat(127), c: fc.nat(127) })
    fc.assert(
      fc.property(any, one => {
        assert.deepEqual(unpackGram(packGram(one)), { ...one })
      }),
    )
  })
})
