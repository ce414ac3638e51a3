// The two compilers of the query language mean the same: random events × random questions, asked of
// real DuckDB through the index's own columns and of the predicate.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { FIELDS, type Field } from '@tocsin/sdk/event'
import {
  type Checked,
  compilePredicate,
  compileSql,
  printPattern,
  readQuery,
} from '@tocsin/sdk/query'
import fc from 'fast-check'
import {
  createTableSql,
  insertLinesSql,
  lazyColumns,
} from '../../packages/server/src/query/columns.ts'
import { type EventStore, openEventStore } from '../../packages/server/src/query/store.ts'

const EVENTS = 300
const QUESTIONS = 400
const WRITTEN_QUESTIONS = 200

/** Texts that databases and languages like to see differently, drawn often so that they meet. */
const TEXTS = [
  'alice',
  'ALICE',
  'svc-a',
  '100%',
  'a_b',
  'a\\b',
  "o'neil",
  '"q"',
  'İstanbul',
  'ß',
  'SS',
  'ς',
  '😀x',
  'a\u0000b',
  'x\u202ey',
  '',
  ' ',
  'é',
  'e\u0301',
  '\u212A',
  'k',
  'line\nbreak',
  '\\E.*[a]{2}(?i)',
  '$^|?+',
  '\u2028',
  'a',
  'aba',
  'Ab',
  'b\na',
  `${'a'.repeat(140)}B`,
  `${'É'.repeat(70)}k`,
  `${'é'.repeat(70)}\u212A`,
]
const PIECES = ['a', 'A', 'b', 'ab', 'ba', '%', '\\', '😀', 's', 'İ']
const ADDRESSES = [
  '10.0.0.1',
  '10.255.0.9',
  '::1',
  '2001:db8::5',
  '2001:DB8:0:0::5',
  '81.2.69.***',
  ':::',
  '1:2',
]
/** Anything that a client could have written in the place of an address. */
const anyAddress = fc.oneof(
  fc.constantFrom(...ADDRESSES),
  fc.ipV4(),
  fc.ipV6(),
  fc.stringMatching(/^[0-9a-f:]{2,12}$/),
  fc.stringMatching(/^[0-2]{1,3}\.[0-9]{1,3}\.0{0,2}[0-9]\.[0-9]{1,3}$/),
)
const NETWORKS = [
  '10.0.0.0/8',
  '10.0.0.0/31',
  '10.128.0.0/9',
  '10.0.0.1/32',
  '0.0.0.0/2',
  '1.1.0.0/15',
  '2001:db8::/32',
  '::/0',
  '8000::/1',
  '0.0.0.0/0',
  '::1/128',
  '::ffff:10.0.0.0/104',
  '::ffff:a00:0/104',
  '::/64',
]
const NUMBERS = [0, 1, 200, 403, 2 ** 40]

const queryable = FIELDS.filter(f => f.type !== 'json')
const LISTS = ['resource', 'onBehalfOf']

function arbitraryOf(field: Field): fc.Arbitrary<unknown> {
  if (field.type === 'ip') return anyAddress
  if (field.type === 'bool') return fc.boolean()
  if (field.type === 'number') return fc.constantFrom(...NUMBERS, 0.5, -3.25)
  if (field.type === 'int' || field.type === 'time') return fc.constantFrom(...NUMBERS)
  return fc.constantFrom(...TEXTS)
}

function put(event: { [key: string]: unknown }, keys: readonly string[], value: unknown): void {
  const [head = '', ...rest] = keys
  if (rest.length === 0) event[head] = value
  else {
    const child = { ...Object(event[head]) }
    put(child, rest, value)
    event[head] = child
  }
}

const plain = queryable.filter(f => !LISTS.some(l => f.path.startsWith(`${l}.`)))
const item = (list: string) =>
  fc.record(
    Object.fromEntries(
      queryable
        .filter(f => f.path.startsWith(`${list}.`))
        .map(f => [f.path.slice(list.length + 1), arbitraryOf(f)]),
    ),
    { requiredKeys: [], noNullPrototype: true },
  )
