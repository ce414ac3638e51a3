// Which pairs changed, by number: what a follower asks for is what came after the number it knows.

export type Pair = { readonly actor: string; readonly session: string | null }

export interface ChangeLog {
  readonly version: number
  note(pair: Pair): void
  /** Each pair that changed after `version`, once; null when that is too long ago, or unknown. */
  after(version: number | null): readonly Pair[] | null
}

/** Changes that a follower may be behind before it gets the whole table. */
const CHANGES_KEPT = 10_000

export function createChangeLog(): ChangeLog {
  const changes: Pair[] = []
  let version = 0
  return {
    get version() {
      return version
    },
    note({ actor, session }) {
      version += 1
      changes.push({ actor, session })
      if (changes.length > 2 * CHANGES_KEPT) changes.splice(0, CHANGES_KEPT)
    },
    after(known) {
      if (known === null || known > version || version - known > changes.length) return null
      const pairs = new Map<string, Pair>()
      for (const pair of changes.slice(changes.length - (version - known))) {
        pairs.set(JSON.stringify([pair.actor, pair.session]), pair)
      }
      return [...pairs.values()]
    },
  }
}
