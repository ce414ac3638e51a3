import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeBase64Url, encodeUtf8 } from '../bytes.ts'
import {
  type Entry,
  parseEntry,
  payloadPath,
  printEntry,
  readRecord,
  uuidBytes,
  writeRecordHeader,
} from './entry.ts'

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map(encodeBase64Url)
const count = fc.maxSafeNat()
const timeMs = fc.nat(253_402_300_799_999)
const section = fc.record({
  commitment: bytes(32),
  cipherHash: bytes(32),
  tag: bytes(16),
  retention: fc.constantFrom('r30d', 'r6m', 'r13m', 'r6y'),
})
const sealed: fc.Arbitrary<Entry> = fc.record({
  kind: fc.constant('sealed' as const),
  id: fc.uuid(),
  timeMs,
  typeUid: count,
  statusId: count,
  sections: fc.array(section, { minLength: 1, maxLength: 5 }),
  kekEpoch: count,
})
const control: fc.Arbitrary<Entry> = fc.record({
  kind: fc.constant('control' as const),
  control: fc.constantFrom('shard.opened', 'audit.gap', 'future.kind'),
  timeMs,
  body: fc
    .dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))
    .map(body => JSON.parse(JSON.stringify(body))),
})

describe('a log entry', () => {
  it('comes back from its own print, and the print is ASCII', () => {
    fc.assert(
      fc.property(fc.oneof(sealed, control), generated => {
        const entry: Entry = structuredClone(generated) // the generator's objects have no prototype
        const printed = printEntry(entry)
        assert.ok(printed.every(byte => byte >= 0x20 && byte < 0x7f))
        assert.deepEqual(parseEntry(printed), entry)
      }),
    )
  })

  it('has about 250 bytes with one section', () => {
    const [entry] = fc.sample(sealed, { numRuns: 1, seed: 1 })
    assert.ok(entry?.kind === 'sealed')
    const one = { ...entry, timeMs: 1_795_493_036_530, typeUid: 600_302, statusId: 1, kekEpoch: 1 }
    const size = printEntry({ ...one, sections: one.sections.slice(0, 1) }).length
    assert.ok(size < 260, `${size} bytes`)
  })

  it('is refused when any byte of it is changed into a second spelling', () => {
    const good =
      '{"v":1,"id":"0190b5a0-0000-7000-8000-000000000001","t":5,"u":600302,"o":1,"s":[{"c":"' +
      `${'A'.repeat(43)}","h":"${'A'.repeat(43)}","g":"${'A'.repeat(22)}","r":"r6m"}],"k":1}`
    assert.equal(parseEntry(encodeUtf8(good)).kind, 'sealed')
    const bad = [
      ` ${good}`,
      `${good}\n`,
      good.replace('"t":5', '"t":5.0'),
      good.replace('"t":5', '"t":-5'),
      good.replace('"t":5', '"t":05'),
      good.replace('"t":5', '"t":253402300800000'),
      good.replace('"v":1', '"v":2'),
      good.replace('"o":1', '"o":1,"x":1'),
      good.replace('"u":600302,"o":1', '"o":1,"u":600302'),
      good.replace('0190b5a0', '0190B5A0'),
      good.replace(`"c":"${'A'.repeat(43)}`, `"c":"${'A'.repeat(42)}B`),
      good.replace(`"g":"${'A'.repeat(22)}`, `"g":"${'A'.repeat(21)}`),
      good.replace('"r":"r6m"', '"r":"../x"'),
      good.replace('"s":[', '"s":[],"z":['),
      good.replace('r6m', 'r6\u00e9'),
      'null',
      '[]',
      '{}',
      '',
    ]
    for (const text of bad) {
      assert.throws(() => parseEntry(encodeUtf8(text)), { code: 'log.entry_malformed' }, text)
    }
  })

  it('is refused when it would not fit a bundle', () => {
    const body = { reason: 'x'.repeat(70_000) }
    const entry: Entry = { kind: 'control', control: 'audit.gap', timeMs: 1, body }
    assert.throws(() => printEntry(entry), { code: 'log.entry_too_large' })
  })
})

describe('a payload file', () => {
  it('lies by class, month and chunk', () => {
    const time = Date.UTC(2026, 10, 30, 23, 59)
    assert.equal(payloadPath('r6m', time, 4095), 'r6m/2026-11/000000000.seal')
    assert.equal(payloadPath('r6y', time + 60_000, 4096), 'r6y/2026-12/000000001.seal')
  })

  it('gives back its records and stops before a cut one', () => {
    const file = new Uint8Array(2 * 13 + 5 + 7)
    const view = new DataView(file.buffer)
    const index = 2 ** 40 + 3
    writeRecordHeader(view, 0, { length: 5, index, section: 0 })
    writeRecordHeader(view, 18, { length: 7, index, section: 1 })
    const first = readRecord(file, 0)
    assert.deepEqual([first?.index, first?.section, first?.sealed.length], [index, 0, 5])
    const second = readRecord(file, first?.end ?? 0)
    assert.deepEqual([second?.section, second?.sealed.length, second?.end], [1, 7, file.length])
    assert.equal(readRecord(file.subarray(0, file.length - 1), 18), null)
    assert.equal(readRecord(file, file.length), null)
  })
})

it('a UUID stands for its 16 bytes', () => {
  assert.equal(
    Buffer.from(uuidBytes('0190b5a0-1234-7000-8000-0000000000ff')).toString('hex'),
    '0190b5a01234700080000000000000ff',
  )
})
