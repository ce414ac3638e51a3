import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  concatBytes,
  encodeBase64,
  encodeBase64Url,
  encodeHex,
  encodeUtf8,
  equalBytes,
  parseBase64,
  parseBase64Url,
  parseHex,
  parseUtf8,
} from './bytes.ts'

const malformed = { code: 'bytes.malformed' }
const anyBytes = fc.uint8Array({ maxLength: 200 })
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What another strict implementation says: the text, or null where it refuses. */
function decodedOrNull(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    return null
  }
}

describe('UTF-8', () => {
  it('agrees with TextDecoder on sequences of up to four bytes around every border', () => {
    const odd = [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf]
    const starts = [...odd, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff]
    for (const a of starts) {
      for (const b of starts) {
        for (const c of [0x41, 0x80, 0x8f, 0xa0, 0xbf, 0xc0]) {
          for (const d of [0x41, 0x7f, 0x80, 0xbf, 0xc0]) {
            for (const length of d === 0x41 ? [1, 2, 3, 4] : [4]) {
              const bytes = Uint8Array.of(a, b, c, d).subarray(0, length)
              const expected = decodedOrNull(bytes)
              if (expected !== null) assert.equal(parseUtf8(bytes), expected)
              else assert.throws(() => parseUtf8(bytes), malformed, encodeHex(bytes))
            }
          }
        }
      }
    }
  })

  it('comes back from any text, as TextEncoder writes it', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 })
    fc.assert(
      fc.property(text, value => {
        const bytes = encodeUtf8(value)
        assert.deepEqual(bytes, new TextEncoder().encode(value))
        assert.equal(parseUtf8(bytes), value)
      }),
    )
  })

  it('reads texts longer than a chunk, with and without characters beyond ASCII', () => {
    for (const text of ['x'.repeat(10_000), 'é'.repeat(10_000), '😀'.repeat(4096)]) {
      assert.equal(parseUtf8(encodeUtf8(text)), text)
    }
  })

  it('keeps a byte order mark and refuses half a surrogate pair', () => {
    assert.equal(parseUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)), '\ufeffA')
    for (const text of ['\ud800', 'a\udc00', '\ud83d x', '\udc00\ud800']) {
      assert.throws(() => encodeUtf8(text), malformed)
    }
  })
})

describe('base64', () => {
  it('agrees with Buffer and comes back', () => {
    fc.assert(
      fc.property(anyBytes, bytes => {
        const buffer = Buffer.from(bytes)
        assert.equal(encodeBase64(bytes), buffer.toString('base64'))
        assert.equal(encodeBase64Url(bytes), buffer.toString('base64url'))
        assert.deepEqual(parseBase64(encodeBase64(bytes)), bytes)
        assert.deepEqual(parseBase64Url(encodeBase64Url(bytes)), bytes)
      }),
    )
  })

  it('knows the vectors of RFC 4648 §10', () => {
    const vectors = ['', 'Zg==', 'Zm8=', 'Zm9v', 'Zm9vYg==', 'Zm9vYmE=', 'Zm9vYmFy']
    for (const [length, text] of vectors.entries()) {
      assert.equal(encodeBase64(encodeUtf8('foobar'.slice(0, length))), text)
    }
  })

  it('accepts one spelling only', () => {
    const bad = ['Zg', 'Zg=', 'Zg===', '=', '==', '====', 'Z===', 'Zh==', 'Zm9=', 'Zm9v=', 'Zm9v==']
    bad.push('Zm9v\n', ' Zm9v', 'Zm 9v', 'Zm-_', 'Zm9v====', 'Z', 'Zm9vY', 'Zg==Zg==', 'Zmé=')
    for (const text of bad) assert.throws(() => parseBase64(text), malformed, text)
    const badUrl = ['Zg==', 'Zm8=', 'Zh', 'Zm9', 'Z', 'Zm+/', 'Zm9v\n', 'Zm9v ', '\u0100A']
    for (const text of badUrl) assert.throws(() => parseBase64Url(text), malformed, text)
  })

  it('whatever it reads, it would write', () => {
    const texts = fc.string({ unit: fc.constantFrom(...'AQgwZ09+/=-_ \n'), maxLength: 9 })
    fc.assert(
      fc.property(texts, text => {
        for (const [parse, encode] of [
          [parseBase64, encodeBase64],
          [parseBase64Url, encodeBase64Url],
        ] as const) {
          let bytes: Uint8Array | null = null
          try {
            bytes = parse(text)
          } catch {}
          if (bytes !== null) assert.equal(encode(bytes), text)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('hex', () => {
  it('agrees with Buffer, comes back, and refuses every other spelling', () => {
    fc.assert(
      fc.property(anyBytes, bytes => {
        assert.equal(encodeHex(bytes), Buffer.from(bytes).toString('hex'))
        assert.deepEqual(parseHex(encodeHex(bytes)), bytes)
      }),
    )
    for (const text of ['a', 'AB', '0x', 'g0', ' 00', '00\n', 'é0']) {
      assert.throws(() => parseHex(text), malformed, text)
    }
  })
})

it('bytes are joined in order and compared by value', () => {
  const joined = concatBytes(Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3))
  assert.deepEqual(joined, Uint8Array.of(1, 2, 3))
  assert.ok(equalBytes(joined, Uint8Array.of(1, 2, 3)))
  assert.ok(!equalBytes(joined, Uint8Array.of(1, 2)))
  assert.ok(!equalBytes(joined, Uint8Array.of(1, 2, 4)))
  assert.ok(equalBytes(new Uint8Array(0), new Uint8Array(0)))
})
