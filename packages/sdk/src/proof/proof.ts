// Inclusion and consistency proofs (RFC 9162 §2.1.3 and §2.1.4): building them from the tiles of a
// log, and the check that trusts nothing but roots. Plain arithmetic, right up to 2^53-1 leaves.

import { equalBytes } from '../bytes.ts'
import { HASH_BYTES } from '../crypto.ts'
import { TocsinError } from '../errors.ts'
import {
  buildRightEdge,
  type Hash,
  type LeafIndex,
  partialTilesOf,
  type RightEdge,
  type TreeHasher,
  type TreeHead,
  type TreeSize,
} from '../tlog/tlog.ts'
import type { TileReader } from './tile-reader.ts'

export { buildTileReader, type TileReader } from './tile-reader.ts'

/**
 * The hashes, leaf to root, that prove leaf `index` in the tree that `reader` reads. Throws
 * `tlog.number_out_of_range` for an index beyond it, `tlog.tile_missing` where a tile is absent.
 */
export async function buildInclusionProof(
  reader: TileReader,
  index: LeafIndex,
): Promise<readonly Hash[]> {
  return await hashSubtrees(reader, inclusionSubtrees(index, reader.size))
}

/**
 * The hashes that prove the first `older` leaves to be the beginning of the tree that `reader`
 * reads. Throws as `buildInclusionProof` does.
 */
export async function buildConsistencyProof(
  reader: TileReader,
  older: TreeSize,
): Promise<readonly Hash[]> {
  return await hashSubtrees(reader, consistencySubtrees(older, reader.size))
}

/**
 * The right edge of the tree that `reader` reads, for a writer that goes on from it. Throws
 * `tlog.tile_missing`; compare its `root()` with a checkpoint before appending.
 */
export async function loadRightEdge(hasher: TreeHasher, reader: TileReader): Promise<RightEdge> {
  const tiles: Uint8Array[] = []
  for (const { level, index } of partialTilesOf(reader.size)) {
    tiles.push(await reader.tile(level, index))
  }
  return buildRightEdge(hasher, reader.size, tiles)
}

async function hashSubtrees(
  reader: TileReader,
  subtrees: readonly Subtree[],
): Promise<readonly Hash[]> {
  const path: Hash[] = []
  for (const { start, end } of subtrees) path.push(await reader.subtree(start, end))
  return path
}

/** Leaves `start` to `end` (exclusive) under one node of the tree. */
type Subtree = { readonly start: number; readonly end: number }

/** The subtrees whose hashes prove a leaf, from leaf to root (RFC 9162 §2.1.3.1). */
function inclusionSubtrees(index: LeafIndex, size: TreeSize): readonly Subtree[] {
  checkRange(index < size, `leaf ${index} is not in a tree of ${size} leaves`)
  const subtrees: Subtree[] = []
  let start = 0
  let end: number = size
  while (end - start > 1) {
    const middle = start + powerBelow(end - start)
    subtrees.push(index < middle ? { start: middle, end } : { start, end: middle })
    if (index < middle) end = middle
    else start = middle
  }
  return subtrees.reverse()
}

/** The subtrees whose hashes prove that an older tree begins a newer one (RFC 9162 §2.1.4.1). */
function consistencySubtrees(older: TreeSize, newer: TreeSize): readonly Subtree[] {
  checkRange(older <= newer, `a tree of ${newer} leaves cannot hold one of ${older}`)
  if (older === 0 || older === newer) return []
  const subtrees: Subtree[] = []
  let start = 0
  let end: number = newer
  while (older < end) {
    const middle = start + powerBelow(end - start)
    subtrees.push(older <= middle ? { start: middle, end } : { start, end: middle })
    if (older <= middle) end = middle
    else start = middle
  }
  // The older tree itself needs no proof where it is one whole subtree: its root is known.
  if (start > 0) subtrees.push({ start, end })
  return subtrees.reverse()
}

function checkRange(holds: boolean, what: string): void {
  if (!holds) throw new TocsinError('tlog.number_out_of_range', { public: what })
}

/** The largest power of two below `count`, which is at least 2. */
function powerBelow(count: number): number {
  let power = 1
  while (power * 2 < count) power *= 2
  return power
}

/** What a walk along a proof knows: is the node a right child, is it the last of its level? */
type Climb = { node: number; last: number }

function shift(climb: Climb): void {
  climb.node = Math.floor(climb.node / 2)
  climb.last = Math.floor(climb.last / 2)
}

/** True when the sibling stands left. Climbs to where the next sibling will be needed. */
function climbLeft(climb: Climb): boolean {
  const isLeft = climb.node % 2 === 1 || climb.node === climb.last
  if (isLeft) while (climb.node % 2 === 0 && climb.node !== 0) shift(climb)
  shift(climb)
  return isLeft
}

/**
 * True when `path` proves that the leaf with hash `leaf` stands at `index` of the tree `head`
 * (RFC 9162 §2.1.3.2). Never throws: any wrong path, index, size or hash is false.
 */
export function verifyInclusion(
  hasher: TreeHasher,
  claim: { readonly leaf: Hash; readonly index: LeafIndex; readonly head: TreeHead },
  path: readonly Hash[],
): boolean {
  const { leaf, index, head } = claim
  if (index >= head.size || !areHashes([leaf, head.root, ...path])) return false
  const climb: Climb = { node: index, last: head.size - 1 }
  let hash = leaf
  for (const sibling of path) {
    if (climb.last === 0) return false
    hash = climbLeft(climb) ? hasher.node(sibling, hash) : hasher.node(hash, sibling)
  }
  return climb.last === 0 && equalBytes(hash, head.root)
}

/**
 * True when `path` proves that the tree `older` is the beginning of the tree `newer`
 * (RFC 9162 §2.1.4.2). Never throws: any wrong path, size or root is false.
 */
export function verifyConsistency(
  hasher: TreeHasher,
  heads: { readonly older: TreeHead; readonly newer: TreeHead },
  path: readonly Hash[],
): boolean {
  const { older, newer } = heads
  if (!areHashes([older.root, newer.root, ...path]) || older.size > newer.size) return false
  if (older.size === newer.size) return path.length === 0 && equalBytes(older.root, newer.root)
  if (older.size === 0) return path.length === 0 && equalBytes(older.root, hasher.emptyRoot)
  const climb: Climb = { node: older.size - 1, last: newer.size - 1 }
  while (climb.node % 2 === 1) shift(climb)
  const [first, ...rest] = climb.node === 0 ? [older.root, ...path] : path
  if (first === undefined) return false
  let olderHash = first
  let newerHash = first
  for (const sibling of rest) {
    if (climb.last === 0) return false
    if (climbLeft(climb)) {
      olderHash = hasher.node(sibling, olderHash)
      newerHash = hasher.node(sibling, newerHash)
    } else newerHash = hasher.node(newerHash, sibling)
  }
  const areEqual = equalBytes(olderHash, older.root) && equalBytes(newerHash, newer.root)
  return climb.last === 0 && areEqual
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every(hash => hash.length === HASH_BYTES)
}
