import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { concatBytes, encodeUtf8 } from '../bytes.ts'
import { type Checkpoint, signCheckpoint } from '../checkpoint.ts'
import { printEntry } from '../entry/entry.ts'
import { parseNote, printNote, printVerifierKey, signNote } from '../note/note.ts'
import { encodeEntryBundle, parseTreeSize, printTilePath, tilesOf } from '../tlog/tlog.ts'
import {
  buildLog,
  copyOf,
  entryAt,
  type Files,
  hasher,
  logSigner,
  ORIGIN,
  outcomeOf,
  publicVerdictOn,
  sealLog,
  signerOf,
  type TestLog,
  verdictOn,
} from './test-log.ts'

/** 300 entries; checkpoints at 3, 40, 256, 270 and 300, of which partial files remain. */
const log = await buildLog(300, [3, 40, 256, 270, 300])
const small = await buildLog(6, [2, 4, 6])

function bytesOf(files: Files, path: string): Uint8Array {
  const bytes = files.get(path)
  assert.ok(bytes, path)
  return bytes
}

function flip(files: Files, path: string, offset: number): void {
  const bytes = bytesOf(files, path).slice()
  bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (offset % 8))
  files.set(path, bytes)
}

/** The log with other entries, sealed anew from the first to the last with the log's own key. */
async function resealed(entries: readonly Uint8Array[], from: TestLog = log): Promise<TestLog> {
  return { ...from, entries, ...(await sealLog(entries)) }
}

async function signedAs(
  from: TestLog,
  checkpoint: Checkpoint,
  signers = [logSigner],
): Promise<TestLog> {
  const copy = copyOf(from)
  copy.files.set('checkpoint', await signCheckpoint(checkpoint, signers))
  return copy
}

function lastOf({ checkpoints }: TestLog): Checkpoint {
  const last = checkpoints.at(-1)
  assert.ok(last)
  return last
}

describe('a sound log', () => {
  for (const count of [1, 2, 255, 256, 257, 600, 70_000]) {
    it(`of ${count} entries is intact, and everything in it is counted`, async () => {
      const sound = await buildLog(count)
      const verdict = await verdictOn(sound)
      assert.ok(verdict.kind === 'intact', JSON.stringify(verdict))
      assert.deepEqual(verdict.checkpoint, lastOf(sound))
      assert.deepEqual(verdict.signedBy, [logSigner.key])
      const { counts } = verdict
      assert.equal(counts.sealedEntries + counts.controlEntries, count)
      assert.equal(counts.controlKinds['shard.opened'], 1)
      assert.equal(counts.controlKinds['audit.gap'] ?? 0, Math.floor(count / 50))
      assert.equal(counts.sectionsMatched, counts.sections)
      assert.equal(counts.clockStepsBack, 0)
      assert.equal(counts.filesAhead, 0)
      assert.equal((counts.lastMs ?? 0) - (counts.firstMs ?? 0), (count - 1) * 1000)
    })
  }

  it('is intact without payloads and without a listing; then less is counted', async () => {
    const verdict = await publicVerdictOn(log)
    assert.ok(verdict.kind === 'intact')
    assert.ok(verdict.counts.sections > 300)
    assert.equal(verdict.counts.sectionsMatched, 0)
  })

  it('reports progress up to its size', async () => {
    const seen: number[] = []
    await verdictOn(log, { onProgress: (done, size) => seen.push(done, size) })
    assert.deepEqual(seen, [256, 300, 300, 300])
  })

  it('is intact for every earlier checkpoint, from the empty tree on', async () => {
    const edge = { origin: ORIGIN, extensions: [] }
    for (const size of [...Array(7).keys()]) {
      const root = size === 0 ? hasher.emptyRoot : lastOf(await buildLog(size)).root
      const since = { ...edge, size: parseTreeSize(size), root }
      assert.deepEqual(await outcomeOf(small, { since }), ['intact'], `since ${size}`)
    }
    for (const since of log.checkpoints)
      assert.deepEqual(await outcomeOf(log, { since }), ['intact'])
  })

  it('may have dropped the partial files whose full ones exist', async () => {
    const grown = await buildLog(600, [300, 600])
    const live = await signedAs(grown, lastOf(log))
    for (const path of [...live.files.keys()]) if (path.endsWith('.p/44')) live.files.delete(path)
    const verdict = await verdictOn(live)
    assert.ok(verdict.kind === 'intact', JSON.stringify(verdict))
    assert.equal(verdict.checkpoint.size, 300)
    assert.ok(verdict.counts.filesAhead > 0)
  })

  it('may be signed by others too, and twice', async () => {
    const note = parseNote(bytesOf(log.files, 'checkpoint'))
    const witness = await signNote(note.text, [signerOf('witness.example', 9)])
    const signatures = [...parseNote(witness).signatures, ...note.signatures, ...note.signatures]
    const copy = copyOf(log)
    copy.files.set('checkpoint', printNote({ text: note.text, signatures }))
    const verdict = await verdictOn(copy)
    assert.ok(verdict.kind === 'intact')
    assert.deepEqual(verdict.signedBy, [logSigner.key])
  })
})

