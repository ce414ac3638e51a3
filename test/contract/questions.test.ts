// What the API counts is what is there: random questions over random events, half of them in files
// and half in memory, against counts made here from the exported events and the predicate of the
// query language, which the server does not use for these answers.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { FIELD_BY_NAME, FIELDS, type Field } from '@tocsin/sdk/event'
import {
  type Checked,
  compilePredicate,
  explainQuery,
  foldText,
  printPattern,
  readQuery,
} from '@tocsin/sdk/query'
import fc from 'fast-check'
import { valueAt } from '../../packages/server/src/show/event-fields.ts'
import { ndjson, openRig, type Rig } from './rig.ts'

const FROM = Date.UTC(2026, 0, 10)
const DAY_MS = 86_400_000
const EVENTS = 600
const QUESTIONS = 40
const NDJSON = 'application/x-ndjson'

type Event = { readonly time: number; readonly [field: string]: unknown }
/** An event that was exported, with its place. */
type Truth = Event & { readonly integrity: { readonly index: number } }

const RANGE = { from: String(FROM), to: String(FROM + DAY_MS) }

const anyEvent = fc
  .record(
    {
      time: fc.integer({ min: 0, max: DAY_MS - 1 }),
      kind: fc.constantFrom('ai.invoke', 'data.read', 'http.request', 'host.login'),
      outcome: fc.constantFrom('success', 'failure', 'denied', 'unknown'),
      actor: fc.record({
        type: fc.constantFrom('human', 'service'),
        id: fc.constantFrom(
          'alice',
          'Alice',
          'svc-a',
          'svc-b',
          "o'neil",
          'İstanbul',
          '=cmd',
          '100%',
        ),
      }),
      operation: fc.constantFrom('chat', 'read', 'Read', 'weights download'),
      resource: fc.array(
        fc.record({ id: fc.constantFrom('x', 'X', 'y', 'customer-1') }, { noNullPrototype: true }),
        { maxLength: 3 },
      ),
      source: fc.record({
        ip: fc.constantFrom('10.0.0.1', '10.9.0.1', '2001:db8::5', '2001:DB8:0::5', '81.2.69.***'),
      }),
      model: fc.record({ served: fc.constantFrom('m1', 'M1', 'Llama-3') }),
      params: fc.record({ temperature: fc.constantFrom(0, 0.5, 1) }),
      usage: fc.record({ in: fc.nat(1000), out: fc.nat(1000) }),
      bytes: fc.record({ out: fc.constantFrom(0, 7, 2 ** 40) }),
      rows: fc.nat(20),
      durationMs: fc.nat(300),
      costMicros: fc.nat(10_000),
      conversation: fc.constantFrom('c1', 'c2'),
      status: fc.constantFrom(200, 403, 500),
    },
    { requiredKeys: ['time', 'kind', 'outcome', 'actor', 'operation'], noNullPrototype: true },
  )
  .map(event => ({ ...event, time: FROM + event.time }))

const clause: fc.Arbitrary<string> = fc.constantFrom(
  'outcome:denied',
  'outcome:(success or unknown)',
  '-kind:ai.*',
  'kind:host.*',
  'actor.id:alice',
  'actor.id:*a*',
  'actor.id:nobody',
  'resource.id:x',
  'resource.id:*custom*',
  'not resource.id:*',
  'rows>10',
  'durationMs<=100',
  'source.ip:10.0.0.0/8',
  'source.ip:2001:db8::5',
  'source.ip:2001:*',
  'conversation:c1',
  'params.temperature:0.5',
  'weights',
  '"read"',
  'nosuchword',
  'model:*llama*',
  `time>=${FROM + DAY_MS / 2}`,
  'actor.type:human',
  'status:*',
  "o'neil",
)
const question = fc
  .tuple(clause, fc.array(fc.tuple(fc.constantFrom(' ', ' or ', ' -'), clause), { maxLength: 3 }))
  .map(([first, rest]) => rest.reduce((text, [join, next]) => text + joined(join, next), first))

function joined(join: string, next: string): string {
  return join === ' -' ? ` not (${next})` : join + next
}

let rig: Rig
let truth: readonly Truth[]

before(async () => {
  rig = await openRig()
  const events = fc
    .sample(anyEvent, { numRuns: EVENTS, seed: 5 })
    .map((event, i) => ({ ...event, id: `00000000-0000-7000-8000-${String(i).padStart(12, '0')}` }))
  await store(events.slice(0, EVENTS / 2))
  // What is indexed at the end goes to files.
  rig = await rig.restart()
  await store(events.slice(EVENTS / 2))
  truth = await exported('*')
  assert.equal(truth.length, EVENTS)
})
after(() => rig.close())

