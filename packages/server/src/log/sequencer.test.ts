import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { TocsinError } from '@tocsin/sdk/errors'
import { createTelemetry } from '../base/emit.ts'
import { DISK_RESERVE_BYTES, INFLIGHT_BYTES_MAX, UNSEALED_ENTRIES_MAX } from '../base/limits.ts'
import type { IdTable } from './ids.ts'
import { buildBatch, type PreparedBatch } from './record.ts'
import { buildSequencer, type DurableBatch, type Sequencer } from './sequencer.ts'
import type { TileThread } from './tile-thread.ts'
import type { Published } from './tiles.ts'
import type { Wal } from './wal.ts'

const diskFull = () => Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' })
const diskFailed = () => Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'fdatasync' })

/** A batch of events with these ids (one byte each), or of control entries for zeros. */
function batchOf(...ids: number[]): PreparedBatch {
  const batch = buildBatch()
  const digest = new Uint8Array(8).fill(1)
  for (const id of ids) {
    const leaf = Uint8Array.of(id)
    const line = id === 0 ? new Uint8Array(0) : Uint8Array.of(id)
    batch.add(new Uint8Array(16).fill(id), { leaf, timeMs: 1, digest, sections: [] }, line)
  }
  return batch.finish()
}

/** The parts that a sequencer works with, played by the test; everything done is in `done`. */
class Rig {
  readonly done: string[] = []
  readonly reports: string[] = []
  readonly fatal: TocsinError[] = []
  readonly ids = new Map<number, number>()
  idCount: number
  /** Set: the next write waits for it, and fails with what it resolves to. */
  walGate: Promise<Error | null> = Promise.resolve(null)
  syncError: Error | null = null
  isTrimmable = false
  freeBytes = Number.MAX_SAFE_INTEGER
  published: (published: Published) => void = () => {}
  tilesFull: () => void = () => {}
  tilesFailed: (error: TocsinError) => void = () => {}
  readonly sequencer: Sequencer

  constructor(size = 0, sealed = size) {
    this.idCount = size
    this.sequencer = buildSequencer({
      dataDir: '/data',
      clock: { nowMs: () => 1 },
      telemetry: createTelemetry((_, sentence) => this.reports.push(sentence)),
      onFatal: error => this.fatal.push(error),
      wal: this.#wal(),
      ids: this.#idTable(),
      tiles: this.#tiles(sealed),
      freeBytes: () => this.freeBytes,
      size,
    })
  }

  publish(size: number): void {
    this.published({ size, text: '' })
  }

  #wal(): Wal {
    return {
      append: async (firstIndex, { count }) => {
        this.done.push(`write ${firstIndex}+${count}`)
        const error = await this.walGate
        if (error) throw error
        this.done.push(`durable ${firstIndex}+${count}`)
      },
      isTrimmable: () => this.isTrimmable,
      trim: async size => void this.done.push(`trim ${size}`),
      close: isCovered => void this.done.push(`close wal ${isCovered}`),
    }
  }

  #idTable(): IdTable {
    const rig = this
    return {
      get size() {
        return rig.idCount
      },
      acknowledged: 0,
      find: ([id = 0]) => (rig.ids.has(id) ? 'duplicate' : 'new'),
      add: ([id = 0]) => void rig.ids.set(id, rig.idCount++),
      addControl: () => void rig.idCount++,
      truncate: size => {
        for (const [id, index] of rig.ids) if (index >= size) rig.ids.delete(id)
        rig.idCount = size
        rig.done.push(`truncate ${size}`)
      },
      flush: () => void rig.done.push('flush'),
      sync: async () => {
        if (rig.syncError) throw rig.syncError
        rig.done.push('sync')
      },
      close: async () => void rig.done.push('close ids'),
    }
  }

  #tiles(size: number): TileThread {
    return {
      size,
      append: ({ offsets }) => void this.done.push(`tiles +${offsets.length - 1}`),
      begin: async () => {},
      onPublished: listener => {
        this.published = listener
      },
      onDiskFull: listener => {
        this.tilesFull = listener
      },
      onFailure: listener => {
        this.tilesFailed = listener
      },
      close: async () => void this.done.push('close tiles'),
      stop: async () => void this.done.push('stop tiles'),
    }
  }
}

