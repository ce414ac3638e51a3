// The peer of bench/detect.ts: what teams run today, fixed thresholds per account in sliding
// windows (the numbers of public rule collections, those of three vendors put together). Each
// crossing is a finding, and an account has at most one alert within 24 h, as with us.

import type { Alert } from '@tocsin/detect/alert'
import type { Finding } from '@tocsin/detect/finding'
import type { SealedEvent } from '@tocsin/sdk/event'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

type Threshold = {
  readonly name: string
  readonly windowMs: number
  /** What an event counts; 0 where it is none of this kind. */
  readonly weigh: (event: SealedEvent) => number
  readonly limit: number
}

const isRead = ({ kind }: SealedEvent) => kind === 'data.read' || kind === 'ai.feature'

export const THRESHOLDS: readonly Threshold[] = [
  { name: 'reads', windowMs: HOUR_MS, weigh: e => (isRead(e) ? 1 : 0), limit: 100 },
  { name: 'rows', windowMs: HOUR_MS, weigh: e => (isRead(e) ? (e.rows ?? 0) : 0), limit: 100_000 },
  {
    name: 'denials',
    windowMs: 10 * MINUTE_MS,
    weigh: e => (e.outcome === 'denied' ? 1 : 0),
    limit: 5,
  },
  {
    name: 'tokens',
    windowMs: HOUR_MS,
    weigh: ({ usage }) => (usage?.in ?? 0) + (usage?.out ?? 0),
    limit: 500_000,
  },
  { name: 'weights', windowMs: HOUR_MS, weigh: e => (e.kind === 'model.read' ? 1 : 0), limit: 3 },
  { name: 'guardrail', windowMs: 0, weigh: offWeight, limit: 0 },
]

function offWeight({ kind, operation }: SealedEvent): number {
  return kind === 'ai.admin' && /guardrail|logging/.test(operation) ? 1 : 0
}

type Window = { readonly times: number[]; readonly weights: number[]; sum: number }

export interface FixedThresholds {
  /** Each threshold that the event crosses, at most once in 24 h for each account. */
  step(event: SealedEvent): readonly { readonly finding: Finding; readonly alert: Alert }[]
}

export function openFixedThresholds(
  thresholds: readonly Threshold[] = THRESHOLDS,
): FixedThresholds {
  const windows = new Map<string, Window>()
  const open = new Map<string, Alert>()

  function crosses(event: SealedEvent, { name, windowMs, weigh, limit }: Threshold): number {
    const weight = weigh(event)
    if (weight === 0) return 0
    const key = `${name} ${event.actor.id}`
    const window = windows.get(key) ?? { times: [], weights: [], sum: 0 }
    windows.set(key, window)
    window.times.push(event.time)
    window.weights.push(weight)
    window.sum += weight
    while ((window.times[0] ?? event.time) < event.time - windowMs) {
      window.times.shift()
      window.sum -= window.weights.shift() ?? 0
    }
    return window.sum > limit ? window.sum / Math.max(1, limit) : 0
  }

  return {
    step(event) {
      return thresholds.flatMap(threshold => {
        const score = crosses(event, threshold)
        if (score === 0) return []
        const finding = crossing(event, threshold.name, score)
        const before = open.get(event.actor.id)
        const isSame = before && event.time - before.startMs <= DAY_MS
        const alert = isSame ? { ...before, score: Math.max(before.score, score) } : opened(finding)
        open.set(event.actor.id, alert)
        return [{ finding, alert }]
      })
    },
  }
}

function crossing(event: SealedEvent, name: string, score: number): Finding {
  return {
    id: `${name} ${event.id}`,
    rule: name,
    title: name,
    detector: 'fixed',
    level: 'high',
    tags: [],
    entity: { type: 'actor', id: event.actor.id },
    timeMs: event.time,
    startMs: event.time,
    score,
    confidence: 1,
    p: null,
    expected: null,
    seen: null,
    sentence: name,
    features: [],
    eventIds: [event.id],
    eventCount: 1,
    learning: null,
    actor: { id: event.actor.id, type: '', verified: '', session: null, credential: null },
  }
}

function opened({ id, entity, timeMs, score }: Finding): Alert {
  return {
    id,
    entity,
    startMs: timeMs,
    openedMs: timeMs,
    lastMs: timeMs,
    score,
    threshold: 0,
    findingIds: [id],
  }
}
