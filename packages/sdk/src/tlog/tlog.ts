// The tiled transparency log: an RFC 6962 tree stored as C2SP tlog-tiles. This door holds the right
// edge of a growing tree: the partial tile of each level, which is all that a writer must keep. It
// takes leaf hashes in order and gives back full tiles as they fill, partial tiles and the root
// whenever asked. A verifier drives the same code to learn what must lie on disk.

import { concatBytes } from '../bytes.ts'
import { HASH_BYTES } from '../crypto.ts'
import { type HashTilePath, hashesAtLevel, TILE_WIDTH } from './tile-path.ts'
import { type Hash, parseTreeSize, type TreeHasher, type TreeSize } from './tree-hash.ts'

export { encodeEntryBundle, parseEntryBundle, splitEntryBundle } from './entry-bundle.ts'
export {
  type EntryBundlePath,
  findTilePath,
  type HashTilePath,
  parseTilePath,
  partialTilesOf,
  printTilePath,
  TILE_WIDTH,
  type TilePath,
  tilesOf,
  tileWidth,
} from './tile-path.ts'
export {
  buildTreeHasher,
  type Hash,
  type LeafIndex,
  parseLeafIndex,
  parseTreeSize,
  type TreeHasher,
  type TreeHead,
  type TreeSize,
} from './tree-hash.ts'

/** A hash tile with its bytes: `path.width` hashes of 32 bytes. */
export type Tile = { readonly path: HashTilePath; readonly bytes: Uint8Array }

export interface RightEdge {
  readonly size: TreeSize
  /**
   * Adds the next leaf's hash (copied). Returns the tiles that it filled, lowest level first: none,
   * but at every 256th leaf. Their bytes belong to the caller.
   */
  append(leafHash: Hash): readonly Tile[]
  /** The root over all leaves so far. Costs up to 256 hashes per level. */
  root(): Hash
  /** Copies of the partial tiles that a checkpoint of this size needs, lowest level first. */
  partialTiles(): readonly Tile[]
}

type Level = { bytes: Uint8Array; width: number; index: number }

const NO_TILES: readonly Tile[] = []

/**
 * The edge of a tree of `size` leaves, from the bytes of its partial tiles in the order of
 * `partialTilesOf` (copied); without arguments that of an empty tree. The tiles are taken as they
 * stand: compare `root()` with a checkpoint before going on.
 */
export function buildRightEdge(
  hasher: TreeHasher,
  size: TreeSize = parseTreeSize(0),
  partialTiles: readonly Uint8Array[] = [],
): RightEdge {
  const levels: Level[] = []
  for (let level = 0; hashesAtLevel(size, level) > 0; level++) {
    levels.push(freshLevel(Math.floor(hashesAtLevel(size, level) / TILE_WIDTH)))
  }
  let given = 0
  for (const [level, at] of levels.entries()) {
    at.width = hashesAtLevel(size, level) % TILE_WIDTH
    if (at.width > 0) at.bytes.set(partialTiles[given++] ?? [])
  }
  return edgeOf(hasher, size, levels)
}

function freshLevel(index: number): Level {
  return { bytes: new Uint8Array(TILE_WIDTH * HASH_BYTES), width: 0, index }
}

function edgeOf(hasher: TreeHasher, start: number, levels: Level[]): RightEdge {
  let size = start

  /** Returns true when the tile is full now. */
  function push(level: number, hash: Hash): boolean {
    const at = levels[level] ?? freshLevel(0)
    levels[level] = at
    at.bytes.set(hash, at.width * HASH_BYTES)
    at.width += 1
    return at.width === TILE_WIDTH
  }

  function append(leafHash: Hash): readonly Tile[] {
    size += 1
    if (!push(0, leafHash)) return NO_TILES
    const filled: Tile[] = []
    let full = true
    for (let level = 0; full; level++) {
      const { index, bytes } = levels[level] ?? freshLevel(0)
      filled.push({ path: { kind: 'hashes', level, index, width: TILE_WIDTH }, bytes })
      levels[level] = freshLevel(index + 1)
      full = push(level + 1, hasher.root(bytes))
    }
    return filled
  }

  function partialTiles(): readonly Tile[] {
    const tiles: Tile[] = []
    for (const [level, { index, width, bytes }] of levels.entries()) {
      const path: HashTilePath = { kind: 'hashes', level, index, width }
      if (width > 0) tiles.push({ path, bytes: bytes.slice(0, width * HASH_BYTES) })
    }
    return tiles
  }

  // What fills no tile is the last, smaller subtree beside the next level's hashes.
  function root(): Hash {
    let below: Hash | null = null
    for (const { bytes } of partialTiles()) {
      below = hasher.root(below === null ? bytes : concatBytes(bytes, below))
    }
    return below ?? hasher.emptyRoot
  }

  return {
    get size() {
      return parseTreeSize(size)
    },
    append,
    root,
    partialTiles,
  }
}
