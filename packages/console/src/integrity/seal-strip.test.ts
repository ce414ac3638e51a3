import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sealsOf } from './seal-strip.ts'

const seal = (size: number, timeMs: number) => ({ size, timeMs, root: `root of ${size}` })

describe('the strip of seals', () => {
  it('stands oldest first, each with what it added since the one before', () => {
    const seals = sealsOf([seal(1010, 3), seal(10, 2), seal(4, 1)])
    assert.deepEqual(
      seals.map(({ size, added, beforeMs }) => [size, added, beforeMs]),
      [
        [4, null, null],
        [10, 6, 1],
        [1010, 1000, 2],
      ],
    )
    assert.equal(seals[2]?.height, 1)
    assert.ok((seals[1]?.height ?? 0) > (seals[0]?.height ?? 1))
  })

  it('has finite heights for one seal, for seals that add nothing, and for none', () => {
    assert.deepEqual(sealsOf([]), [])
    for (const given of [[seal(1, 1)], [seal(5, 2), seal(5, 1)], [seal(3, 2), seal(5, 1)]]) {
      for (const { height, added } of sealsOf(given)) {
        assert.ok(height > 0 && height <= 1)
        assert.ok(added === null || added >= 0)
      }
    }
  })
})
