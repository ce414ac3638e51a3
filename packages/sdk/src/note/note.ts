// Signed notes (C2SP signed-note v1.0.0): a text and lines of signatures, and the keys that make
// and check them. Ed25519 (type 0x01) only; lines of other keys and types are read, kept and
// ignored, as the specification demands. A text means nothing before `verifyNote` has said
// `signed`.

import {
  concatBytes,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  parseBase64,
  parseHex,
  parseUtf8,
} from '../bytes.ts'
import type { Ed25519Signer, Ed25519Verifier } from '../crypto.ts'
import { TocsinError } from '../errors.ts'
import { isKeyName, KEY_ID_BYTES, type VerifierKey } from './verifier-key.ts'

export {
  buildVerifierKey,
  parseVerifierKey,
  printVerifierKey,
  type VerifierKey,
} from './verifier-key.ts'

/** Far above what sixteen post-quantum signatures need, and what other readers of notes accept. */
const NOTE_BYTES_MAX = 1_000_000
const SIGNATURES_MAX = 100

/** One line below the text. Which key made it is a claim until it is verified. */
export type NoteSignature = {
  readonly name: string
  /** 8 lower-case hex digits. */
  readonly keyId: string
  readonly signature: Uint8Array
}

export type Note = {
  /** Ends with a newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

export type NoteSigner = { readonly key: VerifierKey; readonly ed25519: Ed25519Signer }

const CONTROL_REFUSED = /[\u0000-\u0009\u000b-\u001f]/

function malformed(why: string, cause?: unknown): TocsinError {
  return new TocsinError('note.malformed', {
    public: `the signed note is malformed: ${why}`,
    cause,
  })
}

/** Throws `note.malformed`. Verifies nothing. */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > NOTE_BYTES_MAX) throw malformed(`it is over ${NOTE_BYTES_MAX} bytes`)
  const whole = parseNoteText(bytes)
  const split = whole.lastIndexOf('\n\n')
  if (split < 0) throw malformed('no empty line parts the text from the signatures')
  const lines = whole.slice(split + 2)
  if (lines === '') throw malformed('it has no signature')
  if (!lines.endsWith('\n')) throw malformed('the last line does not end')
  const signatures = lines.slice(0, -1).split('\n')
  if (signatures.length > SIGNATURES_MAX)
    throw malformed(`it has over ${SIGNATURES_MAX} signatures`)
  return { text: whole.slice(0, split + 1), signatures: signatures.map(parseSignatureLine) }
}

function parseNoteText(bytes: Uint8Array): string {
  let text: string
  try {
    text = parseUtf8(bytes)
  } catch (cause) {
    throw malformed('it is not UTF-8', cause)
  }
  if (CONTROL_REFUSED.test(text)) throw malformed('it holds a control character')
  return text
}

function parseSignatureLine(line: string): NoteSignature {
  const [dash, name = '', base64 = '', ...rest] = line.split(' ')
  if (dash !== '\u2014' || rest.length > 0) throw malformed('a signature line has another form')
  if (!isKeyName(name)) throw malformed('the name of a key is empty or holds a space or plus')
  let bytes: Uint8Array
  try {
    bytes = parseBase64(base64)
  } catch (cause) {
    throw malformed('a signature is not base64', cause)
  }
  if (bytes.length <= KEY_ID_BYTES) throw malformed('a signature is too short')
  const keyId = encodeHex(bytes.subarray(0, KEY_ID_BYTES))
  return { name, keyId, signature: bytes.slice(KEY_ID_BYTES) }
}

/**
 * The bytes of a note. Throws `note.malformed` for one that `parseNote` would refuse or read
 * differently, so for a text without a final newline and for a name with a space.
 */
export function printNote(note: Note): Uint8Array {
  const lines = note.signatures.map(({ name, keyId, signature }) => {
    return `\u2014 ${name} ${encodeBase64(concatBytes(parseHex(keyId), signature))}\n`
  })
  const bytes = encodeUtf8(`${note.text}\n${lines.join('')}`)
  const read = parseNote(bytes)
  if (read.text !== note.text) throw malformed('its text does not end with a newline')
  return bytes
}

/** The bytes of `text`, signed with every key. Throws `note.malformed` as `printNote` does. */
export async function signNote(text: string, signers: readonly NoteSigner[]): Promise<Uint8Array> {
  const message = encodeUtf8(text)
  const signatures: NoteSignature[] = []
  for (const { key, ed25519 } of signers) {
    const signature = await ed25519.sign(message)
    signatures.push({ name: key.name, keyId: key.keyId, signature })
  }
  return printNote({ text, signatures })
}

/**
 * `signed`: at least one of the keys signed, and none of their lines fails. `unsigned`: no line is
 * of these keys. `forged`: a line that names one of these keys does not verify.
 */
export type NoteVerdict =
  | { readonly kind: 'signed'; readonly by: readonly VerifierKey[] }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'forged'; readonly key: VerifierKey }

/** Never throws for a wrong signature. A key counts once, however many lines it signed. */
export async function verifyNote(
  note: Note,
  keys: readonly VerifierKey[],
  ed25519: Ed25519Verifier,
): Promise<NoteVerdict> {
  const by = new Map<string, VerifierKey>()
  const message = encodeUtf8(note.text)
  for (const { name, keyId, signature } of note.signatures) {
    for (const key of keys) {
      if (key.name !== name || key.keyId !== keyId) continue
      if (!(await ed25519.verify(key.publicKey, message, signature))) return { kind: 'forged', key }
      by.set(`${name}+${keyId}`, key)
    }
  }
  return by.size > 0 ? { kind: 'signed', by: [...by.values()] } : { kind: 'unsigned' }
}