async function store(events: readonly object[]): Promise<void> {
  const { json } = await rig.ask('/v1/events', {
    method: 'POST',
    body: ndjson(events),
    type: NDJSON,
  })
  assert.equal(json.stored, events.length, JSON.stringify(json.results[0]))
}

async function get(path: string, query: { readonly [name: string]: string | number }) {
  const asked = new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)]))
  const answer = await rig.ask(`${path}?${asked}`)
  assert.equal(answer.status, 200, `${path} ${JSON.stringify(query)} ${answer.text.slice(0, 400)}`)
  return answer
}

async function exported(q: string): Promise<readonly Truth[]> {
  const { text } = await get('/v1/events/export', { q, ...RANGE })
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}

async function allPages(query: { readonly [name: string]: string | number }) {
  const events: Truth[] = []
  let cursor: string | null = null
  do {
    const { json } = await get('/v1/events', { ...query, ...(cursor ? { cursor } : {}) })
    events.push(...json.events)
    cursor = json.next
  } while (cursor)
  return events
}

const checked = (text: string) => readQuery(text, FIELDS, Date.now())
const among = (text: string, events: readonly Truth[] = truth) =>
  events.filter(compilePredicate(checked(text)))
const numberAt = (event: object, path: string) => Number(valueAt(event, path) ?? 0)
const sum = (events: readonly object[], path: string) =>
  events.reduce((total, event) => total + numberAt(event, path), 0)

function fieldOf(path: string): Field {
  const field = FIELD_BY_NAME.get(path)
  assert.ok(field)
  return field
}

const questions = () => fc.sample(question, { numRuns: QUESTIONS, seed: 17 })

describe('questions of every kind', () => {
  it('find what the predicate finds, by page and as an export', async () => {
    let found = 0
    for (const q of questions()) {
      const wanted = among(q).map(({ integrity }) => integrity.index)
      const pages = await allPages({ q, limit: 37, ...RANGE })
      assert.deepEqual(
        pages.map(({ integrity }) => integrity.index).toSorted((a, b) => a - b),
        wanted.toSorted((a, b) => a - b),
        q,
      )
      assert.deepEqual(await exported(q), pages, q)
      found += wanted.length
    }
    assert.ok(found > EVENTS, 'the questions find nothing; the test shows nothing')
  })

  it('count over time what there is, in buckets that add up', async () => {
    for (const q of questions()) {
      const events = among(q)
      const { json } = await get('/v1/series', { q, buckets: 13, ...RANGE })
      const { totals, buckets, stepMs } = json
      const outcomes = ['success', 'failure', 'denied', 'unknown']
      assert.equal(totals.events, events.length, q)
      for (const one of outcomes) {
        const wanted = events.filter(({ outcome }) => outcome === one).length
        assert.equal(totals[one], wanted, q)
        assert.equal(sum(buckets, one), wanted, q)
      }
      const sums = {
        tokensIn: 'usage.in',
        tokensOut: 'usage.out',
        costMicros: 'costMicros',
        bytesOut: 'bytes.out',
        rows: 'rows',
      }
      for (const [name, path] of Object.entries(sums)) {
        assert.equal(totals[name], sum(events, path), `${q} ${name}`)
      }
      assert.ok(buckets.length <= 13)
      for (const bucket of buckets) {
        assert.equal(bucket.t % stepMs, 0)
        const inside = events.filter(e => e.time >= bucket.t && e.time < bucket.t + stepMs)
        assert.equal(
          outcomes.reduce((n, name) => n + bucket[name], 0),
          inside.length,
          q,
        )
        assert.equal(bucket.rows, sum(inside, 'rows'), q)
      }
      const durations = events.flatMap(e => valueAt(e, 'durationMs') ?? []).map(Number)
      assert.equal(totals.durationMsP50, atRank(durations, 0.5), q)
      assert.equal(totals.durationMsP95, atRank(durations, 0.95), q)
    }
  })

  it('count values as `field:value` would find them', async () => {
    const fields = [
      'kind',
      'outcome',
      'actor.id',
      'operation',
      'resource.id',
      'source.ip',
      'status',
      'params.temperature',
      'conversation',
    ]
    for (const q of questions()) {
      const events = among(q)
      const { json } = await get('/v1/facets', { q, fields: fields.join(','), top: 4, ...RANGE })
      assert.equal(json.total, events.length, q)
      for (const [i, path] of fields.entries()) {
        const { field, present, distinct, top } = json.facets[i]
        assert.equal(field, path)
        assert.equal(present, among(`${path}:*`, events).length, `${q} ${path}`)
        const counts = countValues(fieldOf(path), events)
        assert.equal(distinct, counts.size, `${q} ${path}`)
        const most = [...counts.values()].sort((a, b) => b - a).slice(0, 4)
        assert.deepEqual(
          top.map((one: { events: number }) => one.events),
          most,
          `${q} ${path}`,
        )
        for (const { value, events: n } of top) {
          const asked = `${path}:${printPattern([value])}`
          assert.equal(among(asked, events).length, n, `${q} ${asked}`)
        }
      }
    }
  })

  it('say what each part leaves, what lies outside, and what there is', async () => {
    const middle = FROM + DAY_MS / 2
    const inside = truth.filter(({ time }) => time >= middle)
    for (const q of questions()) {
      const range = { from: middle, to: FROM + DAY_MS }
      const { json } = await get('/v1/explain', { q, ...range })
      const clauses = explainQuery(q, checked(q))
      const count = (asked: Checked) => inside.filter(compilePredicate(asked)).length
      assert.equal(json.total, count(checked(q)), q)
      assert.deepEqual(
        json.clauses,
        clauses.map(({ span, text, alone, without }) => {
          return { ...span, text, alone: count(alone), without: count(without) }
        }),
        q,
      )
      assert.deepEqual(json.data, extentOf(inside), q)
      const then = await get('/v1/explain', { q: `(${q}) time<2026-02-01`, ...range })
      const elsewhere = among(q).filter(({ time }) => time < middle)
      assert.deepEqual(then.json.outside, extentOf(elsewhere), q)
    }
  })

  it('come in the order of any number or time, what lacks it last, on all pages once', async () => {
    for (const sort of [
      'time',
      '-time',
      'rows',
      '-durationMs',
      '-bytes.out',
      'params.temperature',
    ]) {
      for (const q of ['*', 'outcome:denied', 'nosuchword']) {
        const pages = await allPages({ q, sort, limit: 41, ...RANGE })
        assert.deepEqual(
          pages.map(({ integrity }) => integrity.index),
          inOrder(among(q), sort).map(({ integrity }) => integrity.index),
          `${q} ${sort}`,
        )
      }
    }
  })
})

