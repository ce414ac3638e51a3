// The sequencer's side of the tile thread (tiles-worker.ts): what it is told, and what it tells.

import { ERRORS, type ErrorCode, TocsinError } from '@tocsin/sdk/errors'
import { startThread } from '../base/threads.ts'
import type { PreparedBatch } from './record.ts'
import type { Published } from './tiles.ts'
import type { FromTiles, TilesConfig, ToTiles } from './tiles-worker.ts'

export interface TileThread {
  /** Entries under the checkpoint that it took up. */
  readonly size: number
  /** Takes durable entries, in order; the buffers are handed over. */
  append(batch: Pick<PreparedBatch, 'bytes' | 'offsets'>): void
  /**
   * Everything that must be there was found and appended: files may be changed from now on, and a
   * checkpoint is published at once. Rejects when they cannot be taken up.
   */
  begin(): Promise<void>
  onPublished(listener: (published: Published) => void): void
  /** The disk was full when a checkpoint was due; it is tried again each second. */
  onDiskFull(listener: () => void): void
  /** Called once; nothing is published any more. Also called when it failed before. */
  onFailure(listener: (error: TocsinError) => void): void
  /** Publishes what it can and ends. */
  close(): Promise<void>
  /** Ends it where it stands. */
  stop(): Promise<void>
}

/** Rejects with `log.corrupt` when the shard's files must not be grown. */
export async function startTileThread(config: TilesConfig): Promise<TileThread> {
  const thread = startThread<ToTiles, FromTiles>(import.meta.url, 'tiles-worker', config)
  const opened = Promise.withResolvers<number>()
  const begun = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<TocsinError>()
  const published = new Set<(published: Published) => void>()
  const diskFull = new Set<() => void>()

  const fail = (error: TocsinError) => {
    failed.resolve(error)
    for (const waiting of [opened, begun]) waiting.reject(error)
    closed.resolve()
  }
  // Only `begin` waits for it; without that call nobody needs to know.
  begun.promise.catch(() => {})

  thread.onFailure(cause => {
    fail(new TocsinError('internal.bug', { public: 'the tile thread ended', cause }))
  })
  thread.onMessage(message => {
    if (message.kind === 'opened') opened.resolve(message.size)
    else if (message.kind === 'begun') begun.resolve()
    else if (message.kind === 'published') for (const listener of published) listener(message)
    else if (message.kind === 'disk_full') for (const listener of diskFull) listener()
    else if (message.kind === 'failed') fail(parseFailure(message.code, message.detail))
    else closed.resolve()
  })

  const stop = () => thread.stop()
  const size = await opened.promise.catch(async error => {
    await stop()
    throw error
  })
  return {
    size,
    append: ({ bytes, offsets }) => {
      thread.send({ kind: 'append', bytes, offsets }, [ownBuffer(bytes), ownBuffer(offsets)])
    },
    begin: () => {
      thread.send({ kind: 'begin' })
      return begun.promise
    },
    onPublished: listener => published.add(listener),
    onDiskFull: listener => diskFull.add(listener),
    onFailure: listener => void failed.promise.then(listener),
    async close() {
      thread.send({ kind: 'close' })
      await closed.promise
      await stop()
    },
    stop,
  }
}

/** Errors lose their class between threads; the code brings it back. */
function parseFailure(code: string, detail: string): TocsinError {
  const known = code in ERRORS ? (code as ErrorCode) : 'internal.bug'
  return new TocsinError(known, { public: detail })
}

/** Only whole buffers can be handed over without a copy; prepared batches own theirs. */
function ownBuffer(bytes: Uint8Array | Uint32Array): ArrayBuffer {
  if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength) {
    return bytes.buffer
  }
  throw new TocsinError('internal.bug', { public: 'a prepared batch does not own its buffer' })
}
