import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { FIELDS } from '@tocsin/sdk/event'
import { readQuery } from '@tocsin/sdk/query'
import { VOCABULARY_VALUES_MAX } from '../base/limits.ts'
import { type EventStore, openEventStore } from './store.ts'

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }
const JANUARY = Date.UTC(2026, 0, 15)
const FEBRUARY = Date.UTC(2026, 1, 15)

const WAITED_FOR = new AbortController().signal

const FIRST = { retention: 'r6m', id: 'id-0', time: JANUARY, actor: { id: 'a0' } }

let directory = ''
let store: EventStore

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-index-'))
  store = await openEventStore(directory)
})
afterEach(async () => {
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})

function lines(count: number, from: number, timeMs = JANUARY, retention = 'r6m'): string {
  const events = Array.from({ length: count }, (_, i) => ({
    retention,
    id: `id-${from + i}`,
    time: timeMs + i,
    actor: { id: `a${i % 2}` },
    source: { ip: '10.0.0.1' },
    resource: [{ id: 'x' }, { id: `r${i}` }],
  }))
  return events.map(event => `${JSON.stringify(event)}\n`).join('')
}

const insert = (firstIndex: number, text: string) => store.insert(firstIndex, Buffer.from(text))

async function indexes(where = 'true', range = ALL): Promise<readonly number[]> {
  const rows = await store.select(
    {
      columns: 'idx',
      where: { sql: where, params: [] },
      tail: { sql: 'ORDER BY idx', params: [] },
      range,
    },
    WAITED_FOR,
  )
  return rows.map(row => Number(row.idx))
}

const upTo = (size: number) => Array.from({ length: size }, (_, i) => i)

function partFiles(): readonly string[] {
  const root = join(directory, 'events')
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(n =>
    n.endsWith('.parquet'),
  )
}

