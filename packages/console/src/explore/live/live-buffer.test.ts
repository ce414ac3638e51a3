import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildLiveBuffer, type LiveBuffer, type LiveRow } from './live-buffer.ts'

const row = (n: number): LiveRow<number> => ({ kind: 'event', id: String(n), event: n })
const shown = (buffer: LiveBuffer<number>) =>
  buffer.state().rows.map(one => (one.kind === 'event' ? one.event : 'gap'))

describe('the live buffer', () => {
  it('shows the newest first, above what was there', () => {
    const buffer = buildLiveBuffer(10, [row(2), row(1)])
    for (const n of [3, 4]) buffer.take(row(n))
    assert.deepEqual(shown(buffer), [4, 3, 2, 1])
  })

  it('never holds more than it may, and says what went unseen', () => {
    const buffer = buildLiveBuffer<number>(10)
    for (let n = 0; n < 1000; n++) buffer.take(row(n))
    assert.deepEqual(
      shown(buffer),
      Array.from({ length: 10 }, (_, i) => 999 - i),
    )
    assert.equal(buffer.state().dropped, 990)
    // What was seen and made room was not lost.
    buffer.take(row(1000))
    assert.equal(buffer.state().rows.length, 10)
    assert.equal(buffer.state().dropped, 990)
  })

  it('holds still while somebody reads, and counts what waits', () => {
    const buffer = buildLiveBuffer<number>(10)
    buffer.take(row(1))
    buffer.hold()
    const { rows } = buffer.state()
    assert.deepEqual(shown(buffer), [1])
    for (let n = 2; n < 7; n++) buffer.take(row(n))
    assert.equal(buffer.state().rows, rows)
    assert.equal(buffer.state().waiting, 5)
    buffer.release()
    assert.deepEqual(shown(buffer), [6, 5, 4, 3, 2, 1])
    assert.equal(buffer.state().waiting, 0)
  })

  it('lets the oldest go when too many wait', () => {
    const buffer = buildLiveBuffer<number>(10)
    buffer.hold()
    for (let n = 0; n < 10_000; n++) {
      buffer.take(row(n))
      assert.ok(n % 97 !== 0 || buffer.state().waiting <= 20)
    }
    buffer.release()
    const { rows, dropped } = buffer.state()
    assert.equal(rows.length, 10)
    assert.equal(dropped, 9990)
  })

  it('shows gaps where they are, and adds up what is missing', () => {
    const buffer = buildLiveBuffer<number>(10)
    buffer.take(row(1))
    buffer.take({ kind: 'gap', id: 'g1', missing: 7 })
    buffer.take({ kind: 'gap', id: 'g2', missing: null })
    buffer.take(row(2))
    assert.deepEqual(shown(buffer), [2, 'gap', 'gap', 1])
    assert.equal(buffer.state().dropped, 7)
    assert.ok(buffer.state().hasUnknownGap)
  })

  it('is the same object until something changed', () => {
    const buffer = buildLiveBuffer<number>(10)
    assert.equal(buffer.state(), buffer.state())
    const before = buffer.state()
    buffer.take(row(1))
    assert.notEqual(buffer.state(), before)
  })
})
