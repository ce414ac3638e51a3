import assert from 'node:assert/strict'
import { it } from 'node:test'
import { tenths } from './amount.ts'

const sum = (shown: readonly string[]) =>
  shown.reduce((total, part) => total + Math.round(Number(part) * 10), 0) / 10

it('what is shown adds up to the sum that is shown', () => {
  for (const parts of [
    [25.678043750028152, 50.75328124214456, 3.874957197114096, 0],
    [1 / 3, 1 / 3, 1 / 3],
    [0.04, 0.04, 0.04],
    [30.740713515649983, 6.447734999466884, 1.819506972659914, 1.1599474232590374, 0.82],
    [],
  ]) {
    const total = parts.reduce((a, b) => a + b, 0)
    assert.equal(sum(tenths(parts, total)), Number(total.toFixed(1)))
  }
})

it('leaves what needs no rounding as it is', () => {
  assert.deepEqual(tenths([0.5, 1.5], 2), ['0.5', '1.5'])
})
