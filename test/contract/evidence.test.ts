// One event as evidence: its proof as a stranger checks it, its receipt, and its content as those
// with and without the right meet it.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parseBase64 } from '@tocsin/sdk/bytes'
import { openCheckpoint } from '@tocsin/sdk/checkpoint'
import { parseEntry } from '@tocsin/sdk/entry'
import { ed25519, sha256 } from '@tocsin/sdk/node'
import { parseVerifierKey } from '@tocsin/sdk/note'
import { verifyInclusion } from '@tocsin/sdk/proof'
import { buildTreeHasher, parseLeafIndex } from '@tocsin/sdk/tlog'
import { event, ndjson, newDirectory, openRig, type Rig } from './rig.ts'

const PROMPT = 'the board meets \u202e<b>on</b> Friday'
const hasher = buildTreeHasher(sha256)
const idOf = (n: number) => String(event(n).id)
let rig: Rig

const send = (events: readonly object[]) =>
  rig.ask('/v1/events', { method: 'POST', body: ndjson(events), type: 'application/x-ndjson' })

const reveal = (id: string, body: object = {}, key: string = rig.allKey) =>
  rig.ask(`/v1/events/${id}/reveal`, {
    method: 'POST',
    key,
    body: JSON.stringify(body),
    type: 'application/json',
  })

before(async () => {
  rig = await openRig(newDirectory(), { keepContent: true })
  const many = Array.from({ length: 600 }, (_, i) => event(i))
  const messages = [{ role: 'user', content: PROMPT }]
  const chain = { onBehalfOf: [{ type: 'human', id: 'ada' }] }
  const { status } = await send([
    ...many,
    event(1000, { content: { body: PROMPT } }),
    event(1001, { content: { body: messages }, ...chain }),
    event(1002, { content: { body: null } }),
  ])
  assert.equal(status, 200)
})
after(() => rig.close())

/** Throws unless the claim holds by the key, which a stranger has from elsewhere. */
async function check(leaf: string, index: number, proof: readonly string[], note: string) {
  const key = parseVerifierKey(sha256, rig.tocsin.log.vkey)
  const opened = await openCheckpoint(Buffer.from(note), [key], ed25519)
  assert.equal(opened.kind, 'opened')
  if (opened.kind !== 'opened') return false
  const claim = {
    leaf: hasher.leaf(parseBase64(leaf)),
    index: parseLeafIndex(index),
    head: opened.checkpoint,
  }
  return verifyInclusion(hasher, claim, proof.map(parseBase64))
}

describe('the proof of an event', () => {
  it('convinces a stranger who has the key, for every place in the tree', async () => {
    for (const n of [0, 1, 254, 255, 256, 511, 599, 1000, 1001]) {
      const { status, json } = await rig.ask(`/v1/events/${idOf(n)}/proof`)
      assert.equal(status, 200, JSON.stringify(json))
      const { leaf, leafHash, index, proof, checkpoint, size, origin, vkey, shard } = json
      assert.ok(await check(leaf, index, proof, checkpoint))
      assert.equal(await check(leaf, index === 0 ? 1 : index - 1, proof, checkpoint), false)
      const entry = parseEntry(parseBase64(leaf))
      assert.equal(entry.kind === 'sealed' && entry.id, idOf(n))
      assert.deepEqual(parseBase64(leafHash), hasher.leaf(parseBase64(leaf)))
      const { log } = rig.tocsin
      assert.deepEqual([origin, vkey, shard], [log.origin, log.vkey, log.shard])
      assert.ok(index < size && size <= log.publishedSize)
      const { json: found } = await rig.ask(`/v1/events/${idOf(n)}`)
      assert.equal(found.integrity.index, index)
    }
  })

  it('says of each section what can be known', async () => {
    const { json } = await rig.ask(`/v1/events/${idOf(1001)}/proof`)
    const right = { isStored: true, isAsSealed: true, isAsCommitted: true }
    assert.deepEqual(json.sections, [
      { name: 'event', retention: 'r6m', ...right },
      { name: 'content.body', retention: 'r30d', ...right },
      { name: 'onBehalfOf.0', retention: 'r6m', ...right },
    ])
    assert.ok(!JSON.stringify(json).includes('board'), 'a proof shows content')
  })

  it('is there as soon as the event is acknowledged, and only for those who may read', async () => {
    for (let n = 2000; n < 2005; n++) {
      await send([event(n)])
      assert.equal((await rig.ask(`/v1/events/${idOf(n)}/proof`)).status, 200)
    }
    const [ingest, unknown] = [await rig.key('ingest'), idOf(999_999)]
    for (const what of ['proof', 'receipt']) {
      assert.equal((await rig.ask(`/v1/events/${idOf(1)}/${what}`, { key: null })).status, 401)
      assert.equal((await rig.ask(`/v1/events/${idOf(1)}/${what}`, { key: ingest })).status, 403)
      const { status, json } = await rig.ask(`/v1/events/${unknown}/${what}`)
      assert.deepEqual([status, json.code], [404, 'event.unknown'])
      for (const odd of ['%0d%0aset-cookie:a=b', "'; --", '..%2f..%2fkeys']) {
        assert.equal((await rig.ask(`/v1/events/${odd}/${what}`)).status, 404, odd)
      }
    }
  })

  it('is a look, and in the record', async () => {
    await rig.ask(`/v1/events/${idOf(3)}/proof`)
    await rig.ask(`/v1/events/${idOf(3)}/receipt`)
    const seen = await looks(`ext:"${idOf(3)}"`)
    assert.deepEqual(seen.map(({ operation }) => operation).sort(), [
      'event.prove',
      'event.receipt',
    ])
  })
})

