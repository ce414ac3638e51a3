import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { type IdTable, openIdTable } from './ids.ts'

let directory = ''
let path = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-ids-'))
  path = join(directory, 'ids')
})
afterEach(() => rmSync(directory, { recursive: true }))

const hashKey = new Uint8Array(32).fill(7)
const onFailure = (error: unknown) => assert.fail(String(error))
const open = () => openIdTable(path, { hashKey, onFailure })

const idOf = (n: number) => new Uint8Array(16).fill(9).fill(n, 3, 5)
const digestOf = (n: number) => new Uint8Array(8).fill(n)

/** Rows as the log would give them again after a crash; null is a control entry. */
type Row = { readonly id: number; readonly digest: number } | null

function addAll(table: IdTable, rows: readonly Row[]): void {
  for (const row of rows) {
    if (row) table.add(idOf(row.id), digestOf(row.digest))
    else table.addControl()
  }
}

type Step =
  | { readonly kind: 'send'; readonly id: number; readonly digest: number }
  | { readonly kind: 'control' | 'fail' | 'flush' | 'sync' | 'reopen' | 'crash' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      id: fc.nat(60),
      digest: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(...(['control', 'fail', 'flush', 'sync', 'reopen', 'crash'] as const)),
    }),
  },
)

/** The same table as plain lists: what was committed, and what a failed write takes back. */
class Model {
  committed: Row[] = []
  pending: Row[] = []
  find(id: number, digest: number): string {
    const row = [...this.committed, ...this.pending].find(r => r?.id === id)
    return row ? (row.digest === digest ? 'duplicate' : 'conflict') : 'new'
  }
}

async function run(table: IdTable, model: Model, step: Step): Promise<IdTable> {
  switch (step.kind) {
    case 'send': {
      const { id, digest } = step
      const fate = table.find(idOf(id), digestOf(digest))
      assert.equal(fate, model.find(id, digest))
      if (fate === 'new') {
        table.add(idOf(id), digestOf(digest))
        model.pending.push({ id, digest })
      }
      return table
    }
    case 'control':
      table.addControl()
      model.pending.push(null)
      return table
    case 'fail':
      table.truncate(model.committed.length)
      model.pending = []
      return table
    case 'flush':
    case 'sync':
      table.flush()
      model.committed.push(...model.pending.splice(0))
      if (step.kind === 'sync') await table.sync()
      return table
    default: {
      if (step.kind === 'reopen') {
        table.truncate(model.committed.length)
        await table.sync()
      }
      await table.close()
      const next = open()
      model.pending = []
      if (step.kind === 'reopen') assert.equal(next.size, model.committed.length)
      assert.ok(next.acknowledged <= model.committed.length)
      assert.ok(next.size <= next.acknowledged)
      addAll(next, model.committed.slice(next.size))
      next.flush()
      return next
    }
  }
}

