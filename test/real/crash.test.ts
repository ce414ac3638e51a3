// The server is killed with SIGKILL at random moments while several senders post to it over HTTP,
// and started again on the same directory. Whatever a sender was answered for is found by its id,
// once; the log is intact after every kill and contains every checkpoint that was ever seen. The
// seed is printed; TOCSIN_SEED repeats it.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type Random, randomOf } from '../../packages/simulate/src/random.ts'
import { Live } from './live.ts'

const ROUNDS = 18
const SENDERS = 4
const BATCH_EVENTS_MAX = 12
/** Some kills come while the server opens its directory, the others while events flow. */
const OPENING_SHARE = 0.2
const OPENING_MS_MAX = 900
const FLOW_MS_MAX = 900
const GETS_AT_ONCE = 8
const PRODUCER = 'crash-test'

type Batch = { readonly ids: readonly string[]; readonly body: string }
type Receipt = { readonly stored: number; readonly duplicate: number }

let live: Live
let key: string
const acknowledged: Batch[] = []
/** Sent, and the connection broke before the answer: such an event may be there or not. */
const unanswered: Batch[] = []
const checkpoints: string[] = []

describe('a server that is killed while events flow', () => {
  before(async () => {
    live = await Live.create()
    key = await live.key('ingest,attest,read')
  })
  after(() => live?.remove())

  it(`is intact after each of ${ROUNDS} kills`, async t => {
    const seed = Number(process.env.TOCSIN_SEED ?? Date.now() % 1_000_000)
    t.diagnostic(`TOCSIN_SEED=${seed}`)
    for (let round = 0; round < ROUNDS; round++) {
      const random = randomOf(seed, 'round', round)
      if (random.chance(OPENING_SHARE)) await killWhileOpening(random)
      else await killWhileSending(random, seed, round)
      keepCheckpoint(round)
      const { code, out, err } = await live.tocsin(['verify', live.data])
      assert.equal(code, 0, `seed ${seed}, round ${round}\n${out}${err}`)
    }
    assert.ok(acknowledged.length > ROUNDS, 'events were flowing')
    assert.ok(unanswered.length > 0, 'a kill came in the middle of a request')
  })

  it('has every acknowledged event, by its id', async () => {
    await live.start()
    const ids = acknowledged.flatMap(batch => batch.ids)
    const lost: string[] = []
    const workers = Array.from({ length: GETS_AT_ONCE }, async (_, first) => {
      for (let i = first; i < ids.length; i += GETS_AT_ONCE) {
        const id = ids[i] ?? assert.fail()
        const answer = await ask(`/v1/events/${id}`)
        if (answer.status !== 200 || parseId(await answer.text()) !== id) lost.push(id)
      }
    })
    await Promise.all(workers)
    assert.deepEqual(lost, [], `of ${ids.length}`)
  })

  it('stores nothing twice when everything is sent again', async () => {
    for (const { ids, body } of acknowledged) {
      assert.deepEqual(await post(body), { stored: 0, duplicate: ids.length })
    }
    for (const { ids, body } of unanswered) {
      const { stored, duplicate } = await post(body)
      assert.equal(stored + duplicate, ids.length)
    }
    const sent = [...acknowledged, ...unanswered].flatMap(batch => batch.ids)
    assert.equal(await countStored(), sent.length)
  })

  it('contains every checkpoint that was ever seen', async () => {
    await live.stop()
    assert.ok(checkpoints.length > ROUNDS / 2, 'checkpoints were published')
    for (const since of checkpoints) {
      const { code, out, err } = await live.tocsin(['verify', live.data, '--since', since])
      assert.equal(code, 0, `${since}\n${out}${err}`)
    }
  })
})

async function killWhileOpening(random: Random): Promise<void> {
  const opening = live.start().catch(() => undefined)
  await setTimeout(random.next() * OPENING_MS_MAX)
  await live.kill()
  await opening
}

async function killWhileSending(random: Random, seed: number, round: number): Promise<void> {
  await live.start()
  const stop = new AbortController()
  const senders = Array.from({ length: SENDERS }, (_, n) =>
    sendUntil(stop.signal, randomOf(seed, 'sender', round, n)),
  )
  await setTimeout(random.next() * FLOW_MS_MAX)
  await live.kill()
  stop.abort()
  await Promise.all(senders)
}

async function sendUntil(signal: AbortSignal, random: Random): Promise<void> {
  while (!signal.aborted) {
    const batch = makeBatch(random)
    const receipt = await post(batch.body).catch(() => null)
    if (receipt === null) {
      unanswered.push(batch)
      return
    }
    assert.deepEqual(receipt, { stored: batch.ids.length, duplicate: 0 })
    acknowledged.push(batch)
  }
}

function makeBatch(random: Random): Batch {
  const ids = Array.from({ length: random.int(1, BATCH_EVENTS_MAX) }, () => crypto.randomUUID())
  const lines = ids.map(id => JSON.stringify(event(id, random.int(0, 29))))
  return { ids, body: `${lines.join('\n')}\n` }
}

function event(id: string, person: number): object {
  return {
    id,
    kind: 'ai.invoke',
    time: Date.now(),
    outcome: 'success',
    actor: { type: 'service', id: `svc-${person}` },
    operation: 'chat',
    producer: PRODUCER,
    ...(person % 5 === 0 ? { onBehalfOf: [{ type: 'human', id: `u-${person}` }] } : {}),
  }
}

async function post(body: string): Promise<Receipt> {
  const answer = await ask('/v1/events', {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/x-ndjson' },
  })
  const text = await answer.text()
  assert.equal(answer.status, 200, text.slice(0, 300))
  const { stored, duplicate } = parseReceipt(text)
  return { stored, duplicate }
}

async function countStored(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await ask(`/v1/summary?q=producer:${PRODUCER}&by=producer`)
    const { groups, complete } = parseSummary(await answer.text())
    if (complete) return groups[0]?.requests ?? 0
    await setTimeout(100)
  }
  assert.fail('the index does not catch up')
}

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...init.headers, Authorization: `Bearer ${key}` }
  return fetch(`${live.url}${path}`, { ...init, headers })
}

function keepCheckpoint(round: number): void {
  const year = readdirSync(join(live.data, 'log'))[0] ?? assert.fail('no shard')
  const path = join(live.home, `checkpoint-${round}`)
  writeFileSync(path, readFileSync(join(live.data, 'log', year, 'checkpoint')))
  checkpoints.push(path)
}

function parseReceipt(text: string): Receipt {
  return JSON.parse(text)
}

function parseId(text: string): string {
  return JSON.parse(text).id
}

type Summary = {
  readonly groups: readonly { readonly requests: number }[]
  readonly complete: boolean
}

function parseSummary(text: string): Summary {
  return JSON.parse(text)
}
