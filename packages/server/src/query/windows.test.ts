import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { stepFor } from './series.ts'
import { windowsOf } from './windows.ts'

const T = Date.UTC(2026, 0, 1)
const range = fc
  .tuple(fc.integer({ min: 0, max: 10 ** 9 }), fc.integer({ min: 1, max: 10 ** 9 }))
  .map(([from, length]) => ({ fromMs: T + from, toMs: T + from + length }))
const file = fc
  .record({
    minTime: fc.integer({ min: 0, max: 10 ** 9 }),
    length: fc.integer({ min: 0, max: 10 ** 9 }),
    rows: fc.integer({ min: 1, max: 1_000_000 }),
  })
  .map(({ minTime, length, rows }) => ({
    minTime: T + minTime,
    maxTime: T + minTime + length,
    rows,
  }))

describe('windows of time', () => {
  it('are the range together, one behind the other, and not many', () => {
    fc.assert(
      fc.property(range, fc.array(file, { maxLength: 20 }), fc.boolean(), (all, files, newest) => {
        const windows = [...windowsOf(all, files, newest)]
        const inTime = newest ? windows.toReversed() : windows
        assert.equal(inTime[0]?.fromMs, all.fromMs)
        assert.equal(inTime.at(-1)?.toMs, all.toMs)
        for (const [i, { fromMs, toMs }] of inTime.entries()) {
          assert.ok(fromMs < toMs)
          assert.equal(inTime[i + 1]?.fromMs ?? toMs, toMs)
        }
        // Growing fourfold, twenty files of a million are reached with the sixth.
        assert.ok(windows.length <= 7, `${windows.length}`)
      }),
    )
  })

  it('are one where little is known to be there', () => {
    const all = { fromMs: T, toMs: T + 1000 }
    assert.deepEqual([...windowsOf(all, [], true)], [all])
    assert.deepEqual([...windowsOf(all, [{ minTime: 0, maxTime: 2 * T, rows: 10 }], false)], [all])
  })

  it('begin with the end that is asked for, and hold few events there', () => {
    const files = [{ minTime: T, maxTime: T + 999_999, rows: 1_000_000 }]
    const all = { fromMs: T, toMs: T + 1_000_000 }
    const [newest] = windowsOf(all, files, true)
    assert.deepEqual(newest, { fromMs: T + 1_000_000 - 32_768, toMs: T + 1_000_000 })
    const [oldest] = windowsOf(all, files, false)
    assert.deepEqual(oldest, { fromMs: T, toMs: T + 32_768 })
  })
})

describe('the step of a series', () => {
  it('is round, and its buckets are no more than asked for', () => {
    fc.assert(
      fc.property(range, fc.integer({ min: 1, max: 240 }), (all, buckets) => {
        const stepMs = stepFor(all, buckets)
        const count = Math.floor((all.toMs - 1) / stepMs) - Math.floor(all.fromMs / stepMs) + 1
        assert.ok(count >= 1 && count <= buckets)
        assert.equal(stepMs % 1000, 0)
      }),
    )
  })

  it('is the shortest that fits', () => {
    const hour = { fromMs: T, toMs: T + 3_600_000 }
    assert.equal(stepFor(hour, 240), 15_000)
    assert.equal(stepFor(hour, 60), 60_000)
    assert.equal(stepFor(hour, 59), 300_000)
    assert.equal(stepFor({ fromMs: T, toMs: T + 1 }, 1), 1000)
  })

  it('ends where the range is as long as a number can say', () => {
    assert.ok(stepFor({ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }, 1) > 0)
  })
})
