// Events of entities with a past, and figures computed from the events themselves.

import assert from 'node:assert/strict'
import { ndjson, type Rig } from './rig.ts'

export const HOUR = 3_600_000
export const DAY: number = 24 * HOUR
export const WEEK: number = 7 * DAY
export const NOW_HOUR: number = Math.floor(Date.now() / HOUR) * HOUR
export const HOSTILE: readonly string[] = [
  `o'neil"; DROP TABLE hot; --`,
  '%_*\\" or 1=1',
  '\u202egnp.exe\u2066 <img src=x onerror=alert(1)>',
  'é'.repeat(512),
  '名前🔥 :(',
]

export type Sent = {
  readonly time: number
  readonly actor: {
    readonly type: string
    readonly id: string
    readonly groups?: readonly string[]
  }
  readonly rows?: number
  readonly outcome: string
  readonly [field: string]: unknown
}

let count = 0

export function event(id: string, time: number, more: object = {}): Sent {
  count += 1
  return {
    id: `00000000-0000-7000-8000-${String(count).padStart(12, '0')}`,
    kind: 'data.read',
    time,
    outcome: 'success',
    actor: { type: 'service', id },
    operation: 'read',
    ...more,
  }
}

/** The same sequence in every run. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (state * 48_271) % 2_147_483_647
    yield state
  }
}

export const MEASURES: { readonly [metric: string]: (e: Sent) => number } = {
  requests: () => 1,
  rows: e => e.rows ?? 0,
  tokens: e => {
    const { in: taken = 0, out = 0 } = (e.usage ?? {}) as { in?: number; out?: number }
    return taken + out
  },
  cost: e => Number(e.costMicros ?? 0),
  failures: e => (e.outcome === 'failure' ? 1 : 0),
  denied: e => (e.outcome === 'denied' ? 1 : 0),
  bytes: () => 0,
}

export function sumOf(events: readonly Sent[], metric: string, from: number, to: number): number {
  const inside = events.filter(({ time }) => time >= from && time < to)
  return inside.reduce((sum, one) => sum + (MEASURES[metric]?.(one) ?? 0), 0)
}

export function percentile(samples: readonly number[], hundredths: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const steps = (hundredths * (sorted.length - 1)) / 100
  const [low = 0, high = low] = sorted.slice(Math.trunc(steps), Math.trunc(steps) + 2)
  return low * (1 - (steps % 1)) + high * (steps % 1)
}

/** Five weeks of an account, different at every hour and the same in every run. */
export function busyEvents(id: string): readonly Sent[] {
  const random = numbers(7)
  const next = (below: number) => Number(random.next().value) % below
  const busy: Sent[] = []
  for (let t = NOW_HOUR - 5 * WEEK; t <= NOW_HOUR; t += HOUR) {
    for (let i = next(4); i > 0; i--) {
      const outcome = ['success', 'failure', 'denied', 'success'][next(4)] ?? ''
      const more = { outcome, rows: next(500), usage: { in: next(90), out: next(90) } }
      busy.push(
        event(id, Math.min(t + next(HOUR), Date.now()), {
          ...more,
          costMicros: next(1000),
        }),
      )
    }
  }
  return busy
}

export async function sendAll(rig: Rig, events: readonly Sent[]): Promise<void> {
  for (let i = 0; i < events.length; i += 5000) {
    const body = ndjson(events.slice(i, i + 5000))
    const type = 'application/x-ndjson'
    const { json } = await rig.ask('/v1/events', { method: 'POST', body, type })
    assert.equal(json.refused, 0, JSON.stringify(json.results?.[0]))
  }
}
