// API keys: who may send, read, decide. A key is shown once and kept as its SHA-256. That a key was
// made or revoked is an event in the log (`auth.key`); what stands here is a projection of those
// events in SQLite, made again from the log when it is lost.

import { hash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { TocsinError } from '@tocsin/sdk/errors'
import { findKind, typeUid, type WireEvent } from '@tocsin/sdk/event'
import type { Entropy } from '../base/entropy.ts'
import { joinSections, type ShardReader } from '../log/log.ts'

export const SCOPES = [
  'ingest',
  'attest',
  'read',
  'content:reveal',
  'decide',
  'triage',
  'rules',
  'admin',
] as const
export type Scope = (typeof SCOPES)[number]

export type ApiKey = {
  readonly keyId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly createdMs: number
  readonly revokedMs: number | null
}

/** What `auth.key` events carry in `ext.tocsin.key`: everything the projection needs. */
export type KeyChange =
  | {
      readonly action: 'created'
      readonly keyId: string
      readonly name: string
      readonly scopes: readonly Scope[]
      readonly sha256: string
    }
  | { readonly action: 'revoked'; readonly keyId: string }

export interface ApiKeys {
  /** null for a text that is no key of ours, an unknown or a revoked key. */
  find(secret: string): ApiKey | null
  /** null for an unknown or a revoked key. */
  get(keyId: string): ApiKey | null
  list(): readonly ApiKey[]
  /** Applies a change that is durable in the log. */
  apply(change: KeyChange, timeMs: number): void
  /** Replays changes from the log, from where the projection stands to `size`. */
  replay(reader: ShardReader, size: number): void
  close(): void
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_DIGITS = 30
const CHECK_DIGITS = 6
/** For secret scanners; the last six digits are a checksum of what stands before them. */
export const KEY_PATTERN: RegExp = /^tocsin_key_[0-9A-Za-z]{36}$/
/** Receiver name of Tocsin's own events. */
export const OWN_VIA = 'tocsin'
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/

/**
 * A new secret (about 178 bits) with its checksum, so that a mistyped key is told from an unknown
 * one.
 */
export function generateKey(entropy: Entropy): string {
  let digits = ''
  while (digits.length < RANDOM_DIGITS) {
    for (const byte of entropy.bytes(64)) {
      // 248 is the largest multiple of 62 in a byte: no digit is likelier than another.
      if (byte < 248 && digits.length < RANDOM_DIGITS) digits += DIGITS[byte % 62]
    }
  }
  const body = `tocsin_key_${digits}`
  return body + checkDigits(body)
}

function checkDigits(body: string): string {
  let rest = crc32(body)
  let digits = ''
  for (let i = 0; i < CHECK_DIGITS; i++) {
    digits = DIGITS.charAt(rest % 62) + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}

export function isWellFormedKey(secret: string): boolean {
  const body = secret.slice(0, -CHECK_DIGITS)
  return KEY_PATTERN.test(secret) && secret.endsWith(checkDigits(body))
}

/** Throws `keys.bad_scope`, naming what there is. */
export function parseScopes(text: string): readonly Scope[] {
  const names = text.split(',').map(name => name.trim())
  return [...new Set(names)].map(name => {
    const scope = SCOPES.find(s => s === name)
    if (scope) return scope
    throw new TocsinError('keys.bad_scope', {
      public: `${JSON.stringify(name)} is not a scope; use any of ${SCOPES.join(',')}`,
      field: 'scope',
    })
  })
}

export function checkKeyName(name: string): void {
  if (NAME.test(name)) return
  throw new TocsinError('keys.bad_name', {
    public: 'a key name has 1 to 64 letters, digits, dots, dashes, underscores or @',
    field: 'name',
  })
}

/** The new key and the change to log; the secret is nowhere else. */
export function createKey(
  name: string,
  scopes: readonly Scope[],
  entropy: Entropy,
): { readonly secret: string; readonly change: KeyChange } {
  checkKeyName(name)
  const secret = generateKey(entropy)
  const keyId = `k_${Buffer.from(entropy.bytes(6)).toString('hex')}`
  return { secret, change: { action: 'created', keyId, name, scopes, sha256: digest(secret) } }
}

/** The event that makes a change part of the log. */
export function keyEvent(change: KeyChange, by: string, timeMs: number): WireEvent {
  return {
    kind: 'auth.key',
    time: timeMs,
    outcome: 'success',
    actor: { type: 'human', id: by, credential: change.keyId },
    operation: change.action === 'created' ? 'key.create' : 'key.revoke',
    system: 'tocsin',
    ext: { tocsin: { key: { ...change } } },
  }
}

export function openApiKeys(directory: string): ApiKeys {
  const database = new DatabaseSync(join(directory, 'api-keys.sqlite'))
  database.exec(
    `PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;
     CREATE TABLE IF NOT EXISTS api_key (
       sha256 TEXT PRIMARY KEY, key_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
       scopes TEXT NOT NULL, created_ms INTEGER NOT NULL, revoked_ms INTEGER
     ) STRICT;
     CREATE TABLE IF NOT EXISTS cursor (
       one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER
     ) STRICT;
     INSERT OR IGNORE INTO cursor VALUES (1, 0)`,
  )
  const bySha = database.prepare('SELECT * FROM api_key WHERE sha256 = ?')
  const byId = database.prepare('SELECT * FROM api_key WHERE key_id = ? AND revoked_ms IS NULL')
  const insert = database.prepare('INSERT OR IGNORE INTO api_key VALUES (?, ?, ?, ?, ?, NULL)')
  const revoke = database.prepare(
    'UPDATE api_key SET revoked_ms = ? WHERE key_id = ? AND revoked_ms IS NULL',
  )
  const cache = new Map<string, ApiKey>()

  function apply(change: KeyChange, timeMs: number): void {
    cache.clear()
    if (change.action === 'revoked') revoke.run(timeMs, change.keyId)
    else insert.run(change.sha256, change.keyId, change.name, change.scopes.join(','), timeMs)
  }

  return {
    find(secret) {
      const cached = cache.get(secret)
      if (cached) return cached
      if (!isWellFormedKey(secret)) return null
      const row = bySha.get(digest(secret))
      const key = row ? toKey(row) : null
      if (!key || key.revokedMs !== null) return null
      cache.set(secret, key)
      return key
    },
    get(keyId) {
      const row = byId.get(keyId)
      return row ? toKey(row) : null
    },
    list: () => database.prepare('SELECT * FROM api_key ORDER BY created_ms').all().map(toKey),
    apply,
    replay(reader, size) {
      const from = Number(database.prepare('SELECT size FROM cursor').get()?.size ?? 0)
      for (const { change, timeMs } of keyChanges(reader, from, size)) apply(change, timeMs)
      database.prepare('UPDATE cursor SET size = ?').run(Math.max(from, size))
    },
    close: () => database.close(),
  }
}

function* keyChanges(
  reader: ShardReader,
  from: number,
  size: number,
): Generator<{ readonly change: KeyChange; readonly timeMs: number }> {
  const kind = findKind('auth.key')
  const uid = kind ? typeUid(kind) : -1
  for (const read of reader.read(from, size, entry => entry.typeUid === uid)) {
    if (!('sections' in read)) continue
    const text = joinSections(read.sections, { withContent: false })
    const change = text === null ? null : parseChange(JSON.parse(text))
    if (change) yield { change, timeMs: read.entry.timeMs }
  }
}

/**
 * null unless the server itself wrote the event: `via` is the one member here that no producer can
 * set, so an `auth.key` event from outside can never make a key.
 */
function parseChange(event: unknown): KeyChange | null {
  const { via, ext } = event as { via?: string; ext?: { tocsin?: { key?: KeyChange } } }
  return via === OWN_VIA ? (ext?.tocsin?.key ?? null) : null
}

function toKey(row: Record<string, unknown>): ApiKey {
  return {
    keyId: String(row.key_id),
    name: String(row.name),
    scopes: parseScopes(String(row.scopes)),
    createdMs: Number(row.created_ms),
    revokedMs: row.revoked_ms === null ? null : Number(row.revoked_ms),
  }
}

function digest(secret: string): string {
  return hash('sha256', secret)
}