const anyEvent = fc
  .tuple(
    fc.tuple(
      ...plain.map(f =>
        fc.option(f.many ? fc.array(arbitraryOf(f), { maxLength: 3 }) : arbitraryOf(f), {
          freq: 2,
        }),
      ),
    ),
    ...LISTS.map(list => fc.option(fc.array(fc.option(item(list)), { maxLength: 3 }))),
  )
  .map(([values, ...lists]) => {
    const event: { [key: string]: unknown } = {}
    values.forEach((value, i) => {
      const keys = plain[i]?.path.split('.') ?? []
      if (value !== null) put(event, keys, value)
    })
    lists.forEach((value, i) => {
      if (value !== null) event[LISTS[i] ?? ''] = value
    })
    // The index sorts and cuts by these two; every event has them.
    return { ...event, time: event.time ?? 0, retention: 'r6m' }
  })

const pattern = fc
  .array(fc.option(fc.constantFrom(...TEXTS, 'a', 'b', '%', '_', 'S')), {
    minLength: 1,
    maxLength: 4,
  })
  .map(parts => {
    const out: (string | null)[] = []
    for (const part of parts.filter(p => p !== '' || parts.length === 1)) {
      const last = out.at(-1)
      if (typeof part === 'string' && typeof last === 'string') out[out.length - 1] = last + part
      else if (part !== null || last !== null) out.push(part)
    }
    return out.length > 0 ? out : ['']
  })
/** Where differences hide, by kind of column: stored, read from the JSON, lists, closed values. */
const TELLING = [
  'actor.id',
  'agent.version',
  'resource.id',
  'actor.groups',
  'outcome',
  'id',
  'source.ip',
  'source.ip',
]
const swapCase = (letter: string) =>
  letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
const telling = queryable.filter(f => TELLING.includes(f.path))
const leaf: fc.Arbitrary<Checked> = fc
  .oneof(fc.constantFrom(...queryable), fc.constantFrom(...telling))
  .chain((field): fc.Arbitrary<Checked> => {
    const exists = fc.constant({ kind: 'exists', field } as const)
    if (field.type === 'bool') {
      return fc.oneof(
        exists,
        fc.boolean().map(value => ({ kind: 'bool', field, value }) as const),
      )
    }
    if (field.type === 'text')
      return fc.oneof(
        exists,
        pattern.map(p => ({ kind: 'text', field, pattern: p }) as const),
      )
    if (field.type === 'ip') {
      const text = pattern.map(p => ({ kind: 'text', field, pattern: p }) as const)
      return fc.oneof(
        exists,
        text,
        fc.constantFrom(...NETWORKS).map(n => network(field, n)),
      )
    }
    const operator = fc.constantFrom('=', '>', '>=', '<', '<=')
    const value = fc.constantFrom(...NUMBERS)
    const span = fc.record({ from: value, to: value })
    return fc.oneof(
      exists,
      fc.record({ operator, value }).map(c => ({ kind: 'number', field, ...c }) as const),
      span.map(s => ({ kind: 'between', field, ...s }) as const),
    )
  })
/** Several texts for one field become one test. */
const choice: fc.Arbitrary<Checked> = fc
  .tuple(
    fc.constantFrom(...telling.filter(f => f.type === 'text')),
    fc.array(pattern, { minLength: 2, maxLength: 5 }),
  )
  .map(([field, patterns]) => ({
    kind: 'or' as const,
    items: patterns.map(p => ({ kind: 'text' as const, field, pattern: p })),
  }))
const { question } = fc.letrec<{ question: Checked }>(tie => ({
  question: fc.oneof(
    { maxDepth: 3 },
    leaf,
    choice,
    fc.record({ kind: fc.constant('not' as const), item: tie('question') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      items: fc.array(tie('question'), { minLength: 1, maxLength: 3 }),
    }),
  ),
}))

function network(field: Field, text: string): Checked {
  const checked = readNetwork(text)
  return { ...checked, field }
}

