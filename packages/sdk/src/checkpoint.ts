// Checkpoints (C2SP tlog-checkpoint v1.0.0): a signed note that says which tree a log vouches for.
// What `openCheckpoint` returns was signed by a key that the caller trusts; what `parseCheckpoint`
// returns is only a claim.

import { encodeBase64, parseBase64 } from './bytes.ts'
import { type Ed25519Verifier, HASH_BYTES } from './crypto.ts'
import { TocsinError } from './errors.ts'
import {
  type Note,
  type NoteSigner,
  parseNote,
  signNote,
  type VerifierKey,
  verifyNote,
} from './note/note.ts'
import { type Hash, parseTreeSize, type TreeSize } from './tlog/tlog.ts'

export type Checkpoint = {
  /** Which log; in Tocsin's logs the name of the key. */
  readonly origin: string
  readonly size: TreeSize
  readonly root: Hash
  /** Opaque further lines. Tocsin writes none. */
  readonly extensions: readonly string[]
}

/** The text that is signed. */
export function printCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  return [origin, String(size), encodeBase64(root), ...extensions, ''].join('\n')
}

/** The checkpoint that a note's text spells. Throws `note.malformed`. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...rest] = text.split('\n')
  const extensions = rest.slice(0, -1)
  if (rest.at(-1) !== '') throw malformed('it has fewer than three lines')
  if (origin === '' || extensions.includes('')) throw malformed('a line is empty')
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw malformed('the second line is not a size')
  }
  return { origin, size: parseTreeSize(Number(size)), root: parseRoot(root), extensions }
}

function parseRoot(text: string): Hash {
  let root: Uint8Array
  try {
    root = parseBase64(text)
  } catch (cause) {
    throw malformed('the third line is not base64', cause)
  }
  if (root.length !== HASH_BYTES) throw malformed('the third line is not a hash of 32 bytes')
  return root
}

function malformed(why: string, cause?: unknown): TocsinError {
  return new TocsinError('note.malformed', { public: `the checkpoint is malformed: ${why}`, cause })
}

/** Bytes of the file `checkpoint`. Throws `note.malformed` where none could read it back. */
export async function signCheckpoint(
  checkpoint: Checkpoint,
  signers: readonly NoteSigner[],
): Promise<Uint8Array> {
  const text = printCheckpoint(checkpoint)
  parseCheckpoint(text)
  return await signNote(text, signers)
}

/** `untrusted`: no line is of the log's keys. `forged`: one is, and does not verify. */
export type OpenedCheckpoint =
  | {
      readonly kind: 'opened'
      readonly checkpoint: Checkpoint
      /** Those of the keys that signed it. */
      readonly signedBy: readonly VerifierKey[]
    }
  | { readonly kind: 'untrusted' | 'forged' | 'malformed' | 'foreign'; readonly detail: string }

/**
 * Reads a checkpoint and checks it against the keys of the one log it must be of; its origin must
 * be the name of the key that signed. Never throws for what the bytes say.
 */
export async function openCheckpoint(
  bytes: Uint8Array,
  keys: readonly VerifierKey[],
  ed25519: Ed25519Verifier,
): Promise<OpenedCheckpoint> {
  let note: Note
  let checkpoint: Checkpoint
  try {
    note = parseNote(bytes)
    checkpoint = parseCheckpoint(note.text)
  } catch (error) {
    if (!(error instanceof TocsinError)) throw error
    return { kind: 'malformed', detail: error.message }
  }
  const verdict = await verifyNote(note, keys, ed25519)
  if (verdict.kind === 'forged') {
    return { kind: 'forged', detail: `the signature of ${verdict.key.name} does not verify` }
  }
  if (verdict.kind === 'unsigned') {
    const trusted = keys.map(key => `${key.name}+${key.keyId}`).join(', ')
    return { kind: 'untrusted', detail: `no signature is of the trusted key (${trusted})` }
  }
  if (verdict.by.every(key => key.name !== checkpoint.origin)) {
    return { kind: 'foreign', detail: `it is of the log ${checkpoint.origin}, not of this one` }
  }
  return { kind: 'opened', checkpoint, signedBy: verdict.by }
}
