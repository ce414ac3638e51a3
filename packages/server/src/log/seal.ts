// Seals one section: blinds it with a commitment, encrypts it, and tags it (docs/spec/log.md §3.1,
// §4). This runs for every event, and its parts cost a microsecond each, so everything is laid out
// in buffers that are kept:
//
//   plain:  key block (64) ‖ label ‖ id ‖ n ‖ bytes         hashed for the commitment, then
//                            r over the end of that ‖ bytes  encrypted where it stands
//   sealed: key id ‖ nonce ‖ cipher text ‖ tag              one section behind the other

import { createCipheriv, createSecretKey, hash, hkdfSync, type KeyObject } from 'node:crypto'
import { SECTION_LABEL, type Section, TAG_KEY_LABEL } from '@tocsin/sdk/entry'
import type { Entropy } from '../base/entropy.ts'
import { buildHmacKey, type HmacKey, hmacText } from './hmac.ts'
import { type DataKey, KEY_ID_BYTES } from './key-ring.ts'
import type { SealedSection } from './record.ts'

export const BLIND_BYTES = 32
export const NONCE_BYTES = 12
export const GCM_TAG_BYTES = 16
/** id ‖ section number, as it stands in commitments, tags and additional data. */
export const PLACE_BYTES = 17
const TAG_BYTES = 16
const BLOCK_BYTES = 64
const PLACE_AT = BLOCK_BYTES + SECTION_LABEL.length
const BODY_AT = PLACE_AT + PLACE_BYTES
const BLIND_AT = BODY_AT - BLIND_BYTES
const BUFFER_BYTES = 64 * 1024
/** What one large event needed is not kept. */
const BUFFER_BYTES_MAX = 1024 * 1024

/** A data key, ready for use. */
export type SealingKey = DataKey & { readonly cipherKey: KeyObject; readonly tagKey: HmacKey }

export function buildSealingKey(key: DataKey): SealingKey {
  const tagKey = new Uint8Array(hkdfSync('sha256', key.dek, new Uint8Array(0), TAG_KEY_LABEL, 32))
  return { ...key, cipherKey: createSecretKey(key.dek), tagKey: buildHmacKey(tagKey) }
}

export type Sealed = { readonly section: Section; readonly sealed: SealedSection }

export interface Sealer {
  /** Starts the event with this id (16 bytes): what was sealed before may be written over. */
  begin(id: Uint8Array): void
  /**
   * Seals the next section. `sealed` is a view that holds until the next `begin`. Throws RangeError
   * beyond section 255.
   */
  seal(plain: PlainBytes, key: SealingKey): Sealed
}

export type PlainBytes = { readonly retention: string; readonly bytes: Uint8Array }

/** `originBytes`: the log's origin with the zero byte that ends it. */
export function buildSealer(originBytes: Uint8Array, entropy: Entropy): Sealer {
  const additional = Buffer.concat([originBytes, new Uint8Array(PLACE_BYTES)])
  const place = additional.subarray(originBytes.length)
  const blind = Buffer.alloc(BLIND_BYTES)
  const blindOuter = Buffer.alloc(BLOCK_BYTES, 0x5c)
  const tagWork = Buffer.alloc(BLOCK_BYTES + PLACE_BYTES)
  const tag = Buffer.alloc(32)
  let plainWork = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  let sealedWork = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  let sealedEnd = 0
  let number = 0

  /** The commitment; leaves `blind ‖ bytes` at BLIND_AT of `plainWork`. */
  function commit(bytes: Uint8Array): string {
    const end = BODY_AT + bytes.length
    if (end > plainWork.length) plainWork = Buffer.allocUnsafeSlow(2 * end)
    entropy.fill(blind, 0, BLIND_BYTES)
    plainWork.fill(0x36, BLIND_BYTES, BLOCK_BYTES)
    for (let i = 0; i < BLIND_BYTES; i++) {
      const byte = blind[i] ?? 0
      plainWork[i] = byte ^ 0x36
      blindOuter[i] = byte ^ 0x5c
    }
    plainWork.set(SECTION_LABEL, BLOCK_BYTES)
    plainWork.set(place, PLACE_AT)
    plainWork.set(bytes, BODY_AT)
    const commitment = hmacText(plainWork.subarray(0, end), blindOuter, 'base64url')
    plainWork.set(blind, BLIND_AT)
    return commitment
  }

  /** Encrypts what `commit` left, and returns the sealed section. */
  function encrypt(length: number, key: SealingKey): Buffer {
    const start = sealedEnd
    const bodyAt = start + KEY_ID_BYTES + NONCE_BYTES
    sealedEnd = bodyAt + BLIND_BYTES + length + GCM_TAG_BYTES
    if (sealedEnd > sealedWork.length) {
      const larger = Buffer.allocUnsafeSlow(2 * sealedEnd)
      larger.set(sealedWork.subarray(0, start))
      sealedWork = larger
    }
    sealedWork.set(key.keyId, start)
    entropy.fill(sealedWork, start + KEY_ID_BYTES, NONCE_BYTES)
    const nonce = sealedWork.subarray(start + KEY_ID_BYTES, bodyAt)
    const cipher = createCipheriv('aes-256-gcm', key.cipherKey, nonce)
    cipher.setAAD(additional)
    sealedWork.set(cipher.update(plainWork.subarray(BLIND_AT, BODY_AT + length)), bodyAt)
    cipher.final()
    sealedWork.set(cipher.getAuthTag(), sealedEnd - GCM_TAG_BYTES)
    return sealedWork.subarray(start, sealedEnd)
  }

  function tagOf({ tagKey }: SealingKey): string {
    tagWork.set(tagKey.inner)
    tagWork.set(place, BLOCK_BYTES)
    tag.write(hmacText(tagWork, tagKey.outer, 'latin1'), 'latin1')
    return tag.toString('base64url', 0, TAG_BYTES)
  }

  return {
    begin(id) {
      place.set(id)
      number = 0
      sealedEnd = 0
      if (plainWork.length > BUFFER_BYTES_MAX) plainWork = Buffer.allocUnsafeSlow(BUFFER_BYTES)
      if (sealedWork.length > BUFFER_BYTES_MAX) sealedWork = Buffer.allocUnsafeSlow(BUFFER_BYTES)
    },
    seal({ retention, bytes }, key) {
      if (number > 255) throw new RangeError('a section number has one byte')
      place[PLACE_BYTES - 1] = number
      number += 1
      const commitment = commit(bytes)
      const sealed = encrypt(bytes.length, key)
      const cipherHash = hash('sha256', sealed, 'base64url')
      const section = { commitment, cipherHash, tag: tagOf(key), retention }
      return { section, sealed: { retention, sealed } }
    },
  }
}
