import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeBase64, parseUtf8 } from '@tocsin/sdk/bytes'
import { signCheckpoint } from '@tocsin/sdk/checkpoint'
import { ed25519, sha256 } from '@tocsin/sdk/node'
import { printVerifierKey } from '@tocsin/sdk/note'
import { buildInclusionProof, buildTileReader } from '@tocsin/sdk/proof'
import { parseLeafIndex } from '@tocsin/sdk/tlog'
import { printEntry } from '../../../sdk/src/entry/entry.ts'
import {
  buildLog,
  copyOf,
  entryAt,
  hasher,
  logSigner,
  ORIGIN,
  sealLog,
  signerOf,
  type TestLog,
} from '../../../sdk/src/verify/test-log.ts'
import type { KnownLog } from './known-log.ts'
import { type Claim, type Looked, look, type Ports, prove, verify } from './look.ts'

const SIZES = [1, 255, 256, 257, 600, 1000]
const log = await buildLog(1000, SIZES)

function portsOf({ files }: Pick<TestLog, 'files'>): Ports {
  return { fetch: async path => files.get(path) ?? null, crypto: { sha256, ed25519 } }
}

async function noteAt(size: number, of: Pick<TestLog, 'checkpoints'> = log): Promise<string> {
  const checkpoint = of.checkpoints.find(one => one.size === size)
  assert.ok(checkpoint)
  return parseUtf8(await signCheckpoint(checkpoint, [logSigner]))
}

async function knownAt(size: number, of?: Pick<TestLog, 'checkpoints'>): Promise<KnownLog> {
  return {
    origin: ORIGIN,
    vkey: printVerifierKey(logSigner.key),
    firstSeenMs: 1,
    comparedMs: null,
    note: await noteAt(size, of),
    size,
    seenMs: 1,
    checked: null,
  }
}

function whyOf(looked: Looked): string {
  return looked.kind === 'refused' ? looked.why : looked.kind
}

/** The same log but for entry 100, signed by the same key: two histories. */
async function forkedLog(): Promise<TestLog> {
  const entries = log.entries.map((bytes, i) => (i === 100 ? printEntry(entryAt(2000)) : bytes))
  return { ...log, entries, ...(await sealLog(entries, SIZES)) }
}

