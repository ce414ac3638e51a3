// The data keys (DEK) under which sections are sealed: one per subject, retention class and month,
// wrapped by the key-encryption key, in one SQLite file. Destroying a subject's rows is what erases
// a person, so nothing else may hold an unwrapped key for longer than a process lives. Sealing
// threads share the file; SQLite's lock and the unique index make them agree on one key.

import { createCipheriv, createDecipheriv } from 'node:crypto'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type ErrorCode, TocsinError } from '@tocsin/sdk/errors'
import { hasCode, PRIVATE_FILE } from '../base/durable.ts'
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

/**
 * Every method throws `log.disk_full`, `log.disk_failed`, `log.key_missing` (the file is damaged)
 * or `log.pushback` (another thread held it for ten seconds); no key made since the last `commit`
 * may then be used.
 */
export interface KeyRing {
  /** The scope's key; one that had to be made is durable only after `commit`. */
  keyFor(scope: KeyScope): DataKey
  /** null when no such key exists (any more). */
  find(keyId: Uint8Array): DataKey | null
  /** Makes the keys created since the last call durable, in one step. */
  commit(): void
  close(): void
}

function ringPath(dataDir: string): string {
  return join(keysDirectory(dataDir), 'ring.sqlite')
}

export function hasKeyRing(dataDir: string): boolean {
  return existsSync(ringPath(dataDir))
}

/**
 * Opens the ring, and makes it where there is none: check `hasKeyRing` first where there must be
 * one. Throws `log.key_missing` when the ring is damaged or `kek` is not the key that wraps its
 * keys.
 */
export function openKeyRing(dataDir: string, kek: Uint8Array, entropy: Entropy): KeyRing {
  const path = ringPath(dataDir)
  const database = guard(path, null, () => openDatabase(path))
  const statements = guard(path, database, () => prepare(database))

  const unwrapRow = (row: Row | undefined): DataKey | null => {
    if (!(row?.key_id instanceof Uint8Array) || !(row.wrapped instanceof Uint8Array)) return null
    return { keyId: row.key_id, dek: unwrap(kek, row.key_id, row.wrapped) }
  }
  const byScope = ({ subject, retention, month }: KeyScope) =>
    unwrapRow(statements.byScope.get(subject, retention, month))

  function make(scope: KeyScope): DataKey {
    if (!database.isTransaction) database.exec('BEGIN IMMEDIATE')
    // Another thread may have made the key between the look and the lock.
    const late = byScope(scope)
    if (late) return late
    const key = { keyId: entropy.bytes(KEY_ID_BYTES), dek: entropy.bytes(SECRET_BYTES) }
    const wrapped = wrap(kek, key, entropy.bytes(NONCE_BYTES))
    const { subject, retention, month } = scope
    statements.insert.run(key.keyId, subject, retention, month, KEK_EPOCH, wrapped)
    return key
  }

  guard(path, database, () => unwrapRow(statements.any.get()))
  return {
    keyFor: scope => guard(path, database, () => byScope(scope) ?? make(scope)),
    find: keyId => guard(path, database, () => unwrapRow(statements.byId.get(keyId))),
    commit: () =>
      guard(path, database, () => {
        if (database.isTransaction) database.exec('COMMIT')
      }),
    close: () => database.close(),
  }
}

type Row = Record<string, unknown>

/**
 * `synchronous = EXTRA`, not FULL: only that makes the removal of the journal durable, without
 * which a power cut takes a committed key back.
 */
function openDatabase(path: string): DatabaseSync {
  createPrivately(path)
  const database = new DatabaseSync(path)
  try {
    // IMMEDIATE: a lock that is taken late, by a reader that turns writer, is refused at once
    // instead of waited for, and several threads open the ring in the same moment.
    database.exec(
      `PRAGMA busy_timeout = 10000; PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA;
       PRAGMA secure_delete = ON;
       BEGIN IMMEDIATE;
       CREATE TABLE IF NOT EXISTS dek (
         key_id BLOB PRIMARY KEY, subject TEXT NOT NULL, class TEXT NOT NULL, month TEXT NOT NULL,
         epoch INTEGER NOT NULL, wrapped BLOB NOT NULL, UNIQUE (subject, class, month)
       ) STRICT, WITHOUT ROWID;
       COMMIT`,
    )
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/**
 * SQLite would let everybody read the file; its journal takes the file's mode. One that is there is
 * not opened: closing it again would drop the locks that other threads hold on it.
 */
function createPrivately(path: string): void {
  if (existsSync(path)) return
  try {
    closeSync(openSync(path, 'wx', PRIVATE_FILE))
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
}

function prepare(database: DatabaseSync) {
  return {
    byScope: database.prepare(
      'SELECT key_id, wrapped FROM dek WHERE subject = ? AND class = ? AND month = ?',
    ),
    byId: database.prepare('SELECT key_id, wrapped FROM dek WHERE key_id = ?'),
    any: database.prepare('SELECT key_id, wrapped FROM dek LIMIT 1'),
    insert: database.prepare('INSERT INTO dek VALUES (?, ?, ?, ?, ?, ?)'),
  }
}

/**
 * Runs one step; when it fails, takes back what is not committed and says what the failure means.
 */
function guard<T>(path: string, database: DatabaseSync | null, step: () => T): T {
  try {
    return step()
  } catch (cause) {
    if (database?.isTransaction) database.exec('ROLLBACK')
    throw cause instanceof TocsinError ? cause : ringError(path, cause)
  }
}

/** By primary result codes of SQLite; every other one is an error of the disk. */
const MEANINGS: ReadonlyMap<number, readonly [ErrorCode, string]> = new Map([
  [5, ['log.pushback', 'is held by another thread; send again']],
  [8, ['log.not_writable', 'cannot be written; run Tocsin as its owner']],
  [11, ['log.key_missing', 'is damaged; restore the folder keys/ from a copy']],
  [13, ['log.disk_full', 'cannot grow, its disk is full; nothing of this request was stored']],
  [14, ['log.not_writable', 'cannot be opened; run Tocsin as its owner']],
  [26, ['log.key_missing', 'is damaged; restore the folder keys/ from a copy']],
] satisfies [number, readonly [ErrorCode, string]][])

function ringError(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error && 'errcode' in cause && typeof cause.errcode === 'number')) {
    return cause
  }
  const [code, what] = MEANINGS.get(cause.errcode & 0xff) ?? ['log.disk_failed', 'failed']
  return new TocsinError(code, {
    public: `the key ring ${path} ${what}`,
    internal: cause.message,
    cause,
  })
}

function wrap(kek: Uint8Array, key: DataKey, nonce: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', kek, nonce).setAAD(key.keyId)
  return Buffer.concat([nonce, cipher.update(key.dek), cipher.final(), cipher.getAuthTag()])
}

function unwrap(kek: Uint8Array, keyId: Uint8Array, wrapped: Uint8Array): Uint8Array {
  try {
    const nonce = wrapped.subarray(0, NONCE_BYTES)
    const end = wrapped.length - GCM_TAG_BYTES
    const decipher = createDecipheriv('aes-256-gcm', kek, nonce).setAAD(keyId)
    decipher.setAuthTag(wrapped.subarray(end))
    return Buffer.concat([decipher.update(wrapped.subarray(NONCE_BYTES, end)), decipher.final()])
  } catch (cause) {
    throw new TocsinError('log.key_missing', {
      public: 'a data key does not open with the key-encryption key; restore keys/ from one copy',
      cause,
    })
  }
}
