// What every sliding window promises, and what the kinds of it have in common.

import type { StateWriter } from '../state-bytes.ts'

/**
 * A window holds the events with end − span < time ≤ end, for any end between the newest event and
 * LATE_MS before it: events may come in any order within that. Exact up to ENTRIES_MAX moments;
 * each kind says what it gives up beyond.
 */
export interface SlidingWindow<V> {
  /** Of all events so far; −∞ before the first. */
  readonly newestMs: number
  /** `timeMs` is no more than LATE_MS before the newest. */
  add(timeMs: number, value: V): void
  valueAt(endMs: number): number
  eventsAt(endMs: number): number
  /** When windows end that hold an event of `timeMs`: at each event from it on, in order. */
  endsFrom(timeMs: number): readonly number[]
  save(out: StateWriter): void
}

/** Not less than the engine's LATENESS_MS: what it calls late never comes here. */
export const LATE_MS: number = 15 * 60_000

export const ENTRIES_MAX = 1024

/** Index of the first of ascending `times`, from `low` on, that is after `timeMs`. */
export function firstAfter(times: readonly number[], timeMs: number, low = 0): number {
  let from = low
  let to = times.length
  while (from < to) {
    const middle = (from + to) >> 1
    if ((times[middle] ?? 0) > timeMs) to = middle
    else from = middle + 1
  }
  return from
}

export function endsFrom(
  times: readonly number[],
  timeMs: number,
  span: { readonly spanMs: number; readonly newestMs: number },
): readonly number[] {
  const { spanMs, newestMs } = span
  if (timeMs >= newestMs) return [timeMs]
  const from = firstAfter(times, timeMs)
  const after = times.slice(from).filter(t => t < timeMs + spanMs)
  const ends = new Set([timeMs, ...after])
  if (newestMs < timeMs + spanMs) ends.add(newestMs)
  return [...ends]
}
