import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeUtf8 } from './bytes.ts'
import {
  type Checkpoint,
  openCheckpoint,
  parseCheckpoint,
  printCheckpoint,
  signCheckpoint,
} from './checkpoint.ts'
import { buildEd25519Signer, ed25519, sha256 } from './node/node.ts'
import { buildVerifierKey, type NoteSigner, parseNote, signNote } from './note/note.ts'
import { parseTreeSize } from './tlog/tlog.ts'

const malformed = { code: 'note.malformed' }
const ROOT = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I='
// The example of the tlog-checkpoint specification.
const SPEC =
  `example.com/behind-the-sofa\n20852163\n${ROOT}\n\n` +
  '\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN' +
  '7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n'

function signerOf(name: string, seedByte: number): NoteSigner {
  const signer = buildEd25519Signer(new Uint8Array(32).fill(seedByte))
  return { key: buildVerifierKey(sha256, name, signer.publicKey), ed25519: signer }
}

const log = signerOf('node/2026', 1)
const example: Checkpoint = {
  origin: 'node/2026',
  size: parseTreeSize(3),
  root: new Uint8Array(32).fill(7),
  extensions: [],
}

describe('the text of a checkpoint', () => {
  it("is read from the specification's example", () => {
    const note = parseNote(encodeUtf8(SPEC))
    const checkpoint = parseCheckpoint(note.text)
    assert.equal(checkpoint.origin, 'example.com/behind-the-sofa')
    assert.equal(checkpoint.size, 20_852_163)
    assert.deepEqual(checkpoint.extensions, [])
    assert.equal(printCheckpoint(checkpoint), note.text)
  })

  it('comes back from its print', () => {
    const line = fc.stringMatching(/^[ -~]{1,20}$/)
    const checkpoint = fc.record(
      {
        origin: line,
        size: fc.maxSafeNat().map(parseTreeSize),
        root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
        extensions: fc.array(line, { maxLength: 3 }),
      },
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(checkpoint, value => {
        assert.deepEqual(parseCheckpoint(printCheckpoint(value)), value)
      }),
    )
  })

  it('is refused in any other form', () => {
    const bad = ['', '\n', 'o\n', 'o\n1\n', `o\n1\n${ROOT}`, `\n1\n${ROOT}\n`, `o\n\n${ROOT}\n`]
    const sizes = ['01', '-1', '+1', '1.0', '1e3', ' 1', '1 ', '0x1', '', '٣', '00']
    for (const size of [...sizes, '9007199254740992', '18446744073709551615']) {
      bad.push(`o\n${size}\n${ROOT}\n`)
    }
    const roots = [
      '',
      ROOT.slice(0, -1),
      `${ROOT}=`,
      ROOT.replace('q2I=', 'q2J='),
      'CsUY',
      `${ROOT} `,
    ]
    for (const root of roots) bad.push(`o\n1\n${root}\n`)
    bad.push(`o\n1\n${ROOT}\n\n`, `o\n1\n${ROOT}\next\n\n`, `o\n1\n${ROOT}\n\next\n`)
    for (const text of bad) assert.throws(() => parseCheckpoint(text), malformed, text)
    assert.equal(parseCheckpoint(`o\n0\n${ROOT}\n`).size, 0)
    assert.deepEqual(parseCheckpoint(`o\n1\n${ROOT}\nx\ny\n`).extensions, ['x', 'y'])
  })
})

describe('opening a checkpoint', () => {
  const open = async (bytes: Uint8Array, ...signers: NoteSigner[]) =>
    await openCheckpoint(
      bytes,
      signers.map(signer => signer.key),
      ed25519,
    )

  it('gives back what the log signed, with and without unknown lines', async () => {
    for (const signers of [[log], [signerOf('witness', 2), log, signerOf('node/2026', 3)]]) {
      const opened = await open(await signCheckpoint(example, signers), log)
      assert.equal(opened.kind, 'opened')
      assert.deepEqual(opened.kind === 'opened' && opened.checkpoint, example)
    }
  })

  it('says why it does not: untrusted, forged, foreign, malformed', async () => {
    const good = await signCheckpoint(example, [log])
    assert.equal((await open(good, signerOf('node/2026', 3))).kind, 'untrusted')
    assert.equal((await open(good)).kind, 'untrusted')
    const text = new TextDecoder().decode(good)
    const forged = encodeUtf8(text.replace('\n3\n', '\n4\n'))
    assert.equal((await open(forged, log)).kind, 'forged')
    // Right key, but it signs for a log of another name.
    const foreign = await signNote(printCheckpoint({ ...example, origin: 'other' }), [log])
    assert.equal((await open(foreign, log)).kind, 'foreign')
    const empty = await signNote('node/2026\n03\nx\n', [log])
    assert.equal((await open(empty, log)).kind, 'malformed')
    assert.equal((await open(good.subarray(1), log)).kind, 'forged')
    assert.equal((await open(good.subarray(0, -1), log)).kind, 'malformed')
    assert.equal((await open(new Uint8Array(0), log)).kind, 'malformed')
  })

  it('demands the origin of a key that signed, not of one that is only known', async () => {
    const other = signerOf('other', 4)
    const bytes = await signNote(printCheckpoint({ ...example, origin: 'other' }), [log])
    assert.equal((await open(bytes, log, other)).kind, 'foreign')
  })

  it('is not signed in a form that could not be read back', async () => {
    for (const bad of [
      { ...example, origin: '' },
      { ...example, origin: 'a\nb' },
      { ...example, root: new Uint8Array(31) },
      { ...example, extensions: [''] },
    ]) {
      await assert.rejects(signCheckpoint(bad, [log]), malformed)
    }
  })
})
