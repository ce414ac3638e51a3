// Measures as the log has them, in SQLite: a view that can be deleted and comes again from the
// `tocsin.response` events, read on from a cursor at the next start. Only what the server itself
// wrote is believed. Not synchronised at every write: the log is the truth.

import { join } from 'node:path'
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite'
import { findKind, typeUid } from '@tocsin/sdk/event'
import { joinSections, type ShardReader } from '../log/log.ts'
import { OWN_VIA } from '../query/query.ts'
import { type Change, parseChange, parseMeasure, type Release } from './measure.ts'
import type { Usage } from './releases.ts'
import { movedBack, type Standing } from './table.ts'

export type Stored = Standing & { readonly usage: Usage }

export interface MeasureStore {
  /** Those that ended no longer than a day ago, oldest first. */
  load(nowMs: number): readonly Stored[]
  /** What it is about after the change; null when it is known, or about nothing known. */
  apply(change: Change): Stored | null
  /** Takes over times that were moved with the clock. */
  move(standing: Standing): void
  saveUsage(id: string, usage: Usage): void
  /** Reads changes from where the view stands to `size`; hands each that was new to `seen`. */
  replay(reader: ShardReader, size: number, seen: (change: Change, stored: Stored) => void): void
  close(): void
}

const DAY_MS = 86_400_000
const KEPT_MS: number = 30 * DAY_MS

