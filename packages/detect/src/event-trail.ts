// The newest events of a group, by time: what a finding names as the events behind it. Bounded,
// in the order of time whatever the order they come in; of equal times the later arrival is
// newer.

import type { StateReader, StateWriter } from './state-bytes.ts'

export interface EventTrail {
  add(timeMs: number, id: string): void
  /** Ids of kept events with `afterMs` < time ≤ `untilMs`, newest last. */
  within(afterMs: number, untilMs: number): readonly string[]
  /** What is not after that is wanted no more; it goes in batches, the last of it at once. */
  forget(untilMs: number): void
  save(out: StateWriter): void
}

const BATCH = 16

type Entry = { readonly timeMs: number; readonly id: string }

export function openTrail(entriesMax: number): EventTrail {
  return trailOf([], entriesMax)
}

export function loadTrail(input: StateReader, entriesMax: number): EventTrail {
  const entries: Entry[] = []
  for (let left = input.count(); left > 0; left--) {
    entries.push({ timeMs: input.number(), id: input.text() })
  }
  return trailOf(entries, entriesMax)
}

// A ring would save the shift; at fifty entries the shift costs less than the arithmetic.
function trailOf(entries: Entry[], entriesMax: number): EventTrail {
  return {
    add(timeMs, id) {
      let at = entries.length
      while (at > 0 && (entries[at - 1]?.timeMs ?? timeMs) > timeMs) at -= 1
      if (at === entries.length) entries.push({ timeMs, id })
      else entries.splice(at, 0, { timeMs, id })
      if (entries.length > entriesMax) entries.shift()
    },
    within: (afterMs, untilMs) =>
      entries.filter(e => e.timeMs > afterMs && e.timeMs <= untilMs).map(e => e.id),
    forget(untilMs) {
      let gone = 0
      while (gone < entries.length && (entries[gone]?.timeMs ?? 0) <= untilMs) gone += 1
      if (gone >= BATCH || gone === entries.length) entries.splice(0, gone)
    },
    save(out) {
      out.count(entries.length)
      for (const { timeMs, id } of entries) {
        out.number(timeMs)
        out.text(id)
      }
    },
  }
}
