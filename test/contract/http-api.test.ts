// The HTTP API as a sender, an analyst and an attacker meet it.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ERRORS } from '@tocsin/sdk/errors'
import { REPOSITORY } from '../need.ts'
import { type Answer, event, ndjson, openRig, type Rig } from './rig.ts'

const NDJSON = 'application/x-ndjson'
let rig: Rig

before(async () => {
  rig = await openRig()
})
after(() => rig.close())

function isProblem({ status, headers, json }: Answer, code: string, expected: number): void {
  assert.deepEqual([status, json?.code], [expected, code], JSON.stringify(json))
  assert.match(String(headers['content-type']), /^application\/problem\+json/)
  assert.ok(code in ERRORS)
  assert.equal(json.requestId, headers['x-request-id'])
  for (const member of ['type', 'title', 'status', 'detail', 'instance', 'help'])
    assert.ok(member in json)
}

const send = (body: string | Uint8Array, more: object = {}) =>
  rig.ask('/v1/events', { method: 'POST', body, type: NDJSON, ...more })

describe('who may ask', () => {
  it('is said with 401 and 403, and by name of the scope', async () => {
    for (const path of [
      '/v1/events',
      '/v1/events/x',
      '/v1/summary',
      '/v1/keys',
      '/v1/log',
      '/v1/events/tail',
    ]) {
      isProblem(await rig.ask(path, { key: null }), 'auth.missing', 401)
      isProblem(await rig.ask(path, { key: 'tocsin_key_nonsense' }), 'auth.invalid', 401)
    }
    const ingest = await rig.key('ingest')
    const refused = await rig.ask('/v1/events', { key: ingest })
    isProblem(refused, 'auth.scope', 403)
    assert.match(refused.json.detail, /ingest.*needs read/)
    const read = await rig.key('read')
    isProblem(await send(ndjson([event(1)]), { key: read }), 'auth.scope', 403)
    isProblem(await rig.ask('/v1/keys', { key: read }), 'auth.scope', 403)
  })

  it('needs no key for health, metrics, the description and the log itself', async () => {
    for (const path of [
      '/healthz',
      '/metrics',
      '/openapi.json',
      `/log/${rig.tocsin.log.shard}/log.vkey`,
    ]) {
      assert.equal((await rig.ask(path, { key: null })).status, 200, path)
    }
  })

  it('ends when the key is revoked, at once and after a restart', async () => {
    const key = await rig.key('read')
    const listed = await rig.ask('/v1/keys')
    const { keyId } = listed.json.at(-1)
    assert.ok(!listed.text.includes(key), 'a secret is listed')
    assert.equal((await rig.ask('/v1/log', { key })).status, 200)
    assert.equal((await rig.ask(`/v1/keys/${keyId}`, { method: 'DELETE' })).status, 204)
    isProblem(await rig.ask('/v1/log', { key }), 'auth.invalid', 401)
    isProblem(await rig.ask('/v1/keys/k_none', { method: 'DELETE' }), 'keys.unknown', 404)
    const kept = await rig.key('read')
    rig = await rig.restart()
    isProblem(await rig.ask('/v1/log', { key }), 'auth.invalid', 401)
    assert.equal((await rig.ask('/v1/log', { key: kept })).status, 200)
  })

  it('cannot be changed by an event that looks like a new key', async () => {
    const sha256 = '0'.repeat(64)
    const change = { action: 'created', keyId: 'k_evil', name: 'evil', scopes: ['admin'], sha256 }
    const forged = event(900_001, {
      kind: 'auth.key',
      operation: 'key.create',
      system: 'tocsin',
      ext: { tocsin: { key: change } },
    })
    assert.equal((await send(ndjson([forged]))).status, 200)
    rig = await rig.restart()
    const { json } = await rig.ask('/v1/keys')
    assert.ok(json.every((key: { keyId: string }) => key.keyId !== 'k_evil'))
  })
})

