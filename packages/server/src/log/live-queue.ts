// Batches that have become durable and that a follower has not taken yet, in the log's order. Some
// may be missing: those that came when too much was waiting, which it reads from the files.

import { INSERT_ROWS_MAX } from '../base/limits.ts'

export type LiveBatch = {
  readonly firstIndex: number
  readonly count: number
  readonly events: Uint8Array
  /** True when some of the entries are control entries, which have no line. */
  readonly hasHoles: boolean
}

export interface LiveQueue {
  /** Where the first waiting batch begins; undefined when none waits. */
  readonly firstIndex: number | undefined
  push(batch: LiveBatch): void
  /**
   * Removes the batches before leaf index `next`, which were read from the files, and those that go
   * on there: one with holes alone, others together as far as one step takes them.
   */
  take(next: number): { readonly stale: number; readonly group: readonly LiveBatch[] }
}

export function createLiveQueue(): LiveQueue {
  const waiting: LiveBatch[] = []
  return {
    get firstIndex() {
      return waiting[0]?.firstIndex
    },
    push: batch => waiting.push(batch),
    take(indexed) {
      const stale = waiting.splice(0, countStale(waiting, indexed)).length
      const isNext = waiting[0]?.firstIndex === indexed
      return { stale, group: isNext ? waiting.splice(0, countInsertable(waiting)) : [] }
    },
  }
}

function countStale(waiting: readonly LiveBatch[], indexed: number): number {
  const fresh = waiting.findIndex(({ firstIndex }) => firstIndex >= indexed)
  return fresh < 0 ? waiting.length : fresh
}

/** How many batches from the first on follow one another and fit one insert; 1 at least. */
function countInsertable(waiting: readonly LiveBatch[]): number {
  let rows = 0
  let next = waiting[0]?.firstIndex ?? 0
  const end = waiting.findIndex(({ firstIndex, count, hasHoles }) => {
    rows += count
    const fits = !hasHoles && firstIndex === next && rows <= INSERT_ROWS_MAX
    next = firstIndex + count
    return !fits
  })
  return Math.max(1, end < 0 ? waiting.length : end)
}