describe('one byte changed', () => {
  it('at any offset of any file of a small log breaks it, at the right entry', async () => {
    const lengths = small.entries.map(entry => entry.length + 2)
    for (const [path, bytes] of small.files) {
      for (let offset = 0; offset < bytes.length; offset++) {
        const copy = copyOf(small)
        flip(copy.files, path, offset)
        const [why, file, at] = await outcomeOf(copy)
        assert.notEqual(why, 'intact', `${path} at ${offset}`)
        if (path === 'tile/entries/000.p/6') {
          let entry = 0
          for (let end = lengths[0] ?? 0; end <= offset; entry++) end += lengths[entry + 1] ?? 0
          assert.equal(at, entry, `${path} at ${offset}: ${why}`)
        }
        assert.equal(file, path, `${path} at ${offset}: ${why}`)
        if (path === 'tile/0/000.p/6') assert.equal(at, Math.floor(offset / 32))
      }
    }
  })

  it('at any offset of any payload file breaks it, at the right entry', async () => {
    for (const [path, bytes] of small.payloads) {
      for (let offset = 0; offset < bytes.length; offset++) {
        const copy = copyOf(small)
        flip(copy.payloads, path, offset)
        const [why, file, at] = await outcomeOf(copy)
        assert.match(String(why), /^section_/, `${path} at ${offset}`)
        assert.equal(file, path)
        assert.ok(typeof at === 'number' && at < 6, `${path} at ${offset}: ${at}`)
      }
    }
  })

  it('anywhere in a log with full tiles breaks it', async () => {
    for (const [path, bytes] of log.files) {
      for (let offset = path.length; offset < bytes.length; offset += 331) {
        const copy = copyOf(log)
        flip(copy.files, path, offset)
        const [why, file] = await outcomeOf(copy)
        assert.notEqual(why, 'intact', `${path} at ${offset}`)
        if (path === 'tile/0/000') assert.deepEqual([why, file], ['tile_changed', path])
      }
    }
  })

  it('appended to any file breaks it, and so does one byte less', async () => {
    for (const [path, bytes] of small.files) {
      for (const changed of [concatBytes(bytes, Uint8Array.of(0)), bytes.slice(0, -1)]) {
        const copy = copyOf(small)
        copy.files.set(path, changed)
        const [why, file] = await outcomeOf(copy)
        assert.notEqual(why, 'intact', path)
        assert.equal(file, path)
      }
    }
  })
})

describe('a file taken out', () => {
  it('breaks the log, unless it is of an earlier size', async () => {
    for (const original of [small, log]) {
      const { size } = lastOf(original)
      const needed = new Set([...tilesOf(size)].map(printTilePath))
      for (const path of original.files.keys()) {
        const copy = copyOf(original)
        copy.files.delete(path)
        const [why, file] = await outcomeOf(copy)
        const isEarlier = path.startsWith('tile/') && !needed.has(path)
        if (isEarlier) assert.equal(why, 'intact', path)
        else assert.deepEqual([path, why !== 'intact'], [file, true])
      }
      for (const path of original.payloads.keys()) {
        const copy = copyOf(original)
        copy.payloads.delete(path)
        const [why, file] = await outcomeOf(copy)
        assert.deepEqual([why, file], ['section_missing', path])
      }
    }
  })

  it('and replaced by an empty one or by another of its kind breaks it too', async () => {
    for (const path of log.files.keys()) {
      for (const other of [new Uint8Array(0), bytesOf(log.files, 'tile/0/000')]) {
        if (path === 'tile/0/000' && other.length > 0) continue
        const copy = copyOf(log)
        copy.files.set(path, other)
        assert.notEqual((await outcomeOf(copy))[0], 'intact', path)
      }
    }
  })
})