describe('storing events', () => {
  it('answers each line: stored, duplicate, conflict, refused with the field', async () => {
    const first = await send(ndjson([event(10), event(11)]))
    assert.deepEqual([first.status, first.json.stored], [200, 2])
    const again = await send(
      ndjson([event(10), event(11, { operation: 'embeddings' }), event(12), { kind: 'x' }]),
    )
    assert.equal(again.status, 207)
    assert.deepEqual(
      again.json.results.map((r: { status: string; field?: string }) => [r.status, r.field]),
      [
        ['duplicate', undefined],
        ['conflict', 'id'],
        ['stored', undefined],
        ['refused', 'actor.type'],
      ],
    )
    const { stored, duplicate, conflict, refused } = again.json
    assert.deepEqual([stored, duplicate, conflict, refused], [1, 1, 1, 1])
  })

  it('takes a JSON array and gzip, and 200 for what is all there already', async () => {
    const events = [event(20), event(21)]
    const array = await rig.ask('/v1/events', {
      method: 'POST',
      body: JSON.stringify(events),
      type: 'application/json',
    })
    assert.deepEqual([array.status, array.json.stored], [200, 2])
    const packed = gzipSync(ndjson(events))
    const again = await send(packed, { headers: { 'content-encoding': 'gzip' } })
    assert.deepEqual([again.status, again.json.duplicate], [200, 2])
  })

  it('stores an event that comes twice in one body once', async () => {
    const { json } = await send(ndjson([event(30), event(30), event(30, { rows: 1 })]))
    assert.deepEqual(
      json.results.map((r: { status: string }) => r.status),
      ['stored', 'duplicate', 'conflict'],
    )
  })

  it('gives an event without id the same id each time it is sent, and another for another sender', async () => {
    const { id: _, ...nameless } = event(40)
    const ids = []
    const [one, two] = [await rig.key('ingest', 'attest'), await rig.key('ingest', 'attest')]
    for (const key of [one, one, two])
      ids.push((await send(ndjson([nameless]), { key })).json.results[0])
    assert.deepEqual(
      ids.map(r => r.status),
      ['stored', 'duplicate', 'stored'],
    )
    assert.equal(ids[0].id, ids[1].id)
    assert.notEqual(ids[0].id, ids[2].id)
    assert.match(ids[0].id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab]/)
  })

  it('says what is wrong with bodies of which nothing can be read', async () => {
    const gzip = { headers: { 'content-encoding': 'gzip' } }
    isProblem(await send('\n\n'), 'capture.empty', 400)
    isProblem(
      await rig.ask('/v1/events', { method: 'POST', body: '[{]', type: 'application/json' }),
      'event.not_json',
      400,
    )
    isProblem(
      await rig.ask('/v1/events', { method: 'POST', body: 'x', type: 'text/csv' }),
      'http.media_type',
      415,
    )
    isProblem(await send('not gzip', gzip), 'http.bad_request', 400)
    isProblem(await send(gzipSync(Buffer.alloc(65 * 1024 * 1024)), gzip), 'http.too_large', 413)
    isProblem(await send('x', { headers: { 'content-encoding': 'br' } }), 'http.media_type', 415)
    isProblem(await send('x'.repeat(17 * 1024 * 1024)), 'http.too_large', 413)
    isProblem(await send(`${'{}\n'.repeat(20_001)}`), 'capture.too_many', 413)
  })

  it('answers 400 with the results when no line is an event', async () => {
    const { status, json } = await send('nonsense\n{"kind":"x"}\n')
    assert.deepEqual([status, json.refused, json.results.length], [400, 2, 2])
  })

  it('is stopped by no line: huge, deep, not UTF-8, hostile names', async () => {
    const lines = [
      `{"kind":"${'x'.repeat(10 * 1024 * 1024)}"}`,
      `${'['.repeat(5000)}${']'.repeat(5000)}`,
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
      `{"__proto__":{"kind":"ai.invoke"}}`,
      JSON.stringify(event(51, { time: Date.now() + 3_600_000 })),
      JSON.stringify(event(52, { actor: { type: 'human', id: 'a', verified: 'jwt' } })),
      JSON.stringify(event(53, { operation: '\u202e\u0000<script>' })),
    ]
    const body = Buffer.concat(lines.flatMap(line => [Buffer.from(line), Buffer.from('\n')]))
    const { status, json } = await send(body)
    assert.equal(status, 207)
    assert.deepEqual(
      json.results.map((r: { code?: string; status: string }) => r.code ?? r.status),
      [
        'event.too_large',
        'event.wrong_type',
        'event.not_utf8',
        'event.unknown_field',
        'event.time_ahead',
        'event.server_field',
        'stored',
      ],
    )
  })

  it('keeps refused lines in the quarantine, with the reason', async () => {
    await send('{"kind":"ai.invoke","colour":"red"}\n')
    await new Promise(resolve => setTimeout(resolve, 300))
    const day = new Date().toISOString().slice(0, 10)
    const rows = readFileSync(join(rig.directory, 'quarantine', `${day}.ndjson`), 'utf8')
    assert.match(rows, /event\.unknown_field.*colour/)
  })

  it('takes identity at its word only from a key that may attest', async () => {
    const [claims, attests] = [await rig.key('ingest'), await rig.key('ingest', 'attest')]
    const alice = { actor: { type: 'human', id: 'alice' } }
    await send(ndjson([event(60, alice)]), { key: claims })
    await send(ndjson([event(61, alice)]), { key: attests })
    await rig.tocsin.query.settled()
    const actor = async (n: number) => (await rig.ask(`/v1/events/${event(n).id}`)).json.actor
    const claimed = await actor(60)
    assert.deepEqual([claimed.claimed, claimed.verified, claimed.type], ['alice', 'key', 'service'])
    assert.match(claimed.id, /^key:/)
    assert.deepEqual(await actor(61), { type: 'human', id: 'alice', verified: 'gateway' })
  })

  it('keeps hashes of inputs only as keyed hashes, and equal ones equal', async () => {
    const inputHash = 'ab'.repeat(32)
    await send(ndjson([event(70, { inputHash }), event(71, { inputHash })]))
    await rig.tocsin.query.settled()
    const hashes = []
    for (const n of [70, 71])
      hashes.push((await rig.ask(`/v1/events/${event(n).id}`)).json.inputHash)
    assert.equal(hashes[0], hashes[1])
    assert.notEqual(hashes[0], inputHash)
  })

  it('keeps the size and hash of content, not the content, unless told to', async () => {
    await send(ndjson([event(80, { content: { body: 'a secret prompt' } })]))
    await rig.tocsin.query.settled()
    const { json, text } = await rig.ask(`/v1/events/${event(80).id}`)
    assert.equal(json.content.size, 15)
    assert.ok(!text.includes('secret'))
  })

  it('puts the chain of people back together', async () => {
    const onBehalfOf = [
      { type: 'human', id: 'alice' },
      { type: 'agent', id: 'svc-0' },
    ]
    await send(ndjson([event(90, { onBehalfOf })]))
    await rig.tocsin.query.settled()
    assert.deepEqual((await rig.ask(`/v1/events/${event(90).id}`)).json.onBehalfOf, onBehalfOf)
    rig = await rig.restart()
    assert.deepEqual((await rig.ask(`/v1/events/${event(90).id}`)).json.onBehalfOf, onBehalfOf)
  })
})

