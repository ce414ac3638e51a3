import assert from 'node:assert/strict'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { TocsinError } from '@tocsin/sdk/errors'
import fc from 'fast-check'
import { openWal, type Wal } from './wal.ts'
import { recoverWal, type WalRecord } from './wal-recovery.ts'

const SEGMENT_BYTES = 400
const START = 3_000_000_000

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-wal-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

type Group = { readonly count: number; readonly parts: readonly Uint8Array[] }
type Plain = { readonly firstIndex: number; readonly count: number; readonly body: Buffer }

const groups = fc.array(
  fc.record({
    count: fc.integer({ min: 1, max: 50 }),
    parts: fc.array(fc.uint8Array({ minLength: 1, maxLength: 120 }), {
      minLength: 1,
      maxLength: 4,
    }),
  }),
  { minLength: 1, maxLength: 12 },
)

const emptyDirectory = () => {
  for (const name of readdirSync(directory)) rmSync(join(directory, name))
}

async function appendAll(wal: Wal, from: number, list: readonly Group[]): Promise<Plain[]> {
  const written: Plain[] = []
  let firstIndex = from
  for (const { count, parts } of list) {
    await wal.append(firstIndex, { count, bytes: parts })
    written.push({ firstIndex, count, body: Buffer.concat(parts) })
    firstIndex += count
  }
  return written
}

const endOf = (list: readonly Plain[], from = START) => {
  const last = list.at(-1)
  return last ? last.firstIndex + last.count : from
}

function recover(known = { sealed: START, acknowledged: 0 }) {
  const recovery = recoverWal(directory, known)
  const records = [...recovery.records()].map(({ firstIndex, count, body }: WalRecord) => ({
    firstIndex,
    count,
    body: Buffer.from(body),
  }))
  return { records, cut: recovery.cut }
}

const paths = () => readdirSync(directory).map(name => join(directory, name))

