// A sliding window over amounts: how many events, or what a field of them adds up to. Amounts of one
// moment share an entry. Beyond ENTRIES_MAX moments new ones are rounded down to a 256th of the
// span, so that an event leaves so much too early, and memory stays as it is.

import type { StateReader, StateWriter } from '../state-bytes.ts'
import { ENTRIES_MAX, endsFrom, firstAfter, LATE_MS, type SlidingWindow } from './sliding-window.ts'

const STEPS = 256
/** Entries before the window are given back in batches. */
const BATCH = 64

type Kept = {
  /** Ascending, each once. */
  readonly times: number[]
  readonly amounts: number[]
  readonly counts: number[]
  newestMs: number
  /** 0 while times are exact. */
  stepMs: number
}

export function openSumWindow(spanMs: number): SlidingWindow<number> {
  const none = { times: [], amounts: [], counts: [], stepMs: 0 }
  return windowOf({ ...none, newestMs: Number.NEGATIVE_INFINITY }, spanMs)
}

export function loadSumWindow(input: StateReader, spanMs: number): SlidingWindow<number> {
  const kept: Kept = {
    times: [],
    amounts: [],
    counts: [],
    newestMs: input.number(),
    stepMs: input.number(),
  }
  for (let left = input.count(); left > 0; left--) {
    kept.times.push(input.number())
    kept.amounts.push(input.number())
    kept.counts.push(input.count())
  }
  return windowOf(kept, spanMs)
}

function windowOf(kept: Kept, spanMs: number): SlidingWindow<number> {
  const { times, amounts, counts } = kept
  // What the window that ends at the newest event holds: entries from `start` on.
  let start = 0
  let total = 0
  count()

  function count(): void {
    start = firstAfter(times, kept.newestMs - spanMs)
    total = sumOf(amounts, start, amounts.length)
  }

  function put(timeMs: number, amount: number): void {
    const at = firstAfter(times, timeMs)
    if (times[at - 1] === timeMs) {
      amounts[at - 1] = (amounts[at - 1] ?? 0) + amount
      counts[at - 1] = (counts[at - 1] ?? 0) + 1
      return
    }
    times.splice(at, 0, timeMs)
    amounts.splice(at, 0, amount)
    counts.splice(at, 0, 1)
  }

  /** The common case: a later event than all before. */
  function append(timeMs: number, amount: number): void {
    const last = times.length - 1
    if (times[last] === timeMs) {
      amounts[last] = (amounts[last] ?? 0) + amount
      counts[last] = (counts[last] ?? 0) + 1
    } else {
      times.push(timeMs)
      amounts.push(amount)
      counts.push(1)
    }
    const before = total
    total += amount
    const edgeMs = kept.newestMs - spanMs
    while (start < times.length && (times[start] ?? 0) <= edgeMs) {
      total -= amounts[start] ?? 0
      start += 1
    }
    // Fractions and what is beyond 2^53 do not come out even: then it is added up anew.
    if (!Number.isSafeInteger(before) || !Number.isSafeInteger(total)) count()
  }

  function forget(): void {
    const gone = firstAfter(times, kept.newestMs - spanMs - LATE_MS)
    if (gone < BATCH && times.length <= ENTRIES_MAX) return
    for (const list of [times, amounts, counts]) list.splice(0, gone)
    if (times.length > ENTRIES_MAX) coarsen()
    else if (times.length < ENTRIES_MAX / 4) kept.stepMs = 0
    count()
  }

  function coarsen(): void {
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

  function sumAt(list: readonly number[], endMs: number): number {
    return sumOf(list, firstAfter(times, endMs - spanMs), firstAfter(times, endMs))
  }

  return {
    get newestMs() {
      return kept.newestMs
    },
    add(timeMs, amount) {
      const isNewest = timeMs >= kept.newestMs
      if (isNewest) kept.newestMs = timeMs
      const at = rounded(timeMs, kept.stepMs)
      if (isNewest) append(at, amount)
      else {
        put(at, amount)
        count()
      }
      forget()
    },
    valueAt: endMs => (endMs === kept.newestMs ? total : sumAt(amounts, endMs)),
    eventsAt: endMs => sumAt(counts, endMs),
    endsFrom: timeMs => endsFrom(times, timeMs, { spanMs, newestMs: kept.newestMs }),
    save(out) {
      save(out, kept)
    },
  }
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
