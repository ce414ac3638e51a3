// What a page asks again and again: the state of the log and of its sources.

import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeBase64 } from '@tocsin/sdk/bytes'
import { parseCheckpoint } from '@tocsin/sdk/checkpoint'
import { parseNote } from '@tocsin/sdk/note'
import { event, ndjson, newDirectory, openRig, type Rig } from './rig.ts'

let rig: Rig

before(async () => {
  rig = await openRig()
})
after(() => rig.close())

const send = (events: readonly object[], key: string = rig.allKey) =>
  rig.ask('/v1/events', { method: 'POST', key, body: ndjson(events), type: 'application/x-ndjson' })

async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 200 && !(await isSo()); i++) await sleep(25)
  assert.ok(await isSo())
}

const isSealed = () => rig.tocsin.log.publishedSize === rig.tocsin.log.size
const state = async () => (await rig.ask('/v1/log')).json

describe('the state of the log', () => {
  it('names the newest checkpoint as the file has it, and those before, newest first', async () => {
    for (let n = 0; n < 3; n++) {
      await send([event(n)])
      await until(isSealed)
    }
    const { checkpoint, seals, unsealed, size, checkpointSize } = await state()
    const { text } = await rig.ask(`/log/${rig.tocsin.log.shard}/checkpoint`)
    const signed = parseCheckpoint(parseNote(Buffer.from(text)).text)
    assert.deepEqual([checkpoint.size, checkpoint.root], [signed.size, encodeBase64(signed.root)])
    assert.equal(typeof checkpoint.timeMs, 'number')
    assert.deepEqual(seals[0], checkpoint)
    const sizes = seals.map((seal: { size: number }) => seal.size)
    assert.deepEqual(
      sizes,
      [...new Set<number>(sizes)].sort((a, b) => b - a),
    )
    assert.ok(sizes.length >= 3)
    assert.deepEqual(unsealed, { entries: 0, sinceMs: null })
    assert.equal(size, checkpointSize)
  })

  it('says what waits for a checkpoint, and since when', async () => {
    const startMs = Date.now()
    await send([event(10)])
    const { unsealed, size, checkpointSize } = await state()
    assert.equal(unsealed.entries, size - checkpointSize)
    if (unsealed.entries > 0) assert.ok(unsealed.sinceMs >= startMs)
    await until(isSealed)
    assert.deepEqual((await state()).unsealed, { entries: 0, sinceMs: null })
  })

  it('remembers over a restart; without its memory it only lacks times', async () => {
    const before = await state()
    rig = await rig.restart()
    const { checkpoint, seals } = await state()
    assert.ok(checkpoint.timeMs !== null && checkpoint.size >= before.checkpoint.size)
    const kept = seals.slice(-before.seals.length)
    assert.deepEqual(kept, before.seals)
    for (const [n, damage] of ['away', 'nonsense'].entries()) {
      const { directory } = rig
      const path = join(rig.tocsin.log.paths.state, 'seals.sqlite')
      await rig.app.close()
      await rig.alarm.close()
      await rig.tocsin.close()
      if (damage === 'away') rmSync(path)
      else writeFileSync(path, 'x'.repeat(9000))
      rig = await openRig(directory)
      const { checkpoint: known, seals: few } = await state()
      assert.deepEqual([known.timeMs, few.length <= 1], [few[0]?.timeMs ?? null, true], damage)
      await send([event(20 + n)])
      await until(isSealed)
      assert.ok((await state()).checkpoint.timeMs !== null)
    }
  })

  it('shows gaps as objects: of senders, of files, and of the log itself', async () => {
    const time = Date.now() - 60_000
    const told = { python: { count: 12, firstTime: time - 5000, lastTime: time } }
    const sender = { type: 'service', id: 'tocsin-sdk' }
    const gap = { kind: 'audit.gap', outcome: 'failure', operation: 'drop', time, actor: sender }
    await send([event(30, { ...gap, reasonCode: 'queue_full', ext: told })])
    const file = { type: 'service', id: 'file:access.log' } as const
    await rig.tocsin.record({
      kind: 'audit.gap',
      time: time + 1,
      outcome: 'unknown',
      actor: file,
      operation: 'follow',
      system: 'tocsin',
      reasonCode: 'truncated',
      ext: {
        tocsin: { path: '/var/log/x', bytes: 512, detail: 'emptied in place', certain: true },
      },
    })
    const odd = { ext: { a: 7, b: 'text', c: [1], d: { count: -1, firstTime: 'x', detail: {} } } }
    await send([event(31, { ...gap, time: time + 2, ...odd })])
    await rig.tocsin.log.appendControl('audit.gap', { reason: 'wal_record_unreadable' })
    await until(isSealed)
    await rig.tocsin.query.settled()
    rig = await rig.restart()
    const { gaps, gapsComplete } = await state()
    assert.equal(gapsComplete, true)
    const seen = gaps.map(({ index: _, eventId: __, fromMs, toMs, ...rest }: KnownGap) => rest)
    const unknown = { lost: null, lostBytes: null, detail: null }
    assert.deepEqual(seen, [
      { ...unknown, source: 'log', via: 'log', reason: 'wal_record_unreadable' },
      { ...unknown, source: 'tocsin-sdk', via: 'http', reason: 'unknown' },
      {
        ...unknown,
        ...{ source: 'file:access.log', via: 'file', reason: 'truncated' },
        ...{ lostBytes: 512, detail: 'emptied in place' },
      },
      { ...unknown, source: 'tocsin-sdk', via: 'http', reason: 'queue_full', lost: 12 },
    ])
    const [log, , , sent] = gaps
    assert.equal(log.eventId, null)
    assert.deepEqual([sent.fromMs, sent.toMs, sent.eventId], [time - 5000, time, event(30).id])
    const { json } = await rig.ask(`/v1/events/${sent.eventId}`)
    assert.equal(json.integrity.index, sent.index)
  })

  it('needs a key, and is no look at the record', async () => {
    for (const path of ['/v1/log', '/v1/sources']) {
      assert.equal((await rig.ask(path, { key: null })).status, 401)
      assert.equal((await rig.ask(path, { key: await rig.key('ingest') })).status, 403)
      await until(() => rig.tocsin.query.indexed === rig.tocsin.log.size)
      const { size } = rig.tocsin.log
      await rig.ask(path)
      assert.equal(rig.tocsin.log.size, size)
    }
  })
})

