// A sliding window as 24 slots by the time of events, not by their arrival: an event that comes
// late within the window counts in its own slot. Only slots with events are kept, and they are
// dropped at the next event after they are over; an idle window costs nothing.

import type { StateReader, StateWriter } from '../state-bytes.ts'

export const SLOTS = 24

export type Slots = {
  /** Number since 1970, sum and events of each slot that has some, oldest first. */
  readonly kept: number[]
  newest: number
}

const EACH = 3

export function openSlots(): Slots {
  return { kept: [], newest: 0 }
}

/** False for what is older than the window. */
export function addToSlot(slots: Slots, slot: number, amount: number): boolean {
  const { kept } = slots
  if (slot > slots.newest) {
    slots.newest = slot
    let over = 0
    while (over < kept.length && (kept[over] ?? 0) <= slot - SLOTS) over += EACH
    if (over > 0) kept.splice(0, over)
  } else if (slot <= slots.newest - SLOTS) {
    return false
  }
  let at = kept.length - EACH
  while (at >= 0 && (kept[at] ?? 0) > slot) at -= EACH
  if (at >= 0 && kept[at] === slot) {
    kept[at + 1] = (kept[at + 1] ?? 0) + amount
    kept[at + 2] = (kept[at + 2] ?? 0) + 1
  } else if (at + EACH === kept.length) {
    kept.push(slot, amount, 1)
  } else {
    kept.splice(at + EACH, 0, slot, amount, 1)
  }
  return true
}

export type Parts = { readonly all: number; readonly oldest: number; readonly newest: number }

/** Sum of the window, and of its slots before `oldestEnd` and from `newestStart` on. */
export function sumParts({ kept }: Slots, oldestEnd: number, newestStart: number): Parts {
  let [all, oldest, newest] = [0, 0, 0]
  for (let at = 0; at < kept.length; at += EACH) {
    const slot = kept[at] ?? 0
    const sum = kept[at + 1] ?? 0
    all += sum
    if (slot < oldestEnd) oldest += sum
    if (slot >= newestStart) newest += sum
  }
  return { all, oldest, newest }
}

export function eventsInSlots({ kept }: Slots): number {
  let events = 0
  for (let at = 2; at < kept.length; at += EACH) events += kept[at] ?? 0
  return events
}

/** Sum over the window that ends with `slot`, which may lie ahead. */
export function sumAhead({ kept }: Slots, slot: number): number {
  let sum = 0
  for (let at = 0; at < kept.length; at += EACH) {
    if ((kept[at] ?? 0) > slot - SLOTS) sum += kept[at + 1] ?? 0
  }
  return sum
}

export function saveSlots({ kept, newest }: Slots, out: StateWriter): void {
  out.count(newest)
  out.count(kept.length / EACH)
  for (let at = 0; at < kept.length; at += EACH) {
    out.count(newest - (kept[at] ?? 0))
    out.number(kept[at + 1] ?? 0)
    out.count(kept[at + 2] ?? 0)
  }
}

export function loadSlots(input: StateReader): Slots {
  const newest = input.count()
  const kept: number[] = []
  for (let left = input.count(); left > 0; left--) {
    kept.push(newest - input.count(), input.number(), input.count())
  }
  return { kept, newest }
}