describe('looking at a log', () => {
  it('meets it, and then knows it at every size it had', async () => {
    const first = await look(portsOf(log), [])
    assert.equal(first.kind, 'first')
    assert.deepEqual(first.shown, {
      origin: ORIGIN,
      vkey: printVerifierKey(logSigner.key),
      size: 1000,
    })
    for (const size of SIZES) {
      const again = await look(portsOf(log), [await knownAt(size)])
      assert.equal(again.kind, 'same', `${size}`)
      assert.equal(again.kind === 'same' && again.note, await noteAt(1000))
    }
  })

  it('refuses a smaller one', async () => {
    const shorter = await buildLog(600, [600])
    assert.equal(whyOf(await look(portsOf(shorter), [await knownAt(1000)])), 'rollback')
  })

  it('refuses another history of the same or of a longer size, from the changed entry on', async () => {
    const forked = await forkedLog()
    for (const size of SIZES) {
      const expected = size <= 100 ? 'same' : 'fork'
      assert.equal(whyOf(await look(portsOf(forked), [await knownAt(size)])), expected, `${size}`)
    }
  })

  it('refuses another key under the same name, and names both', async () => {
    const other = signerOf(ORIGIN, 2)
    const resigned = { ...log, ...(await sealLog(log.entries, [1000], other)) }
    const looked = await look(portsOf(resigned), [await knownAt(1000)])
    assert.equal(whyOf(looked), 'other_key')
    assert.ok(looked.kind === 'refused')
    assert.equal(looked.shown?.vkey, printVerifierKey(other.key))
    assert.equal(looked.known, ORIGIN)
    // The remembered key beside a checkpoint of the other one is no better.
    resigned.files.set('log.vkey', log.files.get('log.vkey') ?? new Uint8Array(0))
    assert.equal(
      whyOf(await look(portsOf(resigned), [await knownAt(1000)])),
      'checkpoint_untrusted',
    )
  })

  it('refuses a log of another name, whatever its key, but for the next year of the same key', async () => {
    for (const [name, seed, expected] of [
      ['node-2/2026', 2, 'other_log'],
      ['node-2/2027', 1, 'other_log'],
      ['node-1/2025', 1, 'other_log'],
      ['node-1/2027', 2, 'other_log'],
      ['node-1/2027', 1, 'first'],
    ] as const) {
      const made = await sealLog(log.entries, [1000], signerOf(name, seed))
      const looked = await look(portsOf(made), [await knownAt(1000)])
      assert.equal(whyOf(looked), expected, `${name} ${seed}`)
      if (looked.kind === 'first') assert.equal(looked.successorOf, ORIGIN)
    }
  })

  it('refuses a forged, cut or missing checkpoint, and a missing key, also at the first visit', async () => {
    const forged = (await noteAt(1000)).replace('\n1000\n', '\n1001\n')
    const files: readonly (readonly [string, string | null, string])[] = [
      ['checkpoint', forged, 'checkpoint_forged'],
      ['checkpoint', 'x', 'checkpoint_malformed'],
      ['checkpoint', '\u0000\ud800', 'checkpoint_malformed'],
      ['checkpoint', null, 'checkpoint_missing'],
      ['log.vkey', null, 'vkey_changed'],
      ['log.vkey', 'node-1/2026+00000000+AAAA', 'vkey_changed'],
    ]
    for (const known of [[], [await knownAt(600)]]) {
      for (const [path, text, expected] of files) {
        const copy = copyOf(log)
        if (text === null) copy.files.delete(path)
        else copy.files.set(path, new TextEncoder().encode(text))
        assert.equal(whyOf(await look(portsOf(copy), known)), expected, `${path} ${expected}`)
      }
    }
  })

  it('does not call it whole when a tile that would show it is missing', async () => {
    const copy = copyOf(log)
    for (const path of [...copy.files.keys()]) {
      if (path.startsWith('tile/1/') || path.startsWith('tile/0/')) copy.files.delete(path)
    }
    assert.equal(whyOf(await look(portsOf(copy), [await knownAt(600)])), 'tile_missing')
  })

  it('fails where nothing can be read, and says no verdict', async () => {
    const fetch = () => Promise.reject(new Error('the server does not answer'))
    await assert.rejects(look({ ...portsOf(log), fetch }, []), /does not answer/)
  })
})

describe('verifying all of it', () => {
  const run = async (of: Pick<TestLog, 'files'>, size = 600) => {
    const seen: number[] = []
    const found = await verify(portsOf(of), await knownAt(size), done => seen.push(done))
    return { ...found, seen }
  }

  it('says how far it is, and which checkpoint it judged', async () => {
    const { verdict, note, since, seen } = await run(log)
    assert.equal(verdict.kind, 'intact')
    assert.equal(note, await noteAt(1000))
    assert.equal(since, 600)
    assert.deepEqual(seen, [256, 512, 768, 1000])
  })

  it('finds the first changed entry, a fork, and another key', async () => {
    const flipped = copyOf(log)
    const path = 'tile/entries/002'
    const bytes = flipped.files.get(path)?.slice() ?? assert.fail(path)
    bytes[300] = (bytes[300] ?? 0) ^ 1
    flipped.files.set(path, bytes)
    const { verdict } = await run(flipped)
    assert.ok(verdict.kind === 'broken')
    assert.deepEqual([verdict.why, verdict.file], ['entry_changed', path])
    const fork = (await run(await forkedLog())).verdict
    assert.equal(fork.kind === 'broken' && fork.why, 'fork')
    const other = { ...log, ...(await sealLog(log.entries, [1000], signerOf(ORIGIN, 9))) }
    const untrusted = (await run(other)).verdict
    assert.equal(untrusted.kind === 'broken' && untrusted.why, 'checkpoint_untrusted')
  })
})

