// Turns at something shared: many may read at once, one changes it alone. A change that waits lets
// no new reader in, so it comes to its turn.

export interface Turns {
  read<T>(step: () => Promise<T>): Promise<T>
  change<T>(step: () => Promise<T>): Promise<T>
}

export function buildTurns(): Turns {
  const reading = new Set<Promise<unknown>>()
  let changing: Promise<unknown> = Promise.resolve()

  return {
    async read(step) {
      // The change that was waited for may be followed by another.
      for (let seen: unknown = null; seen !== changing; ) {
        const last = changing
        await last
        seen = last
      }
      const turn = step()
      const settled = turn.catch(() => undefined)
      reading.add(settled)
      try {
        return await turn
      } finally {
        reading.delete(settled)
      }
    },
    change(step) {
      const before = changing
      const turn = (async () => {
        await before
        await Promise.all(reading)
        return step()
      })()
      changing = turn.catch(() => undefined)
      return turn
    },
  }
}
