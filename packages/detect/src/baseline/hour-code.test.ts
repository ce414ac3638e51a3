import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeAmount, encodeAmount, packCode, unpackCode } from './hour-code.ts'

describe('an amount in two bytes', () => {
  it('is exact for whole numbers up to 256 and right to 0.4 % beyond', () => {
    for (let amount = 0; amount <= 256; amount++) {
      assert.equal(decodeAmount(encodeAmount(amount)), amount)
    }
    fc.assert(
      fc.property(fc.double({ min: 1e-30, max: 1e30, noNaN: true }), amount => {
        const again = decodeAmount(encodeAmount(amount))
        assert.ok(Math.abs(again - amount) <= 0.004 * amount, `${amount} ${again}`)
      }),
    )
  })

  it('keeps the order, and stays finite', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, noNaN: true }),
        fc.double({ min: 0, noNaN: true }),
        (a, b) => {
          const [low, high] = [encodeAmount(Math.min(a, b)), encodeAmount(Math.max(a, b))]
          assert.ok(low <= high && Number.isFinite(decodeAmount(high)))
        },
      ),
    )
  })

  it('every code comes back from its packed form', () => {
    for (let code = 0; code < 0x10000; code++) assert.equal(unpackCode(packCode(code)), code)
    assert.ok(packCode(encodeAmount(48_000)) < 2 ** 14)
  })
})
