// A sliding window that counts different values. Every occurrence is kept, up to `entriesMax`;
// beyond, only the last one of each value, which windows that end at the newest event do not
// notice; of more values than that the oldest go, and the count is one of at least so many.

import type { StateReader, StateWriter } from '../state-bytes.ts'
import { endsFrom, firstAfter, LATE_MS, type SlidingWindow } from './sliding-window.ts'

const BATCH = 64

export type DistinctSize = { readonly spanMs: number; readonly entriesMax: number }

type Kept = {
  /** Ascending. */
  readonly times: number[]
  readonly keys: string[]
  /** Events behind each entry: an event with two values has two entries and counts once. */
  readonly counts: number[]
  newestMs: number
}

export function openDistinctWindow(size: DistinctSize): SlidingWindow<readonly string[]> {
  const newestMs = Number.NEGATIVE_INFINITY
  return windowOf({ times: [], keys: [], counts: [], newestMs }, size)
}

export function loadDistinctWindow(
  input: StateReader,
  size: DistinctSize,
): SlidingWindow<readonly string[]> {
  const kept: Kept = { times: [], keys: [], counts: [], newestMs: input.number() }
  for (let left = input.count(); left > 0; left--) {
    kept.times.push(input.number())
    kept.keys.push(input.text())
    kept.counts.push(input.count())
  }
  return windowOf(kept, size)
}

function windowOf(kept: Kept, size: DistinctSize): SlidingWindow<readonly string[]> {
  const { times, keys, counts } = kept
  const { spanMs, entriesMax } = size
  // Of the window that ends at the newest event: entries from `start` on, and how often each value.
  let start = 0
  const often = new Map<string, number>()
  count()

  function count(): void {
    start = firstAfter(times, kept.newestMs - spanMs)
    often.clear()
    for (let i = start; i < keys.length; i++) enter(keys[i] ?? '')
  }

  function enter(key: string): void {
    often.set(key, (often.get(key) ?? 0) + 1)
  }

  function leave(key: string): void {
    const left = (often.get(key) ?? 0) - 1
    if (left > 0) often.set(key, left)
    else often.delete(key)
  }

  function append(timeMs: number, key: string, events: number): void {
    times.push(timeMs)
    keys.push(key)
    counts.push(events)
    enter(key)
    const edgeMs = kept.newestMs - spanMs
    while (start < times.length && (times[start] ?? 0) <= edgeMs) {
      leave(keys[start] ?? '')
      start += 1
    }
  }

  function insert(timeMs: number, key: string, events: number): void {
    const at = firstAfter(times, timeMs)
    times.splice(at, 0, timeMs)
    keys.splice(at, 0, key)
    counts.splice(at, 0, events)
  }

  function forget(): void {
    const gone = firstAfter(times, kept.newestMs - spanMs - LATE_MS)
    if (gone < BATCH && times.length <= entriesMax) return
    drop(gone)
    if (times.length > entriesMax) keepLast()
    if (times.length > entriesMax) drop(times.length - entriesMax / 2)
    count()
  }

  function drop(entries: number): void {
    times.splice(0, entries)
    keys.splice(0, entries)
    counts.splice(0, entries)
  }

  /** Leaves each value's last entry, with the events of the others. */
  function keepLast(): void {
    const events = new Map<string, number>()
    const last = new Map<string, number>()
    keys.forEach((key, i) => {
      events.set(key, (events.get(key) ?? 0) + (counts[i] ?? 0))
      last.set(key, i)
    })
    let to = 0
    for (let from = 0; from < keys.length; from++) {
      const key = keys[from] ?? ''
      if (last.get(key) !== from) continue
      times[to] = times[from] ?? 0
      keys[to] = key
      counts[to] = events.get(key) ?? 0
      to += 1
    }
    times.length = to
    keys.length = to
    counts.length = to
  }

  function range(endMs: number): readonly [number, number] {
    return [firstAfter(times, endMs - spanMs), firstAfter(times, endMs)]
  }

  return {
    get newestMs() {
      return kept.newestMs
    },
    add(timeMs, values) {
      const isNewest = timeMs >= kept.newestMs
      if (isNewest) kept.newestMs = timeMs
      values.forEach((key, i) => {
        const put = isNewest ? append : insert
        put(timeMs, key, i === 0 ? 1 : 0)
      })
      if (!isNewest) count()
      forget()
    },
    valueAt(endMs) {
      return endMs === kept.newestMs ? often.size : new Set(keys.slice(...range(endMs))).size
    },
    eventsAt: endMs => counts.slice(...range(endMs)).reduce((sum, n) => sum + n, 0),
    endsFrom: timeMs => endsFrom(times, timeMs, { spanMs, newestMs: kept.newestMs }),
    save(out) {
      save(out, kept)
    },
  }
}

function save(out: StateWriter, { times, keys, counts, newestMs }: Kept): void {
  out.number(newestMs)
  out.count(times.length)
  times.forEach((timeMs, i) => {
    out.number(timeMs)
    out.text(keys[i] ?? '')
    out.count(counts[i] ?? 0)
  })
}
