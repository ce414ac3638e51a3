// A sliding window over amounts: how many events, or what a field of them adds up to. Amounts of
// one moment share an entry. Beyond ENTRIES_MAX moments new ones are rounded down to a 256th of
// the span, so that an event leaves so much too early, and memory stays as it is.

import type { StateReader, StateWriter } from '../state-bytes.ts'
import { ENTRIES_MAX, endsFrom, firstAfter, LATE_MS, type SlidingWindow } from './sliding-window.ts'

const STEPS = 256
/** Entries before the window are given back in batches. */
const BATCH = 64

type Kept = {
  readonly spanMs: number
  /** Ascending, each once. */
  readonly times: number[]
  readonly amounts: number[]
  readonly counts: number[]
  newestMs: number
  /** 0 while times are exact. */
  stepMs: number
  /** What the window that ends at the newest event holds: entries from `start` on. Not saved. */
  start: number
  total: number
}

export function openSumWindow(spanMs: number): SlidingWindow<number> {
  return windowOf(openKept(spanMs))
}

export function loadSumWindow(input: StateReader, spanMs: number): SlidingWindow<number> {
  const kept = openKept(spanMs)
  kept.newestMs = input.number()
  kept.stepMs = input.number()
  for (let left = input.count(); left > 0; left--) {
    kept.times.push(input.number())
    kept.amounts.push(input.number())
    kept.counts.push(input.count())
  }
  count(kept)
  return windowOf(kept)
}

function openKept(spanMs: number): Kept {
  const newestMs = Number.NEGATIVE_INFINITY
  return { spanMs, newestMs, times: [], amounts: [], counts: [], stepMs: 0, start: 0, total: 0 }
}

function windowOf(kept: Kept): SlidingWindow<number> {
  const { times, amounts, counts, spanMs } = kept
  const sumAt = (list: readonly number[], endMs: number) =>
    sumOf(list, firstAfter(times, endMs - spanMs), firstAfter(times, endMs))
  return {
    get newestMs() {
      return kept.newestMs
    },
    add(timeMs, amount) {
      if (timeMs >= kept.newestMs) append(kept, timeMs, amount)
      else insert(kept, timeMs, amount)
      forget(kept)
    },
    valueAt: endMs => (endMs === kept.newestMs ? kept.total : sumAt(amounts, endMs)),
    eventsAt: endMs => sumAt(counts, endMs),
    endsFrom: timeMs => endsFrom(times, timeMs, { spanMs, newestMs: kept.newestMs }),
    save(out) {
      save(out, kept)
    },
  }
}

function count(kept: Kept): void {
  kept.start = firstAfter(kept.times, kept.newestMs - kept.spanMs)
  kept.total = sumOf(kept.amounts, kept.start, kept.amounts.length)
}

/** The common case: no event so far was later. */
function append(kept: Kept, timeMs: number, amount: number): void {
  const { times, amounts, counts, total: before } = kept
  const at = rounded(timeMs, kept.stepMs)
  kept.newestMs = timeMs
  if (!addTo(kept, times.length - 1, { at, amount })) {
    times.push(at)
    amounts.push(amount)
    counts.push(1)
  }
  kept.total += amount
  const edgeMs = timeMs - kept.spanMs
  while (kept.start < times.length && (times[kept.start] ?? 0) <= edgeMs) {
    kept.total -= amounts[kept.start] ?? 0
    kept.start += 1
  }
  // Fractions and what is beyond 2^53 do not come out even: then it is added up anew.
  if (!Number.isSafeInteger(before) || !Number.isSafeInteger(kept.total)) count(kept)
}

function insert(kept: Kept, timeMs: number, amount: number): void {
  const at = rounded(timeMs, kept.stepMs)
  const index = firstAfter(kept.times, at)
  if (!addTo(kept, index - 1, { at, amount })) {
    kept.times.splice(index, 0, at)
    kept.amounts.splice(index, 0, amount)
    kept.counts.splice(index, 0, 1)
  }
  count(kept)
}

/** False when the entry is of another moment. */
function addTo(
  { times, amounts, counts }: Kept,
  index: number,
  { at, amount }: { readonly at: number; readonly amount: number },
): boolean {
  if (times[index] !== at) return false
  amounts[index] = (amounts[index] ?? 0) + amount
  counts[index] = (counts[index] ?? 0) + 1
  return true
}

function forget(kept: Kept): void {
  const { times, amounts, counts } = kept
  const gone = firstAfter(times, kept.newestMs - kept.spanMs - LATE_MS)
  if (gone < BATCH && times.length <= ENTRIES_MAX) return
  for (const list of [times, amounts, counts]) list.splice(0, gone)
  if (times.length > ENTRIES_MAX) coarsen(kept)
  else if (times.length < ENTRIES_MAX / 4) kept.stepMs = 0
  count(kept)
}

function coarsen(kept: Kept): void {
  const { times, amounts, counts, spanMs } = kept
  const leastMs = (spanMs + LATE_MS) / (ENTRIES_MAX - STEPS)
  kept.stepMs = Math.ceil(Math.max(spanMs / STEPS, leastMs))
  let to = -1
  for (let from = 0; from < times.length; from++) {
    const timeMs = rounded(times[from] ?? 0, kept.stepMs)
    if (to < 0 || times[to] !== timeMs) {
      to += 1
      times[to] = timeMs
      amounts[to] = amounts[from] ?? 0
      counts[to] = counts[from] ?? 0
    } else {
      amounts[to] = (amounts[to] ?? 0) + (amounts[from] ?? 0)
      counts[to] = (counts[to] ?? 0) + (counts[from] ?? 0)
    }
  }
  for (const list of [times, amounts, counts]) list.length = to + 1
}

function rounded(timeMs: number, stepMs: number): number {
  return stepMs === 0 ? timeMs : Math.floor(timeMs / stepMs) * stepMs
}

function sumOf(list: readonly number[], from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += list[i] ?? 0
  return sum
}

function save(out: StateWriter, { times, amounts, counts, newestMs, stepMs }: Kept): void {
  out.number(newestMs)
  out.number(stepMs)
  out.count(times.length)
  times.forEach((timeMs, i) => {
    out.number(timeMs)
    out.number(amounts[i] ?? 0)
    out.count(counts[i] ?? 0)
  })
}
