// The traffic of the fault suites: bodies of events made from a seed, the same for the same
// numbers.

import { hash } from 'node:crypto'

export const SHARD = '2026'

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function uuidOf(text: string): string {
  const hex = hash('sha256', text, 'hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-')
}

function eventOf(seed: number, number: number): object {
  const random = seededRandom(seed * 1_000_003 + number)
  const person = Math.floor(random() * 30)
  return {
    id: uuidOf(`${seed} ${number}`),
    kind: random() < 0.1 ? 'model.read' : 'ai.invoke',
    time: Date.UTC(2026, 10, 1) + number,
    outcome: 'success',
    actor: { type: 'service', id: `svc-${seed}-${person}` },
    operation: 'chat',
    model: { requested: 'gpt-4o' },
    producer: `sim-${seed}`,
    producerSeq: number,
    ...(random() < 0.2 ? { onBehalfOf: [{ type: 'human', id: `u-${seed}-${person}` }] } : {}),
    ...(random() < 0.1 ? { content: { body: 'x'.repeat(Math.floor(random() * 3000)) } } : {}),
  }
}

const BODY_EVENTS_MAX = 40

/** Body `body` as NDJSON. Now and then it repeats events of the bodies before it. */
export function bodyOf(seed: number, body: number): string {
  const random = seededRandom(seed * 7919 + body)
  const count = 1 + Math.floor(random() * BODY_EVENTS_MAX)
  const numbers = Array.from({ length: count }, (_, i) => body * BODY_EVENTS_MAX + i)
  if (random() < 0.3) numbers.push(...numbers.map(n => Math.max(0, n - BODY_EVENTS_MAX)))
  return numbers.map(number => `${JSON.stringify(eventOf(seed, number))}\n`).join('')
}