describe('the table of ids', () => {
  it('is a map from ids to digests, whatever fails and whenever it ends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async steps => {
        rmSync(path, { force: true })
        const model = new Model()
        let table = open()
        for (const next of steps) table = await run(table, model, next)
        assert.equal(table.size, model.committed.length + model.pending.length)
        for (let id = 0; id <= 60; id++) {
          assert.equal(table.find(idOf(id), digestOf(1)), model.find(id, 1))
        }
        await table.close()
      }),
      { numRuns: 60 },
    )
  })

  it('finds each of many thousand ids, also after taking half of them back', async () => {
    const table = open()
    const count = 120_000
    const id = Buffer.alloc(16)
    const idAt = (n: number) => {
      id.writeUInt32BE(n, 4)
      return id
    }
    for (let n = 0; n < count; n++) table.add(idAt(n), digestOf(1))
    table.truncate(count / 2)
    for (let n = 0; n < count; n++) {
      const expected = n < count / 2 ? 'duplicate' : 'new'
      if (table.find(idAt(n), digestOf(1)) !== expected) assert.fail(`${n} is not ${expected}`)
    }
    table.flush()
    await table.sync()
    await table.close()
    const again = open()
    assert.equal(again.size, count / 2)
    assert.equal(again.find(idAt(1), digestOf(1)), 'duplicate')
    assert.equal(again.find(idAt(1), digestOf(2)), 'conflict')
    await again.close()
  })

  it('does not grow when the same writes fail again and again', () => {
    const table = open()
    const before = process.memoryUsage().arrayBuffers
    for (let round = 0; round < 3000; round++) {
      for (let n = 0; n < 100; n++) table.add(idOf(n), digestOf(1))
      table.truncate(0)
    }
    assert.equal(table.find(idOf(1), digestOf(1)), 'new')
    assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000)
  })

  it('takes the id of zeros for an id like any other, and control entries for none', () => {
    const table = open()
    const zeros = new Uint8Array(16)
    table.addControl()
    assert.equal(table.find(zeros, digestOf(1)), 'new')
    table.add(zeros, digestOf(1))
    table.addControl()
    assert.equal(table.find(zeros, digestOf(1)), 'duplicate')
    assert.equal(table.find(zeros, digestOf(2)), 'conflict')
    assert.equal(table.size, 3)
  })

  it('cannot take back what was flushed', () => {
    const table = open()
    table.add(idOf(1), digestOf(1))
    table.flush()
    table.add(idOf(2), digestOf(1))
    assert.throws(() => table.truncate(0), RangeError)
  })

  it('knows after a crash how many entries were acknowledged, and after a sync which', async () => {
    const table = open()
    addAll(table, [null, { id: 1, digest: 1 }])
    table.flush()
    await table.sync()
    addAll(table, [
      { id: 2, digest: 1 },
      { id: 3, digest: 1 },
    ])
    table.flush()
    await table.close()
    const again = open()
    assert.deepEqual([again.size, again.acknowledged], [2, 4])
    assert.equal(again.find(idOf(2), digestOf(1)), 'new')
    await again.close()
  })
})

describe('the file of ids', () => {
  const fill = async (count: number) => {
    const table = open()
    addAll(
      table,
      Array.from({ length: count }, (_, id) => ({ id, digest: 1 })),
    )
    table.flush()
    await table.sync()
    await table.close()
  }

  it('vouches for no row once any of its bytes is another', async () => {
    await fill(9)
    const good = readFileSync(path)
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ 0x10
      writeFileSync(path, bad)
      const table = open()
      assert.equal(table.size, 0, `byte ${at}`)
      assert.equal(table.find(idOf(3), digestOf(1)), 'new')
      addAll(
        table,
        Array.from({ length: 9 }, (_, id) => ({ id, digest: 1 })),
      )
      table.flush()
      await table.sync()
      await table.close()
      assert.deepEqual(readFileSync(path), good, `byte ${at} heals`)
    }
  })

  it('heals from every length, and remembers what its head had made durable', async () => {
    await fill(3)
    const good = readFileSync(path)
    for (let end = 0; end < good.length; end++) {
      writeFileSync(path, good.subarray(0, end))
      const table = open()
      assert.deepEqual([table.size, table.acknowledged], [0, end < 24 ? 0 : 3], `length ${end}`)
      await table.close()
    }
    writeFileSync(path, good)
    appendFileSync(path, 'half a row')
    const table = open()
    assert.deepEqual([table.size, table.acknowledged], [3, 3])
    await table.close()
  })

  it('is no table when it is garbage, empty or gone, and becomes one again', async () => {
    for (const content of [Buffer.alloc(24_000, 0xa5), Buffer.alloc(24_000), Buffer.alloc(0)]) {
      writeFileSync(path, content)
      const table = open()
      assert.deepEqual([table.size, table.acknowledged], [0, 0])
      addAll(table, [{ id: 1, digest: 1 }])
      table.flush()
      await table.close()
      const again = open()
      assert.deepEqual([again.size, again.acknowledged], [0, 1])
      await again.close()
    }
    rmSync(path)
    const table = open()
    assert.equal(table.size, 0)
    await table.close()
    assert.equal(statSync(path).mode & 0o777, 0o600)
  })

  it('tells when it cannot be written', async () => {
    const failures: unknown[] = []
    const table = openIdTable(path, { hashKey, onFailure: error => failures.push(error) })
    table.add(idOf(1), digestOf(1))
    await table.close()
    table.flush()
    await assert.rejects(table.sync())
    assert.equal(failures.length, 1)
    truncateSync(path, 0)
  })
})
