import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { concatBytes, encodeBase64Url } from '../bytes.ts'
import { CHUNK_ENTRIES, type Entry, printEntry, readRecord } from '../entry/entry.ts'
import { sha256 } from '../node/node.ts'
import {
  buildLog,
  copyOf,
  entryAt,
  outcomeOf,
  recordBytes,
  sealLog,
  type TestLog,
  verdictOn,
} from './test-log.ts'

/** One whole chunk of payload files, and the beginning of the next. */
const log = await buildLog(CHUNK_ENTRIES + 30)
const WHOLE = 'r6m/2026-02/000000000.seal'
const OPEN = 'r6m/2026-02/000000001.seal'

function recordsOf(path: string): { bytes: Uint8Array; index: number }[] {
  const file = log.payloads.get(path)
  assert.ok(file, path)
  const records: { bytes: Uint8Array; index: number }[] = []
  let start = 0
  for (let record = readRecord(file, 0); record !== null; record = readRecord(file, start)) {
    records.push({ bytes: file.slice(start, record.end), index: record.index })
    start = record.end
  }
  assert.equal(start, file.length)
  return records
}

/** The log with the records of one payload file replaced. */
function withRecords(path: string, records: readonly Uint8Array[]): TestLog {
  const copy = copyOf(log)
  copy.payloads.set(path, concatBytes(...records))
  return copy
}

const garbage = recordBytes(7, 0, new Uint8Array(50))
const later = recordBytes(CHUNK_ENTRIES + 30, 0, new Uint8Array(50))

describe('the records of a payload file', () => {
  for (const path of [WHOLE, OPEN]) {
    const records = recordsOf(path)
    const all = records.map(record => record.bytes)
    const [first, second, third] = records
    assert.ok(first && second && third)

    it(`${path} are each missed when taken out`, async () => {
      const places = [0, 1, Math.floor(all.length / 2), all.length - 1]
      for (const place of places) {
        const outcome = await outcomeOf(withRecords(path, all.toSpliced(place, 1)))
        assert.deepEqual(outcome, ['section_missing', path, records[place]?.index])
      }
    })

    it(`${path} must stand in order, once, and with nothing between`, async () => {
      const [a, b, ...rest] = all
      assert.ok(a && b)
      const swapped = await outcomeOf(withRecords(path, [b, a, ...rest]))
      assert.deepEqual(swapped, ['section_missing', path, first.index])
      const doubled = await outcomeOf(withRecords(path, [a, a, b, ...rest]))
      assert.deepEqual(doubled, ['section_unexpected', path, first.index])
      const atEnd = await outcomeOf(withRecords(path, [...all, garbage]))
      assert.deepEqual(atEnd, ['section_unexpected', path, 7])
      const earlier = await outcomeOf(withRecords(path, [garbage, ...all]))
      assert.equal(earlier[1], path)
    })

    it(`${path} may not claim another section, or an impossible length`, async () => {
      for (const [offset, value] of [
        [12, 1],
        [0, 0xff],
        [3, 0],
      ] as const) {
        const changed = all.map(bytes => bytes.slice())
        changed[1]?.set([value], offset)
        const [why, file, at] = await outcomeOf(withRecords(path, changed))
        assert.match(String(why), /^section_(missing|changed|unexpected)$/)
        assert.deepEqual([file, at], [path, second.index])
      }
    })
  }

  it('may be followed by later ones, the last one cut, only where the log goes on', async () => {
    const open = recordsOf(OPEN).map(record => record.bytes)
    for (let cut = 0; cut <= later.length; cut++) {
      const records = [...open, later, later.subarray(0, cut)]
      assert.deepEqual(await outcomeOf(withRecords(OPEN, records)), ['intact'])
    }
    const hidden = withRecords(OPEN, [...open, later, garbage])
    assert.deepEqual(await outcomeOf(hidden), ['section_unexpected', OPEN, 7])
    const whole = recordsOf(WHOLE).map(record => record.bytes)
    for (const tail of [later, later.subarray(0, 5), Uint8Array.of(0)]) {
      const [why, file] = await outcomeOf(withRecords(WHOLE, [...whole, tail]))
      assert.deepEqual([why, file], ['section_unexpected', WHOLE])
    }
  })

  it('are read across any border of parts', async () => {
    for (const size of [1, 13, 64, 1000]) {
      // A disk that gives less than it was asked for would end the file; so the port's own parts
      // are cut by the walk only, and a long record makes it ask for more.
      const long = new Uint8Array(3 * 1024 * 1024).fill(size)
      const entries: Entry[] = [entryAt(0)]
      const sealed = [long, new Uint8Array(size), long.subarray(0, 1024 * 1024)]
      for (const [i, bytes] of sealed.entries()) {
        const sample = entryAt(1)
        assert.ok(sample.kind === 'sealed')
        const [section] = sample.sections
        assert.ok(section)
        const cipherHash = encodeBase64Url(sha256(bytes))
        entries.push({
          ...sample,
          timeMs: sample.timeMs + i,
          sections: [{ ...section, cipherHash }],
        })
      }
      const printed = entries.map(printEntry)
      const records = sealed.map((bytes, i) => recordBytes(i + 1, 0, bytes))
      const payloads = new Map([['r6m/2026-01/000000000.seal', concatBytes(...records)]])
      const made: TestLog = { entries: printed, payloads, ...(await sealLog(printed)) }
      const verdict = await verdictOn(made)
      assert.ok(verdict.kind === 'intact', JSON.stringify(verdict))
      assert.equal(verdict.counts.sectionsMatched, 3)
    }
  })
})

describe('a payload file that no entry names', () => {
  it('is unexpected unless it is only of later entries', async () => {
    const place = async (path: string, bytes: Uint8Array) => {
      const copy = copyOf(log)
      copy.payloads.set(path, bytes)
      return await outcomeOf(copy)
    }
    const future = 'r7y/2026-03/000000001.seal'
    assert.deepEqual(await place(future, later), ['intact'])
    assert.deepEqual(await place(future, later.subarray(0, 20)), ['intact'])
    assert.deepEqual(await place('r7y/2026-03/000000002.seal', later), ['intact'])
    assert.deepEqual(await place(future, garbage), ['section_unexpected', future, 7])
    const strangers = ['r7y/2026-03/000000000.seal', 'r6m/x', 'r6m/2026-01/1.seal', 'notes.txt']
    for (const path of [...strangers, 'r6m/2026-02/000000001.seal.new']) {
      assert.deepEqual(await place(path, later), ['file_unexpected', path, null])
    }
    const copy = copyOf(log)
    copy.payloads.set(future, later)
    const verdict = await verdictOn(copy)
    assert.equal(verdict.kind === 'intact' && verdict.counts.filesAhead, 1)
  })
})
