// How long from an event's arrival to its alert being visible, under a steady load; run with
// `node bench/alarm.ts`. Prints milliseconds, and the wait for a bare append in the same run.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openAlarm } from '../packages/server/src/alarm.ts'
import { systemClock } from '../packages/server/src/base/clock.ts'
import { createTelemetry } from '../packages/server/src/base/emit.ts'
import { systemEntropy } from '../packages/server/src/base/entropy.ts'
import { PRODUCT_RULES } from '../packages/server/src/config.ts'
import { openTocsin, TENANT } from '../packages/server/src/tocsin.ts'

const PROBES = 300
const PROBE_EVERY_MS = 50
const LOAD_PER_TURN = 100
const LOAD_EVERY_MS = 100

const directory = mkdtempSync(join(tmpdir(), 'tocsin-alarm-'))
const tocsin = await openTocsin(directory, {
  clock: systemClock,
  entropy: systemEntropy(),
  telemetry: createTelemetry((_, sentence) => console.error(sentence)),
  onFatal: error => {
    throw error
  },
})
const alarm = await openAlarm(tocsin, { rules: [PRODUCT_RULES], alertBudget: null, policy: null })
const context = {
  tenant: TENANT,
  via: 'bench',
  principal: 'bench',
  mayAttest: true,
  keepContent: false,
}

let lastId = 0
function line(parts: object): string {
  lastId += 1
  const id = `00000000-0000-7000-8000-${String(lastId).padStart(12, '0')}`
  const base = { id, time: Date.now(), outcome: 'success', operation: 'read', system: 'lake' }
  return JSON.stringify({ ...base, ...parts })
}

async function send(lines: readonly string[]): Promise<void> {
  await tocsin.capture.receive(new Uint8Array(Buffer.from(lines.join('\n'))), context)
}

let isLoading = true
const loading = (async () => {
  while (isLoading) {
    const lines = Array.from({ length: LOAD_PER_TURN }, (_, i) =>
      line({ kind: 'ai.invoke', actor: { type: 'service', id: `svc-${i % 20}` } }),
    )
    await Promise.all([send(lines), sleep(LOAD_EVERY_MS)])
  }
})()

const visible = new Map<string, number>()
alarm.watch.onFound(({ finding, alert }) => {
  if (alert) visible.set(finding.entity.id, performance.now())
})
const sent = new Map<string, number>()
const acknowledged: number[] = []
for (let i = 0; i < PROBES; i++) {
  const who = `probe-${i}`
  const resource = [{ type: 'dataset', id: 's3://lake/canary_customers' }]
  sent.set(who, performance.now())
  const started = performance.now()
  await send([line({ kind: 'data.read', actor: { type: 'service', id: who }, resource })])
  acknowledged.push(performance.now() - started)
  await sleep(PROBE_EVERY_MS)
}
isLoading = false
await loading
await alarm.watch.settled()
await sleep(500)
const waits = [...sent].flatMap(([who, at]) => {
  const seen = visible.get(who)
  return seen === undefined ? [] : [seen - at]
})
const of = (values: readonly number[], share: number) =>
  (values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0).toFixed(1)
console.log(`alerts seen             ${waits.length} of ${PROBES}, at about 1,000 events/s`)
console.log(`event → alert visible   p50 ${of(waits, 0.5)} ms, p99 ${of(waits, 0.99)} ms`)
console.log(
  `event → acknowledged    p50 ${of(acknowledged, 0.5)} ms, p99 ${of(acknowledged, 0.99)} ms`,
)
await alarm.close()
await tocsin.close()
rmSync(directory, { recursive: true, force: true })
