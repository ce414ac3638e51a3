// Seals events and opens them again (docs/spec/log.md §3.1, §4): each section under its subject's
// key, and the leaf entry that commits to them. Runs on prepare threads for every event (seal.ts).

import { createDecipheriv } from 'node:crypto'
import {
  monthOf,
  printEntryText,
  SECTION_LABEL,
  SECTIONS_MAX,
  type SealedEntry,
  uuidBytes,
} from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import type { Entropy } from '../base/entropy.ts'
import { type HmacKey, hmac } from './hmac.ts'
import { KeyCache } from './key-cache.ts'
import { KEK_EPOCH } from './key-files.ts'
import { type DataKey, KEY_ID_BYTES, type KeyRing } from './key-ring.ts'
import { DIGEST_BYTES, type EntryRecord } from './record.ts'
import {
  BLIND_BYTES,
  buildSealer,
  buildSealingKey,
  GCM_TAG_BYTES,
  NONCE_BYTES,
  PLACE_BYTES,
  type SealingKey,
} from './seal.ts'

/** About a kilobyte each. */
const CACHED_KEYS = 25_000
const DAY_MS = 86_400_000
const LEAF_BYTES_MAX = 65_535
const SEALED_BYTES_MIN = KEY_ID_BYTES + NONCE_BYTES + BLIND_BYTES + GCM_TAG_BYTES

/** One section before it is sealed. Its position in the list is its number; 0 is the event. */
export type PlainSection = {
  /** Whose data it is: the key that seals it dies with this person. */
  readonly subject: string
  readonly retention: string
  readonly bytes: Uint8Array
}

export type PlainEvent = {
  readonly id: string
  readonly timeMs: number
  readonly typeUid: number
  readonly statusId: number
  readonly digest: Uint8Array
  readonly sections: readonly PlainSection[]
}

export interface Vault {
  /**
   * The record to append; its bytes hold until the next call. The keys it is sealed under are
   * durable only after `commitKeys`. Throws `log.entry_too_large` for more than 256 sections, or
   * what the key ring throws: then nothing that was sealed since the last `commitKeys` may be used.
   */
  seal(event: PlainEvent): Omit<EntryRecord, 'end'>
  commitKeys(): void
  /** The section's plain bytes; null when its key is gone or it does not open. */
  open(entry: SealedEntry, section: number, sealed: Uint8Array): Uint8Array | null
  close(): void
}

export function openVault(origin: string, ring: KeyRing, entropy: Entropy): Vault {
  const byScope = new KeyCache<SealingKey>(CACHED_KEYS)
  const byId = new KeyCache<DataKey>(CACHED_KEYS)
  const originBytes = Buffer.from(`${origin}\0`)
  const sealer = buildSealer(originBytes, entropy)
  const leaf = Buffer.allocUnsafeSlow(LEAF_BYTES_MAX)
  let day = -1
  let month = ''

  /** A key that is not on disk must not seal anything: forgets all of them when the ring fails. */
  function guard<T>(step: () => T): T {
    try {
      return step()
    } catch (error) {
      byScope.clear()
      throw error
    }
  }

  function keyFor({ subject, retention }: PlainSection): SealingKey {
    const scope = `${retention}/${month}/${subject}`
    const cached = byScope.get(scope)
    if (cached) return cached
    const key = guard(() => buildSealingKey(ring.keyFor({ subject, retention, month })))
    byScope.set(scope, key)
    return key
  }

  function keyById(keyId: Buffer): DataKey | null {
    const name = keyId.toString('latin1')
    const cached = byId.get(name)
    if (cached) return cached
    const found = ring.find(keyId)
    if (found) byId.set(name, found)
    return found
  }

  function seal({ id, timeMs, digest, typeUid, statusId, sections }: PlainEvent) {
    if (sections.length > SECTIONS_MAX) throw tooManySections(sections.length)
    const dayNow = Math.floor(timeMs / DAY_MS)
    if (dayNow !== day) month = monthOf(timeMs)
    day = dayNow
    sealer.begin(uuidBytes(id))
    const parts = sections.map(plain => sealer.seal(plain, keyFor(plain)))
    const text = printEntryText({
      kind: 'sealed',
      id,
      timeMs,
      typeUid,
      statusId,
      sections: parts.map(part => part.section),
      kekEpoch: KEK_EPOCH,
    })
    const length = leaf.write(text, 'latin1')
    return {
      leaf: leaf.subarray(0, length),
      timeMs,
      digest,
      sections: parts.map(part => part.sealed),
    }
  }

  return {
    seal,
    commitKeys: () => guard(ring.commit),
    open(entry, number, sealed) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length)
      const commitment = entry.sections[number]?.commitment
      if (bytes.length < SEALED_BYTES_MIN || commitment === undefined) return null
      const key = keyById(bytes.subarray(0, KEY_ID_BYTES))
      if (!key) return null
      const place = placeBytes(entry.id, number)
      const plain = decrypt(key, bytes, Buffer.concat([originBytes, place]))
      if (!plain) return null
      const body = plain.subarray(BLIND_BYTES)
      const opened = hmac(plain.subarray(0, BLIND_BYTES), SECTION_LABEL, place, body)
      return opened.toString('base64url') === commitment ? body : null
    },
    close: ring.close,
  }
}

function tooManySections(count: number): TocsinError {
  return new TocsinError('log.entry_too_large', {
    public: `the event has ${count} parts of its own (content, people); it may have ${SECTIONS_MAX}`,
  })
}

function placeBytes(id: string, number: number): Buffer {
  const bytes = Buffer.alloc(PLACE_BYTES)
  bytes.set(uuidBytes(id))
  bytes[PLACE_BYTES - 1] = number
  return bytes
}

/** null when the cipher text was changed or the key is another one. */
function decrypt(key: DataKey, sealed: Buffer, additional: Buffer): Buffer | null {
  const nonce = sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + NONCE_BYTES)
  const end = sealed.length - GCM_TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key.dek, nonce).setAAD(additional)
  decipher.setAuthTag(sealed.subarray(end))
  try {
    const body = sealed.subarray(KEY_ID_BYTES + NONCE_BYTES, end)
    return Buffer.concat([decipher.update(body), decipher.final()])
  } catch {
    return null
  }
}

/** First 8 bytes of an HMAC: tells whether an id came again with the same content. */
export function contentDigest(hashKey: HmacKey | Uint8Array, meant: Uint8Array): Uint8Array {
  return hmac(hashKey, meant).subarray(0, DIGEST_BYTES)
}
