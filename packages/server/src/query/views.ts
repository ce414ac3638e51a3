// What searches read, by generations: a search keeps the view that it began with while newer ones
// replace it, so that neither waits for the other. What a view alone used is given up when nobody
// reads it any more. Views are given up in their order, since a later one may use what an earlier
// one has.

export interface Views<T> {
  /** Reads what is there now, for as long as the step takes. */
  read<R>(step: (view: T) => Promise<R>): Promise<R>
  /**
   * From now on `next` is read. `giveUp`, which must not throw, runs once, when nobody reads what
   * was before. Resolves at once, or where many wait to be given up, when they are few again.
   */
  replace(next: T, giveUp: () => Promise<void>): Promise<void>
  /** Resolves when nobody reads and everything that was replaced is given up. */
  idle(): Promise<void>
}

/** Views that may wait to be given up; each can hold as much memory as the hot table. */
const WAITING_MAX = 2

type Kept<T> = {
  readonly view: T
  readers: number
  /** Set when another view has taken its place. */
  giveUp: (() => Promise<void>) | null
}

export function buildViews<T>(first: T): Views<T> {
  let current: Kept<T> = { view: first, readers: 0, giveUp: null }
  const replaced: Kept<T>[] = []
  let isGivingUp = false
  let room = Promise.withResolvers<void>()

  async function giveUpUnread(): Promise<void> {
    if (isGivingUp) return
    isGivingUp = true
    for (let oldest = replaced[0]; oldest?.readers === 0; oldest = replaced[0]) {
      replaced.shift()
      await oldest.giveUp?.()
    }
    isGivingUp = false
    room.resolve()
    room = Promise.withResolvers()
  }

  return {
    async read(step) {
      const kept = current
      kept.readers += 1
      try {
        return await step(kept.view)
      } finally {
        kept.readers -= 1
        void giveUpUnread()
      }
    },
    async replace(next, giveUp) {
      const last = current
      current = { view: next, readers: 0, giveUp: null }
      last.giveUp = giveUp
      replaced.push(last)
      await giveUpUnread()
      while (replaced.length > WAITING_MAX) await room.promise
    },
    async idle() {
      while (isGivingUp || replaced.length > 0 || current.readers > 0) await room.promise
    },
  }
}
