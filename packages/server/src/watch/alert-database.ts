// The SQLite file behind alerts: its tables, and how a row becomes what it was. A file that is
// damaged or of another version is thrown away, because all of it comes again from the log.

import { existsSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type EntityRef, type Finding, parseEntityType } from '@tocsin/detect/finding'
import type { Weighed } from '@tocsin/detect/risk'
import { TocsinError } from '@tocsin/sdk/errors'
import type { Disposed } from './dispositions.ts'

/** Another number means another schema: the file is then made again from the log. */
const SCHEMA_VERSION = 2

const SCHEMA = `
  CREATE TABLE finding (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, entity TEXT NOT NULL, time_ms INTEGER NOT NULL,
    score REAL NOT NULL, rule TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX finding_of ON finding (type, entity, time_ms);
  CREATE INDEX finding_at ON finding (time_ms);
  CREATE TABLE alert (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, entity TEXT NOT NULL, start_ms INTEGER NOT NULL,
    opened_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, score REAL NOT NULL,
    threshold REAL NOT NULL, state TEXT NOT NULL, disposition TEXT, cause TEXT,
    assignee TEXT, head TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX alert_at ON alert (opened_ms, id);
  CREATE INDEX alert_headless ON alert (id) WHERE head IS NULL;
  CREATE TABLE member (
    alert_id TEXT NOT NULL, finding_id TEXT NOT NULL, PRIMARY KEY (alert_id, finding_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX member_of ON member (finding_id);
  CREATE TABLE disposition (
    alert_id TEXT NOT NULL, revision INTEGER NOT NULL, batch TEXT, body TEXT NOT NULL,
    PRIMARY KEY (alert_id, revision)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX said_at_once ON disposition (batch) WHERE batch IS NOT NULL;
  CREATE TABLE suppression (
    id TEXT PRIMARY KEY, until_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL, body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE lifted (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE criticality (
    type TEXT NOT NULL, entity TEXT NOT NULL, level TEXT NOT NULL, time_ms INTEGER NOT NULL,
    PRIMARY KEY (type, entity)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE cursor (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL) STRICT;
  INSERT INTO cursor VALUES (1, 0);
  PRAGMA user_version = ${SCHEMA_VERSION}`

/** A file that is damaged or of another version is thrown away: `replay` brings all of it back. */
export function openAlertDatabase(path: string): DatabaseSync {
  return openDatabase(path) ?? remake(path)
}

function remake(path: string): DatabaseSync {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${path}${end}`, { force: true })
  const made = openDatabase(path)
  if (made) return made
  throw new TocsinError('log.not_writable', { public: `${path} cannot be written; check the disk` })
}

function openDatabase(path: string): DatabaseSync | null {
  const isNew = !existsSync(path)
  const database = new DatabaseSync(path)
  try {
    // What a crash takes back here, the log brings again.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    if (isNew) database.exec(`BEGIN; ${SCHEMA}; COMMIT`)
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version)
    const state = database.prepare('PRAGMA quick_check(1)').get()?.quick_check
    if (version === SCHEMA_VERSION && state === 'ok') return database
  } catch (error) {
    if (!isSqliteError(error)) throw error
  }
  database.close()
  return null
}

function isSqliteError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR'
}

/** All of it or nothing. */
export function whole(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    work()
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

export type Row = Record<string, unknown>
export type Where = { readonly sql: string; readonly params: readonly (string | number)[] }

/** What alerts and findings are narrowed by. */
export type Narrowing = {
  readonly entity?: EntityRef
  readonly fromMs?: number
  /** Exclusive. */
  readonly toMs?: number
}

export function fitting({ entity, fromMs, toMs }: Narrowing, column: string): Where[] {
  const parts: Where[] = []
  if (entity) parts.push({ sql: 'type = ? AND entity = ?', params: [entity.type, entity.id] })
  if (fromMs !== undefined) parts.push({ sql: `${column} >= ?`, params: [fromMs] })
  if (toMs !== undefined) parts.push({ sql: `${column} < ?`, params: [toMs] })
  return parts
}

export function joined(parts: readonly Where[]): Where {
  const sql = ['TRUE', ...parts.map(part => part.sql)].join(' AND ')
  return { sql, params: parts.flatMap(part => part.params) }
}

export function parseFinding(row: Row): Finding {
  return JSON.parse(String(row.body)) as Finding
}

export function parseSaid(row: Row): Disposed {
  return JSON.parse(String(row.body)) as Disposed
}

export function toEntity(row: Row): EntityRef {
  return { type: parseEntityType(String(row.type)), id: String(row.entity) }
}

export function entityOfRow(row: Row): string {
  return `${row.type}:${row.entity}`
}

export function toWeighed(row: Row): Weighed {
  return {
    id: String(row.id),
    rule: String(row.rule),
    detector: String(row.detector),
    title: String(row.title),
    timeMs: Number(row.time_ms),
    score: Number(row.score),
  }
}
