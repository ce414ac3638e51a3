// A sliding window as a ring of 24 slots by the time of events, not by their arrival: an event that
// comes late within the window counts in its own slot. Slots are cleared when time has passed them,
// at the next event; an idle window costs nothing.

import type { StateReader, StateWriter } from '../state-bytes.ts'

export const SLOTS = 24

export type Slots = {
  /** Sum of each slot, then the number of events in each. */
  readonly sums: Float64Array
  /** Number of the newest slot since 1970. */
  newest: number
}

export function openSlots(): Slots {
  return { sums: new Float64Array(2 * SLOTS), newest: 0 }
}

/** False for what is older than the window. */
export function addToSlot(slots: Slots, slot: number, amount: number): boolean {
  if (slot > slots.newest) {
    const first = Math.max(slots.newest + 1, slot - SLOTS + 1)
    for (let at = first; at <= slot; at++) {
      slots.sums[at % SLOTS] = 0
      slots.sums[SLOTS + (at % SLOTS)] = 0
    }
    slots.newest = slot
  } else if (slot <= slots.newest - SLOTS) {
    return false
  }
  const at = slot % SLOTS
  slots.sums[at] = (slots.sums[at] ?? 0) + amount
  slots.sums[SLOTS + at] = (slots.sums[SLOTS + at] ?? 0) + 1
  return true
}

export type Parts = { readonly all: number; readonly oldest: number; readonly newest: number }

/** Sum of the window, and of its slots before `oldestEnd` and from `newestStart` on. */
export function sumParts(
  { sums, newest: last }: Slots,
  oldestEnd: number,
  newestStart: number,
): Parts {
  let [all, oldest, newest] = [0, 0, 0]
  for (let slot = Math.max(0, last - SLOTS + 1); slot <= last; slot++) {
    const sum = sums[slot % SLOTS] ?? 0
    all += sum
    if (slot < oldestEnd) oldest += sum
    if (slot >= newestStart) newest += sum
  }
  return { all, oldest, newest }
}

export function eventsInSlots({ sums }: Slots): number {
  let sum = 0
  for (let at = SLOTS; at < 2 * SLOTS; at++) sum += sums[at] ?? 0
  return sum
}

/** Sum over the window that ends with `slot`, which may lie ahead. */
export function sumAhead({ sums, newest }: Slots, slot: number): number {
  let sum = 0
  for (let at = Math.max(newest - SLOTS, slot - SLOTS) + 1; at <= newest; at++) {
    sum += sums[at % SLOTS] ?? 0
  }
  return sum
}

export function saveSlots({ sums, newest }: Slots, out: StateWriter): void {
  out.count(newest)
  for (const sum of sums) {
    // Most slots are empty: one byte says so.
    out.count(sum === 0 ? 0 : 1)
    if (sum !== 0) out.number(sum)
  }
}

export function loadSlots(input: StateReader): Slots {
  const slots = openSlots()
  slots.newest = input.count()
  for (let at = 0; at < slots.sums.length; at++) {
    if (input.count() !== 0) slots.sums[at] = input.number()
  }
  return slots
}
