import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { buildBatch, digestAt, type EntryRecord, readRecordAt } from './record.ts'

type Added = {
  readonly id: Uint8Array
  readonly record: Omit<EntryRecord, 'end'>
  readonly followed: Uint8Array
}

const retention = fc.constantFrom('r30d', 'r6m', 'r13m', 'r6y', 'r7y')
const added: fc.Arbitrary<Added> = fc.record(
  {
    id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    record: fc.record(
      {
        leaf: fc.uint8Array({ minLength: 1, maxLength: 400 }),
        timeMs: fc.nat(2 ** 48 - 1),
        digest: fc.uint8Array({ minLength: 8, maxLength: 8 }),
        sections: fc.array(
          fc.record(
            { retention, sealed: fc.uint8Array({ maxLength: 300 }) },
            { noNullPrototype: true },
          ),
          { maxLength: 5 },
        ),
      },
      { noNullPrototype: true },
    ),
    followed: fc.uint8Array({ maxLength: 300 }),
  },
  { noNullPrototype: true },
)

const plain = ({ leaf, timeMs, digest, sections }: Omit<EntryRecord, 'end'>) => ({
  leaf: Uint8Array.from(leaf),
  timeMs,
  digest: Uint8Array.from(digest),
  sections: sections.map(s => ({ retention: s.retention, sealed: Uint8Array.from(s.sealed) })),
})

describe('a record', () => {
  it('comes back from a batch, wherever it lies in it', () => {
    fc.assert(
      fc.property(fc.array(added, { maxLength: 20 }), list => {
        const builder = buildBatch()
        for (const { id, record, followed } of list) builder.add(id, record, followed)
        const batch = builder.finish()
        const bytes = Buffer.from(batch.bytes.buffer)
        assert.equal(batch.count, list.length)
        assert.equal(batch.offsets.at(-1), bytes.length)
        list.forEach(({ id, record, followed }, i) => {
          const at = batch.offsets[i] ?? -1
          const read = readRecordAt(bytes, at)
          assert.deepEqual(plain(read), plain(record))
          assert.equal(read.end, batch.offsets[i + 1])
          assert.deepEqual(Uint8Array.from(digestAt(bytes, at)), record.digest)
          assert.deepEqual(batch.ids.subarray(16 * i, 16 * i + 16), id)
          const line = batch.events.subarray(batch.eventOffsets[i], batch.eventOffsets[i + 1])
          const expected = followed.length === 0 ? [] : [...followed, 0x0a]
          assert.deepEqual([...line], expected)
        })
      }),
      { numRuns: 60 },
    )
  })

  it('is refused when it is cut anywhere', () => {
    fc.assert(
      fc.property(added, ({ id, record, followed }) => {
        const builder = buildBatch()
        builder.add(id, record, followed)
        const bytes = Buffer.from(builder.finish().bytes)
        for (let end = 0; end < bytes.length; end++) {
          assert.throws(() => readRecordAt(bytes.subarray(0, end), 0), RangeError)
        }
      }),
      { numRuns: 15 },
    )
  })

  it('has a class with a code, or is refused without harm to the rest of the batch', () => {
    const builder = buildBatch()
    const digest = new Uint8Array(8)
    const id = new Uint8Array(16)
    const leaf = Uint8Array.of(1)
    const bad = [{ retention: 'r1d', sealed: Uint8Array.of(9) }]
    builder.add(id, { leaf, timeMs: 1, digest, sections: [] }, leaf)
    assert.throws(
      () => builder.add(id, { leaf, timeMs: 2, digest, sections: bad }, leaf),
      RangeError,
    )
    builder.add(id, { leaf, timeMs: 3, digest, sections: [] }, leaf)
    const batch = builder.finish()
    assert.equal(batch.count, 2)
    assert.equal(batch.ids.length, 32)
    const bytes = Buffer.from(batch.bytes)
    assert.equal(readRecordAt(bytes, batch.offsets[1] ?? -1).timeMs, 3)
    bytes.writeUInt16BE(1, 2)
    assert.throws(() => readRecordAt(bytes, 0), RangeError)
  })
})

describe('a batch', () => {
  it('keeps nothing of what it was given and owns its buffers', () => {
    const builder = buildBatch()
    const leaf = Uint8Array.of(1, 2, 3)
    const digest = new Uint8Array(8)
    const sealed = Uint8Array.of(4, 5)
    const sections = [{ retention: 'r6m', sealed }]
    builder.add(new Uint8Array(16), { leaf, timeMs: 7, digest, sections }, leaf)
    leaf.fill(0)
    sealed.fill(0)
    const batch = builder.finish()
    const read = readRecordAt(Buffer.from(batch.bytes), 0)
    assert.deepEqual([...read.leaf], [1, 2, 3])
    assert.deepEqual([...(read.sections[0]?.sealed ?? [])], [4, 5])
    for (const { buffer, byteLength } of [batch.bytes, batch.events, batch.ids, batch.offsets]) {
      assert.equal(buffer.byteLength, byteLength)
    }
  })

  it('holds as many entries as a body may have', () => {
    const builder = buildBatch()
    const id = Buffer.alloc(16)
    const digest = new Uint8Array(8)
    for (let i = 0; i < 20_000; i++) {
      id.writeUInt32BE(i)
      builder.add(id, { leaf: id, timeMs: i, digest, sections: [] }, id)
    }
    const { ids, bytes, offsets, events, eventOffsets } = builder.finish()
    for (let i = 0; i < 20_000; i += 37) {
      const record = readRecordAt(Buffer.from(bytes.buffer), offsets[i] ?? -1)
      assert.equal(Buffer.from(record.leaf).readUInt32BE(), i)
      assert.equal(Buffer.from(ids.buffer).readUInt32BE(16 * i), i)
      assert.equal(Buffer.from(events.buffer).readUInt32BE(eventOffsets[i]), i)
    }
  })

  it('leaves its builder empty, also after one that was larger than what is kept', () => {
    const builder = buildBatch()
    const digest = new Uint8Array(8)
    const big = { leaf: new Uint8Array(60_000).fill(7), timeMs: 1, digest, sections: [] }
    for (let i = 0; i < 200; i++) builder.add(new Uint8Array(16).fill(i), big, big.leaf)
    const first = builder.finish()
    assert.equal(first.count, 200)
    assert.ok(first.bytes.length > 10 * 1024 * 1024)
    assert.ok(
      readRecordAt(Buffer.from(first.bytes), first.offsets[199] ?? 0).leaf.every(b => b === 7),
    )
    assert.equal(builder.finish().count, 0)
    builder.add(new Uint8Array(16).fill(1), { ...big, leaf: Uint8Array.of(1) }, new Uint8Array(0))
    const { count, bytes, ids, events } = builder.finish()
    assert.deepEqual([count, bytes.length, ids.length, events.length], [1, 19, 16, 0])
  })
})
