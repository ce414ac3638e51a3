// Reads events back from a shard's files: bundles for what was sealed, payload files for the
// sections, the vault to open them. Followers catch up with it, `GET /v1/events/{id}` and offline
// commands read with it. It sees what the newest checkpoint covers, and never writes.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Entry, parseEntry, payloadPath, type SealedEntry } from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import { parseEntryBundle, printTilePath, TILE_WIDTH } from '@tocsin/sdk/tlog'
import { readFileIfThere } from '../base/durable.ts'
import { openPayloadCursor, type PayloadCursor } from './payload-cursor.ts'
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
      const cursor = cursors.get(path) ?? openPayloadCursor(join(paths.payloads, path))
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

/**
 * The newest bundle is partial, under the width of one or more published sizes. The narrowest one
 * that reaches far enough was published; a wider one may be what a crash left.
 */
function readBundle(directory: string, bundle: number, size: number): readonly Uint8Array[] {
  const path = { kind: 'entries', index: bundle, width: TILE_WIDTH } as const
  const fullPath = join(directory, printTilePath(path))
  const width = Math.min(TILE_WIDTH, size - bundle * TILE_WIDTH)
  const full = readFileIfThere(fullPath)
  if (full) return parseEntryBundle(full, TILE_WIDTH)
  const narrowest = partialWidths(`${fullPath}.p`).find(found => found >= width)
  const partial = narrowest ? readFileIfThere(join(`${fullPath}.p`, String(narrowest))) : null
  if (narrowest && partial) return parseEntryBundle(partial, narrowest)
  // It can have become full while it was looked for.
  const late = readFileIfThere(fullPath)
  if (!late) throw missing(directory, bundle * TILE_WIDTH)
  return parseEntryBundle(late, TILE_WIDTH)
}

/** In rising order. */
function partialWidths(directory: string): readonly number[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .map(Number)
    .filter(Number.isInteger)
    .sort((a, b) => a - b)
}

function missing(directory: string, index: number): TocsinError {
  return new TocsinError('log.corrupt', {
    public: `entry ${index} is missing in ${directory}; run \`tocsin verify\` on it`,
  })
}
