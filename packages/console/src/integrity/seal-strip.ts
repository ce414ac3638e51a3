// Seals as the strip draws them. Pure.

export type GivenSeal = { readonly size: number; readonly root: string; readonly timeMs: number }

export type Seal = GivenSeal & {
  /** Entries since the seal before; null for the oldest that is known. */
  readonly added: number | null
  readonly beforeMs: number | null
  /** 0 to 1. */
  readonly height: number
}

const HEIGHT_MIN = 0.12

/** Oldest first. A seal of one entry is seen beside one of ten thousand. */
export function sealsOf(newestFirst: readonly GivenSeal[]): readonly Seal[] {
  const given = newestFirst.toReversed()
  const added = given.map((seal, i) => {
    const before = given[i - 1]
    return before ? Math.max(seal.size - before.size, 0) : null
  })
  const most = Math.max(1, ...added.map(count => count ?? 0))
  return given.map((seal, i) => {
    const count = added[i] ?? null
    const part = Math.log1p(count ?? 0) / Math.log1p(most)
    return {
      ...seal,
      added: count,
      beforeMs: given[i - 1]?.timeMs ?? null,
      height: HEIGHT_MIN + (1 - HEIGHT_MIN) * part,
    }
  })
}
