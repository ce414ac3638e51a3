// A sliding window that counts different values. Every occurrence is kept, up to `entriesMax`;
// beyond, only the last one of each value, which windows that end at the newest event do not
// notice; of more values than that the oldest go, and the count is one of at least so many.

import type { StateReader, StateWriter } from '../state-bytes.ts'
import { endsFrom, firstAfter, LATE_MS, type SlidingWindow } from './sliding-window.ts'

const BATCH = 64

export type DistinctSize = { readonly spanMs: number; readonly entriesMax: number }

type Kept = DistinctSize & {
  /** Ascending. */
  readonly times: number[]
  readonly keys: string[]
  /** Events behind each entry: an event with two values has two entries and counts once. */
  readonly counts: number[]
  newestMs: number
  /** Of the window that ends at the newest event: its first entry, and how often each value. */
  start: number
  readonly often: Map<string, number>
}

export function openDistinctWindow(size: DistinctSize): SlidingWindow<readonly string[]> {
  return windowOf(openKept(size))
}

export function loadDistinctWindow(
  input: StateReader,
  size: DistinctSize,
): SlidingWindow<readonly string[]> {
  const kept = openKept(size)
  kept.newestMs = input.number()
  for (let left = input.count(); left > 0; left--) {
    kept.times.push(input.number())
    kept.keys.push(input.text())
    kept.counts.push(input.count())
  }
  count(kept)
  return windowOf(kept)
}

function openKept(size: DistinctSize): Kept {
  const newestMs = Number.NEGATIVE_INFINITY
  return { ...size, newestMs, times: [], keys: [], counts: [], start: 0, often: new Map() }
}

function windowOf(kept: Kept): SlidingWindow<readonly string[]> {
  const { times, keys, counts, often, spanMs } = kept
  const range = (endMs: number): readonly [number, number] => [
    firstAfter(times, endMs - spanMs),
    firstAfter(times, endMs),
  ]
  return {
    get newestMs() {
      return kept.newestMs
    },
    add(timeMs, values) {
      const put = timeMs >= kept.newestMs ? append : insert
      values.forEach((key, i) => {
        put(kept, { timeMs, key, events: i === 0 ? 1 : 0 })
      })
      forget(kept)
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

type Entry = { readonly timeMs: number; readonly key: string; readonly events: number }

function count(kept: Kept): void {
  kept.start = firstAfter(kept.times, kept.newestMs - kept.spanMs)
  kept.often.clear()
  for (let i = kept.start; i < kept.keys.length; i++) enter(kept, kept.keys[i] ?? '')
}

function enter({ often }: Kept, key: string): void {
  often.set(key, (often.get(key) ?? 0) + 1)
}

function leave({ often }: Kept, key: string): void {
  const left = (often.get(key) ?? 0) - 1
  if (left > 0) often.set(key, left)
  else often.delete(key)
}

/** The common case: no event so far was later. */
function append(kept: Kept, { timeMs, key, events }: Entry): void {
  const { times, keys, counts } = kept
  kept.newestMs = timeMs
  times.push(timeMs)
  keys.push(key)
  counts.push(events)
  enter(kept, key)
  const edgeMs = timeMs - kept.spanMs
  while (kept.start < times.length && (times[kept.start] ?? 0) <= edgeMs) {
    leave(kept, keys[kept.start] ?? '')
    kept.start += 1
  }
}

function insert(kept: Kept, { timeMs, key, events }: Entry): void {
  const at = firstAfter(kept.times, timeMs)
  kept.times.splice(at, 0, timeMs)
  kept.keys.splice(at, 0, key)
  kept.counts.splice(at, 0, events)
  count(kept)
}

function forget(kept: Kept): void {
  const { times, entriesMax } = kept
  const gone = firstAfter(times, kept.newestMs - kept.spanMs - LATE_MS)
  if (gone < BATCH && times.length <= entriesMax) return
  drop(kept, gone)
  if (times.length > entriesMax) keepLast(kept)
  if (times.length > entriesMax) drop(kept, times.length - entriesMax / 2)
  count(kept)
}

function drop({ times, keys, counts }: Kept, entries: number): void {
  times.splice(0, entries)
  keys.splice(0, entries)
  counts.splice(0, entries)
}

/** Leaves each value's last entry, with the events of the others. */
function keepLast({ times, keys, counts }: Kept): void {
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

function save(out: StateWriter, { times, keys, counts, newestMs }: Kept): void {
  out.number(newestMs)
  out.count(times.length)
  times.forEach((timeMs, i) => {
    out.number(timeMs)
    out.text(keys[i] ?? '')
    out.count(counts[i] ?? 0)
  })
}
