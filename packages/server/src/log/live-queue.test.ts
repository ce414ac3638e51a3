import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createLiveQueue, type LiveBatch } from './live-queue.ts'

const batch = (firstIndex: number, count: number, hasHoles = false): LiveBatch => {
  return { firstIndex, count, hasHoles, events: new Uint8Array(0) }
}

function queueOf(...batches: readonly LiveBatch[]) {
  const queue = createLiveQueue()
  for (const one of batches) queue.push(one)
  const take = (indexed: number) => {
    const { stale, group } = queue.take(indexed)
    return [stale, group.map(({ firstIndex }) => firstIndex)]
  }
  return { queue, take }
}

it('gives out what follows one another together, as far as one insert takes it', () => {
  const { take } = queueOf(batch(0, 900), batch(900, 900), batch(1800, 900), batch(2700, 100))
  assert.deepEqual(take(0), [0, [0, 900]])
  assert.deepEqual(take(1800), [0, [1800, 2700]])
  assert.deepEqual(take(2800), [0, []])
})

it('gives out a batch alone that is too large for one insert', () => {
  assert.deepEqual(queueOf(batch(0, 9000), batch(9000, 1)).take(0), [0, [0]])
})

it('gives out a batch with holes alone, and none together with it', () => {
  const { take } = queueOf(batch(0, 5), batch(5, 5, true), batch(10, 5))
  assert.deepEqual(take(0), [0, [0]])
  assert.deepEqual(take(5), [0, [5]])
  assert.deepEqual(take(10), [0, [10]])
})

it('waits where a batch is missing, and says from where on the next one is there', () => {
  const { queue, take } = queueOf(batch(0, 5), batch(20, 5))
  assert.deepEqual(take(0), [0, [0]])
  assert.deepEqual(take(5), [0, []])
  assert.equal(queue.firstIndex, 20)
  assert.deepEqual(take(20), [0, [20]])
  assert.equal(queue.firstIndex, undefined)
})

it('drops what was read from the files meanwhile, also in part', () => {
  const { take } = queueOf(batch(0, 5), batch(5, 5), batch(10, 5))
  assert.deepEqual(take(10), [2, [10]])
  assert.deepEqual(queueOf(batch(0, 5), batch(5, 5)).take(7), [2, []])
})
