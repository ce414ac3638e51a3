// Gives out leaf indexes and keeps the promise of an acknowledgement. Runs on the main thread:
// drops what the shard already holds, commits groups to the write-ahead log as soon as the disk is
// idle, acknowledges, and hands what is durable to the tile thread and to followers.
//
// A failed disk is final: everything that waits is refused, and the process must end.

import { TocsinError } from '@tocsin/sdk/errors'
import type { Clock } from '../base/clock.ts'
import { diskError, isDiskFull } from '../base/durable.ts'
import type { Telemetry } from '../base/emit.ts'
import {
  COMMIT_BATCHES_MAX,
  DISK_RESERVE_BYTES,
  INFLIGHT_BYTES_MAX,
  UNSEALED_BYTES_MAX,
  UNSEALED_ENTRIES_MAX,
} from '../base/limits.ts'
import { type Chosen, choose, type Fate } from './choose.ts'
import type { IdTable } from './ids.ts'
import type { PreparedBatch } from './record.ts'
import type { TileThread } from './tile-thread.ts'
import type { Published } from './tiles.ts'
import type { Wal } from './wal.ts'

/** What became of each event of a batch, in its order. */
export type Appended = { readonly fates: readonly Fate[] }

/** Durable entries as followers get them: `count` entries from leaf index `firstIndex` on. */
export type DurableBatch = {
  readonly firstIndex: number
  readonly count: number
  /** The events as NDJSON; an empty span is a control entry. */
  readonly events: Uint8Array
  readonly eventOffsets: Uint32Array
}

export interface Sequencer {
  readonly size: number
  readonly publishedSize: number
  append(batch: PreparedBatch): Promise<Appended>
  follow(listener: (batch: DurableBatch) => void): () => void
  onPublished(listener: (published: Published) => void): () => void
  /** Nothing is acknowledged from now on. */
  fail(error: TocsinError): void
  close(): Promise<void>
}

export type SequencerParts = {
  readonly dataDir: string
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly onFatal: (error: TocsinError) => void
  readonly wal: Wal
  readonly ids: IdTable
  readonly tiles: TileThread
  /** Bytes that may still be written to the data directory. */
  readonly freeBytes: () => number
  /** Entries that a start found; those beyond the checkpoint may be in the page cache only. */
  readonly size: number
}

