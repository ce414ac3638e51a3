import assert from 'node:assert/strict'
import { createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parseEntry, type SealedEntry } from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import fc from 'fast-check'
import { makeDirectory } from '../base/durable.ts'
import { systemEntropy } from '../base/entropy.ts'
import { KeyCache } from './key-cache.ts'
import { type KeyRing, openKeyRing } from './key-ring.ts'
import { type EntryRecord, readRecordAt } from './record.ts'
import { openVault, type PlainEvent, type PlainSection } from './vault.ts'

const ORIGIN = 'tocsin-00000000/2026'
const ID = '0188d4f2-7c1e-7abc-8def-0123456789ab'
const entropy = systemEntropy()
const kek = entropy.bytes(32)
let directory = ''

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-vault-'))
  makeDirectory(join(directory, 'keys'))
})
after(() => rmSync(directory, { recursive: true }))

const openRing = () => openKeyRing(directory, kek, entropy)
const open = (origin = ORIGIN) => openVault(origin, openRing(), entropy)
const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const section = (text: string, subject = 'svc-1', retention = 'r6m'): PlainSection => {
  return { subject, retention, bytes: bytes(text) }
}

function event(sections: readonly PlainSection[], id = ID): PlainEvent {
  const digest = new Uint8Array(8).fill(3)
  return { id, timeMs: 1_790_000_000_123, typeUid: 600_302, statusId: 1, digest, sections }
}

/** What `seal` returns is good until the next call; this is a copy. */
function copy(record: Omit<EntryRecord, 'end'>) {
  const sections = record.sections.map(({ retention, sealed }) => {
    return { retention, sealed: Uint8Array.from(sealed) }
  })
  const entry = parseEntry(record.leaf)
  if (entry.kind !== 'sealed') return assert.fail('not a sealed entry')
  return { entry, sections, timeMs: record.timeMs, digest: record.digest }
}

