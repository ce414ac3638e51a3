// The checkpoints that this server published: size, root and when. The log keeps only the newest;
// these stand in a small database in state/, bounded, and are lost with it at no harm, since each
// can be proven from the newest. Beside them gaps of the log itself, which are control entries and
// in no index, and since when something waits for a checkpoint.

import { join } from 'node:path'
import { encodeBase64, encodeUtf8 } from '@tocsin/sdk/bytes'
import { parseCheckpoint } from '@tocsin/sdk/checkpoint'
import { parseNote } from '@tocsin/sdk/note'
import type { Clock } from '../base/clock.ts'
import { readFileIfThere } from '../base/durable.ts'
import type { Telemetry } from '../base/emit.ts'
import { SEALS_MAX } from '../base/limits.ts'
import { openViewDatabase, type ViewDatabase } from '../base/view-database.ts'
import type { ShardReader } from './reader.ts'
import type { DurableBatch } from './sequencer.ts'
import type { ShardPaths } from './shard-files.ts'
import type { Published } from './tiles.ts'

export type Seal = {
  /** Entries under it. */
  readonly size: number
  /** Base64. */
  readonly root: string
  readonly timeMs: number
}

export type LogGap = { readonly index: number; readonly timeMs: number; readonly reason: string }

export interface SealHistory {
  /** The newest checkpoint; without a time where it was published before this history began. */
  readonly newest: (Omit<Seal, 'timeMs'> & { readonly timeMs: number | null }) | null
  /** When the oldest entry came that no checkpoint covers; null when all are covered. */
  readonly unsealedSinceMs: number | null
  /** Newest first. */
  list(limit: number): readonly Seal[]
  /** Gaps that were written while this history was kept, newest first. */
  gaps(): readonly LogGap[]
  close(): void
}

export type SealHistoryDeps = {
  readonly log: {
    readonly paths: ShardPaths
    follow(listener: (batch: DurableBatch) => void): () => void
    onPublished(listener: (published: Published) => void): () => void
  }
  readonly reader: ShardReader
  readonly clock: Clock
  readonly telemetry: Telemetry
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS seal (
    size INTEGER PRIMARY KEY, root TEXT NOT NULL, time_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS gap (
    idx INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, reason TEXT NOT NULL
  ) STRICT`
const GAPS_MAX = 200
/** Rows beyond the bound are removed so many at a time. */
const TRIM_EVERY = 100

export function openSealHistory({ log, reader, clock, telemetry }: SealHistoryDeps): SealHistory {
  const path = join(log.paths.state, 'seals.sqlite')
  const config = { path, schema: SCHEMA, what: 'times of checkpoints', telemetry }
  const database = openViewDatabase({ ...config, isDurable: false })
  const signed = signedNow(log.paths)
  const seals = loadSeals(database, signed?.size ?? 0)
  const gaps = loadGaps(database, signed?.size ?? 0)
  const waiting = buildWaiting(clock)
  let newest = signed && { ...signed, timeMs: timeOf(signed, seals) }

  function keep(published: Published): void {
    const { size, root } = readNote(published.text)
    const seal = { size, root, timeMs: clock.nowMs() }
    newest = seal
    seals.push(seal)
    const { size: at, timeMs } = seal
    database.change('INSERT OR REPLACE INTO seal VALUES (?, ?, ?)', at, root, timeMs)
    if (seals.length < SEALS_MAX + TRIM_EVERY) return
    seals.splice(0, TRIM_EVERY)
    database.change('DELETE FROM seal WHERE size < ?', seals[0]?.size ?? 0)
  }

  function look(index: number): void {
    const [read] = reader.read(index, index + 1)
    if (read?.entry.kind !== 'control' || read.entry.control !== 'audit.gap') return
    const { timeMs, body } = read.entry
    const gap = { index, timeMs, reason: String(body.reason) }
    gaps.push(gap)
    if (gaps.length > GAPS_MAX) gaps.shift()
    database.change('INSERT OR IGNORE INTO gap VALUES (?, ?, ?)', index, timeMs, gap.reason)
  }

  log.follow(waiting.add)
  log.onPublished(published => {
    keep(published)
    for (const index of waiting.takeControls(published.size)) look(index)
  })
  return {
    get newest() {
      return newest
    },
    get unsealedSinceMs() {
      return waiting.sinceMs
    },
    list: limit => seals.slice(-limit).reverse(),
    gaps: () => gaps.toReversed(),
    close: database.close,
  }
}

function readNote(text: string): { readonly size: number; readonly root: string } {
  const { size, root } = parseCheckpoint(parseNote(encodeUtf8(text)).text)
  return { size, root: encodeBase64(root) }
}

function signedNow({ log }: ShardPaths): Omit<Seal, 'timeMs'> | null {
  const note = readFileIfThere(join(log, 'checkpoint'))
  return note && readNote(Buffer.from(note).toString('utf8'))
}

function timeOf({ size, root }: Omit<Seal, 'timeMs'>, seals: readonly Seal[]): number | null {
  return seals.find(seal => seal.size === size && seal.root === root)?.timeMs ?? null
}

/** Oldest first. What lies beyond the log is of another one, whose copy was put back. */
function loadSeals(database: ViewDatabase, size: number): Seal[] {
  return database
    .rows('SELECT * FROM seal WHERE size <= ? ORDER BY size DESC LIMIT ?', size, SEALS_MAX)
    .map(row => ({ size: Number(row.size), root: String(row.root), timeMs: Number(row.time_ms) }))
    .reverse()
}

function loadGaps(database: ViewDatabase, size: number): LogGap[] {
  return database
    .rows('SELECT * FROM gap WHERE idx < ? ORDER BY idx DESC LIMIT ?', size, GAPS_MAX)
    .map(({ idx, time_ms, reason }) => {
      return { index: Number(idx), timeMs: Number(time_ms), reason: String(reason) }
    })
    .reverse()
}

/** What is durable and waits for a checkpoint. */
interface Waiting {
  readonly sinceMs: number | null
  add(batch: DurableBatch): void
  /** Forgets what a checkpoint over `size` entries covers; the control entries among it. */
  takeControls(size: number): readonly number[]
}

/** Batches of one moment are taken together: there are thousands a second. */
const MOMENT_MS = 100

function buildWaiting(clock: Clock): Waiting {
  const moments: { end: number; readonly timeMs: number }[] = []
  let controls: number[] = []
  return {
    get sinceMs() {
      return moments[0]?.timeMs ?? null
    },
    add({ firstIndex, count, eventOffsets }) {
      for (let i = 0; i < count; i++) {
        if (eventOffsets[i] === eventOffsets[i + 1]) controls.push(firstIndex + i)
      }
      const end = firstIndex + count
      const last = moments.at(-1)
      const timeMs = clock.nowMs()
      if (last && timeMs - last.timeMs < MOMENT_MS) last.end = end
      else moments.push({ end, timeMs })
    },
    takeControls(size) {
      const left = moments.findIndex(({ end }) => end > size)
      moments.splice(0, left < 0 ? moments.length : left)
      const covered = controls.filter(index => index < size)
      controls = controls.filter(index => index >= size)
      return covered
    },
  }
}
