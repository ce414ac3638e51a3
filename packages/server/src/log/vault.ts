// Seals events and opens them again (docs/spec/log.md §3.1, §4): cuts an event into sections,
// blinds and encrypts each under its subject's key, and writes the leaf entry that commits to them.
// Runs on prepare threads for every event, so hashes go through one-shot calls into reused buffers.

import { createCipheriv, createDecipheriv, hash, hkdfSync } from 'node:crypto'
import {
  monthOf,
  printEntry,
  SECTION_LABEL,
  type SealedEntry,
  type Section,
  TAG_KEY_LABEL,
  uuidBytes,
} from '@tocsin/sdk/entry'
import type { Entropy } from '../base/entropy.ts'
import { KEK_EPOCH } from './key-files.ts'
import { type DataKey, KEY_ID_BYTES, type KeyRing } from './key-ring.ts'
import { DIGEST_BYTES, type EntryRecord, type SealedSection } from './record.ts'

const BLIND_BYTES = 32
const NONCE_BYTES = 12
const GCM_TAG_BYTES = 16
const TAG_BYTES = 16
const CACHED_KEYS_MAX = 50_000

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
  /** The record to append. The key it is sealed under is durable only after `commitKeys`. */
  seal(event: PlainEvent): Omit<EntryRecord, 'end'>
  commitKeys(): void
  /** The section's plain bytes; null when its key is gone or it does not open. */
  open(entry: SealedEntry, section: number, sealed: Uint8Array): Uint8Array | null
  close(): void
}

type CachedKey = DataKey & { readonly tagKey: Uint8Array }

export function openVault(origin: string, ring: KeyRing, entropy: Entropy): Vault {
  const byScope = new Map<string, CachedKey>()
  const byId = new Map<string, CachedKey | null>()
  const originBytes = Buffer.from(`${origin}\0`)

  function keyFor(section: PlainSection, month: string): CachedKey {
    const scope = `${section.retention}/${month}/${section.subject}`
    const cached = byScope.get(scope)
    if (cached) return cached
    const { subject, retention } = section
    const key = withTagKey(ring.keyFor({ subject, retention, month }))
    if (byScope.size >= CACHED_KEYS_MAX) byScope.clear()
    byScope.set(scope, key)
    return key
  }

  function keyById(keyId: Buffer): CachedKey | null {
    const name = keyId.toString('hex')
    const cached = byId.get(name)
    if (cached !== undefined) return cached
    const found = ring.find(keyId)
    const key = found ? withTagKey(found) : null
    if (byId.size >= CACHED_KEYS_MAX) byId.clear()
    byId.set(name, key)
    return key
  }

  function sealSection(plain: PlainSection, at: SectionPlace, key: CachedKey): Sealed {
    const blind = entropy.bytes(BLIND_BYTES)
    const nonce = entropy.bytes(NONCE_BYTES)
    const place = placeBytes(at)
    const cipher = createCipheriv('aes-256-gcm', key.dek, nonce)
    cipher.setAAD(Buffer.concat([originBytes, place]))
    const body = [cipher.update(blind), cipher.update(plain.bytes), cipher.final()]
    const sealed = Buffer.concat([key.keyId, nonce, ...body, cipher.getAuthTag()])
    const section: Section = {
      commitment: hmac(blind, SECTION_LABEL, place, plain.bytes).toString('base64url'),
      cipherHash: sha256(sealed).toString('base64url'),
      tag: hmac(key.tagKey, place).subarray(0, TAG_BYTES).toString('base64url'),
      retention: plain.retention,
    }
    return { section, sealed: { retention: plain.retention, sealed } }
  }

  return {
    seal(event) {
      const id = uuidBytes(event.id)
      const month = monthOf(event.timeMs)
      const sealed = event.sections.map((plain, number) =>
        sealSection(plain, { id, number }, keyFor(plain, month)),
      )
      const { timeMs, typeUid, statusId, digest } = event
      const sections = sealed.map(s => s.section)
      const entry = { id: event.id, timeMs, typeUid, statusId, sections, kekEpoch: KEK_EPOCH }
      const leaf = printEntry({ kind: 'sealed', ...entry })
      return { leaf, timeMs, digest, sections: sealed.map(s => s.sealed) }
    },
    commitKeys() {
      try {
        ring.commit()
      } catch (cause) {
        // A key that is not on disk must not seal anything.
        byScope.clear()
        throw cause
      }
    },
    open(entry, number, sealed) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length)
      const key = keyById(bytes.subarray(0, KEY_ID_BYTES))
      if (!key || bytes.length < KEY_ID_BYTES + NONCE_BYTES + BLIND_BYTES + GCM_TAG_BYTES)
        return null
      const place = placeBytes({ id: uuidBytes(entry.id), number })
      const plain = decrypt(key, bytes, Buffer.concat([originBytes, place]))
      if (!plain) return null
      const body = plain.subarray(BLIND_BYTES)
      const commitment = hmac(plain.subarray(0, BLIND_BYTES), SECTION_LABEL, place, body)
      return commitment.toString('base64url') === entry.sections[number]?.commitment ? body : null
    },
    close: () => ring.close(),
  }
}

type SectionPlace = { readonly id: Uint8Array; readonly number: number }
type Sealed = { readonly section: Section; readonly sealed: SealedSection }

function withTagKey(key: DataKey): CachedKey {
  const tagKey = new Uint8Array(hkdfSync('sha256', key.dek, new Uint8Array(0), TAG_KEY_LABEL, 32))
  return { ...key, tagKey }
}

/** id ‖ section number, as it stands in commitments, tags and additional data. */
function placeBytes(place: SectionPlace): Buffer {
  const bytes = Buffer.allocUnsafe(17)
  bytes.set(place.id)
  bytes[16] = place.number
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

/** First 8 bytes of SHA-256, keyed: tells whether an id came again with the same content. */
export function contentDigest(hashKey: Uint8Array, body: Uint8Array): Uint8Array {
  return hmac(hashKey, body).subarray(0, DIGEST_BYTES)
}

export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const inner = Buffer.alloc(64, 0x36)
  const outer = Buffer.alloc(96, 0x5c)
  for (let i = 0; i < key.length; i++) {
    const byte = key[i] ?? 0
    inner[i] = byte ^ 0x36
    outer[i] = byte ^ 0x5c
  }
  outer.write(hash('sha256', Buffer.concat([inner, ...parts]), 'latin1'), 64, 'latin1')
  return sha256(outer)
}

function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', bytes, 'latin1'), 'latin1')
}
