// What preparing one event costs, stage by stage, on one thread: lines, parse, admit, split,
// digest, seal, layout, and the whole preparer as the prepare thread runs it. Prints microseconds
// per event by the wall clock, since the kernel counts CPU time in steps of milliseconds: the best
// round is the undisturbed one, the median shows the garbage collector's share.
//
//   node bench/seal.ts [events per body] [rounds]

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { uuidBytes } from '@tocsin/sdk/entry'
import { parseEventLine } from '@tocsin/sdk/event'
import { systemEntropy } from '../packages/server/src/base/entropy.ts'
import { admitEvent } from '../packages/server/src/capture/admit.ts'
import { splitBody } from '../packages/server/src/capture/body.ts'
import { buildPreparer } from '../packages/server/src/capture/prepare.ts'
import { loadSecrets } from '../packages/server/src/log/key-files.ts'
import {
  buildBatch,
  buildHmacKey,
  contentDigest,
  openKeyRing,
  openVault,
  splitEvent,
} from '../packages/server/src/log/log.ts'

const EVENTS = Number(process.argv[2] ?? 500)
const ROUNDS = Number(process.argv[3] ?? 300)
const NOW_MS = 1_790_000_000_000

const directory = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
const entropy = systemEntropy()
const secrets = loadSecrets(directory, '2026', { entropy, mayMake: 'node' })
const vault = openVault(
  `tocsin-${secrets.node}/2026`,
  openKeyRing(directory, secrets.kek, entropy),
  entropy,
)
const hashKey = buildHmacKey(secrets.hashKey)
const context = { tenant: 'default', via: 'http', principal: 'bench', mayAttest: true }
const admitContext = { ...context, keepContent: false, hashKey, nowMs: NOW_MS }

function line(i: number): string {
  return JSON.stringify({
    kind: 'ai.invoke',
    time: NOW_MS - i,
    outcome: 'success',
    actor: { type: 'service', id: `svc-${i % 25}`, credential: 'sha256:abcd' },
    operation: 'chat',
    model: { requested: 'gpt-4o', served: 'gpt-4o', version: '2024-08-06' },
    source: { ip: `10.0.0.${i % 250}`, userAgent: 'python-httpx/0.27' },
    endpoint: 'POST /v1/chat/completions',
    status: 200,
    durationMs: 12 + i,
    bytes: { in: 1000, out: 2000 },
    usage: { in: 100, out: 200 },
    requestId: `req-${i}`,
    producer: 'bench',
    producerSeq: i,
  })
}

const body = Buffer.from(Array.from({ length: EVENTS }, (_, i) => `${line(i)}\n`).join(''))
const lines = splitBody(body)
const wires = lines.map(({ text }) => parseEventLine(text ?? '', NOW_MS))
const admitted = wires.map(wire => admitEvent(wire, admitContext))
const splits = admitted.map(({ event }) => splitEvent(event))
const plains = admitted.map(({ event, typeUid, statusId }, i) => ({
  id: event.id,
  timeMs: NOW_MS,
  typeUid,
  statusId,
  digest: contentDigest(hashKey, splits[i]?.meant ?? body),
  sections: splits[i]?.sections ?? [],
}))
const [sealed] = plains.slice(-1).map(vault.seal)
const batch = buildBatch()
const prepare = buildPreparer(vault, secrets.hashKey)

const stages: readonly (readonly [string, () => unknown])[] = [
  ['split the body into lines', () => splitBody(body)],
  ['parse', () => lines.map(({ text }) => parseEventLine(text ?? '', NOW_MS))],
  ['admit', () => wires.map(wire => admitEvent(wire, admitContext))],
  ['split into sections', () => admitted.map(({ event }) => splitEvent(event))],
  ['digest', () => splits.map(({ meant }) => contentDigest(hashKey, meant))],
  ['seal', () => plains.map(plain => vault.seal(plain))],
  ['lay out', layOut],
  [
    'prepare, all of it',
    () => prepare({ kind: 'body', bytes: body }, { ...context, keepContent: false }, NOW_MS),
  ],
]

function layOut(): unknown {
  for (const [i, { id }] of plains.entries()) {
    if (sealed) batch.add(uuidBytes(id), sealed, splits[i]?.followed ?? body)
  }
  return batch.finish()
}

/** Microseconds per event. */
function cost(stage: () => unknown): { readonly best: number; readonly median: number } {
  const costs: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now()
    stage()
    costs.push(((performance.now() - startMs) * 1000) / EVENTS)
  }
  costs.sort((a, b) => a - b)
  return { best: costs[0] ?? 0, median: costs[costs.length >> 1] ?? 0 }
}

console.log(`${EVENTS} events of ${Math.round(body.length / EVENTS)} bytes, ${ROUNDS} rounds`)
console.log(`${'stage'.padEnd(28)}${'best µs'.padStart(10)}${'median µs'.padStart(12)}`)
for (const [name, stage] of stages) {
  const { best, median } = cost(stage)
  console.log(`${name.padEnd(28)}${best.toFixed(2).padStart(10)}${median.toFixed(2).padStart(12)}`)
}
vault.close()
rmSync(directory, { recursive: true })
