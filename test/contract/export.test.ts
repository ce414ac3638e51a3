// Exports as whoever carries evidence away meets them: whole, recorded, safe to open in a
// spreadsheet.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { get as httpGet } from 'node:http'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { EXPORT_ROWS_MAX } from '../../packages/server/src/base/limits.ts'
import { csvLine } from '../../packages/server/src/show/csv.ts'
import { type Answer, event, ndjson, openRig, type Rig } from './rig.ts'

const NDJSON = 'application/x-ndjson'
const FROM = Date.UTC(2026, 0, 1)
const RANGE = `from=${FROM}&to=${FROM + 86_400_000}`
const HOSTILE = [
  '=1+1',
  '+cmd|calc',
  '-2+3',
  '@SUM(A1)',
  '\t=x',
  '\r=x',
  '\n=x',
  '\uff1d1',
  'a"b',
  'a,b',
  'a;=b',
  'two\r\nlines',
  ' lead',
  '"quoted"',
  "'",
  '\u202egnp.exe',
]

let rig: Rig

before(async () => {
  rig = await openRig()
  const hostile = HOSTILE.map((id, i) =>
    event(i, {
      actor: { type: 'human', id: `h${i}` },
      operation: id,
      resource: [{ id }, { id: 'x' }],
      params: { temperature: -1.5 },
      ext: { dialect: { text: '=1' } },
    }),
  )
  await store([...hostile, ...Array.from({ length: 7000 }, (_, i) => event(100 + i))])
})
after(() => rig.close())

async function store(events: readonly object[]): Promise<void> {
  const { json } = await rig.ask('/v1/events', {
    method: 'POST',
    body: ndjson(events),
    type: NDJSON,
  })
  assert.equal(json.stored, events.length, JSON.stringify(json.results?.[0]))
}

const exportOf = (query: string) => rig.ask(`/v1/events/export?${RANGE}&${query}`)
const lines = ({ text }: Answer) => text.split('\n').filter(line => line !== '')

