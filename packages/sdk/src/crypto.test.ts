import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { it } from 'node:test'
import fc from 'fast-check'
import { encodeHex, encodeUtf8 } from './bytes.ts'
import { hmacSha256 } from './crypto.ts'
import { sha256 } from './node/node.ts'

function mac(key: Uint8Array, message: Uint8Array): string {
  return encodeHex(hmacSha256(sha256, key, message))
}

it('HMAC-SHA256 gives the vectors of RFC 4231', () => {
  const of = (length: number, byte: number) => new Uint8Array(length).fill(byte)
  assert.equal(
    mac(of(20, 0x0b), encodeUtf8('Hi There')),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  )
  assert.equal(
    mac(encodeUtf8('Jefe'), encodeUtf8('what do ya want for nothing?')),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
  assert.equal(
    mac(of(20, 0xaa), of(50, 0xdd)),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  )
  assert.equal(
    mac(of(131, 0xaa), encodeUtf8('Test Using Larger Than Block-Size Key - Hash Key First')),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  )
})

it('HMAC-SHA256 agrees with Node for every length of key around the block', () => {
  const bytes = fc.uint8Array({ minLength: 0, maxLength: 130 })
  fc.assert(
    fc.property(bytes, bytes, (key, message) => {
      assert.equal(mac(key, message), createHmac('sha256', key).update(message).digest('hex'))
    }),
  )
})
