// The two compilers of the query language mean the same: random events × random questions, asked of
// real DuckDB through the index's own columns and of the predicate.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { FIELDS, type Field } from '@tocsin/sdk/event'
import { type Checked, compilePredicate, compileSql, readQuery } from '@tocsin/sdk/query'
import fc from 'fast-check'
import { CREATE_HOT, INSERT_LINES, lazyColumns } from '../../packages/server/src/query/columns.ts'

const EVENTS = 300
const QUESTIONS = 400

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
]
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
const NETWORKS = ['10.0.0.0/8', '10.0.0.0/31', '2001:db8::/32', '::/0', '0.0.0.0/0', '::1/128']
const NUMBERS = [0, 1, 200, 403, 2 ** 40]

const queryable = FIELDS.filter(f => f.type !== 'json')
const LISTS = ['resource', 'onBehalfOf']

function arbitraryOf(field: Field): fc.Arbitrary<unknown> {
  if (field.type === 'ip') return fc.constantFrom(...ADDRESSES)
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
    maxLength: 3,
  })
  .map(parts => parts.filter((part, i) => part !== null || parts[i - 1] !== null || i === 0))
const leaf: fc.Arbitrary<Checked> = fc
  .constantFrom(...queryable)
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
    return fc.oneof(
      exists,
      fc.record({ operator, value }).map(c => ({ kind: 'number', field, ...c }) as const),
    )
  })
const { question } = fc.letrec<{ question: Checked }>(tie => ({
  question: fc.oneof(
    { maxDepth: 3 },
    leaf,
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

describe('SQL and predicate', () => {
  let connection: DuckDBConnection
  const events = fc.sample(anyEvent, { numRuns: EVENTS, seed: 7 })

  before(async () => {
    const instance = await DuckDBInstance.create(':memory:')
    connection = await instance.connect()
    await connection.run(CREATE_HOT)
    const lines = events.map(event => JSON.stringify(event)).join('\n')
    const statement = await connection.prepare(INSERT_LINES)
    statement.bindBigInt(1, 0n)
    statement.bindVarchar(2, lines)
    await statement.run()
  })
  after(() => connection.closeSync())

  it(`choose the same of ${EVENTS} events for ${QUESTIONS} questions`, async () => {
    let found = 0
    for (const asked of fc.sample(question, { numRuns: QUESTIONS, seed: 11 })) {
      const { sql, params } = compileSql(asked)
      const reader = await connection.runAndReadAll(
        `SELECT idx FROM (SELECT *${lazyColumns(sql)} FROM hot) WHERE ${sql} ORDER BY idx`,
        [...params],
      )
      const bySql = reader.getRowObjectsJS().map(row => Number(row.idx))
      const matches = compilePredicate(asked)
      const byPredicate = events.flatMap((event, i) => (matches(event) ? [i] : []))
      assert.deepEqual(bySql, byPredicate, `${sql} ${JSON.stringify(params.map(String))}`)
      found += bySql.length
    }
    assert.ok(found > QUESTIONS, 'the questions find nothing; the test shows nothing')
  })
})
