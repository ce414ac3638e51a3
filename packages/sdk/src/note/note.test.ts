import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { concatBytes, encodeBase64, encodeUtf8, parseBase64, parseHex } from '../bytes.ts'
import { buildEd25519Signer, ed25519, sha256 } from '../node/node.ts'
import {
  buildVerifierKey,
  type NoteSigner,
  parseNote,
  parseVerifierKey,
  printNote,
  printVerifierKey,
  signNote,
  verifyNote,
} from './note.ts'

const malformed = { code: 'note.malformed' }
const keyMalformed = { code: 'note.key_malformed' }

// The example of the signed-note specification.
const SPEC_VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const SPEC_NOTE =
  'This is an example message.\n\n' +
  '\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjO' +
  'BH3mFXmRKuwHjG1Yu72IneyaQM=\n'
// The keys, texts and signatures of the tests of golang.org/x/mod/sumdb/note.
const PETER_VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const ENOCH_VKEY = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
const GO_TEXT = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.
`
const PETER_LINE =
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf' +
  'qdngotpRZb6KE6RyyBwJnAM=\n'
const ENOCH_LINE =
  '\u2014 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTG' +
  'wnWLox33WWd1RvMc+QQ=\n'

const key = (vkey: string) => parseVerifierKey(sha256, vkey)
const read = (text: string) => parseNote(encodeUtf8(text))
const verdictOf = (text: string, ...vkeys: string[]) =>
  verifyNote(read(text), vkeys.map(key), ed25519)

function signerOf(name: string, seedByte: number): NoteSigner {
  const signer = buildEd25519Signer(new Uint8Array(32).fill(seedByte))
  return { key: buildVerifierKey(sha256, name, signer.publicKey), ed25519: signer }
}

describe('a verifier key', () => {
  it('comes back from its text, for the keys of the specification and of Go', () => {
    for (const vkey of [SPEC_VKEY, PETER_VKEY, ENOCH_VKEY]) {
      assert.equal(printVerifierKey(key(vkey)), vkey)
    }
    assert.equal(key(SPEC_VKEY).name, 'example.com/foo')
    assert.equal(key(SPEC_VKEY).keyId, '530d903a')
  })

  it('whose base64 holds a plus comes back too', () => {
    const publicKey = new Uint8Array(32).fill(0xfb)
    const made = buildVerifierKey(sha256, 'n', publicKey)
    assert.match(printVerifierKey(made), /^n\+[0-9a-f]{8}\+.*\+/)
    assert.deepEqual(key(printVerifierKey(made)), made)
  })

  it('is refused when any part is cut off or any character is changed', () => {
    for (let start = 0; start < PETER_VKEY.length; start++) {
      for (let end = start; end <= PETER_VKEY.length; end++) {
        const part = PETER_VKEY.slice(start, end)
        if (part !== PETER_VKEY) assert.throws(() => key(part), keyMalformed, part)
      }
    }
    for (let i = 0; i < PETER_VKEY.length; i++) {
      const next = String.fromCharCode(PETER_VKEY.charCodeAt(i) + 1)
      const changed = PETER_VKEY.slice(0, i) + next + PETER_VKEY.slice(i + 1)
      assert.throws(() => key(changed), keyMalformed, changed)
    }
  })

  it('is refused with a wrong length or type, though the id fits', () => {
    // Both of Go's tests.
    const longer = 'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=='
    const otherType = 'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
    for (const vkey of [longer, otherType]) assert.throws(() => key(vkey), keyMalformed)
    assert.throws(() => key(`${PETER_VKEY}\n`), keyMalformed)
    assert.throws(() => key(PETER_VKEY.replace('c74f20a3', 'C74F20A3')), keyMalformed)
  })

  it('cannot have a name that a signature line cannot carry', () => {
    const publicKey = new Uint8Array(32)
    const names = [
      '',
      ' ',
      'a b',
      'a+b',
      'a\n',
      'a\u00a0b',
      'a\u2003',
      'a\u0085',
      'a\u3000b',
      'a\tb',
    ]
    for (const name of names) {
      assert.throws(() => buildVerifierKey(sha256, name, publicKey), keyMalformed, name)
    }
    assert.throws(() => buildVerifierKey(sha256, 'a', publicKey.subarray(1)), keyMalformed)
    assert.equal(buildVerifierKey(sha256, 'münchen.example/\ufeff', publicKey).name.length, 17)
  })
})

describe('signing', () => {
  it("gives Go's bytes for Go's key and text", async () => {
    const seed = parseBase64('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz').subarray(1)
    const signer = buildEd25519Signer(seed)
    const peter: NoteSigner = { key: key(PETER_VKEY), ed25519: signer }
    assert.deepEqual(peter.key.publicKey, signer.publicKey)
    assert.deepEqual(await signNote(GO_TEXT, [peter]), encodeUtf8(`${GO_TEXT}\n${PETER_LINE}`))
  })

  it('comes back as signed, for any text and number of signers', async () => {
    const line = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .filter(text => !/\p{Cc}/u.test(text))
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 20 }), async (lines, count) => {
        const text = `${lines.join('\n')}\n`
        const signers = [...Array(count).keys()].map(i => signerOf(`key${i}`, i))
        const note = parseNote(await signNote(text, signers))
        assert.equal(note.text, text)
        assert.equal(note.signatures.length, count)
        const keys = signers.map(signer => signer.key)
        assert.deepEqual(await verifyNote(note, keys, ed25519), { kind: 'signed', by: keys })
      }),
      { numRuns: 30 },
    )
  })

  it('refuses a text that no note may have, and no signer at all', async () => {
    const signer = signerOf('a', 1)
    for (const text of ['', 'no newline', 'tab\t\n', 'return\r\n', 'bell\u0007\n', 'nul\0\n']) {
      await assert.rejects(signNote(text, [signer]), malformed, JSON.stringify(text))
    }
    await assert.rejects(signNote('text\n', []), malformed)
    const many = [...Array(101).keys()].map(() => signer)
    await assert.rejects(signNote('text\n', many), malformed)
  })
})

describe('reading a note', () => {
  it('gives text and signatures as they stand, and prints them back', () => {
    const bytes = encodeUtf8(`${GO_TEXT}\n${PETER_LINE}${ENOCH_LINE}`)
    const note = parseNote(bytes)
    assert.equal(note.text, GO_TEXT)
    const names = note.signatures.map(({ name, keyId }) => `${name}+${keyId}`)
    assert.deepEqual(names, ['PeterNeumann+c74f20a3', 'EnochRoot+af0cfe78'])
    assert.deepEqual(printNote(note), bytes)
  })

  it('takes the last empty line as the border', () => {
    assert.equal(read(`a\n\nb\n\n${PETER_LINE}`).text, 'a\n\nb\n')
    assert.equal(read(`a\n\n\n${PETER_LINE}`).text, 'a\n\n')
    assert.equal(read(`\n\n${PETER_LINE}`).text, '\n')
    const forged = `a\n\n${PETER_LINE}\n${ENOCH_LINE}`
    assert.equal(read(forged).signatures.length, 1)
  })

  it('takes up to 100 signatures, well over the 16 demanded', () => {
    assert.equal(read(`${GO_TEXT}\n${PETER_LINE.repeat(16)}`).signatures.length, 16)
    assert.equal(read(`${GO_TEXT}\n${PETER_LINE.repeat(100)}`).signatures.length, 100)
    assert.throws(() => read(`${GO_TEXT}\n${PETER_LINE.repeat(101)}`), malformed)
  })

  it('takes signatures of other kinds and lengths, up to the size limit', () => {
    const large = encodeBase64(concatBytes(parseHex('0a0b0c0d'), new Uint8Array(2428)))
    const note = read(`text\n\n\u2014 witness.example/w ${large}\n`)
    assert.equal(note.signatures[0]?.signature.length, 2428)
    const filler = (bytes: number) =>
      `${'x'.repeat(bytes - PETER_LINE.length - 4)}\n\n${PETER_LINE}`
    assert.equal(encodeUtf8(filler(1_000_000)).length, 1_000_000)
    assert.equal(read(filler(1_000_000)).signatures.length, 1)
    assert.throws(() => read(filler(1_000_001)), malformed)
  })

  it('refuses whatever is not a note', () => {
    const b64 = PETER_LINE.split(' ')[2]?.trimEnd() ?? ''
    const line = (text: string) => `${GO_TEXT}\n${text}`
    const bad = {
      nothing: '',
      'text only': GO_TEXT,
      'no signature': `${GO_TEXT}\n`,
      'no empty line': GO_TEXT + PETER_LINE,
      'no newline after the text': `text\n${PETER_LINE}`,
      'no newline at the end': line(PETER_LINE.slice(0, -1)),
      'an empty line at the end': line(`${PETER_LINE}\n`),
      'a line that is no signature': line(`${PETER_LINE}Unexpected line.\n`),
      'a hyphen for the dash': line(PETER_LINE.replace('\u2014', '-')),
      'an en dash': line(PETER_LINE.replace('\u2014', '\u2013')),
      'no space after the dash': line(PETER_LINE.replace('\u2014 ', '\u2014')),
      'two spaces': line(PETER_LINE.replace('\u2014 ', '\u2014  ')),
      'a space in the name': line(`\u2014 Bad Name ${b64}\n`),
      'another space in the name': line(`\u2014 Bad\u00a0Name ${b64}\n`),
      'a plus in the name': line(`\u2014 Bad+Name ${b64}\n`),
      'no name': line(`\u2014  ${b64}\n`),
      'no signature in the line': line('\u2014 PeterNeumann\n'),
      'an empty signature': line('\u2014 PeterNeumann \n'),
      'an id without a signature': line('\u2014 PeterNeumann x08gow==\n'),
      'a trailing space': line(`${PETER_LINE.slice(0, -1)} \n`),
      'base64 without its padding': line(PETER_LINE.replace('=\n', '\n')),
      'base64 with too much padding': line(PETER_LINE.replace('=\n', '==\n')),
      'base64 with stray bits': line(PETER_LINE.replace('AM=\n', 'AN=\n')),
      'base64 for URLs': line(PETER_LINE.replaceAll('/', '_')),
      'a carriage return': line(PETER_LINE).replaceAll('\n', '\r\n'),
      'a tab': `a\tb\n\n${PETER_LINE}`,
      'a control character': `\u0001${line(PETER_LINE)}`,
      'an escape in a name': line(`\u2014 a\u001bb ${b64}\n`),
    }
    for (const [what, text] of Object.entries(bad)) assert.throws(() => read(text), malformed, what)
    const latin1 = Buffer.from(`\xff${line(PETER_LINE)}`, 'latin1')
    assert.throws(() => parseNote(latin1), malformed)
  })

  it('refuses it or prints back the same bytes, whatever byte is changed', () => {
    const bytes = encodeUtf8(SPEC_NOTE)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = bytes.slice()
        changed[at] = value
        let note: ReturnType<typeof parseNote> | null = null
        try {
          note = parseNote(changed)
        } catch {}
        if (note !== null) assert.deepEqual(printNote(note), changed)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('verifying a note', () => {
  it("says signed to the specification's example and to Go's", async () => {
    const spec = await verdictOf(SPEC_NOTE, SPEC_VKEY)
    assert.deepEqual(spec, { kind: 'signed', by: [key(SPEC_VKEY)] })
    const both = await verdictOf(`${GO_TEXT}\n${PETER_LINE}${ENOCH_LINE}`, PETER_VKEY, ENOCH_VKEY)
    assert.deepEqual(both, { kind: 'signed', by: [key(PETER_VKEY), key(ENOCH_VKEY)] })
  })

  it('ignores lines of unknown keys, also with a known name or a known id', async () => {
    const sameName = PETER_LINE.replace('x08g', 'xxxx')
    const sameId = PETER_LINE.replace('PeterNeumann', 'CarmenSandiego')
    for (const line of [ENOCH_LINE, sameName, sameId]) {
      assert.equal((await verdictOf(`${GO_TEXT}\n${line}`, PETER_VKEY)).kind, 'unsigned')
      const signed = await verdictOf(`${GO_TEXT}\n${line}${PETER_LINE}`, PETER_VKEY)
      assert.deepEqual(signed, { kind: 'signed', by: [key(PETER_VKEY)] })
    }
    assert.equal((await verdictOf(`${GO_TEXT}\n${PETER_LINE}`)).kind, 'unsigned')
  })

  it('says forged when any line of a known key fails, whatever the others say', async () => {
    const changed = PETER_LINE.replace('9UG', '9UH')
    const cut = `${PETER_LINE.slice(0, 59)}\n`
    const longer = `${PETER_LINE.slice(0, 59)}ABCD${PETER_LINE.slice(59)}`
    for (const bad of [changed, cut, longer]) {
      const text = `${GO_TEXT}\n${PETER_LINE}${bad}${ENOCH_LINE}`
      const verdict = await verdictOf(text, ENOCH_VKEY, PETER_VKEY)
      assert.deepEqual(verdict, { kind: 'forged', key: key(PETER_VKEY) })
    }
    const otherText = await verdictOf(`Another text.\n\n${PETER_LINE}`, PETER_VKEY)
    assert.equal(otherText.kind, 'forged')
  })

  it('counts a key once, however often it signed or is listed', async () => {
    const text = `${GO_TEXT}\n${PETER_LINE}${PETER_LINE}${ENOCH_LINE}${PETER_LINE}`
    const verdict = await verdictOf(text, PETER_VKEY, PETER_VKEY)
    assert.deepEqual(verdict, { kind: 'signed', by: [key(PETER_VKEY)] })
  })

  it('fails for every bit turned in text or signature', async () => {
    const bytes = encodeUtf8(SPEC_NOTE)
    const keys = [key(SPEC_VKEY)]
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = bytes.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      let kind = 'malformed'
      try {
        kind = (await verifyNote(parseNote(changed), keys, ed25519)).kind
      } catch {}
      assert.notEqual(kind, 'signed', `bit ${bit}`)
    }
  })
})
