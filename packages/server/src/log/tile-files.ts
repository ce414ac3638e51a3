// Writes tiles and bundles: created once, never changed after a checkpoint covers them. What a
// crash left under a name, beyond the last checkpoint, is written again in any case, since nobody
// knows whether its bytes are on the disk; and when it is not a torn copy of what belongs there,
// another history was written in this directory, and this one must not be signed.

import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { TocsinError } from '@tocsin/sdk/errors'
import { printTilePath, TILE_WIDTH, type TilePath } from '@tocsin/sdk/tlog'
import {
  hasCode,
  makeDirectory,
  PRIVATE_FILE,
  readFileIfThere,
  replaceFile,
  syncDirectory,
  syncFile,
} from '../base/durable.ts'
import type { ShardPaths } from './shard-files.ts'

export interface TileFiles {
  /** Bytes that wait in memory. */
  readonly pendingBytes: number
  /** Only into memory. */
  queue(path: TilePath, bytes: Uint8Array): void
  /** Writes what waits; safe to repeat after a failure. Throws `log.corrupt` on another history. */
  write(): void
  /** Writes and makes durable, files and names. */
  sync(): void
  /** Removes the partial files of a tile that is full: readers take its start (C2SP tlog-tiles). */
  dropPartials(path: TilePath): void
}

export function buildTileFiles({ log, state }: ShardPaths): TileFiles {
  const waiting = new Map<string, Uint8Array>()
  const unsynced = new Set<string>()
  const temporary = join(state, 'tile.new')
  let pendingBytes = 0

  function write(): void {
    for (const [path, bytes] of waiting) {
      createFile(join(log, path), bytes, temporary)
      unsynced.add(path)
      waiting.delete(path)
      pendingBytes -= bytes.length
    }
  }

  return {
    get pendingBytes() {
      return pendingBytes
    },
    queue(path, bytes) {
      waiting.set(printTilePath(path), bytes)
      pendingBytes += bytes.length
    },
    write,
    sync() {
      write()
      const directories = new Set<string>()
      for (const path of unsynced) {
        syncFile(join(log, path))
        directories.add(dirname(join(log, path)))
      }
      for (const directory of directories) syncDirectory(directory)
      unsynced.clear()
    },
    dropPartials(path) {
      const full = join(log, printTilePath({ ...path, width: TILE_WIDTH }))
      rmSync(`${full}.p`, { recursive: true, force: true })
    },
  }
}

function createFile(path: string, bytes: Uint8Array, temporary: string): void {
  const options = { flag: 'wx', mode: PRIVATE_FILE }
  try {
    writeFileSync(path, bytes, options)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      makeDirectory(dirname(path))
      writeFileSync(path, bytes, options)
    } else if (hasCode(error, 'EEXIST')) replaceLeftover(path, bytes, temporary)
    else throw error
  }
}

function replaceLeftover(path: string, bytes: Uint8Array, temporary: string): void {
  const found = readFileIfThere(path)
  if (found !== null && !isTornCopy(found, bytes)) {
    throw new TocsinError('log.corrupt', {
      public:
        `${path} belongs to another history of this log: its checkpoint or write-ahead log was put ` +
        'back to an earlier state. Keep the directory as it is and restore all of it from one copy',
    })
  }
  replaceFile(path, bytes, temporary)
}

/** A write that a crash cut off leaves a shorter file, or zeros in place of pages. */
function isTornCopy(found: Uint8Array, bytes: Uint8Array): boolean {
  if (found.length > bytes.length) return false
  for (let i = 0; i < found.length; i++) if (found[i] !== 0 && found[i] !== bytes[i]) return false
  return true
}