describe('the write-ahead log', () => {
  it('gives back what was appended, over any number of segments and restarts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(groups, { minLength: 1, maxLength: 3 }), async runs => {
        emptyDirectory()
        let written: Plain[] = []
        for (const run of runs) {
          const wal = openWal(directory, endOf(written), SEGMENT_BYTES)
          written = [...written, ...(await appendAll(wal, endOf(written), run))]
          wal.close(false)
          const acknowledged = endOf(written)
          assert.deepEqual(recover({ sealed: START, acknowledged }).records, written)
        }
      }),
      { numRuns: 25 },
    )
  })

  it('loses only the last write, and all of it, when cut off at any byte of it', async () => {
    const body = (n: number) => new Uint8Array(n).fill(n)
    const wal = openWal(directory, START, 1_000_000)
    const before = await appendAll(wal, START, [
      { count: 2, parts: [body(30)] },
      { count: 1, parts: [body(5), body(6)] },
    ])
    const [path = ''] = paths()
    const whole = readFileSync(path).length
    const after = await appendAll(wal, endOf(before), [{ count: 3, parts: [body(64)] }])
    const all = readFileSync(path)
    wal.close(false)
    const known = { sealed: START, acknowledged: endOf(before) }
    for (let end = whole; end < all.length; end++) {
      writeFileSync(path, all.subarray(0, end))
      const { records, cut } = recover(known)
      assert.deepEqual(records, before, `cut at ${end}`)
      assert.deepEqual(cut, { bytes: end - whole, isWhole: false })
      assert.equal(readFileSync(path).length, whole)
      // The pages of a write can reach the disk in any order.
      const torn = Buffer.from(all)
      torn.fill(0, end)
      writeFileSync(path, torn)
      const second = recover(known)
      assert.deepEqual(second.records, before, `zeros from ${end}`)
      assert.equal(second.cut.bytes, all.length - whole)
    }
    writeFileSync(path, all)
    assert.deepEqual(recover(known).records, [...before, ...after])
  })

  it('loses only the first write when a new segment is cut off at any byte', async () => {
    const wal = openWal(directory, START, 1_000_000)
    await appendAll(wal, START, [{ count: 7, parts: [new Uint8Array(50)] }])
    wal.close(false)
    const [path = ''] = paths()
    const all = readFileSync(path)
    for (let end = 0; end < all.length; end++) {
      writeFileSync(path, all.subarray(0, end))
      assert.deepEqual(recover().records, [])
      const again = openWal(directory, START)
      const written = await appendAll(again, START, [{ count: 1, parts: [Uint8Array.of(9)] }])
      again.close(false)
      assert.deepEqual(recover({ sealed: START, acknowledged: START + 1 }).records, written)
    }
  })

  it('never hides a flipped bit: it is what was acknowledged, or it refuses to start', async () => {
    const any = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    let refused = 0
    await fc.assert(
      fc.asyncProperty(groups, any, fc.nat(7), async (list, where, bit) => {
        emptyDirectory()
        const wal = openWal(directory, START, SEGMENT_BYTES)
        const written = await appendAll(wal, START, list)
        wal.close(false)
        const files = paths().map(path => ({ path, bytes: readFileSync(path) }))
        const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
        let at = Math.floor(where * total)
        for (const { path, bytes } of files) {
          if (at >= 0 && at < bytes.length) {
            bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
            writeFileSync(path, bytes)
          }
          at -= bytes.length
        }
        const known = { sealed: START, acknowledged: endOf(written) }
        try {
          assert.deepEqual(recover(known).records, written)
        } catch (error) {
          assert.ok(error instanceof TocsinError && error.code === 'log.corrupt', String(error))
          refused += 1
        }
        // Where nothing tells how much was acknowledged, at most the last write is given up, and
        // said.
        try {
          const { records, cut } = recover({ sealed: START, acknowledged: 0 })
          assert.deepEqual(records, written.slice(0, records.length))
          assert.ok(records.length >= written.length - 1)
          assert.ok(records.length === written.length || cut.bytes > 0)
        } catch (error) {
          assert.ok(error instanceof TocsinError && error.code === 'log.corrupt', String(error))
        }
      }),
      { numRuns: 150 },
    )
    assert.ok(refused > 100)
  })

  it('refuses to start when a segment is missing, swapped or doubled', async () => {
    const list = Array.from({ length: 9 }, () => ({ count: 5, parts: [new Uint8Array(200)] }))
    const wal = openWal(directory, START, SEGMENT_BYTES)
    const written = await appendAll(wal, START, list)
    wal.close(false)
    const files = paths()
    assert.ok(files.length >= 4)
    const known = { sealed: START, acknowledged: endOf(written) }
    const kept = mkdtempSync(join(tmpdir(), 'tocsin-kept-'))
    for (const path of files) copyFileSync(path, join(kept, path.slice(directory.length)))
    const restore = () => {
      emptyDirectory()
      for (const name of readdirSync(kept)) copyFileSync(join(kept, name), join(directory, name))
    }
    for (const path of files) {
      restore()
      rmSync(path)
      assert.throws(() => recover(known), { code: 'log.corrupt', message: /restore from a copy/ })
      restore()
      copyFileSync(files[1] ?? '', path)
      if (path !== files[1]) assert.throws(() => recover(known), { code: 'log.corrupt' })
      restore()
      truncateSync(path, 0)
      assert.throws(() => recover(known), { code: 'log.corrupt' })
    }
    rmSync(kept, { recursive: true })
  })

  it('is missed when all of it is gone, unless a checkpoint covers it', () => {
    assert.deepEqual(recover({ sealed: 5, acknowledged: 5 }).records, [])
    assert.throws(() => recover({ sealed: 5, acknowledged: 6 }), {
      code: 'log.corrupt',
      message: /entries 5 to 5 were acknowledged/,
    })
    rmSync(directory, { recursive: true })
    assert.throws(() => recover(), { code: 'ENOENT' })
    directory = mkdtempSync(join(tmpdir(), 'tocsin-wal-'))
  })

  it('begins at or below the checkpoint, never behind it', async () => {
    const wal = openWal(directory, START, SEGMENT_BYTES)
    const written = await appendAll(wal, START, [{ count: 5, parts: [Uint8Array.of(1)] }])
    wal.close(false)
    assert.deepEqual(recover({ sealed: START + 2, acknowledged: 0 }).records, written)
    assert.deepEqual(recover({ sealed: START + 9, acknowledged: START + 9 }).records, written)
    assert.throws(() => recover({ sealed: START - 1, acknowledged: 0 }), { code: 'log.corrupt' })
  })

  it('drops closed segments behind a checkpoint and nothing that is still needed', async () => {
    const list = Array.from({ length: 9 }, () => ({ count: 5, parts: [new Uint8Array(200)] }))
    const wal = openWal(directory, START, SEGMENT_BYTES)
    const written = await appendAll(wal, START, list)
    const all = paths().length
    assert.ok(!wal.isTrimmable(START))
    assert.ok(wal.isTrimmable(START + 12))
    await wal.trim(START + 12)
    assert.ok(!wal.isTrimmable(START + 12))
    const { records } = recover({ sealed: START + 12, acknowledged: endOf(written) })
    assert.ok((records[0]?.firstIndex ?? 0) <= START + 12)
    assert.deepEqual(records, written.slice(written.length - records.length))
    await wal.trim(endOf(written))
    assert.ok(paths().length < all)
    assert.equal(paths().length, 1, 'the active segment stays')
    await wal.append(endOf(written), { count: 1, bytes: [Uint8Array.of(1)] })
    wal.close(true)
    assert.deepEqual(paths(), [])
  })

  it('never drops the segment it is writing, even where an empty one of its name was left', async () => {
    writeFileSync(join(directory, `${START.toString().padStart(16, '0')}.wal`), '')
    const wal = openWal(directory, START, SEGMENT_BYTES)
    const written = await appendAll(wal, START, [{ count: 1, parts: [Uint8Array.of(1)] }])
    await wal.trim(endOf(written))
    wal.close(false)
    assert.deepEqual(recover().records, written)
  })

  it('drops the segments of an earlier run once a checkpoint covers them', async () => {
    const first = openWal(directory, START, SEGMENT_BYTES)
    const written = await appendAll(first, START, [{ count: 5, parts: [new Uint8Array(10)] }])
    first.close(false)
    const second = openWal(directory, endOf(written), SEGMENT_BYTES)
    assert.ok(!second.isTrimmable(endOf(written) - 1))
    await second.trim(endOf(written))
    assert.deepEqual(paths(), [])
    second.close(false)
  })

  it('takes nothing more once it is closed or has failed', async () => {
    const wal = openWal(directory, START, SEGMENT_BYTES)
    rmSync(directory, { recursive: true })
    const group = { count: 1, bytes: [Uint8Array.of(1)] }
    await assert.rejects(wal.append(START, group), { code: 'log.disk_failed' })
    directory = mkdtempSync(join(tmpdir(), 'tocsin-wal-'))
    await assert.rejects(wal.append(START, group), { code: 'log.disk_failed' })
    const other = openWal(directory, START, SEGMENT_BYTES)
    other.close(false)
    await assert.rejects(other.append(START, group), { code: 'log.disk_failed' })
    assert.ok(!existsSync(join(directory, `${START.toString().padStart(16, '0')}.wal`)))
  })
})
