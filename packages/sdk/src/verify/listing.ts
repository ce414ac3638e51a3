// What a folder's own listing adds to a verification: no file may stand there that the log does not
// need, and what remains of earlier sizes must be the beginning of the present files.

import { equalBytes } from '../bytes.ts'
import { HASH_BYTES } from '../crypto.ts'
import { CHUNK_ENTRIES } from '../entry/entry.ts'
import type { FetchFile, ListFiles } from '../fetch-file.ts'
import {
  findTilePath,
  parseLeafIndex,
  printTilePath,
  splitEntryBundle,
  TILE_WIDTH,
  type TilePath,
  type TreeSize,
  tileWidth,
} from '../tlog/tlog.ts'
import { chunkOf, type PayloadWalk } from './payload-walk.ts'
import { type Broken, broken } from './verdict.ts'

/** `ahead`: files beyond the checkpoint, written for a later one. */
export type Listed = { readonly fault: Broken | null; readonly ahead: number }

/** To be called for a log whose entries, tiles and root were found right. */
export async function checkListing(
  list: ListFiles,
  fetch: FetchFile,
  size: TreeSize,
): Promise<Listed> {
  let ahead = 0
  for await (const file of list()) {
    if (file === 'checkpoint' || file === 'log.vkey') continue
    const path = findTilePath(file)
    const width = path === null ? 0 : tileWidth(size, levelOf(path), path.index)
    if (path === null) {
      // A file that a writer was just renaming is gone by now.
      if ((await fetch(file)) === null) continue
      return { fault: unexpected(file), ahead }
    }
    if (path.width > width) ahead += 1
    else if (path.width < width) {
      const fault = await checkEarlier(fetch, path, width)
      if (fault !== null) return { fault, ahead }
    }
  }
  return { fault: null, ahead }
}

function levelOf(path: TilePath): number {
  return path.kind === 'hashes' ? path.level : 0
}

/** A partial tile or bundle of an earlier size against that of `width`, which was found right. */
async function checkEarlier(
  fetch: FetchFile,
  path: TilePath,
  width: number,
): Promise<Broken | null> {
  const file = printTilePath(path)
  const earlier = await fetch(file)
  const present =
    (await fetch(printTilePath({ ...path, width }))) ??
    (await fetch(printTilePath({ ...path, width: TILE_WIDTH })))
  // A writer may drop it at any time.
  if (earlier === null || present === null) return null
  const end =
    path.kind === 'hashes' ? path.width * HASH_BYTES : splitEntryBundle(present, path.width).end
  if (equalBytes(earlier, present.subarray(0, end))) return null
  const start = path.index * TILE_WIDTH ** (levelOf(path) + 1)
  const detail = `${file} is not the beginning of the file that took its place`
  return broken('partial_changed', file, parseLeafIndex(start), detail)
}

function unexpected(file: string): Broken {
  return broken('file_unexpected', file, null, `${file} does not belong to a log`)
}

const PAYLOAD_PATH = /^r\d{1,3}[dmy]\/\d{4}-\d{2}\/\d{9,}\.seal$/

/** Payload files that no entry names may only be of entries beyond the checkpoint. */
export async function checkPayloadListing(
  list: ListFiles,
  walk: PayloadWalk,
  size: TreeSize,
): Promise<Listed> {
  let ahead = 0
  for await (const file of list()) {
    if (walk.files.has(file)) continue
    const isNew = PAYLOAD_PATH.test(file) && (chunkOf(file) + 1) * CHUNK_ENTRIES > size
    const fault = isNew ? await walk.checkUnnamed(file) : unexpected(file)
    if (fault !== null) return { fault, ahead }
    ahead += 1
  }
  return { fault: null, ahead }
}