describe('a sealed event', () => {
  it('opens to exactly what was sealed, in this and in another process', () => {
    const vault = open()
    const plain = fc.record({
      subject: fc.string({ maxLength: 20 }),
      retention: fc.constantFrom('r30d', 'r6m', 'r13m', 'r6y', 'r7y'),
      bytes: fc.uint8Array({ maxLength: 2000 }),
    })
    fc.assert(
      fc.property(fc.uuid(), fc.array(plain, { minLength: 1, maxLength: 5 }), (id, sections) => {
        const { entry, sections: sealed } = copy(vault.seal(event(sections, id)))
        vault.commitKeys()
        assert.equal(entry.id, id)
        sections.forEach(({ bytes, retention }, n) => {
          const opened = vault.open(entry, n, sealed[n]?.sealed ?? bytes)
          assert.deepEqual(Uint8Array.from(opened ?? []), bytes)
          assert.equal(entry.sections[n]?.retention, retention)
        })
      }),
      { numRuns: 40 },
    )
    const { entry, sections } = copy(vault.seal(event([section('kept')])))
    vault.commitKeys()
    vault.close()
    const other = open()
    const [sealed] = sections
    assert.deepEqual(other.open(entry, 0, sealed?.sealed ?? bytes('')), Buffer.from('kept'))
    other.close()
  })

  it('is what docs/spec/log.md §3.1 and §4 say, computed by other means', () => {
    const vault = open()
    const ring = openRing()
    const { entry, sections } = copy(
      vault.seal(event([section('first'), section('second', 'p-2')])),
    )
    vault.commitKeys()
    const id = Buffer.from(ID.replaceAll('-', ''), 'hex')
    sections.forEach(({ sealed }, n) => {
      const place = Buffer.concat([id, Buffer.from([n])])
      const key = ring.find(sealed.subarray(0, 8))
      assert.ok(key)
      const decipher = createDecipheriv('aes-256-gcm', key.dek, sealed.subarray(8, 20))
      decipher.setAAD(Buffer.concat([Buffer.from(`${ORIGIN}\0`), place]))
      decipher.setAuthTag(sealed.subarray(sealed.length - 16))
      const plain = decipher.update(sealed.subarray(20, sealed.length - 16))
      decipher.final()
      const [r, body] = [plain.subarray(0, 32), plain.subarray(32)]
      assert.equal(body.toString(), ['first', 'second'][n])
      const c = createHmac('sha256', r).update('tocsin/section/v1\0').update(place).update(body)
      const tagKey = hkdfSync('sha256', key.dek, '', 'tocsin/tag/v1', 32)
      const g = createHmac('sha256', Buffer.from(tagKey)).update(place).digest().subarray(0, 16)
      assert.deepEqual(entry.sections[n], {
        commitment: c.digest('base64url'),
        cipherHash: createHash('sha256').update(sealed).digest('base64url'),
        tag: g.toString('base64url'),
        retention: 'r6m',
      })
    })
    ring.close()
    vault.close()
  })

  it('opens for nothing else: any byte, id, section, origin or key that differs', () => {
    const vault = open()
    const record = copy(
      vault.seal(event([section('one and the same'), section('one and the same')])),
    )
    vault.commitKeys()
    const { entry } = record
    const [first, second] = record.sections.map(part => part.sealed)
    if (!first || !second) return assert.fail()
    for (let at = 0; at < first.length; at++) {
      const changed: Uint8Array = Uint8Array.from(first)
      changed[at] = (changed[at] ?? 0) ^ 1
      assert.equal(vault.open(entry, 0, changed), null, `byte ${at}`)
    }
    for (let length = 0; length < first.length; length++) {
      assert.equal(vault.open(entry, 0, first.subarray(0, length)), null, `length ${length}`)
    }
    assert.equal(vault.open(entry, 0, Buffer.concat([first, Buffer.alloc(1)])), null)
    assert.equal(vault.open(entry, 1, first), null)
    assert.equal(vault.open(entry, 0, second), null)
    assert.equal(vault.open(entry, 2, first), null)
    const otherId: SealedEntry = { ...entry, id: ID.replace('0188', '0189') }
    assert.equal(vault.open(otherId, 0, first), null)
    const other = open('tocsin-00000000/2027')
    assert.equal(other.open(entry, 0, first), null)
    const [one, two] = entry.sections
    if (!one || !two) return assert.fail()
    const otherCommitment: SealedEntry = {
      ...entry,
      sections: [{ ...one, commitment: two.commitment }],
    }
    assert.equal(vault.open(otherCommitment, 0, first), null, 'the commitment is of other bytes')
    assert.deepEqual(vault.open(entry, 0, first), Buffer.from('one and the same'))
    other.close()
    vault.close()
  })

  it('does not open once its key is gone', () => {
    const vault = open()
    const { entry, sections } = copy(vault.seal(event([section('x', 'erased')])))
    const sealed = sections[0]?.sealed ?? bytes('')
    vault.close()
    const other = open()
    assert.equal(other.open(entry, 0, sealed), null, 'the key was never committed')
    other.close()
  })

  it('says nothing that is the same twice: not for the same bytes, subject and id', () => {
    const vault = open()
    const seen = new Set<string>()
    for (let i = 0; i < 20; i++) {
      const { entry, sections } = copy(vault.seal(event([section('same')])))
      const [{ commitment = '', cipherHash = '' } = {}] = entry.sections
      for (const text of [commitment, cipherHash]) seen.add(text)
      seen.add(Buffer.from(sections[0]?.sealed.subarray(8, 20) ?? []).toString('hex'))
    }
    assert.equal(seen.size, 60)
    vault.close()
  })

  it('has a key of its own for each subject, class and month', () => {
    const vault = open()
    const keyIds = new Set<string>()
    const keyId = (plain: PlainEvent) => {
      const [part] = copy(vault.seal(plain)).sections
      return Buffer.from(part?.sealed.subarray(0, 8) ?? []).toString('hex')
    }
    const base = event([section('x')])
    keyIds.add(keyId(base))
    keyIds.add(keyId(event([section('x', 'svc-9')])))
    keyIds.add(keyId(event([section('x', 'svc-1', 'r6y')])))
    keyIds.add(keyId({ ...base, timeMs: Date.UTC(2027, 0, 31, 23, 59, 59, 999) }))
    keyIds.add(keyId({ ...base, timeMs: Date.UTC(2027, 1, 1) }))
    assert.equal(keyIds.size, 5)
    assert.ok(keyIds.has(keyId(base)), 'and comes back to it')
    vault.commitKeys()
    vault.close()
  })

  it('takes sections of any size up to the largest event, one after the other', () => {
    const vault = open()
    for (const size of [0, 1, 65_000, 65_536, 600_000, 2_000_000, 3]) {
      const body = new Uint8Array(size).fill(size & 0xff)
      const plain = { ...section(''), bytes: body }
      const { entry, sections } = copy(vault.seal(event([plain, section('after')])))
      vault.commitKeys()
      assert.deepEqual(
        Buffer.from(vault.open(entry, 0, sections[0]?.sealed ?? body) ?? 'no').compare(body),
        0,
      )
      assert.deepEqual(vault.open(entry, 1, sections[1]?.sealed ?? body), Buffer.from('after'))
    }
    vault.close()
  })

  it('has at most 256 sections: with more it is refused, and the vault goes on', () => {
    const vault = open()
    const many = (count: number) => Array.from({ length: count }, () => section('x'))
    const { entry, sections } = copy(vault.seal(event(many(256))))
    vault.commitKeys()
    assert.equal(entry.sections.length, 256)
    assert.deepEqual(vault.open(entry, 255, sections[255]?.sealed ?? bytes('')), Buffer.from('x'))
    assert.throws(() => vault.seal(event(many(257))), {
      code: 'log.entry_too_large',
      fault: 'caller',
    })
    assert.equal(copy(vault.seal(event([section('y')]))).entry.sections.length, 1)
    vault.close()
  })

  it('does not change the bytes it was given, nor a record that was laid out', () => {
    const vault = open()
    const plain = section('as it was')
    const { leaf } = vault.seal(event([plain]))
    const before = Buffer.from(leaf).toString()
    assert.equal(Buffer.from(plain.bytes).toString(), 'as it was')
    assert.match(before, /^\{"v":1,"id":"0188d4f2/)
    assert.throws(() => readRecordAt(Buffer.from(leaf), 0), RangeError)
    vault.close()
  })
})

describe('a vault whose ring fails', () => {
  it('never seals under a key that is not on disk', () => {
    const ring = openRing()
    let mode: 'well' | 'make' | 'commit' = 'well'
    const fail = () => {
      throw new TocsinError('log.disk_full', { public: 'full' })
    }
    const made: string[] = []
    const flaky: KeyRing = {
      ...ring,
      keyFor: scope => {
        if (mode === 'make') fail()
        made.push(scope.subject)
        return ring.keyFor(scope)
      },
      commit: () => (mode === 'commit' ? fail() : ring.commit()),
    }
    const vault = openVault(ORIGIN, flaky, entropy)
    vault.seal(event([section('x', 'a')]))
    mode = 'commit'
    assert.throws(vault.commitKeys, { code: 'log.disk_full' })
    mode = 'well'
    vault.seal(event([section('x', 'a')]))
    assert.deepEqual(made, ['a', 'a'], 'the key is asked for again')
    mode = 'make'
    assert.throws(() => vault.seal(event([section('x', 'b')])), { code: 'log.disk_full' })
    mode = 'well'
    vault.seal(event([section('x', 'a')]))
    assert.deepEqual(made, ['a', 'a', 'a'], 'also after another key could not be made')
    vault.close()
  })
})

describe('the cache of keys', () => {
  it('keeps what is in use and stays bounded', () => {
    const cache = new KeyCache<number>(100)
    for (let i = 0; i < 10_000; i++) {
      cache.set(`${i}`, i)
      if (i >= 7) assert.equal(cache.get('7'), 7)
    }
    let held = 0
    for (let i = 0; i < 10_000; i++) if (cache.get(`${i}`) !== undefined) held += 1
    assert.ok(held <= 201, `${held}`)
    cache.clear()
    assert.equal(cache.get('7'), undefined)
  })
})
