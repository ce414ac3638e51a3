// What a live view holds: the newest rows, no more than so many, and while it is held still what
// waits to come in. Whatever has to go is counted, so that nobody takes the view for all there was.
// Pure: who calls it decides when to look.

/** An event, or a place where events are missing. */
export type LiveRow<Event> =
  | { readonly kind: 'event'; readonly id: string; readonly event: Event }
  | { readonly kind: 'gap'; readonly id: string; readonly missing: number | null }

export type LiveState<Event> = {
  /** The newest first. */
  readonly rows: readonly LiveRow<Event>[]
  readonly waiting: number
  /** Came and were let go before anybody saw them, here or on the server's side. */
  readonly dropped: number
  /** There were gaps whose size nobody knows. */
  readonly hasUnknownGap: boolean
}

export interface LiveBuffer<Event> {
  /** Comes in, or waits while held. */
  take(row: LiveRow<Event>): void
  hold(): void
  /** What waited comes in. */
  release(): void
  readonly isHeld: boolean
  /** The same object until something changed. */
  state(): LiveState<Event>
}

export function buildLiveBuffer<Event>(
  rowsMax: number,
  seed: readonly LiveRow<Event>[] = [],
): LiveBuffer<Event> {
  let rows: readonly LiveRow<Event>[] = seed.slice(0, rowsMax)
  /** The oldest first: appending must not move what is there. */
  let arrived: LiveRow<Event>[] = []
  let dropped = 0
  let hasUnknownGap = false
  let isHeld = false
  let state: LiveState<Event> | null = null

  function take(row: LiveRow<Event>): void {
    if (row.kind === 'gap') {
      if (row.missing === null) hasUnknownGap = true
      else dropped += row.missing
    }
    arrived.push(row)
    state = null
    // Twice as many, so that a burst is cut once and not at every event.
    if (arrived.length >= rowsMax * 2) cut()
  }

  function cut(): void {
    const over = arrived.length - rowsMax
    if (over <= 0) return
    dropped += arrived.slice(0, over).filter(row => row.kind === 'event').length
    arrived = arrived.slice(over)
  }

  function settle(): void {
    cut()
    if (isHeld || arrived.length === 0) return
    rows = [...arrived.reverse(), ...rows].slice(0, rowsMax)
    arrived = []
  }

  return {
    take,
    hold() {
      // What came before the hold is shown first.
      settle()
      isHeld = true
      state = null
    },
    release() {
      isHeld = false
      state = null
    },
    get isHeld() {
      return isHeld
    },
    state() {
      if (!state) {
        settle()
        const waiting = arrived.filter(row => row.kind === 'event').length
        state = { rows, waiting, dropped, hasUnknownGap }
      }
      return state
    },
  }
}
