import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { buildHmacKey, hmac } from './hmac.ts'

const hex = (text: string) => Buffer.from(text, 'hex')

describe('HMAC-SHA256', () => {
  it("gives RFC 4231's results", () => {
    const cases = [
      ['0b'.repeat(20), Buffer.from('Hi There').toString('hex')],
      [
        Buffer.from('Jefe').toString('hex'),
        Buffer.from('what do ya want for nothing?').toString('hex'),
      ],
      ['aa'.repeat(20), 'dd'.repeat(50)],
    ]
    const expected = [
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    ]
    cases.forEach(([key = '', message = ''], i) => {
      assert.equal(hmac(hex(key), hex(message)).toString('hex'), expected[i])
    })
  })

  it('is what Node says for every key up to a block, in any number of parts', () => {
    const key = fc.uint8Array({ maxLength: 64 })
    const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 })
    fc.assert(
      fc.property(key, parts, (key, parts) => {
        const expected = createHmac('sha256', key)
        for (const part of parts) expected.update(part)
        const want = expected.digest('hex')
        assert.equal(hmac(key, ...parts).toString('hex'), want)
        assert.equal(hmac(buildHmacKey(key), ...parts).toString('hex'), want)
      }),
    )
  })

  it('takes messages of any size, and keys of at most a block', () => {
    const key = Buffer.alloc(32, 1)
    for (const size of [0, 16_000, 16_384, 17_000, 3_000_000, 5]) {
      const message = Buffer.alloc(size, 7)
      const want = createHmac('sha256', key).update(message).digest('hex')
      assert.equal(hmac(key, message).toString('hex'), want)
    }
    assert.throws(() => hmac(Buffer.alloc(65), key), RangeError)
  })

  it('gives bytes that belong to the caller', () => {
    const key = Buffer.alloc(32, 1)
    const first = hmac(key, Buffer.from('a'))
    const before = first.toString('hex')
    hmac(key, Buffer.from('b'))
    assert.equal(first.toString('hex'), before)
  })
})