type KnownGap = {
  readonly index: number
  readonly eventId: string | null
  readonly fromMs: number
  readonly toMs: number
}

describe('sources', () => {
  it('are the ways in: how much, how late, what was refused, what was lost', async () => {
    const fresh = await openRig(newDirectory())
    try {
      const nowMs = Date.now()
      const lines = [
        ...Array.from({ length: 30 }, (_, i) => event(i, { time: nowMs - i * 20_000 })),
        event(40, { time: nowMs - 86_400_000 * 2 }),
      ]
      const body = `${ndjson(lines)}nonsense\n${ndjson([event(1, { rows: 9 })])}`
      await fresh.ask('/v1/events', { method: 'POST', body, type: 'application/x-ndjson' })
      await fresh.tocsin.query.settled()
      const { json } = await fresh.ask('/v1/sources')
      assert.equal(json.complete, true)
      assert.ok(json.countedSinceMs <= nowMs)
      const [http, ...more] = json.sources
      assert.deepEqual(more, [])
      const { newestMs, lagMs, ...rest } = http
      assert.equal(newestMs, nowMs)
      assert.ok(lagMs >= 0 && lagMs < 60_000)
      assert.deepEqual(rest, {
        ...{ via: 'http', format: null, events: 30, perMinute: 2, refused: 1, quarantined: 2 },
        ...{ gaps: 0, lost: 0, state: 'ok' },
      })
    } finally {
      await fresh.close()
    }
  })

  it('that lost something say so, and count only what can be counted', async () => {
    const { json } = await rig.ask('/v1/sources')
    const by = (name: string) => json.sources.find(({ via }: { via: string }) => via === name)
    assert.deepEqual([by('http').gaps, by('http').lost, by('http').state], [2, null, 'loss'])
    assert.deepEqual([by('file').gaps, by('file').lost, by('file').events], [1, null, 0])
    assert.equal(by('tocsin'), undefined)
    assert.equal(by('log'), undefined)
  })
})
