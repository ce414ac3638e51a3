// What was counted of each source in the last 24 hours, by the hour: counters at /metrics run from
// the start of the process, and say nothing of today. Listens in on the counters of capture.

import type { Clock } from './clock.ts'
import type { Telemetry } from './emit.ts'

const HOUR_MS = 3_600_000
const HOURS = 24
/** Receivers are few; whoever makes up more gets no hours of their own. */
const SOURCES_MAX = 100

export interface RecentCounts {
  /** Counted since then: the start, or 24 hours ago. */
  readonly sinceMs: number
  /** Receivers (`via`) of which something was counted since the start. */
  readonly sources: readonly string[]
  of(via: string, fate: string): number
}

/** The telemetry to hand on, and what it saw. */
export function listenIn(
  telemetry: Telemetry,
  clock: Clock,
): { readonly telemetry: Telemetry; readonly recent: RecentCounts } {
  const startMs = clock.nowMs()
  const bySource = new Map<string, Map<number, Map<string, number>>>()

  function count(via: string, fate: string, value: number): void {
    if (!bySource.has(via) && bySource.size >= SOURCES_MAX) return
    const hours = bySource.get(via) ?? new Map<number, Map<string, number>>()
    bySource.set(via, hours)
    const hour = Math.floor(clock.nowMs() / HOUR_MS)
    const fates = hours.get(hour) ?? new Map<string, number>()
    hours.set(hour, fates)
    fates.set(fate, (fates.get(fate) ?? 0) + value)
    for (const old of hours.keys()) if (old <= hour - HOURS) hours.delete(old)
  }

  return {
    telemetry: {
      ...telemetry,
      add(name, value, labels = {}) {
        if (name === 'capture.events') count(String(labels.via), String(labels.fate), value)
        telemetry.add(name, value, labels)
      },
    },
    recent: {
      get sinceMs() {
        const hourMs = Math.floor(clock.nowMs() / HOUR_MS) * HOUR_MS
        return Math.max(startMs, hourMs - (HOURS - 1) * HOUR_MS)
      },
      get sources() {
        return [...bySource.keys()]
      },
      of(via, fate) {
        const first = Math.floor(clock.nowMs() / HOUR_MS) - HOURS
        let sum = 0
        for (const [hour, fates] of bySource.get(via) ?? []) {
          if (hour > first) sum += fates.get(fate) ?? 0
        }
        return sum
      },
    },
  }
}
