// The data keys (DEK) under which sections are sealed: one per subject, retention class and month,
// wrapped by the key-encryption key, in one SQLite file. Destroying a subject's rows is what erases
// a person, so nothing else may hold an unwrapped key for longer than a process lives. Sealing
// threads share the file; SQLite's lock and the unique index make them agree on one key.

import { createCipheriv, createDecipheriv } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { TocsinError } from '@tocsin/sdk/errors'
import type { Entropy } from '../base/entropy.ts'
import { KEK_EPOCH, keysDirectory, SECRET_BYTES } from './key-files.ts'

export const KEY_ID_BYTES = 8
const NONCE_BYTES = 12
const GCM_TAG_BYTES = 16

export type DataKey = { readonly keyId: Uint8Array; readonly dek: Uint8Array }
export type KeyScope = {
  readonly subject: string
  readonly retention: string
  /** `yyyy-mm`, UTC. */
  readonly month: string
}

export interface KeyRing {
  /** The scope's key, made and durable on return where there was none. */
  keyFor(scope: KeyScope): DataKey
  /** null when no such key exists (any more). */
  find(keyId: Uint8Array): DataKey | null
  /** Makes the keys created since the last call durable, in one step. */
  commit(): void
  close(): void
}

export function openKeyRing(dataDir: string, kek: Uint8Array, entropy: Entropy): KeyRing {
  const database = new DatabaseSync(join(keysDirectory(dataDir), 'ring.sqlite'))
  database.exec(
    `PRAGMA busy_timeout = 10000; PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;
     PRAGMA secure_delete = ON;
     CREATE TABLE IF NOT EXISTS dek (
       key_id BLOB PRIMARY KEY, subject TEXT NOT NULL, class TEXT NOT NULL, month TEXT NOT NULL,
       epoch INTEGER NOT NULL, wrapped BLOB NOT NULL, UNIQUE (subject, class, month)
     ) STRICT, WITHOUT ROWID`,
  )
  const byScope = database.prepare(
    'SELECT key_id, wrapped FROM dek WHERE subject = ? AND class = ? AND month = ?',
  )
  const byId = database.prepare('SELECT key_id, wrapped FROM dek WHERE key_id = ?')
  const insert = database.prepare('INSERT INTO dek VALUES (?, ?, ?, ?, ?, ?)')
  let isOpenTransaction = false

  const unwrapRow = (row: Record<string, unknown> | undefined): DataKey | null => {
    if (!(row?.key_id instanceof Uint8Array) || !(row.wrapped instanceof Uint8Array)) return null
    return { keyId: row.key_id, dek: unwrap(kek, row.key_id, row.wrapped) }
  }

  return {
    keyFor(scope) {
      const { subject, retention, month } = scope
      const found = unwrapRow(byScope.get(subject, retention, month))
      if (found) return found
      if (!isOpenTransaction) database.exec('BEGIN IMMEDIATE')
      isOpenTransaction = true
      // Another thread may have made the key between the look and the lock.
      const late = unwrapRow(byScope.get(subject, retention, month))
      if (late) return late
      const key = { keyId: entropy.bytes(KEY_ID_BYTES), dek: entropy.bytes(SECRET_BYTES) }
      const wrapped = wrap(kek, key, entropy.bytes(NONCE_BYTES))
      insert.run(key.keyId, subject, retention, month, KEK_EPOCH, wrapped)
      return key
    },
    find: keyId => unwrapRow(byId.get(keyId)),
    commit() {
      if (isOpenTransaction) database.exec('COMMIT')
      isOpenTransaction = false
    },
    close: () => database.close(),
  }
}

function wrap(kek: Uint8Array, key: DataKey, nonce: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', kek, nonce).setAAD(key.keyId)
  return Buffer.concat([nonce, cipher.update(key.dek), cipher.final(), cipher.getAuthTag()])
}

function unwrap(kek: Uint8Array, keyId: Uint8Array, wrapped: Uint8Array): Uint8Array {
  const nonce = wrapped.subarray(0, NONCE_BYTES)
  const end = wrapped.length - GCM_TAG_BYTES
  const decipher = createDecipheriv('aes-256-gcm', kek, nonce).setAAD(keyId)
  decipher.setAuthTag(wrapped.subarray(end))
  try {
    return Buffer.concat([decipher.update(wrapped.subarray(NONCE_BYTES, end)), decipher.final()])
  } catch (cause) {
    throw new TocsinError('log.key_missing', {
      public: 'a data key does not open with the key-encryption key; restore keys/ from one copy',
      cause,
    })
  }
}
