// From the log to a follower on a thread: sends it what becomes durable while there is room, and
// every published size, so that it can read from the files what it was not sent.

import { FOLLOWER_BYTES_MAX } from '../base/limits.ts'
import type { LiveBatch } from './live-queue.ts'
import type { DurableBatch } from './sequencer.ts'
import type { Published } from './tiles.ts'

export type ToFollower =
  | ({ readonly kind: 'live' } & LiveBatch)
  | { readonly kind: 'published'; readonly size: number }

export interface LiveFeed {
  /** The thread has done with so many batches, in the order in which they were sent. */
  taken(count: number): void
  stop(): void
}

type Source = {
  follow(listener: (batch: DurableBatch) => void): () => void
  onPublished(listener: (published: Published) => void): () => void
}

export function feedFollower(log: Source, send: (message: ToFollower) => void): LiveFeed {
  // Sizes of the batches that the thread has not answered yet, oldest first.
  const underWay: number[] = []
  let bytesUnderWay = 0
  const stopFollowing = log.follow(batch => {
    const { firstIndex, count, events } = batch
    if (bytesUnderWay + events.length > FOLLOWER_BYTES_MAX && bytesUnderWay > 0) return
    underWay.push(events.length)
    bytesUnderWay += events.length
    send({ kind: 'live', firstIndex, count, events, hasHoles: hasHoles(batch) })
  })
  const stopPublished = log.onPublished(({ size }) => send({ kind: 'published', size }))
  return {
    taken(count) {
      for (const bytes of underWay.splice(0, count)) bytesUnderWay -= bytes
    },
    stop() {
      stopFollowing()
      stopPublished()
    },
  }
}

function hasHoles({ count, eventOffsets }: DurableBatch): boolean {
  for (let i = 0; i < count; i++) if (eventOffsets[i] === eventOffsets[i + 1]) return true
  return false
}