function readNetwork(text: string): Extract<Checked, { kind: 'network' }> {
  const checked = readQuery(`source.ip:${text}`, FIELDS, 0)
  assert.ok(checked.kind === 'network')
  return checked
}

/** Questions as text, so that reading, checking and compiling are tried together. */
const clauseText = fc.oneof(
  pattern.map(printPattern),
  fc
    .tuple(fc.constantFrom(...telling.filter(f => !f.values && f.type === 'text')), pattern)
    .map(([field, p]) => `${field.path}:${printPattern(p)}`),
  fc.constantFrom('1.2.*', '10.0.0.1', '2001:db8::5', '::1', ...NETWORKS).map(n => `ip:${n}`),
  fc.constantFrom('outcome:*s*', 'outcome:SUCCESS', 'status>=200', 'resource.id:(a or *b)'),
  fc.constantFrom('time:1970-01-01', 'time>1970-01-01', 'time<=2004-11-03', 'time>now-1h', '*'),
)
const joiner = fc.constantFrom(' ', ' and ', ' or ', ' and not ', ' -(* or x) ', ' or not ')
const questionText = fc
  .tuple(clauseText, fc.array(fc.tuple(joiner, clauseText), { maxLength: 3 }))
  .map(([first, rest]) => first + rest.map(part => part.join('')).join(''))

