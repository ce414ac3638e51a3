// Node's side of the ports that the core leaves open. The only folder of the SDK that may import
// `node:*`.

import {
  createPrivateKey,
  createPublicKey,
  hash,
  randomBytes,
  sign as signOneShot,
  verify as verifyOneShot,
} from 'node:crypto'
import { type Ed25519Signer, type Ed25519Verifier, HASH_BYTES, type Sha256 } from '../crypto.ts'
import { TocsinError } from '../errors.ts'

export { directoryFetch, directoryParts } from './directory.ts'
export { urlFetch } from './url.ts'

const SEED_BYTES = 32
const PUBLIC_KEY_BYTES = 32
const SIGNATURE_BYTES = 64
// The DER in front of the raw bytes (RFC 8410 §4 and §7). Node before 26 reads no raw keys.
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

const scratch = Buffer.alloc(HASH_BYTES)

/** `hash` gives a string in half the time that a Buffer takes it; the bytes are then copied out. */
export const sha256: Sha256 = bytes => {
  scratch.write(hash('sha256', bytes, 'binary'), 0, HASH_BYTES, 'latin1')
  const out = new Uint8Array(HASH_BYTES)
  out.set(scratch)
  return out
}

export const ed25519: Ed25519Verifier = {
  async verify(publicKey, message, signature) {
    if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false
    const der = Buffer.concat([SPKI_PREFIX, publicKey])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return verifyOneShot(null, message, key, signature)
  },
}

/** A new secret seed of 32 bytes. Keep it where only the server reads. */
export function generateEd25519Seed(): Uint8Array {
  return new Uint8Array(randomBytes(SEED_BYTES))
}

/** The signer of a secret seed of 32 bytes (RFC 8032 §5.1.5). Throws `crypto.key_malformed`. */
export function buildEd25519Signer(seed: Uint8Array): Ed25519Signer {
  if (seed.length !== SEED_BYTES) {
    throw new TocsinError('crypto.key_malformed', {
      public: `an Ed25519 seed has ${SEED_BYTES} bytes, not ${seed.length}`,
    })
  }
  const der = Buffer.concat([PKCS8_PREFIX, seed])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    publicKey: new Uint8Array(spki.subarray(SPKI_PREFIX.length)),
    sign: async message => new Uint8Array(signOneShot(null, message, key)),
  }
}