function atRank(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? null
}

/** Events by value, as a question tells values apart. */
function countValues(field: Field, events: readonly Truth[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const event of events) {
    const value = valueAt(event, field.path)
    const values = (Array.isArray(value) ? value : [value]).filter(one => one !== undefined)
    const keys = values.map(one => (field.type === 'ip' ? addressOf(one) : foldText(String(one))))
    for (const key of new Set(keys)) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

/** The one spelling of the only IPv6 address here. */
function addressOf(value: unknown): string {
  return String(value).toLowerCase().replace('db8:0::5', 'db8::5')
}

function extentOf(events: readonly Truth[]): object | null {
  const times = events.map(({ time }) => time)
  if (times.length === 0) return null
  return { events: times.length, firstMs: Math.min(...times), lastMs: Math.max(...times) }
}

function inOrder(events: readonly Truth[], sort: string): readonly Truth[] {
  const way = sort.startsWith('-') ? -1 : 1
  const path = sort.replace('-', '')
  const newest = (a: Truth, b: Truth) => b.time - a.time || b.integrity.index - a.integrity.index
  return events.toSorted((a, b) => {
    if (path === 'time') return -way * newest(a, b)
    const [x, y] = [valueAt(a, path), valueAt(b, path)]
    if (x === undefined || y === undefined) {
      if (x === y) return newest(a, b)
      return x === undefined ? 1 : -1
    }
    return way * (Number(x) - Number(y)) || newest(a, b)
  })
}

describe('questions that are refused', () => {
  const refused = async (path: string, code: string, words: RegExp) => {
    const { status, json } = await rig.ask(path)
    assert.deepEqual([status, json?.code], [400, code], path)
    assert.match(json.detail, words)
  }

  it('say what to ask instead', async () => {
    await refused('/v1/series?buckets=0', 'http.bad_request', /buckets/)
    await refused('/v1/series?buckets=241', 'http.bad_request', /buckets/)
    await refused('/v1/series?q=nofield:1', 'query.unknown_field', /nofield/)
    await refused('/v1/facets', 'http.bad_request', /fields/)
    for (const fields of ['time', 'ext', 'content.body', 'nofield', 'kind,,outcome', '']) {
      await refused(`/v1/facets?fields=${fields}`, 'query.unknown_field', /counted/)
    }
    const many = FIELDS.filter(f => f.type === 'text').slice(0, 21)
    const names = many.map(f => f.path).join(',')
    await refused(`/v1/facets?fields=${names}`, 'query.bad_value', /1 to 20/)
    await refused('/v1/facets?fields=kind&top=51', 'http.bad_request', /top/)
    await refused('/v1/explain?q=(', 'query.syntax', /character/)
    await refused('/v1/explain?from=now&to=now-1h', 'http.bad_request', /range/)
    await refused('/v1/events?sort=kind', 'query.bad_value', /numbers and times/)
    await refused('/v1/events?sort=-nofield', 'query.unknown_field', /sort/)
    await refused('/v1/events?sort=durationms', 'query.unknown_field', /try durationMs/)
    await refused('/v1/facets?fields=actor.ids', 'query.unknown_field', /try actor.id/)
    await refused('/v1/events?sort=', 'query.unknown_field', /sort/)
    await refused("/v1/events?sort=-rows'", 'query.unknown_field', /sort/)
  })

  it('are cursors of another order, or of nobody', async () => {
    const first = await get('/v1/events', { sort: '-rows', limit: 2, ...RANGE })
    const { next } = first.json
    assert.ok(next)
    await refused(`/v1/events?cursor=${next}`, 'http.bad_request', /sort=-rows/)
    await refused(`/v1/events?sort=rows&cursor=${next}`, 'http.bad_request', /sort=-rows/)
    for (const text of ['2 -rows x 1 1 1', '2 -rows 1e999 1 1 1', '1.1.1.1', '', '2 -rows 1 1 1']) {
      const cursor = Buffer.from(text).toString('base64url')
      await refused(`/v1/events?sort=-rows&cursor=${cursor}`, 'http.bad_request', /not one of ours/)
    }
  })

  it('are no questions that cannot be recorded: these are recorded as far as they fit', async () => {
    const q = Array.from({ length: 7 }, (_, i) => `"${'\u0001'.repeat(1000)}${i}"`).join(' ')
    await get('/v1/events', { q, ...RANGE })
    const { json } = await get('/v1/events', { q: 'kind:tocsin.read', limit: 5 })
    const recorded = json.events.map((event: Event) => valueAt(event, 'ext.tocsin.query'))
    assert.ok(recorded.some((text: string) => /sha256 of the whole: [0-9a-f]{64}/.test(text)))
  })
})

describe('a series without a beginning', () => {
  it('begins with the first event that there is, whatever was asked', async () => {
    const { json } = await get('/v1/series', { q: 'actor.id:nobody', to: RANGE.to })
    assert.equal(json.from, Math.min(...truth.map(({ time }) => time)))
    assert.equal(json.totals.events, 0)
    assert.ok(json.buckets.length > 0)
  })

  it('is one hour where there is nothing', async () => {
    const { json } = await get('/v1/series', { to: '2001-01-01' })
    assert.deepEqual([json.to - json.from, json.totals.events], [3_600_000, 0])
  })
})

it('sums that no whole number of 64 bits holds are sums all the same', async () => {
  const most = Number.MAX_SAFE_INTEGER
  const time = FROM - 10 * DAY_MS
  const events = Array.from({ length: 1030 }, (_, i) => ({
    kind: 'http.request',
    time: time + i,
    outcome: 'success',
    actor: { type: 'service', id: 'svc-huge' },
    operation: 'read',
    bytes: { in: most, out: most },
    rows: most,
    costMicros: most,
    usage: { in: most, out: most },
  }))
  await store(events)
  const range = { from: time, to: time + DAY_MS }
  const { json } = await get('/v1/series', { q: 'actor.id:svc-huge', ...range })
  for (const name of ['tokensIn', 'tokensOut', 'costMicros', 'bytesOut', 'rows']) {
    assert.ok(Math.abs(json.totals[name] / (1030 * most) - 1) < 1e-9, name)
  }
  const { json: summary } = await get('/v1/summary', { q: 'actor.id:svc-huge', ...range })
  assert.ok(summary.groups[0].bytesOut > 2 ** 63)
})

it('each look is recorded with its question', async () => {
  const q = 'actor.id:alice rows>3'
  await get('/v1/series', { q, ...RANGE })
  await get('/v1/facets', { q, fields: 'kind', ...RANGE })
  await get('/v1/explain', { q, ...RANGE })
  const { json } = await get('/v1/events', { q: 'kind:tocsin.read', limit: 3 })
  const looks = json.events.map((event: Event) => [
    event.operation,
    valueAt(event, 'ext.tocsin.query'),
  ])
  assert.deepEqual(looks.sort(), [
    ['event.explain', q],
    ['event.facets', q],
    ['event.series', q],
  ])
})
