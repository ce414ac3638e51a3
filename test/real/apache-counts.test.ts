// Ten thousand real lines of an Apache server: what Tocsin counts per client and status is what awk
// counts, in a data directory and straight on the file; importing again stores nothing.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { dataPath, needData, needProgram } from '../need.ts'
import { execute, Live } from './live.ts'

const DATA = 'logs/apache_access.log'
const FILE = dataPath(DATA)
/** The status is the first field behind the quoted request, and the ninth of a plain line. */
const COUNT = '{ print $1, $9 }'
const LIMIT = '10000'

let live: Live
/** `client status` → lines. */
let counted: ReadonlyMap<string, number>

describe('counts of a real Apache log', { skip: needData(DATA) || needProgram('awk') }, () => {
  before(async () => {
    live = await Live.create()
    counted = await countWithAwk()
  })
  after(() => live?.remove())

  it('are what awk counts, straight on the file', async () => {
    assert.deepEqual(await summarise(FILE), counted)
  })

  it('are the same once imported, and a second import stores nothing', async () => {
    const total = [...counted.values()].reduce((a, b) => a + b)
    assert.equal(total, 10_000)
    assert.deepEqual(await importFile(), { stored: total, duplicate: 0, conflict: 0, refused: 0 })
    assert.deepEqual(await summarise(live.data), counted)
    assert.deepEqual(await importFile(), { stored: 0, duplicate: total, conflict: 0, refused: 0 })
    assert.deepEqual(await summarise(live.data), counted)
  })

  it('are the same when a server is asked, which takes the file as known, too', async () => {
    await live.start()
    assert.deepEqual(await importFile(), {
      stored: 0,
      duplicate: 10_000,
      conflict: 0,
      refused: 0,
    })
    await live.indexed()
    assert.deepEqual(await summarise(live.data), counted)
    await live.stop()
  })
})

async function countWithAwk(): Promise<ReadonlyMap<string, number>> {
  const { code, out, err } = await execute('awk', [COUNT, FILE], { cwd: live.home })
  assert.equal(code, 0, err)
  const counts = new Map<string, number>()
  for (const line of out.trimEnd().split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1)
  return sorted(counts)
}

async function summarise(where: string): Promise<ReadonlyMap<string, number>> {
  const args = ['summary', where, '--by', 'source.ip,status', '--limit', LIMIT, '--json']
  const query = ['--query', 'status:*', '--from', '2000-01-01T00:00Z']
  const { code, out, err } = await live.tocsin([...args, ...query])
  assert.equal(code, 0, err)
  return sorted(new Map(parseGroups(out).map(g => [g.group.join(' '), g.requests])))
}

function sorted(counts: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function importFile(): Promise<object> {
  const { code, out, err } = await live.tocsin(['import', FILE, '--format', 'combined', '--json'])
  assert.equal(code, 0, out + err)
  const { seconds, ...counts } = parseImport(out)
  assert.ok(seconds > 0)
  return counts
}

type Group = { readonly group: readonly string[]; readonly requests: number }

function parseGroups(text: string): readonly Group[] {
  return JSON.parse(text).groups
}

type Imported = {
  readonly seconds: number
  readonly stored: number
  readonly duplicate: number
}

function parseImport(text: string): Imported {
  return JSON.parse(text)
}