describe('the proof of one event', () => {
  const idOf = (index: number) => `0190b5a0-0000-7000-8000-${String(index).padStart(12, '0')}`

  async function claimAt(index: number, size = 1000, of: TestLog = log): Promise<Claim> {
    const checkpoint = of.checkpoints.find(one => one.size === size)
    assert.ok(checkpoint)
    const reader = buildTileReader(hasher, portsOf(of).fetch, checkpoint.size)
    const path = await buildInclusionProof(reader, parseLeafIndex(index))
    return {
      index,
      size,
      leaf: encodeBase64(of.entries[index] ?? assert.fail()),
      proof: path.map(encodeBase64),
      checkpoint: await noteAt(size, of),
    }
  }

  it('leads from every kind of place to the root, step by step', async () => {
    for (const index of [1, 2, 255, 256, 511, 512, 998, 997]) {
      const claim = await claimAt(index)
      const proved = await prove(portsOf(log), await knownAt(600), { id: idOf(index), claim })
      assert.deepEqual(proved.doubts, [], `${index}`)
      assert.equal(proved.entry?.id, idOf(index))
      assert.equal(proved.steps.at(-1)?.hash, proved.root)
      assert.equal(proved.leafHash, encodeBase64(hasher.leaf(log.entries[index] ?? assert.fail())))
    }
    const alone = { ...(await claimAt(0, 1)), proof: [] }
    const { doubts } = await prove(portsOf(log), await knownAt(600), { id: 'x', claim: alone })
    assert.deepEqual(doubts, ['the entry that was shown is not about this event'])
  })

  it('is of a size before or after what was seen here', async () => {
    for (const [size, seen] of [
      [600, 1000],
      [1000, 1000],
      [1000, 1],
    ] as const) {
      const asked = { id: idOf(42), claim: await claimAt(42, size) }
      const { doubts } = await prove(portsOf(log), await knownAt(seen), asked)
      assert.deepEqual(doubts, [])
    }
  })

  it('fails with anything changed, and says what', async () => {
    const good = await claimAt(42)
    const [first = '', ...rest] = good.proof
    const cases: readonly (readonly [Partial<Claim>, RegExp])[] = [
      [{ index: 43 }, /do not lead/],
      [{ index: -1 }, /do not lead/],
      [{ index: 1e15 }, /do not lead/],
      [{ size: 999 }, /do not lead/],
      [{ proof: rest }, /do not lead/],
      [{ proof: [] }, /do not lead/],
      [{ proof: [...good.proof, first] }, /do not lead/],
      [{ proof: ['no base64', ...rest] }, /do not lead/],
      [{ proof: ['AAAA', ...rest] }, /do not lead/],
      [{ leaf: encodeBase64(log.entries[43] ?? assert.fail()) }, /not about this event/],
      [{ leaf: '%%%' }, /not about this event/],
      [{ checkpoint: '' }, /proves nothing/],
      [{ checkpoint: good.checkpoint.replace('1000', '1001') }, /proves nothing/],
      [{ checkpoint: '\ud800' }, /proves nothing/],
    ]
    for (const [change, expected] of cases) {
      const asked = { id: idOf(42), claim: { ...good, ...change } }
      const { doubts } = await prove(portsOf(log), await knownAt(600), asked)
      assert.match(doubts.join('; '), expected, JSON.stringify(change).slice(0, 80))
    }
  })

  it('of another history that the same key signed is none', async () => {
    const forked = await forkedLog()
    const asked = { id: idOf(42), claim: await claimAt(42, 1000, forked) }
    const { doubts } = await prove(portsOf(forked), await knownAt(600), asked)
    assert.match(doubts.join('; '), /not of the log that was seen here before/)
  })
})