function gate(): PromiseWithResolvers<Error | null> {
  return Promise.withResolvers<Error | null>()
}

/** What a promise came to by now. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  const settled = promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof TocsinError ? error.code : String(error)),
  )
  await nextTurn()
  return Promise.race([settled, Promise.resolve('pending')])
}

describe('the sequencer', () => {
  it('acknowledges nothing before it is durable', async () => {
    const rig = new Rig()
    const wal = gate()
    rig.walGate = wal.promise
    const stored = rig.sequencer.append(batchOf(1, 2))
    assert.equal(await stateOf(stored), 'pending')
    assert.equal(rig.sequencer.size, 0)
    wal.resolve(null)
    assert.deepEqual(await stored, { fates: ['stored', 'stored'] })
    assert.equal(rig.sequencer.size, 2)
    assert.deepEqual(rig.done, ['write 0+2', 'durable 0+2', 'flush', 'tiles +2'])
  })

  it('writes what came meanwhile as one group, and drops what it has', async () => {
    const rig = new Rig()
    const wal = gate()
    rig.walGate = wal.promise
    const first = rig.sequencer.append(batchOf(1))
    const others = [batchOf(2, 1, 2), batchOf(3), batchOf(1, 3)].map(rig.sequencer.append)
    wal.resolve(null)
    assert.deepEqual((await first).fates, ['stored'])
    const fates = (await Promise.all(others)).map(({ fates }) => fates)
    assert.deepEqual(fates, [
      ['stored', 'duplicate', 'duplicate'],
      ['stored'],
      ['duplicate', 'duplicate'],
    ])
    assert.deepEqual(
      rig.done.filter(step => step.startsWith('write')),
      ['write 0+1', 'write 1+2'],
    )
    assert.equal(rig.sequencer.size, 3)
  })

  it('hands durable entries to followers in order, without holes and without duplicates', async () => {
    const rig = new Rig()
    const seen: DurableBatch[] = []
    const stop = rig.sequencer.follow(batch => seen.push(batch))
    await rig.sequencer.append(batchOf(1, 2, 1))
    await Promise.all([batchOf(2), batchOf(3, 0), batchOf(4)].map(rig.sequencer.append))
    stop()
    await rig.sequencer.append(batchOf(5))
    assert.deepEqual(
      seen.map(({ firstIndex, count, events }) => [firstIndex, count, ...events]),
      [
        [0, 2, 1, 10, 2, 10],
        [2, 2, 3, 10],
        [4, 1, 4, 10],
      ],
    )
    assert.deepEqual([...(seen[1]?.eventOffsets ?? [])], [0, 2, 2])
  })

  it('refuses a group that finds the disk full, keeps nothing of it, and goes on', async () => {
    const rig = new Rig()
    await rig.sequencer.append(batchOf(1))
    rig.walGate = Promise.resolve(
      new TocsinError('log.disk_full', { public: 'full', cause: diskFull() }),
    )
    const refused = [batchOf(2), batchOf(3, 2)].map(rig.sequencer.append)
    for (const promise of refused) await assert.rejects(promise, { code: 'log.disk_full' })
    assert.equal(rig.sequencer.size, 1)
    rig.walGate = Promise.resolve(null)
    assert.deepEqual((await rig.sequencer.append(batchOf(2, 3, 1))).fates, [
      'stored',
      'stored',
      'duplicate',
    ])
    assert.equal(rig.sequencer.size, 3)
    assert.equal(rig.fatal.length, 0)
    assert.deepEqual(
      rig.done.filter(step => step.startsWith('tiles')),
      ['tiles +1', 'tiles +2'],
    )
  })

  it('leaves room on the disk to publish what it acknowledged', async () => {
    const rig = new Rig()
    const batch = batchOf(1)
    const needed = 2 * batch.bytes.length + DISK_RESERVE_BYTES
    rig.freeBytes = needed - 1
    await assert.rejects(rig.sequencer.append(batchOf(1)), { code: 'log.disk_full' })
    assert.deepEqual(rig.done, ['truncate 0'])
    rig.freeBytes = needed
    await rig.sequencer.append(batch)
    await assert.rejects(rig.sequencer.append(batchOf(2)), { code: 'log.disk_full' })
    rig.publish(1)
    await rig.sequencer.append(batchOf(2))
    assert.deepEqual(rig.fatal, [])
  })

  it('ends with a failed disk: nothing that waits or comes later is acknowledged', async () => {
    const rig = new Rig()
    const wal = gate()
    rig.walGate = wal.promise
    const promises = [batchOf(1), batchOf(2), batchOf(3)].map(rig.sequencer.append)
    wal.resolve(new TocsinError('log.disk_failed', { public: 'gone', cause: diskFailed() }))
    for (const promise of promises) await assert.rejects(promise, { code: 'log.disk_failed' })
    rig.walGate = Promise.resolve(null)
    await assert.rejects(rig.sequencer.append(batchOf(4)), { code: 'log.disk_failed' })
    assert.deepEqual(
      rig.fatal.map(error => error.code),
      ['log.disk_failed'],
    )
    assert.equal(rig.sequencer.size, 0)
    await rig.sequencer.close()
    assert.deepEqual(rig.done.slice(-3), ['stop tiles', 'close ids', 'close wal false'])
  })

  it('ends when the tile thread or another part fails', async () => {
    for (const cause of ['tiles', 'other'] as const) {
      const rig = new Rig()
      const error = new TocsinError('log.corrupt', { public: 'another history' })
      if (cause === 'tiles') rig.tilesFailed(error)
      else rig.sequencer.fail(error)
      rig.sequencer.fail(error)
      await assert.rejects(rig.sequencer.append(batchOf(1)), { code: 'log.corrupt' })
      assert.deepEqual(rig.fatal, [error])
    }
  })

  it('still acknowledges what became durable while something else failed', async () => {
    const rig = new Rig()
    const wal = gate()
    rig.walGate = wal.promise
    const stored = rig.sequencer.append(batchOf(1))
    rig.tilesFailed(new TocsinError('log.disk_failed', { public: 'gone' }))
    wal.resolve(null)
    assert.deepEqual(await stored, { fates: ['stored'] })
  })

  it('does not stop for a follower that throws: it is reported and called no more', async () => {
    const rig = new Rig()
    let calls = 0
    rig.sequencer.follow(() => {
      calls += 1
      throw new Error('a mistake')
    })
    const seen: number[] = []
    rig.sequencer.follow(({ firstIndex }) => seen.push(firstIndex))
    await rig.sequencer.append(batchOf(1))
    await rig.sequencer.append(batchOf(2))
    assert.deepEqual([calls, seen], [1, [0, 1]])
    assert.equal(rig.reports.length, 1)
    assert.match(rig.reports[0] ?? '', /a mistake/)
  })
})

describe('a sequencer after a crash', () => {
  it('acknowledges nothing, not even a duplicate, before a checkpoint covers what was found', async () => {
    const rig = new Rig(5, 3)
    rig.ids.set(1, 4)
    const duplicate = rig.sequencer.append(batchOf(1))
    const fresh = rig.sequencer.append(batchOf(2))
    assert.equal(await stateOf(duplicate), 'pending')
    rig.publish(4)
    assert.equal(await stateOf(duplicate), 'pending')
    rig.publish(5)
    assert.deepEqual((await duplicate).fates, ['duplicate'])
    assert.deepEqual((await fresh).fates, ['stored'])
    assert.equal(rig.done[0], 'write 5+1')
  })

  it('says that the disk is full rather than wait for ever', async () => {
    const rig = new Rig(5, 3)
    const waiting = rig.sequencer.append(batchOf(1))
    rig.tilesFull()
    await assert.rejects(waiting, { code: 'log.disk_full' })
    const next = rig.sequencer.append(batchOf(2))
    rig.publish(5)
    assert.deepEqual((await next).fates, ['stored'])
  })

  it('can be closed while it waits', async () => {
    const rig = new Rig(5, 3)
    const waiting = rig.sequencer.append(batchOf(1))
    const closed = rig.sequencer.close()
    rig.tilesFull()
    await assert.rejects(waiting, { code: 'log.disk_full' })
    await closed
    assert.ok(rig.done.includes('close wal false'))
  })
})

describe('a sequencer under load', () => {
  it('pushes back when too many bytes wait to be written, but never refuses a lone batch', async () => {
    const rig = new Rig()
    const wal = gate()
    rig.walGate = wal.promise
    const big = { ...batchOf(1), bytes: new Uint8Array(INFLIGHT_BYTES_MAX + 1) }
    const lone = rig.sequencer.append(big)
    await assert.rejects(rig.sequencer.append(batchOf(2)), { code: 'log.pushback' })
    wal.resolve(null)
    await lone
    assert.deepEqual((await rig.sequencer.append(batchOf(2))).fates, ['stored'])
  })

  it('takes its bytes back when a group is refused', async () => {
    const rig = new Rig()
    rig.walGate = Promise.resolve(new TocsinError('log.disk_full', { public: 'full' }))
    const big = () => ({ ...batchOf(1), bytes: new Uint8Array(INFLIGHT_BYTES_MAX) })
    for (let i = 0; i < 3; i++) {
      await assert.rejects(rig.sequencer.append(big()), { code: 'log.disk_full' })
    }
    rig.walGate = Promise.resolve(null)
    await rig.sequencer.append(big())
  })

  it('pushes back when checkpoints fall behind, until one comes', async () => {
    const rig = new Rig()
    const count = UNSEALED_ENTRIES_MAX + 1
    const zeros = new Uint32Array(count + 1)
    const many = { ...batchOf(), count, offsets: zeros, eventOffsets: zeros }
    await rig.sequencer.append(many)
    await assert.rejects(rig.sequencer.append(batchOf(1)), { code: 'log.pushback' })
    rig.publish(count)
    await rig.sequencer.append(batchOf(1))
  })
})

describe('trimming the write-ahead log', () => {
  it('waits until the ids are durable', async () => {
    const rig = new Rig()
    await rig.sequencer.append(batchOf(1))
    rig.isTrimmable = true
    rig.publish(1)
    await nextTurn()
    assert.deepEqual(rig.done.slice(-2), ['sync', 'trim 1'])
  })

  it('is left for the next checkpoint when the disk is full, and ends the log when it failed', async () => {
    const rig = new Rig()
    await rig.sequencer.append(batchOf(1))
    rig.isTrimmable = true
    rig.syncError = diskFull()
    rig.publish(1)
    await nextTurn()
    assert.ok(!rig.done.includes('trim 1'))
    assert.equal(rig.fatal.length, 0)
    rig.syncError = null
    rig.publish(1)
    await nextTurn()
    assert.ok(rig.done.includes('trim 1'))
    rig.syncError = diskFailed()
    rig.publish(1)
    await nextTurn()
    assert.deepEqual(
      rig.fatal.map(error => error.code),
      ['log.disk_failed'],
    )
  })
})

describe('closing', () => {
  it('finishes what was taken, refuses the rest, and drops the write-ahead log when all is covered', async () => {
    const rig = new Rig()
    const wal = gate()
    rig.walGate = wal.promise
    const taken = rig.sequencer.append(batchOf(1))
    const closed = rig.sequencer.close()
    await assert.rejects(rig.sequencer.append(batchOf(2)), { code: 'log.closed' })
    wal.resolve(null)
    await taken
    rig.publish(1)
    await closed
    assert.equal(rig.sequencer.close(), rig.sequencer.close())
    assert.deepEqual(rig.done.slice(-4), ['close tiles', 'sync', 'close ids', 'close wal true'])
  })

  it('keeps the write-ahead log when something is not covered or the ids are not durable', async () => {
    const behind = new Rig()
    await behind.sequencer.append(batchOf(1))
    await behind.sequencer.close()
    assert.ok(behind.done.includes('close wal false'))
    for (const error of [diskFull(), diskFailed()]) {
      const rig = new Rig()
      await rig.sequencer.append(batchOf(1))
      rig.publish(1)
      rig.syncError = error
      await rig.sequencer.close()
      assert.ok(rig.done.includes('close wal false'))
      assert.ok(rig.done.includes('close ids'))
    }
  })
})
