import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeEntryBundle, parseEntryBundle, splitEntryBundle } from './entry-bundle.ts'

const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 })
const malformed = { code: 'tlog.bundle_malformed' }

describe('an entry bundle', () => {
  it('comes back from its bytes', () => {
    fc.assert(
      fc.property(entries, list => {
        assert.deepEqual(parseEntryBundle(encodeEntryBundle(list), list.length), list)
      }),
      { numRuns: 30 },
    )
  })

  it('puts a big-endian length before each entry, which may be empty or 65,535 bytes long', () => {
    const bytes = encodeEntryBundle([new Uint8Array(0), Uint8Array.of(7), new Uint8Array(65_535)])
    assert.deepEqual(bytes.subarray(0, 7), Uint8Array.of(0, 0, 0, 1, 7, 255, 255))
    assert.equal(bytes.length, 2 + 3 + 2 + 65_535)
    assert.equal(parseEntryBundle(bytes, 3)[2]?.length, 65_535)
    assert.throws(() => encodeEntryBundle([new Uint8Array(65_536)]), malformed)
  })

  it('is refused when cut anywhere or followed by anything, and says from which entry on', () => {
    const list = [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)]
    const bytes = encodeEntryBundle(list)
    const starts = [0, 5, 7]
    for (let end = 0; end < bytes.length; end++) {
      const cut = bytes.subarray(0, end)
      assert.throws(() => parseEntryBundle(cut, 3), malformed)
      const whole = splitEntryBundle(cut, 3).entries.length
      assert.equal(whole, end < 5 ? 0 : end < 7 ? 1 : 2)
      assert.equal(splitEntryBundle(cut, 3).end, starts[whole])
    }
    const longer = new Uint8Array(bytes.length + 2)
    longer.set(bytes)
    assert.throws(() => parseEntryBundle(longer, 3), malformed)
    assert.throws(() => parseEntryBundle(longer.subarray(0, bytes.length + 1), 3), malformed)
    assert.throws(() => parseEntryBundle(bytes, 2), malformed)
    assert.throws(() => parseEntryBundle(bytes, 4), malformed)
  })
})
