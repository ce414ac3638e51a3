// Long polls: each waits until something is in force that it does not know, its time is up, it
// leaves, or the server ends. Their number is bounded.

import { TocsinError } from '@tocsin/sdk/errors'

export interface Followers {
  /** Resolves on `wake`, after `waitMs`, when `signal` aborts. Throws `respond.busy` when full. */
  wait(waitMs: number, signal: AbortSignal): Promise<void>
  wake(): void
  /** Wakes all; none waits from now on. */
  close(): void
  readonly size: number
}

export const FOLLOWERS_MAX = 1000

export function createFollowers(): Followers {
  const waiting = new Set<() => void>()
  let isClosed = false
  const wake = () => {
    for (const end of [...waiting]) end()
  }
  return {
    wake,
    get size() {
      return waiting.size
    },
    wait(waitMs, signal) {
      if (isClosed || signal.aborted || waitMs <= 0) return Promise.resolve()
      if (waiting.size >= FOLLOWERS_MAX) {
        throw new TocsinError('respond.busy', {
          public: `${FOLLOWERS_MAX} programs follow the decisions already; ask again in a second`,
        })
      }
      return new Promise(resolve => {
        const end = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', end)
          waiting.delete(end)
          resolve()
        }
        const timer = setTimeout(end, waitMs)
        signal.addEventListener('abort', end)
        waiting.add(end)
      })
    },
    close() {
      isClosed = true
      wake()
    },
  }
}
