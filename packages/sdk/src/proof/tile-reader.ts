// Reads hash tiles of a tree of a known size through a port, and computes from them the hash of any
// subtree. It takes tiles at their word: what it computes is worth something only when compared
// with a signed root, as `verifyInclusion` and `verifyConsistency` do.

import { concatBytes } from '../bytes.ts'
import { HASH_BYTES } from '../crypto.ts'
import { TocsinError } from '../errors.ts'
import type { FetchFile } from '../fetch-file.ts'
import {
  type Hash,
  printTilePath,
  TILE_WIDTH,
  type TreeHasher,
  type TreeSize,
  tileWidth,
} from '../tlog/tlog.ts'

const TILES_CACHED_MAX = 256

export interface TileReader {
  readonly size: TreeSize
  /** The hashes of a tile, as many as the tree has there. Throws `tlog.tile_missing`. */
  tile(level: number, index: number): Promise<Uint8Array>
  /**
   * The hash of the node over leaves `start` to `end` (exclusive) of this tree: a perfect subtree,
   * or one that ends with the tree. Throws `tlog.tile_missing`.
   */
  subtree(start: number, end: number): Promise<Hash>
  /** The root of the tree. */
  root(): Promise<Hash>
}

export function buildTileReader(hasher: TreeHasher, fetch: FetchFile, size: TreeSize): TileReader {
  const cached = new Map<string, Uint8Array>()

  async function tile(level: number, index: number): Promise<Uint8Array> {
    const width = tileWidth(size, level, index)
    const path = printTilePath({ kind: 'hashes', level, index, width })
    const bytes = cached.get(path) ?? (await readTile(fetch, { level, index, width }))
    if (bytes === null) {
      throw new TocsinError('tlog.tile_missing', {
        public: `${path} is missing or has a wrong length; a tree of ${size} leaves needs it`,
      })
    }
    for (const oldest of cached.keys()) {
      if (cached.size < TILES_CACHED_MAX) break
      cached.delete(oldest)
    }
    cached.set(path, bytes)
    return bytes
  }

  // From the leaves up: what fills no tile of the next level is hashed together, and takes its
  // place as the last, smaller subtree beside that level's hashes.
  async function subtree(start: number, end: number): Promise<Hash> {
    let below: Uint8Array = new Uint8Array(0)
    for (let level = 0; ; level++) {
      const unit = TILE_WIDTH ** level
      const isTop = end - start <= unit * TILE_WIDTH
      const count = Math.floor(end / unit)
      const index = Math.floor(isTop ? start / unit / TILE_WIDTH : count / TILE_WIDTH)
      const from = isTop ? start / unit - index * TILE_WIDTH : 0
      const to = count - index * TILE_WIDTH
      if (to > from) {
        const hashes = (await tile(level, index)).subarray(from * HASH_BYTES, to * HASH_BYTES)
        below = hasher.root(concatBytes(hashes, below))
      }
      if (isTop) return below
    }
  }

  const root = async () => (size === 0 ? hasher.emptyRoot : await subtree(0, size))
  return { size, tile, subtree, root }
}

/** A log may drop a partial tile once the full one is there: then its start is the partial tile. */
async function readTile(
  fetch: FetchFile,
  { level, index, width }: { level: number; index: number; width: number },
): Promise<Uint8Array | null> {
  if (width === 0) return null
  const exact = await fetch(printTilePath({ kind: 'hashes', level, index, width }))
  if (exact !== null || width === TILE_WIDTH) {
    return exact?.length === width * HASH_BYTES ? exact : null
  }
  const full = await fetch(printTilePath({ kind: 'hashes', level, index, width: TILE_WIDTH }))
  return full?.length === TILE_WIDTH * HASH_BYTES ? full.subarray(0, width * HASH_BYTES) : null
}