describe('the receipt', () => {
  it('is a tlog-proof that needs nothing else but the key', async () => {
    const { status, text, headers } = await rig.ask(`/v1/events/${idOf(300).toUpperCase()}/receipt`)
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
    assert.equal(headers['content-disposition'], `attachment; filename="${idOf(300)}.tlog-proof"`)
    const at = text.indexOf('\n\n')
    const [head, extra = '', index = '', ...proof] = text.slice(0, at).split('\n')
    assert.equal(head, 'c2sp.org/tlog-proof@v1')
    assert.match(extra, /^extra /)
    assert.match(index, /^index \d+$/)
    assert.ok(await check(extra.slice(6), Number(index.slice(6)), proof, text.slice(at + 2)))
  })
})

type Seen = {
  readonly operation: string
  readonly outcome: string
  readonly actor: { readonly id: string }
  readonly ext: {
    readonly tocsin: { readonly event: string; readonly reason?: string; readonly rows: number }
  }
}

async function looks(q: string): Promise<readonly Seen[]> {
  await rig.tocsin.query.settled()
  const asked = encodeURIComponent('kind:tocsin.read')
  const { json } = await rig.ask(`/v1/events?limit=1000&q=${asked}`)
  const id = /"(.+)"/.exec(q)?.[1]
  return json.events.filter(({ ext }: Seen) => ext.tocsin.event === id)
}