describe('finding events', () => {
  it('pages through all of them once, while others arrive', async () => {
    const many = Array.from({ length: 250 }, (_, i) => event(10_000 + i, { system: 'paged' }))
    await send(ndjson(many))
    await rig.tocsin.query.settled()
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const next: string = cursor === null ? '' : `&cursor=${cursor}`
      const { json }: Answer = await rig.ask(`/v1/events?q=system:paged&limit=60${next}`)
      seen.push(...json.events.map((e: { id: string }) => e.id))
      await send(ndjson([event(20_000 + seen.length, { system: 'paged' })]))
      await rig.tocsin.query.settled()
      cursor = json.next
    } while (cursor !== null)
    assert.deepEqual(seen, many.map(e => e.id).reverse())
  })

  it('finds an event by its id as soon as it is acknowledged', async () => {
    for (let n = 30_000; n < 30_010; n++) {
      await send(ndjson([event(n)]))
      assert.equal((await rig.ask(`/v1/events/${event(n).id}`)).status, 200)
    }
    const unknown = await rig.ask('/v1/events/00000000-0000-7000-8000-999999999999')
    isProblem(unknown, 'event.unknown', 404)
  })

  it('is complete after a restart, though nothing new comes', async () => {
    await send(ndjson([event(30_100)]))
    await rig.tocsin.query.settled()
    rig = await rig.restart()
    const isComplete = async () => {
      const { json } = await rig.ask('/healthz', { key: null })
      return json.status === 'ok'
    }
    for (let i = 0; i < 200 && !(await isComplete()); i++)
      await new Promise(resolve => setTimeout(resolve, 50))
    assert.ok(await isComplete())
    assert.equal((await rig.ask('/v1/summary?q=kind:ai.invoke')).json.complete, true)
  })

  it('says in which range it looked, and refuses a wrong one', async () => {
    const { json } = await rig.ask('/v1/events?from=2026-01-01T00:00:00Z&to=2026-01-02&limit=1')
    assert.deepEqual([json.from, json.to], [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)])
    for (const bad of [
      'from=yesterday',
      'from=now&to=now-1h',
      'limit=0',
      'limit=5000',
      'limit=x',
      'cursor=abc',
    ]) {
      isProblem(await rig.ask(`/v1/events?${bad}`), 'http.bad_request', 400)
    }
    isProblem(await rig.ask('/v1/events?q=nosuchfield:1'), 'query.unknown_field', 400)
    isProblem(await rig.ask('/v1/events?q=status%3A'), 'query.syntax', 400)
    isProblem(await rig.ask('/v1/summary?by=nosuchfield'), 'query.unknown_field', 400)
    isProblem(
      await rig.ask('/v1/events/00000000-0000-0000-0000-000000000000'),
      'event.unknown',
      404,
    )
    isProblem(await rig.ask('/v2/nothing'), 'http.not_found', 404)
  })

  it('sums up what a fold over the same events gives', async () => {
    const { json } = await rig.ask('/v1/summary?q=system:paged&by=actor.id,outcome')
    const rows = json.groups.map((g: { group: string[]; requests: number }) => [
      ...g.group,
      g.requests,
    ])
    const { json: page } = await rig.ask('/v1/events?q=system:paged&limit=1000')
    const counts = new Map<string, number>()
    for (const { actor, outcome } of page.events) {
      const key = `${actor.id} ${outcome}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    assert.equal(rows.length, counts.size)
    for (const [id, outcome, requests] of rows)
      assert.equal(counts.get(`${id} ${outcome}`), requests)
  })

  it('records who looked, and shows it only when asked', async () => {
    await rig.ask('/v1/events?q=operation:chat&limit=1')
    await rig.tocsin.query.settled()
    const hidden = await rig.ask('/v1/events?limit=1000')
    assert.ok(hidden.json.events.every((e: { kind: string }) => e.kind !== 'tocsin.read'))
    const { json } = await rig.ask('/v1/events?q=kind:tocsin.read&limit=1000')
    const asked = json.events.map((e: { ext: { tocsin: { query: string } } }) => e.ext.tocsin.query)
    assert.ok(asked.includes('operation:chat'))
    assert.equal(json.events[0].actor.id, 'tester@here')
  })

  it('keeps the record of looking hidden, whatever a question holds', async () => {
    const kinds = async (q: string) => {
      const { status, json } = await rig.ask(`/v1/events?limit=1000&q=${encodeURIComponent(q)}`)
      assert.equal(status, 200, q)
      return json.events.map(({ kind }: { kind: string }) => kind)
    }
    await rig.ask('/v1/events?q=operation:chat&limit=1')
    await rig.tocsin.query.settled()
    const all = await kinds('*')
    assert.ok(all.length > 0 && !all.includes('tocsin.read'))
    for (const same of ['', ' ', 'kind:*', '* or read', '* or "tocsin.read"']) {
      assert.deepEqual(await kinds(same), all, same)
    }
    for (const asked of ['kind:tocsin.read', 'kind:TOCSIN*', 'not not kind:tocsin.read']) {
      assert.ok((await kinds(asked)).includes('tocsin.read'), asked)
    }
    const { json } = await rig.ask('/v1/summary?by=kind')
    assert.ok(json.groups.every(({ group }: { group: string[] }) => group[0] !== 'tocsin.read'))
  })

  it("judges a question's own text: what is unbalanced is an error at its own place", async () => {
    for (const path of ['/v1/events', '/v1/summary', '/v1/events/tail']) {
      for (const [q, where] of [
        ['kind:x) or (kind:y', 'character 7'],
        ['operation:a\\', 'character 12'],
        ['(kind:x', 'character 1:'],
      ] as const) {
        const answer = await rig.ask(`${path}?q=${encodeURIComponent(q)}`)
        isProblem(answer, 'query.syntax', 400)
        assert.ok(answer.json.detail.includes(where), `${path} ${q}: ${answer.json.detail}`)
      }
    }
  })

  it('does not take a leading minus or a quote for more than text', async () => {
    for (const q of ["'; DROP TABLE hot; --", '") or 1=1', '%', '_', '\\*']) {
      const { status } = await rig.ask(
        `/v1/events?q=${encodeURIComponent(`operation:"${q.replaceAll('"', '\\"')}"`)}`,
      )
      assert.equal(status, 200, q)
    }
  })
})

describe('the log over HTTP', () => {
  it('serves what a C2SP reader asks for and nothing else', async () => {
    const { shard } = rig.tocsin.log
    await new Promise(resolve => setTimeout(resolve, 1500))
    const checkpoint = await rig.ask(`/log/${shard}/checkpoint`, { key: null })
    assert.match(checkpoint.text, new RegExp(`^tocsin-[0-9a-f]{8}/${shard}\\n\\d+\\n`))
    const tile = await rig.ask(`/log/${shard}/tile/0/000`, { key: null })
    assert.equal(tile.headers['content-type'], 'application/octet-stream')
    for (const path of [
      '../keys/node',
      'tile/../../../keys/node',
      'log.vkey.new',
      'tile/0/1',
      '%2e%2e/state',
    ]) {
      assert.equal((await rig.ask(`/log/${shard}/${path}`, { key: null })).status, 404, path)
    }
    assert.equal((await rig.ask('/log/1999/checkpoint', { key: null })).status, 404)
  })
})

it('docs/spec/openapi.json is what the server says of itself', async () => {
  const { json } = await rig.ask('/openapi.json', { key: null })
  assert.equal(json.openapi, '3.1.0')
  const path = join(REPOSITORY, 'docs/spec/openapi.json')
  const text = `${JSON.stringify({ ...json, info: { ...json.info, version: '0' } }, null, 1)}\n`
  if (process.env.UPDATE === '1') writeFileSync(path, text)
  assert.equal(readFileSync(path, 'utf8'), text)
})
