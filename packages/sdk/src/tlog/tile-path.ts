// Names of tiles and entry bundles (C2SP tlog-tiles v0.1.0): which exist for a tree of some size,
// how their paths are written, and the way back from a path to the tile. Only the one spelling that
// the specification writes is read. Plain arithmetic, no 32-bit shifts: right up to 2^53-1 leaves.

import { TocsinError } from '../errors.ts'
import type { TreeSize } from './tree-hash.ts'

/** Hashes in a full tile and entries in a full bundle; a tile is a subtree of height 8. */
export const TILE_WIDTH = 256
const LEVEL_MAX = 63

/** At level 0 leaf hashes, at level l+1 roots of full tiles at level l; partial below 256 wide. */
export type HashTilePath = {
  readonly kind: 'hashes'
  readonly level: number
  readonly index: number
  readonly width: number
}
/** Entries `index * 256` and following, `width` of them. */
export type EntryBundlePath = {
  readonly kind: 'entries'
  readonly index: number
  readonly width: number
}
export type TilePath = HashTilePath | EntryBundlePath

/** For example `tile/0/x001/x234/067`, `tile/1/000.p/17`, `tile/entries/273.p/112`. */
export function printTilePath(path: TilePath): string {
  const kind = path.kind === 'entries' ? 'entries' : String(path.level)
  const partial = path.width === TILE_WIDTH ? '' : `.p/${path.width}`
  return `tile/${kind}/${printIndex(path.index)}${partial}`
}

function printIndex(index: number): string {
  let text = String(index % 1000).padStart(3, '0')
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    text = `x${String(rest % 1000).padStart(3, '0')}/${text}`
  }
  return text
}

/** Throws `tlog.path_malformed` where `findTilePath` finds none. */
export function parseTilePath(text: string): TilePath {
  const path = findTilePath(text)
  if (path !== null) return path
  throw new TocsinError('tlog.path_malformed', { public: `${text} is not the path of a tile` })
}

const TILE_PATH = /^tile\/(0|[1-9]\d?|entries)\/((?:x\d{3}\/){0,5})(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** The tile that `text` names, or null where it is not written as `printTilePath` writes one. */
export function findTilePath(text: string): TilePath | null {
  const match = TILE_PATH.exec(text)
  if (match === null) return null
  const [, kind = '', high = '', low = '', partial] = match
  const index = Number(high.replaceAll(/[x/]/g, '') + low)
  const width = partial === undefined ? TILE_WIDTH : Number(partial)
  const level = Number(kind)
  if (!Number.isSafeInteger(index) || level > LEVEL_MAX) return null
  const path: TilePath =
    kind === 'entries' ? { kind, index, width } : { kind: 'hashes', level, index, width }
  // Refuses a needless x000 in front and a partial tile of full width.
  return printTilePath(path) === text ? path : null
}

/** How many whole hashes a tree of `size` leaves has at tile level `level`. */
export function hashesAtLevel(size: TreeSize, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level)
}

/** Hashes (0 to 256) in tile `index` of `level` of a tree of `size` leaves; 0 where none is. */
export function tileWidth(size: TreeSize, level: number, index: number): number {
  const width = hashesAtLevel(size, level) - index * TILE_WIDTH
  return Math.max(0, Math.min(TILE_WIDTH, width))
}

/** Every tile and entry bundle of a tree of `size` leaves, bundles first, then level by level. */
export function* tilesOf(size: TreeSize): Generator<TilePath, void> {
  for (let index = 0; tileWidth(size, 0, index) > 0; index++) {
    yield { kind: 'entries', index, width: tileWidth(size, 0, index) }
  }
  for (let level = 0; hashesAtLevel(size, level) > 0; level++) {
    for (let index = 0; tileWidth(size, level, index) > 0; index++) {
      yield { kind: 'hashes', level, index, width: tileWidth(size, level, index) }
    }
  }
}

/** The partial hash tiles of a tree, lowest level first: what a writer goes on from. */
export function* partialTilesOf(size: TreeSize): Generator<HashTilePath, void> {
  for (let level = 0; hashesAtLevel(size, level) > 0; level++) {
    const index = Math.floor(hashesAtLevel(size, level) / TILE_WIDTH)
    const width = tileWidth(size, level, index)
    if (width > 0) yield { kind: 'hashes', level, index, width }
  }
}
