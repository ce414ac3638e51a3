// Traffic with findings in it, a function of the event's number alone.

export const EVENTS_PER_BODY = 40
const STEP_MS = 20_000
const FROM_MS = Date.UTC(2026, 0, 1)

/** Some bodies overlap with the one before, as a sender's do that was not answered. */
export function bodyOf(first: number): Uint8Array<ArrayBuffer> {
  const lines = Array.from({ length: EVENTS_PER_BODY }, (_, i) =>
    JSON.stringify(eventOf(first + i)),
  )
  return new Uint8Array(Buffer.from(lines.join('\n')))
}

function eventOf(n: number): object {
  const id = `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`
  const isTouch = n % 97 === 0
  return {
    id,
    kind: 'data.read',
    time: FROM_MS + n * STEP_MS,
    outcome: n % 7 < 3 ? 'denied' : 'success',
    actor: { type: 'service', id: `svc-${n % 5}` },
    operation: 'read',
    resource: [{ type: 'dataset', id: isTouch ? 's3://lake/canary' : 's3://lake/orders' }],
    rows: n % 50,
  }
}

/** A rule on one event and one that counts, so that something is found in every state. */
export const RULES: { readonly [file: string]: string } = {
  'touch.yml': `title: Canary touched
id: touch
level: critical
logsource: { product: tocsin }
detection:
  sel:
    kind: data.read
    resource.id|contains: canary
  condition: sel
`,
  'denied.yml': `title: Denied read
id: denied-read
level: low
logsource: { product: tocsin }
detection:
  sel: { kind: data.read, outcome: denied }
  condition: sel
---
title: Many denied reads
name: denied-burst
id: denied-burst
level: medium
correlation:
  type: event_count
  rules: [denied-read]
  group-by: [actor.id]
  timespan: 30m
  condition: { gte: 4 }
`,
}
