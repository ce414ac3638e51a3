import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, it } from 'node:test'
import { encodeHex, encodeUtf8 } from '@tocsin/sdk/bytes'
import fc from 'fast-check'
import { sha256 } from './sha256.ts'

const hex = (bytes: Uint8Array) => encodeHex(sha256(bytes))

describe('SHA-256', () => {
  // FIPS 180-2, appendix B, and the vectors of NIST's CAVP (SHA256ShortMsg).
  const vectors = [
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ] as const
  for (const [text, expected] of vectors) {
    it(`of ${text.length} characters is the standard's`, () => {
      assert.equal(hex(encodeUtf8(text)), expected)
    })
  }

  it('of one byte, as NIST gives it', () => {
    const expected = '28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1'
    assert.equal(hex(Uint8Array.of(0xd3)), expected)
  })

  it('of every length around the borders of blocks is what OpenSSL says', () => {
    for (let length = 0; length < 260; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 255)
      assert.equal(hex(bytes), hash('sha256', bytes), `${length} bytes`)
    }
  })

  it('of any bytes, also of a part of a longer buffer, is what OpenSSL says', () => {
    const bytes = fc.uint8Array({ maxLength: 2000 })
    fc.assert(
      fc.property(bytes, fc.nat(100), (all, from) => {
        const part = all.subarray(Math.min(from, all.length))
        assert.equal(hex(part), hash('sha256', part))
      }),
      { numRuns: 300 },
    )
  })

  it('gives each caller bytes of its own and leaves the input alone', () => {
    const input = Uint8Array.of(1, 2, 3)
    const first = sha256(input)
    const kept = first.slice()
    sha256(Uint8Array.of(4))
    assert.deepEqual(first, kept)
    assert.deepEqual(input, Uint8Array.of(1, 2, 3))
  })
})