describe('SQL and predicate', () => {
  let connection: DuckDBConnection
  /** The same events in files, with what the index knows of their values. */
  let store: EventStore
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-differential-'))
  const events = fc.sample(anyEvent, { numRuns: EVENTS, seed: 7 })

  before(async () => {
    const instance = await DuckDBInstance.create(':memory:')
    connection = await instance.connect()
    await connection.run(createTableSql('hot'))
    const lines = events.map(event => JSON.stringify(event)).join('\n')
    const statement = await connection.prepare(insertLinesSql('hot'))
    statement.bindBigInt(1, 0n)
    statement.bindVarchar(2, lines)
    await statement.run()
    store = await openEventStore(directory)
    await store.insert(0, Buffer.from(`${lines}\n`))
    await store.flush()
  })
  after(async () => {
    connection.closeSync()
    await store.close()
    rmSync(directory, { recursive: true })
  })

  const WAITED_FOR = new AbortController().signal
  const ALL_TIME = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }

  /** Asked of files, as a filter and as a test beside others. */
  async function compareInFiles(asked: Checked): Promise<void> {
    const matches = compilePredicate(asked)
    const wanted = events.flatMap((event, i) => (matches(event) ? [i] : []))
    const columns = 'idx'
    const tail = { sql: 'ORDER BY idx', params: [] }
    const range = ALL_TIME
    const found = await store.select({ columns, asked, tail, range }, WAITED_FOR)
    const where = { sql: 'holds0', params: [] }
    const held = await store.select({ columns, tests: [asked], where, tail, range }, WAITED_FOR)
    for (const rows of [found, held]) {
      assert.deepEqual(
        rows.map(({ idx }) => Number(idx)),
        wanted,
        JSON.stringify(asked),
      )
    }
  }

  /** How many events were found; fails where the two differ. */
  async function compare(asked: Checked): Promise<number> {
    const { sql, params } = compileSql(asked)
    const reader = await connection.runAndReadAll(
      `SELECT idx FROM (SELECT *${lazyColumns(sql)} FROM hot) WHERE ${sql} ORDER BY idx`,
      [...params],
    )
    const bySql = reader.getRowObjectsJS().map(row => Number(row.idx))
    const matches = compilePredicate(asked)
    const byPredicate = events.flatMap((event, i) => (matches(event) ? [i] : []))
    assert.deepEqual(bySql, byPredicate, `${sql} ${JSON.stringify(params.map(String))}`)
    return bySql.length
  }

  it(`choose the same of ${EVENTS} events for ${QUESTIONS} trees`, async () => {
    let found = 0
    for (const asked of fc.sample(question, { numRuns: QUESTIONS, seed: 11 })) {
      found += await compare(asked)
      await compareInFiles(asked)
    }
    assert.ok(found > QUESTIONS, 'the questions find nothing; the test shows nothing')
  })

  it(`choose the same of ${EVENTS} events for ${WRITTEN_QUESTIONS} texts`, async () => {
    let found = 0
    for (const text of fc.sample(questionText, { numRuns: WRITTEN_QUESTIONS, seed: 13 })) {
      const asked = readQuery(text, FIELDS, Date.UTC(2004, 10, 4))
      found += await compare(asked)
      await compareInFiles(asked)
    }
    assert.ok(found > QUESTIONS, 'the questions find nothing; the test shows nothing')
  })

  it('match every form of pattern in every kind of text', async () => {
    const pairs = PIECES.flatMap(a => PIECES.map(b => [a, null, b]))
    const otherCase = TEXTS.map(t => t.replaceAll(/[A-Za-z]/g, swapCase))
    const forms = [...TEXTS, ...otherCase].flatMap(t =>
      t === '' ? [[t]] : [[t], [t, null], [null, t, null]],
    )
    let found = 0
    for (const path of ['actor.id', 'outcome', 'resource.id']) {
      const field = queryable.find(f => f.path === path)
      assert.ok(field)
      for (const p of [...pairs, ...forms]) {
        found += await compare({ kind: 'text', field, pattern: p })
      }
    }
    assert.ok(found > EVENTS)
  })

  it('find every network that an address is in', async () => {
    let found = 0
    for (const text of NETWORKS) found += await compare(readNetwork(text))
    assert.ok(found > EVENTS)
  })

  // Broken, the first takes hours, and nothing interrupts DuckDB inside one text.
  it('are not held up by wildcards or long values and a text that nearly fits', {
    timeout: 60_000,
  }, async () => {
    const near = ['a', '1', '-', 'é'].map(char => ({
      char,
      id: char.repeat(char === 'é' ? 512 : 1024),
    }))
    await connection.run('CREATE TABLE near (actor_id VARCHAR, resource_id VARCHAR[])')
    for (const { id } of near) await connection.run('INSERT INTO near VALUES (?, [?])', [id, id])
    for (const { char, id } of near) {
      const many = Array.from({ length: 60 }, (_, i) => `${`*${char}`.repeat(31)}2${i}`)
      const hostile = [
        `${`*${char}`.repeat(32)}2`,
        `*${id.slice(0, 500)}2*`,
        `(${many.join(' or ')})`,
      ]
      for (const value of hostile) {
        for (const field of ['actor.id', 'resource.id']) {
          const asked = readQuery(`${field}:${value}`, FIELDS, 0)
          const { sql, params } = compileSql(asked)
          const where = `SELECT 1 FROM near WHERE ${sql}`
          assert.equal((await connection.runAndReadAll(where, [...params])).currentRowCount, 0)
          assert.equal(compilePredicate(asked)({ actor: { id }, resource: [{ id }] }), false)
        }
      }
    }
  })

  it('mean the same where the SQL is counted by clause instead of asked', async () => {
    for (const text of [
      'actor.id:a*',
      'not actor.id:a*',
      'aborted:true',
      '-(status:200 or ip:::/0)',
    ]) {
      const asked = readQuery(text, FIELDS, 0)
      const { sql, params } = compileSql(asked)
      const reader = await connection.runAndReadAll(
        `SELECT count(*) FILTER (WHERE ${sql}) AS n FROM (SELECT *${lazyColumns(sql)} FROM hot)`,
        [...params],
      )
      const [row] = reader.getRowObjectsJS()
      assert.equal(Number(row?.n), events.filter(compilePredicate(asked)).length, text)
    }
  })
})

// What stands inside a function cannot use what a file says of its parts.
it('a test that statistics can answer stands bare', () => {
  const sql = (text: string) => compileSql(readQuery(text, FIELDS, 0)).sql
  assert.equal(sql('id:0190b5a0-0000-7000-8000-00000000000A'), '"id" = ?')
  assert.equal(sql('outcome:(denied or failure)'), '("outcome" IN (?, ?))')
  assert.equal(sql('status>=500 requestId:42'), '("status" >= ? AND "request_id" = ?)')
})