/** An independent reader of RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy
  let row: string[] = []
  for (let found = cell.exec(text); found; found = cell.exec(text)) {
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    if (found[3] === ',') continue
    rows.push(row)
    row = []
    if (cell.lastIndex === text.length) return rows
  }
  assert.fail('this is no CSV')
}

describe('an export', () => {
  it('has every event once, over many pages, and a manifest with the hash of its bytes', async () => {
    const answer = await exportOf('q=actor.id:svc-*')
    assert.equal(answer.status, 200)
    assert.match(String(answer.headers['content-disposition']), /^attachment; filename="events-/)
    assert.match(String(answer.headers['content-type']), /^application\/x-ndjson/)
    const ids = lines(answer).map(line => JSON.parse(line).id)
    assert.deepEqual([ids.length, new Set(ids).size], [7000, 7000])
    const id = answer.headers['x-tocsin-export']
    const { status, json } = await rig.ask(`/v1/exports/${id}`)
    assert.equal(status, 200)
    assert.equal(json.sha256, createHash('sha256').update(answer.text).digest('hex'))
    assert.equal(json.bytes, Buffer.byteLength(answer.text))
    assert.deepEqual(
      [json.id, json.rows, json.query, json.from, json.to, json.format, json.fields, json.finished],
      [id, 7000, 'actor.id:svc-*', FROM, FROM + 86_400_000, 'ndjson', null, true],
    )
    assert.equal(json.log.origin, rig.tocsin.log.origin)
    assert.ok(json.log.size >= json.below, 'the checkpoint covers what was exported')
    assert.match(json.log.root, /^[A-Za-z0-9+/]{43}=$/)
  })

  it('is recorded before and after, also when it is empty', async () => {
    const answer = await exportOf('q=actor.id:nobody')
    assert.deepEqual([answer.status, answer.text], [200, ''])
    const id = String(answer.headers['x-tocsin-export'])
    const { json } = await rig.ask(`/v1/exports/${id}`)
    assert.deepEqual([json.rows, json.bytes, json.finished], [0, 0, true])
    const found = await rig.ask('/v1/events?q=kind:(tocsin.read%20or%20tocsin.export)&limit=10')
    const said = found.json.events
      .filter((e: { operation: string }) => e.operation === 'event.export')
      .map((e: { kind: string; id: string; ext: { tocsin: { export: unknown } } }) =>
        e.kind === 'tocsin.export' ? e.id : e.ext.tocsin.export,
      )
    assert.deepEqual(said.slice(0, 2), [id, id])
  })

  it('can be of some fields', async () => {
    const fields = 'id,resource.id,actor.id,bytes.out,aborted'
    const answer = await exportOf(`q=actor.id:h0&fields=${fields}`)
    assert.deepEqual(
      lines(answer).map(line => JSON.parse(line)),
      [
        {
          id: event(0).id,
          resource: [{ id: '=1+1' }, { id: 'x' }],
          actor: { id: 'h0' },
          bytes: { out: 0 },
        },
      ],
    )
  })

  it('is refused with its count when it is too large', async () => {
    const { query } = rig.tocsin
    const { count } = query
    Reflect.set(query, 'count', async () => EXPORT_ROWS_MAX + 1)
    try {
      const { status, json } = await exportOf('q=*')
      assert.deepEqual([status, json.code], [400, 'http.bad_request'])
      assert.match(json.detail, /200001 events and an export takes 200000; narrow/)
    } finally {
      Reflect.set(query, 'count', count)
    }
  })

  it('is refused for unknown fields, forms and questions, before anything leaves', async () => {
    for (const [query = '', code = ''] of [
      ['fields=nofield', 'query.unknown_field'],
      ['fields=', 'query.unknown_field'],
      ['format=xlsx', 'http.bad_request'],
      ['q=(', 'query.syntax'],
      [`fields=${'id,'.repeat(100)}id`, 'query.bad_value'],
    ]) {
      const { status, json, headers } = await exportOf(query)
      assert.deepEqual([status, json?.code], [400, code], query)
      assert.equal(headers['x-tocsin-export'], undefined)
    }
    assert.match((await exportOf('fields=actor.ids')).json.detail, /did you mean actor.id\?/)
    const { status, json } = await rig.ask('/v1/exports/none')
    assert.deepEqual([status, json.code], [404, 'event.unknown'])
    const other = await rig.ask(`/v1/exports/${event(0).id}`)
    assert.equal(other.status, 404, 'an event that is no export')
  })

  it('of a caller who leaves is recorded with what they got', async () => {
    await rig.app.listen({ host: '127.0.0.1', port: 0 })
    const address = rig.app.server.address()
    assert.ok(address && typeof address === 'object')
    const pad = 'x'.repeat(8000)
    const wide = Array.from({ length: 9000 }, (_, i) => event(10_000 + i, { ext: { d: { pad } } }))
    for (let at = 0; at < wide.length; at += 1500) await store(wide.slice(at, at + 1500))
    const id = await new Promise<string>((resolve, reject) => {
      const asked = httpGet({
        host: '127.0.0.1',
        port: address.port,
        path: `/v1/events/export?${RANGE}`,
        headers: { authorization: `Bearer ${rig.allKey}` },
      })
      asked.on('error', reject)
      asked.on('response', answer => {
        answer.once('data', () => {
          answer.destroy()
          resolve(String(answer.headers['x-tocsin-export']))
        })
      })
    })
    let manifest = await rig.ask(`/v1/exports/${id}`)
    for (let i = 0; manifest.status === 404 && i < 100; i++) {
      await new Promise(resolve => setTimeout(resolve, 50))
      manifest = await rig.ask(`/v1/exports/${id}`)
    }
    assert.equal(manifest.json.finished, false)
    assert.ok(manifest.json.rows < 16_016, `${manifest.json.rows}`)
  })
})

describe('a table', () => {
  it('holds no formula, and what was there can be read from it', async () => {
    const answer = await exportOf('q=actor.id:h*&format=csv&fields=operation,resource.id')
    assert.match(String(answer.headers['content-type']), /^text\/csv; charset=utf-8/)
    const [head, ...rows] = parseCsv(answer.text)
    assert.deepEqual(head, ['operation', 'resource.id'])
    assert.deepEqual(
      rows.map(([cell]) => cell?.replace(/^'(?!$)/, '')),
      HOSTILE.toReversed(),
    )
    for (const cell of rows.flat())
      assert.doesNotMatch(cell, /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/)
  })

  it('leaves numbers as numbers, and writes times and objects as text', async () => {
    const fields = 'time,params.temperature,bytes.out,ext,aborted,actor.type'
    const answer = await exportOf(`q=actor.id:h3&format=csv&fields=${fields}`)
    assert.deepEqual(parseCsv(answer.text), [
      fields.split(','),
      ['2026-01-01T00:00:03.000Z', '-1.5', '3', '{"dialect":{"text":"=1"}}', '', 'human'],
    ])
  })

  it('has a head where nothing is found, and columns of its own where none are named', async () => {
    const answer = await exportOf('q=actor.id:nobody&format=csv')
    const [head, ...rows] = parseCsv(answer.text)
    assert.equal(rows.length, 0)
    assert.ok(head?.includes('actor.id') && head.includes('time'))
  })

  it('is read back as it was by a reader of RFC 4180, whatever stands in it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }),
        texts => {
          const fields = texts.map((_, i) => ({ path: `f${i}`, type: 'text' }) as never)
          const made = Object.fromEntries(texts.map((text, i) => [`f${i}`, text]))
          const [row] = parseCsv(csvLine(made, fields))
          assert.deepEqual(
            row?.map((cell, i) => (cell === `'${texts[i]}` ? cell.slice(1) : cell)),
            texts,
          )
        },
      ),
    )
  })
})