describe('content', () => {
  it('is masked everywhere else, whatever rights one has', async () => {
    await rig.tocsin.query.settled()
    for (const path of [
      `/v1/events/${idOf(1000)}`,
      '/v1/events?limit=1000',
      `/v1/events/${idOf(1001)}`,
    ]) {
      const { text } = await rig.ask(path)
      assert.ok(!text.includes('board'), path)
    }
  })

  it('is shown as it was sent, after the log holds who looked and why', async () => {
    const text = await reveal(idOf(1000), { reason: 'case 7' })
    assert.equal(text.status, 200, text.text)
    const { content, isAsHashed, size } = text.json
    assert.deepEqual([content, isAsHashed, size], [PROMPT, true, Buffer.byteLength(PROMPT)])
    assert.equal(text.headers['cache-control'], 'no-store')
    const messages = await reveal(idOf(1001))
    assert.deepEqual(messages.json.content, [{ role: 'user', content: PROMPT }])
    assert.equal((await reveal(idOf(1002))).json.code, 'event.no_content')
    const [seen, ...more] = await looks(`ext:"${idOf(1000)}"`).then(all =>
      all.filter(({ operation }) => operation === 'content.reveal'),
    )
    assert.deepEqual(seen?.ext.tocsin, { event: idOf(1000), reason: 'case 7', rows: 1 })
    assert.equal(seen?.actor.id, 'tester@here')
    assert.equal(more.length, 0)
  })

  it('needs its own right; that somebody tried without is in the record', async () => {
    const read = await rig.key('read', 'triage', 'admin')
    const refused = await reveal(idOf(1000), { reason: 'curious' }, read)
    assert.deepEqual([refused.status, refused.json.code], [403, 'auth.scope'])
    assert.ok(!refused.text.includes('board'))
    const denied = (await looks(`ext:"${idOf(1000)}"`)).filter(
      ({ outcome }) => outcome === 'denied',
    )
    assert.deepEqual(
      denied.map(({ ext }) => ext.tocsin.reason),
      ['curious'],
    )
    const ingest = await rig.key('ingest')
    assert.equal((await reveal(idOf(1000), {}, ingest)).status, 403)
    assert.equal((await reveal(idOf(1000), { reason: 'x'.repeat(501) })).status, 400)
    assert.equal((await reveal(idOf(888_888))).json.code, 'event.unknown')
    const own = await rig.key('content:reveal')
    assert.equal((await reveal(idOf(1000), {}, own)).status, 200)
  })

  it('two looks of one moment are two events', async () => {
    await Promise.all(Array.from({ length: 5 }, () => reveal(idOf(1001), { reason: 'together' })))
    const seen = await looks(`ext:"${idOf(1001)}"`)
    assert.equal(seen.filter(({ ext }) => ext.tocsin.reason === 'together').length, 5)
  })

  it('is not there where none came, and gone when its class ran out, without hurting the proof', async () => {
    const none = await reveal(idOf(5))
    assert.deepEqual([none.status, none.json.code], [404, 'event.no_content'])
    assert.match(none.json.detail, /without content/)
    const { payloads } = rig.tocsin.log.paths
    rmSync(join(payloads, 'r30d'), { recursive: true })
    const gone = await reveal(idOf(1000))
    assert.deepEqual([gone.status, gone.json.code], [404, 'event.no_content'])
    assert.match(gone.json.detail, /ran out/)
    const { status, json } = await rig.ask(`/v1/events/${idOf(1000)}/proof`)
    assert.equal(status, 200)
    const unknown = { name: null, isStored: false, isAsSealed: null, isAsCommitted: null }
    assert.deepEqual(json.sections[1], { ...unknown, retention: 'r30d' })
  })
})

describe('what somebody changed behind the back of the server', () => {
  it('is called changed, and never proven', async () => {
    const { payloads } = rig.tocsin.log.paths
    const month = join(payloads, 'r6m', readdirSync(join(payloads, 'r6m'))[0] ?? '')
    const file = join(month, readdirSync(month)[0] ?? '')
    const bytes = readFileSync(file)
    const before = await rig.ask(`/v1/events/${idOf(0)}/proof`)
    assert.equal(before.json.sections[0].isAsSealed, true)
    const at = 13 + 40
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(file, bytes)
    const { json } = await rig.ask(`/v1/events/${idOf(0)}/proof`)
    const wrong = { name: null, isStored: true, isAsSealed: false, isAsCommitted: false }
    assert.deepEqual(json.sections[0], { ...wrong, retention: 'r6m' })

    const tile = join(rig.tocsin.log.paths.log, 'tile/0/000')
    const hashes = readFileSync(tile)
    hashes[7] = (hashes[7] ?? 0) ^ 1
    writeFileSync(tile, hashes)
    const broken = await rig.ask(`/v1/events/${idOf(0)}/proof`)
    assert.deepEqual([broken.status, broken.json.code], [500, 'log.corrupt'])
  })
})

describe('a policy that keeps no content', () => {
  it('says so', async () => {
    const bare = await openRig()
    try {
      const body = ndjson([event(1, { content: { body: PROMPT } })])
      await bare.ask('/v1/events', { method: 'POST', body, type: 'application/x-ndjson' })
      const { status, json } = await bare.ask(`/v1/events/${idOf(1)}/reveal`, {
        method: 'POST',
        body: '{}',
        type: 'application/json',
      })
      assert.deepEqual([status, json.code], [404, 'event.no_content'])
      assert.match(json.detail, /policy/)
      assert.ok(!JSON.stringify(json).includes('board'))
    } finally {
      await bare.close()
    }
  })
})