type Waiting = {
  readonly batch: PreparedBatch
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

export function buildSequencer(parts: SequencerParts): Sequencer {
  const { telemetry, wal, ids, tiles } = parts
  const followers = buildListeners<DurableBatch>(telemetry)
  const publishedListeners = buildListeners<Published>(telemetry)
  const waiting: Waiting[] = []
  const unsealed = buildUnsealed(tiles.size, parts.size)
  let inflightBytes = 0
  let committing: Promise<void> | null = null
  let trimming: Promise<void> | null = null
  let closing: Promise<void> | null = null
  let dead: TocsinError | null = null
  /** Resolves, and is made anew, when a checkpoint came out or could not. */
  let turn = Promise.withResolvers<void>()

  function nextTurn(): void {
    turn.resolve()
    turn = Promise.withResolvers<void>()
  }

  function refuseWaiting(error: TocsinError): void {
    for (const { reject, batch } of waiting.splice(0)) {
      inflightBytes -= batch.bytes.length
      reject(error)
    }
  }

  function die(cause: unknown): void {
    if (dead) return
    dead = diskError(cause, parts.dataDir)
    refuseWaiting(dead)
    nextTurn()
    parts.onFatal(dead)
  }

  tiles.onFailure(die)
  tiles.onDiskFull(() => {
    telemetry.add('log.disk_full', 1)
    if (!isSettled()) refuseWaiting(diskFull())
    nextTurn()
  })
  tiles.onPublished(published => {
    unsealed.publish(published.size)
    telemetry.set('log.checkpoint_size', published.size)
    telemetry.set('log.checkpoint_time_ms', parts.clock.nowMs())
    nextTurn()
    trim()
    publishedListeners.call(published)
  })

  /**
   * What a start found beyond the checkpoint may have been written by a process whose fsync failed,
   * and be in the page cache only. So nothing is acknowledged, not even as a duplicate, before a
   * checkpoint covers it.
   */
  const isSettled = () => unsealed.publishedSize >= parts.size

  function check(batch: PreparedBatch): void {
    if (dead) throw dead
    if (closing) {
      throw new TocsinError('log.closed', { public: 'the server is stopping; send again later' })
    }
    const isFull = inflightBytes + batch.bytes.length > INFLIGHT_BYTES_MAX && inflightBytes > 0
    if (isFull || unsealed.isFull()) {
      throw new TocsinError('log.pushback', {
        public: 'more is waiting to be written than the server takes; send again in a second',
      })
    }
  }

  async function commitLoop(): Promise<void> {
    while (waiting.length > 0 && !dead) {
      if (isSettled()) await commitGroup(waiting.splice(0, COMMIT_BATCHES_MAX))
      else await turn.promise
    }
    committing = null
  }

  async function commitGroup(group: readonly Waiting[]): Promise<void> {
    const firstIndex = ids.size
    let chosen: readonly Chosen[] = []
    try {
      chosen = group.map(({ batch }) => choose(batch, ids))
      await write(
        firstIndex,
        chosen.map(({ kept }) => kept).filter(({ count }) => count > 0),
      )
    } catch (error) {
      refuse(group, error, firstIndex)
      return
    }
    ids.flush()
    group.forEach(({ resolve, batch }, i) => {
      inflightBytes -= batch.bytes.length
      resolve({ fates: chosen[i]?.fates ?? [] })
    })
    handOn(firstIndex, chosen)
  }

  function refuse(group: readonly Waiting[], cause: unknown, size: number): void {
    const error = diskError(cause, parts.dataDir)
    ids.truncate(size)
    for (const { reject, batch } of group) {
      inflightBytes -= batch.bytes.length
      reject(error)
    }
    if (error.code === 'log.disk_full') telemetry.add('log.disk_full', 1)
    else die(error)
  }

  async function write(firstIndex: number, kept: readonly PreparedBatch[]): Promise<void> {
    const count = kept.reduce((sum, batch) => sum + batch.count, 0)
    if (count === 0) return
    const bytes = kept.reduce((sum, batch) => sum + batch.bytes.length, 0)
    // Every entry is written twice, here and under a checkpoint, or this log is never emptied.
    if (parts.freeBytes() < unsealed.bytes + 2 * bytes + DISK_RESERVE_BYTES) throw diskFull()
    const start = performance.now()
    await wal.append(firstIndex, { count, bytes: kept.map(batch => batch.bytes) })
    telemetry.add('log.commits', 1)
    telemetry.add('log.commit_seconds', (performance.now() - start) / 1000)
    unsealed.append(firstIndex + count, bytes)
    telemetry.set('log.size', unsealed.size)
  }

  function handOn(before: number, chosen: readonly Chosen[]): void {
    let firstIndex = before
    for (const { kept } of chosen) {
      const { count, events, eventOffsets } = kept
      if (count === 0) continue
      followers.call({ firstIndex, count, events, eventOffsets })
      tiles.append(kept)
      firstIndex += count
    }
  }

  /**
   * Rows of the id table must be durable before the records go that they could be made from again.
   */
  function trim(): void {
    if (trimming || dead || closing || !wal.isTrimmable(unsealed.publishedSize)) return
    const size = unsealed.publishedSize
    trimming = ids
      .sync()
      .then(() => wal.trim(size))
      .catch((error: unknown) => {
        if (isDiskFull(error)) telemetry.add('log.disk_full', 1)
        else die(error)
      })
      .finally(() => {
        trimming = null
      })
  }

  async function close(): Promise<void> {
    await committing
    if (dead) await tiles.stop()
    else await tiles.close()
    await trimming
    const isCovered = !dead && unsealed.publishedSize === unsealed.size && (await syncIds())
    await ids.close()
    wal.close(isCovered)
  }

  /** False when the disk is too full for it: the write-ahead log then stays. */
  async function syncIds(): Promise<boolean> {
    try {
      await ids.sync()
      return true
    } catch (error) {
      if (!isDiskFull(error)) die(error)
      return false
    }
  }

  return {
    get size() {
      return unsealed.size
    },
    get publishedSize() {
      return unsealed.publishedSize
    },
    async append(batch) {
      check(batch)
      const { promise, resolve, reject } = Promise.withResolvers<Appended>()
      inflightBytes += batch.bytes.length
      waiting.push({ batch, resolve, reject })
      committing ??= commitLoop()
      return promise
    },
    follow: followers.add,
    onPublished: publishedListeners.add,
    fail: die,
    close() {
      closing ??= close().catch((error: unknown) => {
        throw diskError(error, parts.dataDir)
      })
      return closing
    },
  }
}

function diskFull(): TocsinError {
  return new TocsinError('log.disk_full', {
    public: 'the disk of the data directory is full; nothing of this request was stored',
  })
}

/** Counts what is durable and under no checkpoint yet. */
interface Unsealed {
  readonly size: number
  readonly bytes: number
  readonly publishedSize: number
  append(size: number, bytes: number): void
  publish(size: number): void
  isFull(): boolean
}

function buildUnsealed(start: number, recovered: number): Unsealed {
  let publishedSize = start
  let size = recovered
  let bytes = 0
  const groups: { readonly size: number; readonly bytes: number }[] = []
  return {
    get size() {
      return size
    },
    get publishedSize() {
      return publishedSize
    },
    get bytes() {
      return bytes
    },
    append(toSize, groupBytes) {
      size = toSize
      bytes += groupBytes
      groups.push({ size, bytes: groupBytes })
    },
    publish(toSize) {
      publishedSize = toSize
      const covered = groups.findIndex(group => group.size > toSize)
      for (const group of groups.splice(0, covered < 0 ? groups.length : covered)) {
        bytes -= group.bytes
      }
    },
    isFull: () => size - publishedSize > UNSEALED_ENTRIES_MAX || bytes > UNSEALED_BYTES_MAX,
  }
}

type Listeners<T> = {
  readonly add: (listener: (value: T) => void) => () => void
  readonly call: (value: T) => void
}

/**
 * One that throws is told of no more: it would miss what it threw at, and go on as if it had not.
 */
function buildListeners<T>(telemetry: Telemetry): Listeners<T> {
  const listeners = new Set<(value: T) => void>()
  return {
    add(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    call(value) {
      for (const listener of listeners) {
        try {
          listener(value)
        } catch (error) {
          listeners.delete(listener)
          telemetry.report('error', `a follower of the log failed and gets nothing more: ${error}`)
        }
      }
    },
  }
}