describe('the index', () => {
  it('finds each event once, in memory, in files, and in both', async () => {
    await insert(0, lines(10, 0))
    assert.deepEqual(await indexes(), upTo(10))
    await store.flush()
    assert.deepEqual(await indexes(), upTo(10))
    await insert(10, lines(5, 10))
    assert.deepEqual(await indexes(), upTo(15))
    assert.equal(store.indexed, 15)
  })

  it('keeps one file per class and month, and goes on after a restart where they end', async () => {
    await insert(0, lines(4, 0) + lines(4, 4, FEBRUARY) + lines(4, 8, JANUARY, 'r6y'))
    await store.flush()
    assert.deepEqual(
      partFiles()
        .map(name => name.split('/').slice(0, 2).join(' '))
        .sort(),
      ['r6m 2026-01', 'r6m 2026-02', 'r6y 2026-01'],
    )
    await insert(12, lines(3, 12))
    await store.close()
    store = await openEventStore(directory)
    assert.equal(store.indexed, 12, 'what was only in memory is read again from the log')
    assert.deepEqual(await indexes(), upTo(12))
  })

  it('joins small files of a month, and finds the same before and after', async () => {
    for (let i = 0; i < 20; i++) {
      await insert(i * 3, lines(3, i * 3, JANUARY + i * 1000))
      await store.flush()
    }
    assert.ok(partFiles().length < 8, `${partFiles().length} files`)
    assert.deepEqual(await indexes(), upTo(60))
    await store.close()
    store = await openEventStore(directory)
    assert.deepEqual(await indexes(), upTo(60))
  })

  it('takes and joins more than the memory it may use', async () => {
    const wide = (i: number) =>
      `${JSON.stringify({ ...FIRST, time: JANUARY + i, ext: { pad, i } })}\n`
    const pad = 'x'.repeat(6000)
    for (let part = 0; part < 10; part++) {
      const rows = upTo(8000).map(i => wide(part * 8000 + i))
      await insert(part * 8000, rows.join(''))
    }
    const files = partFiles().length
    assert.ok(files >= 1 && files < 8, `${files} files`)
    assert.equal((await indexes(`"time" % 1000 = 0`)).length, 80)
  })

  it('takes events as large as they may be', async () => {
    const ext = { pad: 'x'.repeat(500_000) }
    const rows = upTo(400).map(i => `${JSON.stringify({ ...FIRST, time: JANUARY + i, ext })}\n`)
    for (let part = 0; part < 3; part++) await insert(part * 400, rows.join(''))
    assert.ok(partFiles().length >= 8)
    assert.equal((await indexes()).length, 1200)
  })

  it('looks only at the range that was asked for', async () => {
    await insert(0, lines(5, 0) + lines(5, 5, FEBRUARY))
    const january = { fromMs: JANUARY, toMs: JANUARY + 3 }
    assert.deepEqual(await indexes('true', january), [0, 1, 2])
    await store.flush()
    assert.deepEqual(await indexes('true', january), [0, 1, 2])
    assert.deepEqual(await indexes('true', { fromMs: FEBRUARY, toMs: FEBRUARY + 2 }), [5, 6])
  })

  it('reads fields without a column from the event, in memory and in files', async () => {
    const event = {
      retention: 'r6m',
      time: JANUARY,
      source: { ip: '2001:db8::1', asn: 7 },
      tool: { server: 's' },
    }
    await insert(0, `${JSON.stringify(event)}\n`)
    const tests = [`"source_asn" = 7`, `"tool_server" = 's'`, `"source_ip_key" LIKE '20010db8%'`]
    for (const flushed of [false, true]) {
      if (flushed) await store.flush()
      for (const test of tests) assert.deepEqual(await indexes(test), [0], test)
    }
  })

  it('builds itself again when its manifest or a file is gone or nonsense', async () => {
    await insert(0, lines(5, 0))
    await store.flush()
    for (const harm of [
      () => writeFileSync(join(directory, 'manifest.json'), 'nonsense'),
      () => rmSync(join(directory, 'events'), { recursive: true }),
      () => writeFileSync(join(directory, 'manifest.json'), '{"format":999,"files":[]}'),
    ]) {
      await store.close()
      harm()
      store = await openEventStore(directory)
      assert.equal(store.indexed, 0)
      assert.deepEqual(partFiles(), [], 'a file that the manifest does not name is a leftover')
      await insert(0, lines(5, 0))
      await store.flush()
      assert.deepEqual(await indexes(), upTo(5))
    }
  })

  it('passes over entries that are no events', async () => {
    store.advance(1)
    await insert(1, lines(2, 0))
    store.advance(7)
    assert.equal(store.indexed, 7)
    assert.deepEqual(await indexes(), [1, 2])
    await store.flush()
    assert.equal(JSON.parse(readFileSync(join(directory, 'manifest.json'), 'utf8')).cursor, 7)
  })

  it('takes any number of lines at once', async () => {
    await insert(0, lines(4001, 0))
    assert.equal(store.indexed, 4001)
    assert.deepEqual(await indexes(), upTo(4001))
    const ids = await store.select(
      {
        columns: 'id',
        where: { sql: 'idx IN (1999, 2000, 4000)', params: [] },
        tail: { sql: 'ORDER BY idx', params: [] },
        range: ALL,
      },
      WAITED_FOR,
    )
    assert.deepEqual(
      ids.map(({ id }) => id),
      ['id-1999', 'id-2000', 'id-4000'],
    )
  })

  it('answers while it writes', async () => {
    await insert(0, lines(2000, 0))
    const answers = [store.flush(), indexes(), insert(2000, lines(100, 2000)), indexes()]
    const [, first, , second] = await Promise.all(answers)
    assert.ok(Array.isArray(first) && Array.isArray(second))
    assert.equal(new Set(second).size, second.length, 'a row was seen twice')
    assert.ok(first.length >= 2000)
  })

  it('ends searches that nobody waits for, those that run and those that wait, and goes on', async () => {
    await insert(0, lines(2000, 0))
    await store.flush()
    const gone = new AbortController()
    const over = { sql: 'SELECT count(*) AS n FROM picked, range(10000000000)', params: [] }
    const slow = { columns: 'idx', range: ALL, over }
    const ended = Promise.allSettled(
      Array.from({ length: 5 }, () => store.select(slow, gone.signal)),
    )
    setTimeout(() => gone.abort(new Error('gone')), 50)
    for (const one of await ended) {
      assert.ok(one.status === 'rejected')
      assert.match(String(one.reason), /gone/)
    }
    assert.equal((await indexes()).length, 2000)
  })

  it('closes at once, whoever still searches', async () => {
    await insert(0, lines(2000, 0))
    const over = { sql: 'SELECT count(*) AS n FROM picked, range(10000000000)', params: [] }
    const slow = store.select({ columns: 'idx', range: ALL, over }, WAITED_FOR)
    const refused = assert.rejects(slow, { code: 'query.cancelled' })
    await store.flush()
    await store.close()
    await refused
    store = await openEventStore(directory)
    assert.equal((await indexes()).length, 2000)
  })

  it('is searched while a slow search holds on to what was there before', async () => {
    await insert(0, lines(2000, 0))
    const gone = new AbortController()
    const over = { sql: 'SELECT count(*) AS n FROM picked, range(10000000000)', params: [] }
    const slow = store.select({ columns: 'idx', range: ALL, over }, gone.signal)
    await store.flush()
    await insert(2000, lines(10, 2000))
    await store.flush()
    assert.deepEqual(await indexes(), upTo(2010))
    gone.abort(new Error('gone'))
    await assert.rejects(slow, /gone/)
  })
})

