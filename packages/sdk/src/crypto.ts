// The cryptography that the core needs, as ports: whoever starts the core hands in an
// implementation (Node's is in node/). The core itself holds no key and no algorithm; only
// HMAC-SHA256 is built here, since it is two calls of the hash.

/** SHA-256 of `bytes`, 32 bytes that belong to the caller. Keeps no reference to its input. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

export const HASH_BYTES = 32
const HMAC_BLOCK_BYTES = 64

export interface Ed25519Verifier {
  /**
   * True when `signature` (64 bytes) over `message` was made by the owner of `publicKey` (32 bytes,
   * RFC 8032). False for everything else, also for keys and signatures of a wrong length; a
   * rejection means that the implementation is out of order, never that the signature is wrong.
   */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>
}

export interface Ed25519Signer {
  /** 32 bytes, RFC 8032. */
  readonly publicKey: Uint8Array
  /** The 64 bytes of an Ed25519 signature over `message`; the same message gives the same bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/** HMAC-SHA256 (RFC 2104): 32 bytes. A key longer than 64 bytes is hashed first, as it says. */
export function hmacSha256(sha256: Sha256, key: Uint8Array, message: Uint8Array): Uint8Array {
  const short = key.length > HMAC_BLOCK_BYTES ? sha256(key) : key
  const inner = new Uint8Array(HMAC_BLOCK_BYTES + message.length).fill(0x36, 0, HMAC_BLOCK_BYTES)
  const outer = new Uint8Array(HMAC_BLOCK_BYTES + HASH_BYTES).fill(0x5c, 0, HMAC_BLOCK_BYTES)
  for (let i = 0; i < short.length; i++) {
    const byte = short[i] ?? 0
    inner[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  }
  inner.set(message, HMAC_BLOCK_BYTES)
  outer.set(sha256(inner), HMAC_BLOCK_BYTES)
  return sha256(outer)
}
