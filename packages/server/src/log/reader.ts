// Reads events back from a shard's files: bundles for what was sealed, payload files for the
// sections, the vault to open them. Followers catch up with it, `GET /v1/events/{id}` and offline
// commands read with it. It sees what the newest checkpoint covers, and never writes.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Entry,
  parseEntry,
  payloadPath,
  readRecord,
  type SealedEntry,
} from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import { parseEntryBundle, printTilePath, TILE_WIDTH } from '@tocsin/sdk/tlog'
import { readFileIfThere } from '../base/durable.ts'
import type { ShardPaths } from './shard-files.ts'
import type { Vault } from './vault.ts'

export type ReadEvent = {
  readonly index: number
  readonly entry: SealedEntry
  /** Plain bytes of each section; null where it cannot be opened. */
  readonly sections: readonly (Uint8Array | null)[]
}

export type ReadEntry = ReadEvent | { readonly index: number; readonly entry: Entry }

export interface ShardReader {
  /**
   * Entries `from` to `to` (exclusive), in order; `to` is at most a published size. Sealed entries
   * that `wants` turns down come without their sections.
   */
  read(from: number, to: number, wants?: (entry: SealedEntry) => boolean): Generator<ReadEntry>
}

export function openShardReader(paths: ShardPaths, vault: Vault): ShardReader {
  const cursors = new Map<string, PayloadCursor>()

  function sectionsOf(index: number, entry: SealedEntry): (Uint8Array | null)[] {
    return entry.sections.map(({ retention }, number) => {
      const path = payloadPath(retention, entry.timeMs, index)
      const cursor = cursors.get(path) ?? openCursor(join(paths.payloads, path))
      if (cursors.size > CURSORS_MAX) cursors.clear()
      cursors.set(path, cursor)
      const sealed = cursor.seek(index, number)
      return sealed ? vault.open(entry, number, sealed) : null
    })
  }

  function* read(
    from: number,
    to: number,
    wants: (entry: SealedEntry) => boolean = () => true,
  ): Generator<ReadEntry> {
    for (let index = from; index < to; ) {
      const bundle = Math.floor(index / TILE_WIDTH)
      const leaves = readBundle(paths.log, bundle, to)
      for (; index < to && Math.floor(index / TILE_WIDTH) === bundle; index++) {
        const leaf = leaves[index % TILE_WIDTH]
        if (!leaf) throw missing(paths.log, index)
        const entry = parseEntry(leaf)
        if (entry.kind === 'control' || !wants(entry)) yield { index, entry }
        else yield { index, entry, sections: sectionsOf(index, entry) }
      }
    }
  }

  return { read }
}

const CURSORS_MAX = 32

type PayloadCursor = { seek(index: number, section: number): Uint8Array | null }

/** Walks a payload file forwards; going back starts it again. */
function openCursor(path: string): PayloadCursor {
  let file = readFileIfThere(path)
  let offset = 0
  return {
    seek(index, section) {
      for (let tries = 0; tries < 2; tries++) {
        let record = file ? readRecord(file, offset) : null
        if (!record || isBehind(record, index, section)) {
          // The file may have grown since it was read, or the reader went back.
          file = readFileIfThere(path)
          offset = 0
          record = file ? readRecord(file, 0) : null
        }
        while (file && record && isBefore(record, index, section)) {
          offset = record.end
          record = readRecord(file, offset)
        }
        if (record && record.index === index && record.section === section) return record.sealed
      }
      return null
    },
  }
}

type Place = { readonly index: number; readonly section: number }

function isBefore(record: Place, index: number, section: number): boolean {
  return record.index < index || (record.index === index && record.section < section)
}

function isBehind(record: Place, index: number, section: number): boolean {
  return record.index > index || (record.index === index && record.section > section)
}

/** The newest bundle is partial, under the width of one or more published sizes. */
function readBundle(directory: string, bundle: number, size: number): readonly Uint8Array[] {
  const fullPath = join(
    directory,
    printTilePath({ kind: 'entries', index: bundle, width: TILE_WIDTH }),
  )
  const width = Math.min(TILE_WIDTH, size - bundle * TILE_WIDTH)
  const full = readFileIfThere(fullPath)
  if (full) return parseEntryBundle(full, TILE_WIDTH)
  const widest = widestPartial(`${fullPath}.p`)
  const partial = widest >= width ? readFileIfThere(join(`${fullPath}.p`, String(widest))) : null
  if (partial) return parseEntryBundle(partial, widest)
  // It can have become full while it was looked for.
  const late = readFileIfThere(fullPath)
  if (!late) throw missing(directory, bundle * TILE_WIDTH)
  return parseEntryBundle(late, TILE_WIDTH)
}

function widestPartial(directory: string): number {
  if (!existsSync(directory)) return 0
  return Math.max(0, ...readdirSync(directory).map(Number).filter(Number.isInteger))
}

function missing(directory: string, index: number): TocsinError {
  return new TocsinError('log.corrupt', {
    public: `entry ${index} is missing in ${directory}; run \`tocsin verify\` on it`,
  })
}
