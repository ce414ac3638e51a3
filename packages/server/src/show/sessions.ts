// Sessions of browsers. A session is a random cookie of which only the SHA-256 is kept, so that
// whoever reads the data directory cannot become somebody. It says who signed in by which key; what
// they may do is asked of the key each time, so a revoked key ends its sessions. They outlive a
// restart, and end after twelve hours, or two without anybody there.

import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Telemetry } from '../base/emit.ts'
import type { Entropy } from '../base/entropy.ts'
import { SESSION_IDLE_MS, SESSION_MS_MAX, SESSIONS_MAX } from '../base/limits.ts'
import { openViewDatabase, type ViewDatabase } from '../base/view-database.ts'

const COOKIE_BYTES = 32
/** "Somebody was there" is saved so often: a restart forgets no more of it. */
const SEEN_SAVED_MS = 5 * 60_000
/** A clock that was set back by more ends sessions of its future, or they would last too long. */
const CLOCK_BACK_MS = 60_000

/** Whose session it is. */
export type Holder = { readonly principal: string; readonly keyId: string }

export type Session = Holder & {
  /** How the log names it. */
  readonly id: string
  readonly createdMs: number
  /** When it ends unless somebody comes back before. */
  readonly expiresMs: number
}

export interface Sessions {
  /** Nobody ever signed in here. */
  readonly isUnused: boolean
  /** The cookie is in the answer and nowhere else. The session longest unseen makes room. */
  open(holder: Holder): { readonly cookie: string; readonly session: Session }
  /** null for an unknown or ended session. `isPresent`: somebody is there, so it goes on. */
  find(cookie: string, isPresent: boolean): Session | null
  end(cookie: string): void
  close(): void
}

export type SessionsDeps = {
  readonly directory: string
  readonly clock: Clock
  readonly entropy: Entropy
  readonly telemetry: Telemetry
}

type Kept = Holder & {
  readonly sha256: string
  readonly createdMs: number
  seenMs: number
  savedMs: number
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS session (
    sha256 TEXT PRIMARY KEY, principal TEXT NOT NULL, key_id TEXT NOT NULL,
    created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS used (one INTEGER PRIMARY KEY CHECK (one = 1)) STRICT`

export function openSessions({ directory, clock, entropy, telemetry }: SessionsDeps): Sessions {
  const path = join(directory, 'sessions.sqlite')
  const config = { path, schema: SCHEMA, what: 'sessions', telemetry }
  const database = openViewDatabase({ ...config, isDurable: true })
  const bySha = load(database)
  let isUnused = database.rows('SELECT one FROM used').length === 0

  function drop(sha256: string): void {
    bySha.delete(sha256)
    database.change('DELETE FROM session WHERE sha256 = ?', sha256)
  }

  function makeRoom(nowMs: number): void {
    for (const kept of [...bySha.values()]) if (hasEnded(kept, nowMs)) drop(kept.sha256)
    if (bySha.size < SESSIONS_MAX) return
    const [oldest] = [...bySha.values()].sort((a, b) => a.seenMs - b.seenMs)
    if (oldest) drop(oldest.sha256)
  }

  function open({ principal, keyId }: Holder) {
    const nowMs = clock.nowMs()
    makeRoom(nowMs)
    const cookie = Buffer.from(entropy.bytes(COOKIE_BYTES)).toString('base64url')
    const times = { createdMs: nowMs, seenMs: nowMs, savedMs: nowMs }
    const kept = { principal, keyId, sha256: digest(cookie), ...times }
    bySha.set(kept.sha256, kept)
    database.change(
      'INSERT INTO session VALUES (?, ?, ?, ?, ?)',
      ...[kept.sha256, principal, keyId, nowMs, nowMs],
    )
    if (isUnused) database.change('INSERT OR IGNORE INTO used VALUES (1)')
    isUnused = false
    return { cookie, session: toSession(kept) }
  }

  function find(cookie: string, isPresent: boolean): Session | null {
    const kept = bySha.get(digest(cookie))
    if (!kept) return null
    const nowMs = clock.nowMs()
    if (hasEnded(kept, nowMs)) {
      drop(kept.sha256)
      return null
    }
    if (isPresent) kept.seenMs = Math.max(kept.seenMs, nowMs)
    if (kept.seenMs - kept.savedMs > SEEN_SAVED_MS) {
      database.change('UPDATE session SET seen_ms = ? WHERE sha256 = ?', kept.seenMs, kept.sha256)
      kept.savedMs = kept.seenMs
    }
    return toSession(kept)
  }

  return {
    get isUnused() {
      return isUnused
    },
    open,
    find,
    end: cookie => drop(digest(cookie)),
    close: database.close,
  }
}

function load(database: ViewDatabase): Map<string, Kept> {
  const kept = database.rows('SELECT * FROM session').map(row => ({
    sha256: String(row.sha256),
    principal: String(row.principal),
    keyId: String(row.key_id),
    createdMs: Number(row.created_ms),
    seenMs: Number(row.seen_ms),
    savedMs: Number(row.seen_ms),
  }))
  return new Map(kept.map(one => [one.sha256, one]))
}

function expiresMs({ createdMs, seenMs }: Kept): number {
  return Math.min(createdMs + SESSION_MS_MAX, seenMs + SESSION_IDLE_MS)
}

function hasEnded(kept: Kept, nowMs: number): boolean {
  return nowMs >= expiresMs(kept) || nowMs < kept.createdMs - CLOCK_BACK_MS
}

function toSession(kept: Kept): Session {
  const { principal, keyId, createdMs, sha256 } = kept
  const id = `s_${sha256.slice(0, 12)}`
  return { id, principal, keyId, createdMs, expiresMs: expiresMs(kept) }
}

function digest(cookie: string): string {
  return hash('sha256', cookie)
}

/** What a page must send with every change: made from the cookie, which it cannot read. */
export function csrfOf(cookie: string): string {
  return hash('sha256', `tocsin/csrf/v1\0${cookie}`, 'base64url')
}
