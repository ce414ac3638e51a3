import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { RECORD_HEADER_BYTES, writeRecordHeader } from '@tocsin/sdk/entry'
import fc from 'fast-check'
import { openPayloadCursor } from './payload-cursor.ts'

let directory = ''
let path = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-cursor-'))
  path = join(directory, 'f.seal')
})
afterEach(() => rmSync(directory, { recursive: true }))

type Record = { readonly index: number; readonly section: number; readonly sealed: Uint8Array }

function bytesOf(records: readonly Record[]): Buffer {
  return Buffer.concat(
    records.map(({ index, section, sealed }) => {
      const header = new Uint8Array(RECORD_HEADER_BYTES)
      const view = new DataView(header.buffer)
      writeRecordHeader(view, 0, { length: sealed.length, index, section })
      return Buffer.concat([header, sealed])
    }),
  )
}

const record = (index: number, section = 0, length = 10): Record => {
  return { index, section, sealed: new Uint8Array(length).fill(index + section) }
}

describe('a cursor in a payload file', () => {
  it('finds what is there and nothing else, in any order of asking', () => {
    const places = fc.uniqueArray(fc.tuple(fc.nat(30), fc.nat(2)), {
      selector: String,
      maxLength: 40,
    })
    const asked = fc.array(fc.tuple(fc.nat(31), fc.nat(3)), { maxLength: 60 })
    fc.assert(
      fc.property(places, asked, (places, asked) => {
        const sorted = places.toSorted(([a, b], [c, d]) => a - c || b - d)
        const records = sorted.map(([index, section]) => record(index, section, index))
        writeFileSync(path, bytesOf(records))
        const cursor = openPayloadCursor(path)
        for (const [index, section] of asked) {
          const expected = records.find(r => r.index === index && r.section === section)
          assert.deepEqual(cursor.seek(index, section), expected?.sealed ?? null)
        }
      }),
    )
  })

  it('reads files far larger than its window, and records larger than that', () => {
    const records = [
      record(1, 0, 10),
      record(2, 0, 700_000),
      record(3, 0, 10),
      record(4, 0, 262_144),
    ]
    for (let i = 5; i < 3000; i++) records.push(record(i, 0, 300))
    writeFileSync(path, bytesOf(records))
    const cursor = openPayloadCursor(path)
    for (const { index, sealed } of records) {
      assert.equal(Buffer.compare(cursor.seek(index, 0) ?? Buffer.alloc(0), sealed), 0)
    }
    assert.equal(cursor.seek(2, 0)?.length, 700_000)
    assert.equal(cursor.seek(3000, 0), null)
  })

  it('goes on when the file has grown, and starts with one that is not there yet', () => {
    const cursor = openPayloadCursor(path)
    assert.equal(cursor.seek(1, 0), null)
    writeFileSync(path, bytesOf([record(1)]))
    assert.equal(cursor.seek(1, 0)?.length, 10)
    assert.equal(cursor.seek(2, 0), null)
    const next = bytesOf([record(2), record(4)])
    appendFileSync(path, next.subarray(0, 20))
    assert.equal(cursor.seek(2, 0), null)
    appendFileSync(path, next.subarray(20))
    assert.equal(cursor.seek(2, 0)?.length, 10)
    assert.equal(cursor.seek(3, 0), null)
    assert.equal(cursor.seek(4, 0)?.length, 10)
  })

  it('gives nothing from a file that is cut or damaged', () => {
    const whole = bytesOf([record(1), record(2)])
    for (let end = 0; end < whole.length; end++) {
      writeFileSync(path, whole)
      truncateSync(path, end)
      const cursor = openPayloadCursor(path)
      assert.equal(cursor.seek(2, 0), null)
      assert.equal(cursor.seek(1, 0)?.length ?? 0, end >= 23 ? 10 : 0)
    }
    writeFileSync(path, Buffer.alloc(1000, 0xff))
    assert.equal(openPayloadCursor(path).seek(1, 0), null)
  })
})
