// The public key of a signed note's signer and its text form, the "vkey" (C2SP signed-note v1.0.0,
// "Verifier keys"). Ed25519 (type 0x01) only.

import { concatBytes, encodeBase64, encodeHex, encodeUtf8, parseBase64 } from '../bytes.ts'
import type { Sha256 } from '../crypto.ts'
import { TocsinError } from '../errors.ts'

export const KEY_ID_BYTES = 4
const ED25519_TYPE = 1
const ED25519_KEY_BYTES = 32

/** A public Ed25519 key with the name that its signatures carry. */
export type VerifierKey = {
  readonly name: string
  /** 8 lower-case hex digits. */
  readonly keyId: string
  /** 32 bytes. */
  readonly publicKey: Uint8Array
}

// What Unicode calls White_Space; `\s` differs from it in U+0085 and U+FEFF.
const NAME_REFUSED = /[\u0000-\u0020+\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

export function isKeyName(name: string): boolean {
  return name !== '' && !NAME_REFUSED.test(name)
}

/**
 * The key `name` with its id, `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)[:4]`. Throws
 * `note.key_malformed` for a name or key that cannot be.
 */
export function buildVerifierKey(sha256: Sha256, name: string, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw wrongKey('its name is empty or holds a space or plus')
  if (publicKey.length !== ED25519_KEY_BYTES) throw wrongKey('it is not an Ed25519 key of 32 bytes')
  const typed = concatBytes(Uint8Array.of(ED25519_TYPE), publicKey)
  const hash = sha256(concatBytes(encodeUtf8(`${name}\n`), typed))
  return { name, keyId: encodeHex(hash.subarray(0, KEY_ID_BYTES)), publicKey }
}

function wrongKey(why: string, cause?: unknown): TocsinError {
  return new TocsinError('note.key_malformed', {
    public: `the verifier key is wrong: ${why}`,
    cause,
  })
}

/** `<name>+<hex id>+<base64(0x01 ‖ public key)>`, the "vkey". */
export function printVerifierKey({ name, keyId, publicKey }: VerifierKey): string {
  return `${name}+${keyId}+${encodeBase64(concatBytes(Uint8Array.of(ED25519_TYPE), publicKey))}`
}

/** Reads one vkey, without a line end. Throws `note.key_malformed`, also for another key's id. */
export function parseVerifierKey(sha256: Sha256, text: string): VerifierKey {
  // Base64 itself may hold a plus, so only the first two part the fields.
  const [name = '', keyId = '', ...rest] = text.split('+')
  let typed: Uint8Array
  try {
    typed = parseBase64(rest.join('+'))
  } catch (cause) {
    throw wrongKey('it is not <name>+<hex id>+<base64>', cause)
  }
  if (typed[0] !== ED25519_TYPE) throw wrongKey(`its type is ${typed[0]}, not 1 (Ed25519)`)
  const key = buildVerifierKey(sha256, name, typed.slice(1))
  if (key.keyId !== keyId) throw wrongKey(`its id is ${keyId}, but this key's id is ${key.keyId}`)
  return key
}