describe('what the index knows of the values of a field', () => {
  const found = async (text: string) => {
    const asked = readQuery(text, FIELDS, 0)
    const tail = { sql: 'ORDER BY idx', params: [] }
    const rows = await store.select({ columns: 'idx', asked, tail, range: ALL }, WAITED_FOR)
    return rows.map(row => Number(row.idx))
  }
  const known = () => join(directory, 'vocabulary.json')
  const named = (ids: readonly string[], from = 0) =>
    ids
      .map((id, i) => `${JSON.stringify({ ...FIRST, time: JANUARY + from + i, actor: { id } })}\n`)
      .join('')

  it('finds parts of texts in files and in memory, and nothing where there is nothing', async () => {
    await insert(0, lines(10, 0) + named(['Svc-A', 'svc-b', 'x'], 10))
    await store.flush()
    await insert(13, named(['svc-c', 'y'], 13))
    assert.deepEqual(await found('actor.id:SVC-*'), [10, 11, 13])
    assert.deepEqual(await found('vc'), [10, 11, 13])
    assert.deepEqual(await found('resource.id:r*3'), [3])
    assert.deepEqual(await found('nosuchword'), [])
    assert.deepEqual(await found('-actor.id:svc-* actor.id:(x or y)'), [12, 14])
  })

  it('is learnt again when it is gone or nonsense', async () => {
    await insert(0, named(['svc-a', 'x']))
    await store.flush()
    for (const harm of [
      () => rmSync(known()),
      () => writeFileSync(known(), '{"format":1'),
      () => writeFileSync(known(), '{"format":99,"columns":{}}'),
      () => writeFileSync(known(), '{"format":1,"columns":7}'),
    ]) {
      await store.close()
      harm()
      store = await openEventStore(directory)
      assert.deepEqual(await found('actor.id:*vc*'), [0])
      assert.deepEqual(await found('svc'), [0])
    }
  })

  it('has an end: a field with more or longer values is searched as it is', async () => {
    const many = Array.from({ length: VOCABULARY_VALUES_MAX + 1 }, (_, i) => `user-${i}`)
    await insert(0, named(many))
    await store.flush()
    const { columns } = JSON.parse(readFileSync(known(), 'utf8'))
    assert.equal(columns.actor_id, null)
    assert.deepEqual(columns.source_ip, [])
    assert.deepEqual(await found('actor.id:*ser-4096'), [4096])
    assert.deepEqual(await found('user-7'), [
      7,
      ...many.flatMap((id, i) => (i > 7 && id.includes('user-7') ? [i] : [])),
    ])
  })
})