describe('a forged log', () => {
  const bundlePath = 'tile/entries/001.p/44'
  const tail = log.entries.slice(256)
  const withBundle = (entries: readonly Uint8Array[]): TestLog => {
    const copy = copyOf(log)
    copy.files.set(bundlePath, encodeEntryBundle(entries))
    return copy
  }

  it('with an entry dropped, doubled, moved or added names the first wrong one', async () => {
    const dropped = tail.filter((_, i) => i !== 10)
    assert.deepEqual(await outcomeOf(withBundle(dropped)), ['bundle_malformed', bundlePath, 266])
    const [first, second, ...rest] = tail
    assert.ok(first && second)
    const swapped = await outcomeOf(withBundle([second, first, ...rest]))
    assert.deepEqual(swapped.slice(0, 1), ['entry_changed'])
    assert.equal(swapped[2], 256)
    const doubled = await outcomeOf(withBundle([first, first, ...rest]))
    assert.equal(doubled[2], 257)
    const added = await outcomeOf(withBundle([...tail, second]))
    assert.deepEqual(added, ['bundle_malformed', bundlePath, 299])
  })

  it('whose tiles were rebuilt around a changed entry does not have the signed root', async () => {
    const entries = log.entries.map((entry, i) => (i === 5 ? printEntry(entryAt(6)) : entry))
    const forged = await resealed(entries)
    forged.files.set('checkpoint', bytesOf(log.files, 'checkpoint'))
    const verdict = await publicVerdictOn(forged)
    assert.ok(verdict.kind === 'broken')
    assert.deepEqual([verdict.why, verdict.at], ['root_mismatch', null])
    // The other event does not fit the payload beside it, which names the place.
    const place = ['section_changed', 'r6m/2026-01/000000000.seal', 5]
    assert.deepEqual(await outcomeOf(forged), place)
  })

  it('that was signed anew with the right key is told by an earlier checkpoint', async () => {
    const changed = log.entries.map((entry, i) =>
      i === 49 ? printEntry({ ...entryAt(49), timeMs: 5 }) : entry,
    )
    const forged = await resealed(changed)
    const since = log.checkpoints.map(
      async checkpoint => await outcomeOf(forged, { since: checkpoint }),
    )
    const [at3, at40, at256, at270, at300] = await Promise.all(since)
    assert.deepEqual([at3, at40], [['intact'], ['intact']])
    for (const outcome of [at256, at270, at300]) {
      assert.deepEqual(outcome, ['fork', 'checkpoint', null])
    }
    const verdict = await verdictOn(forged)
    assert.ok(verdict.kind === 'intact')
    assert.equal(verdict.counts.clockStepsBack, 1)
  })

  it('cut off at an earlier, rightly signed checkpoint is told by a later one', async () => {
    for (const earlier of log.checkpoints.slice(0, -1)) {
      const cut = await signedAs(log, earlier)
      const outcome = await outcomeOf(cut, { since: lastOf(log) })
      assert.deepEqual(outcome, ['rollback', 'checkpoint', earlier.size])
      // Without the later one only what stands beyond it can make a reader wonder.
      const verdict = await verdictOn(cut)
      assert.ok(verdict.kind === 'intact', JSON.stringify(verdict))
      assert.ok(verdict.counts.filesAhead > 0)
    }
  })

  it('with two roots for one size is told by whoever saw the other', async () => {
    const since = { ...lastOf(log), root: hasher.emptyRoot }
    assert.deepEqual(await outcomeOf(log, { since }), ['fork', 'checkpoint', null])
    const early = { ...(log.checkpoints[1] ?? since), root: hasher.emptyRoot }
    assert.deepEqual(await outcomeOf(log, { since: early }), ['fork', 'checkpoint', null])
    const foreign = { ...lastOf(log), origin: 'node-1/2025' }
    const outcome = await outcomeOf(log, { since: foreign })
    assert.deepEqual(outcome, ['checkpoint_foreign', 'checkpoint', null])
  })

  it('of another key, another name or with a broken signature proves nothing', async () => {
    const other = signerOf(ORIGIN, 2)
    const byOther = await sealLog(log.entries, [300], other)
    assert.equal((await outcomeOf({ ...log, ...byOther }))[0], 'checkpoint_untrusted')
    const text = parseNote(bytesOf(log.files, 'checkpoint')).text
    const renamed = copyOf(log)
    renamed.files.set('checkpoint', await signNote(text.replace(ORIGIN, 'x'), [logSigner]))
    assert.equal((await outcomeOf(renamed))[0], 'checkpoint_foreign')
    assert.equal((await outcomeOf(log, { keys: [] }))[0], 'checkpoint_untrusted')
    const bothKeys = { keys: [other.key, logSigner.key] }
    assert.deepEqual(await outcomeOf(log, bothKeys), ['intact'])
    const swappedKey = copyOf(log)
    swappedKey.files.set('log.vkey', encodeUtf8(`${printVerifierKey(other.key)}\n`))
    const outcome = await outcomeOf(swappedKey, bothKeys)
    assert.deepEqual(outcome, ['vkey_changed', 'log.vkey', null])
  })

  it('with a size beyond what exists, or beyond what numbers hold, is broken at once', async () => {
    const last = lastOf(log)
    const huge = await signedAs(log, { ...last, size: parseTreeSize(Number.MAX_SAFE_INTEGER) })
    assert.deepEqual(await outcomeOf(huge), ['bundle_missing', 'tile/entries/001', 256])
    const text = parseNote(bytesOf(log.files, 'checkpoint')).text
    for (const size of ['9007199254740992', '18446744073709551616', '-1', '0300']) {
      const copy = copyOf(log)
      copy.files.set('checkpoint', await signNote(text.replace('300', size), [logSigner]))
      assert.equal((await outcomeOf(copy))[0], 'checkpoint_malformed')
    }
    const empty = { ...last, size: parseTreeSize(0), root: hasher.emptyRoot }
    assert.equal((await outcomeOf(await signedAs(log, empty)))[0], 'shard_unopened')
  })

  it('that signs a malformed entry, or opens as another log, is broken there', async () => {
    const malformed = log.entries.map((entry, i) => (i === 257 ? encodeUtf8('{"v":1}') : entry))
    const outcome = await outcomeOf(await resealed(malformed))
    assert.deepEqual(outcome, ['entry_malformed', bundlePath, 257])
    const renamed = [printEntry(entryAt(0, 'node-2/2026')), ...log.entries.slice(1)]
    assert.equal((await outcomeOf(await resealed(renamed)))[0], 'shard_unopened')
    const unopened = await resealed(log.entries.slice(1))
    assert.deepEqual(await outcomeOf(unopened), ['shard_unopened', 'tile/entries/000', 0])
  })

  it('with a malformed and a changed entry names the first of them', async () => {
    const broken = log.entries.map((entry, i) => (i === 258 ? encodeUtf8('{}') : entry))
    const forged = await resealed(broken)
    flip(forged.files, bundlePath, 40)
    assert.deepEqual((await outcomeOf(forged))[2], 256)
    const late = await resealed(broken)
    flip(late.files, bundlePath, bytesOf(late.files, bundlePath).length - 3)
    assert.deepEqual(await outcomeOf(late), ['entry_malformed', bundlePath, 258])
  })

  it('with a partial tile of another width is broken', async () => {
    for (const path of ['tile/0/001.p/14', 'tile/0/001.p/44', 'tile/0/000.p/40']) {
      const bytes = bytesOf(log.files, path)
      for (const wrong of [bytes.slice(0, -32), concatBytes(bytes, hasher.emptyRoot)]) {
        const copy = copyOf(log)
        copy.files.set(path, wrong)
        assert.equal((await outcomeOf(copy))[1], path)
      }
    }
  })

  it('with any file that does not belong to it is broken, unless it vanished', async () => {
    const strangers = ['evil', 'checkpoint.new', 'tile/0/0', 'tile/0/000.p/0', 'tile/data/000']
    for (const path of [...strangers, 'log.vkey.bak', 'tile/entries/000.gz', '.hidden', 'tile/x']) {
      const copy = copyOf(log)
      copy.files.set(path, new Uint8Array(1))
      assert.deepEqual(await outcomeOf(copy), ['file_unexpected', path, null])
      const fetch = async (name: string) => log.files.get(name) ?? null
      const list = async function* () {
        yield* [...log.files.keys(), path]
      }
      assert.deepEqual(await outcomeOf(copy, { log: { fetch, list } }), ['intact'])
    }
  })
})

it('what cannot be read is an error, not a verdict', async () => {
  const failing = async (path: string) => {
    if (path === 'tile/0/001.p/44') throw new Error('disk on fire')
    return log.files.get(path) ?? null
  }
  await assert.rejects(verdictOn(log, { log: { fetch: failing } }), /disk on fire/)
})
