import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { AckWindow } from './ack-window.ts'

describe('AckWindow', () => {
  it('acknowledges in the order of giving out, whatever the order of becoming durable', async () => {
    const orders = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 })
    const run = fc.asyncProperty(orders, async order => {
      const window = new AckWindow(10)
      const work = order.map(() => Promise.withResolvers<void>())
      const acknowledged: number[] = []
      for (const [i, { promise }] of work.entries()) {
        await window.add(promise, () => acknowledged.push(i))
      }
      const done = new Set<number>()
      for (const i of order) {
        work[i]?.resolve()
        done.add(i)
        await setImmediate()
        const prefix = [0, 1, 2, 3, 4].findIndex(n => !done.has(n))
        assert.equal(acknowledged.length, prefix < 0 ? 5 : prefix)
      }
      await window.drain()
      assert.deepEqual(acknowledged, [0, 1, 2, 3, 4])
    })
    await fc.assert(run, { numRuns: 30 })
  })

  it('waits while it is full', async () => {
    const window = new AckWindow(2)
    const first = Promise.withResolvers<void>()
    await window.add(first.promise, () => {})
    let added = false
    const second = window
      .add(Promise.resolve(), () => {})
      .then(() => {
        added = true
      })
    await setImmediate()
    assert.equal(added, false)
    first.resolve()
    await second
    assert.equal(added, true)
  })

  it('acknowledges nothing behind a failure, and rejects for good', async () => {
    const window = new AckWindow(10)
    const acknowledged: number[] = []
    const error = new Error('lost')
    await window.add(Promise.resolve(), () => acknowledged.push(0))
    await window.add(Promise.reject(error), () => acknowledged.push(1))
    await window.add(Promise.resolve(), () => acknowledged.push(2))
    await assert.rejects(window.failed, error)
    await assert.rejects(window.drain(), error)
    await assert.rejects(window.drain(), error)
    assert.deepEqual(acknowledged, [0])
  })
})