const TABLES = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS measure (
    id TEXT PRIMARY KEY, since_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
    json TEXT NOT NULL, undone TEXT, release TEXT,
    asked INTEGER NOT NULL DEFAULT 0, seen INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS cursor (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER) STRICT;
  INSERT OR IGNORE INTO cursor VALUES (1, 0)`

type Row = Record<string, SQLOutputValue>

export function openMeasureStore(directory: string): MeasureStore {
  const database = new DatabaseSync(join(directory, 'responses.sqlite'))
  database.exec(TABLES)
  const sql = prepare(database)
  return {
    apply: given => apply(sql, given),
    move: standing => move(sql, standing),
    load: nowMs => load(sql, nowMs),
    saveUsage: (id, { asked, seen }) => void sql.usage.run(asked, seen, id),
    replay(reader, size, seen) {
      const from = Number(sql.cursor.get()?.size ?? 0)
      if (size <= from) return
      database.exec('BEGIN')
      try {
        for (const given of responseChanges(reader, from, size)) takeIn(sql, given, seen)
        sql.setCursor.run(size)
        database.exec('COMMIT')
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    close: () => database.close(),
  }
}

type Statements = { readonly [Name in StatementName]: StatementSync }

function prepare(database: DatabaseSync): Statements {
  return {
    get: database.prepare('SELECT * FROM measure WHERE id = ?'),
    put: database.prepare(
      'INSERT OR IGNORE INTO measure (id, since_ms, until_ms, json) VALUES (?, ?, ?, ?)',
    ),
    undo: database.prepare('UPDATE measure SET undone = ? WHERE id = ? AND undone IS NULL'),
    release: database.prepare('UPDATE measure SET release = ?, asked = 0, seen = 0 WHERE id = ?'),
    usage: database.prepare('UPDATE measure SET asked = ?, seen = ? WHERE id = ?'),
    move: database.prepare(
      'UPDATE measure SET since_ms = ?, until_ms = ?, json = ?, release = ? WHERE id = ?',
    ),
    load: database.prepare('SELECT * FROM measure WHERE until_ms > ? ORDER BY since_ms, rowid'),
    prune: database.prepare('DELETE FROM measure WHERE until_ms < ?'),
    cursor: database.prepare('SELECT size FROM cursor'),
    setCursor: database.prepare('UPDATE cursor SET size = ?'),
  }
}

type StatementName =
  | 'get'
  | 'put'
  | 'undo'
  | 'release'
  | 'usage'
  | 'move'
  | 'load'
  | 'prune'
  | 'cursor'
  | 'setCursor'

function stored(sql: Statements, id: string): Stored | null {
  const row = sql.get.get(id)
  return row ? parseRow(row) : null
}

function apply(sql: Statements, given: Change): Stored | null {
  const id = given.action === 'taken' ? given.measure.id : given.id
  return changes(sql, given) ? stored(sql, id) : null
}

/** False for what is known already, and for what is about nothing known. */
function changes(sql: Statements, given: Change): boolean {
  if (given.action === 'taken') {
    const { id, sinceMs, untilMs } = given.measure
    return sql.put.run(id, sinceMs, untilMs, JSON.stringify(given.measure)).changes > 0
  }
  if (given.action === 'undone') {
    return sql.undo.run(JSON.stringify(given.undone), given.id).changes > 0
  }
  const before = stored(sql, given.id)?.release
  if (given.action === 'released') {
    if (before && isOlder(given.release, before)) return false
    return sql.release.run(JSON.stringify(given.release), given.id).changes > 0
  }
  if (!before || before.sinceMs > given.timeMs) return false
  return sql.usage.run(before.rows, before.rows, given.id).changes > 0
}

type Seen = (change: Change, stored: Stored) => void

/** How much of a release was used is not in the log: of one that the view lost, nothing is left. */
function takeIn(sql: Statements, given: Change, seen: Seen): void {
  const known = apply(sql, given)
  if (!known) return
  const rows = given.action === 'released' ? given.release.rows : null
  if (rows !== null) sql.usage.run(rows, rows, known.measure.id)
  seen(given, rows === null ? known : { ...known, usage: { asked: rows, seen: rows } })
}

function move(sql: Statements, { measure, release }: Standing): void {
  const { id, sinceMs, untilMs } = measure
  const granted = release && JSON.stringify(release)
  sql.move.run(sinceMs, untilMs, JSON.stringify(measure), granted, id)
}

function load(sql: Statements, nowMs: number): readonly Stored[] {
  sql.prune.run(nowMs - KEPT_MS)
  const rows = sql.load.all(nowMs - DAY_MS).flatMap(row => parseRow(row) ?? [])
  return rows.map(row => {
    const aheadMs = row.measure.sinceMs - nowMs
    if (aheadMs <= 0) return row
    // The clock was set back while nobody looked: it ends after its own duration.
    const moved = movedBack(row, aheadMs)
    move(sql, moved)
    return { ...moved, usage: row.usage }
  })
}

/** Or the same: what is read twice must not be released twice. */
function isOlder(release: Release, than: Release): boolean {
  return release.sinceMs < than.sinceMs || JSON.stringify(release) === JSON.stringify(than)
}

function* responseChanges(reader: ShardReader, from: number, size: number): Generator<Change> {
  const kind = findKind('tocsin.response')
  const uid = kind ? typeUid(kind) : -1
  for (const read of reader.read(from, size, entry => entry.typeUid === uid)) {
    if (!('sections' in read)) continue
    const text = joinSections(read.sections, { withContent: false })
    const change = text === null ? null : parseOwnChange(JSON.parse(text))
    if (change) yield change
  }
}

/** null unless the server itself wrote the event: no producer can set `via`. */
function parseOwnChange(event: unknown): Change | null {
  const { kind, via, ext } = event as {
    readonly kind?: string
    readonly via?: string
    readonly ext?: { readonly tocsin?: { readonly decision?: unknown } }
  }
  return via === OWN_VIA && kind === 'tocsin.response' ? parseChange(ext?.tocsin?.decision) : null
}

function parseRow(row: Row): Stored | null {
  const measure = parseMeasure(JSON.parse(String(row.json)))
  if (!measure) return null
  return {
    measure,
    undone: row.undone === null ? null : JSON.parse(String(row.undone)),
    release: row.release === null ? null : (JSON.parse(String(row.release)) as Release),
    usage: { asked: Number(row.asked), seen: Number(row.seen) },
  }
}
