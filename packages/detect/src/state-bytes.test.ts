import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readState, writeState } from './state-bytes.ts'

describe('state as bytes', () => {
  it('gives back what was written, in its order', () => {
    const counts = fc.array(fc.maxSafeNat())
    const integers = fc.array(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }))
    const texts = fc.array(fc.string({ unit: 'grapheme' }))
    const numbers = fc.array(fc.double())
    fc.assert(
      fc.property(counts, integers, texts, numbers, (a, b, c, d) => {
        const out = writeState()
        for (const value of a) out.count(value)
        for (const value of b) out.integer(value)
        for (const value of c) out.text(value)
        for (const value of d) out.number(value)
        out.bytes(Uint8Array.of(1, 2, 3))
        const input = readState(out.finish())
        for (const value of a) assert.equal(input.count(), value)
        for (const value of b) assert.equal(input.integer(), value)
        for (const value of c) assert.equal(input.text(), value)
        for (const value of d) assert.equal(input.number(), value)
        assert.deepEqual(input.bytes(), Uint8Array.of(1, 2, 3))
        assert.ok(input.atEnd)
      }),
    )
  })

  it('refuses every state that is cut short', () => {
    const out = writeState()
    out.count(300)
    out.text('svc-a')
    out.number(0.5)
    const bytes = out.finish()
    for (let size = 0; size < bytes.length; size++) {
      const input = readState(bytes.subarray(0, size))
      assert.throws(() => [input.count(), input.text(), input.number()], {
        code: 'detect.bad_state',
      })
    }
  })

  it('a name with half a surrogate pair is kept as far as it can be', () => {
    const out = writeState()
    out.text('a\ud800b')
    assert.equal(readState(out.finish()).text(), 'a\ufffdb')
  })

  it('a number without end is refused, not read for ever', () => {
    assert.throws(() => readState(new Uint8Array(64).fill(255)).count(), {
      code: 'detect.bad_state',
    })
  })
})
