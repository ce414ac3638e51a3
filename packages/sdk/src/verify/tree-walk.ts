// Walks the entries of a log from first to last, computes the tree from them and nothing else, and
// compares every tile that stands in the log. Where an entry and a tile differ, neither says which
// of the two was changed; the signed root does, so the walk then goes on to the end to decide.

import { concatBytes, equalBytes } from '../bytes.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { HASH_BYTES } from '../crypto.ts'
import type { FetchFile } from '../fetch-file.ts'
import {
  buildRightEdge,
  type EntryBundlePath,
  type Hash,
  type HashTilePath,
  type LeafIndex,
  parseLeafIndex,
  printTilePath,
  splitEntryBundle,
  TILE_WIDTH,
  type Tile,
  type TilePath,
  type TreeHasher,
  tileWidth,
} from '../tlog/tlog.ts'
import { readAhead } from './read-ahead.ts'
import { type Broken, broken, bundleFile } from './verdict.ts'

const READS_AHEAD = 8

export type TreeWalk = {
  readonly fetch: FetchFile
  readonly hasher: TreeHasher
  readonly checkpoint: Checkpoint
  /** An earlier checkpoint of this log, not larger than `checkpoint`. */
  readonly since: Checkpoint | null
  /** Looks at neighbouring entries, the first of them leaf `start`; says what is wrong first. */
  readonly inspect: (start: number, entries: readonly Uint8Array[]) => Promise<Broken | null>
  readonly onProgress: (entriesDone: number) => void
}

/** What stands in place of a tile. `isWhole` is false for the start of a longer file. */
type Stored = { readonly bytes: Uint8Array; readonly isWhole: boolean }

/** A tile that differs: from leaf `at` on, one of `span` entries is wrong, or the tile is. */
type Suspect = {
  readonly kind: 'suspect'
  readonly path: HashTilePath
  readonly at: LeafIndex
  readonly span: number
}

type Bundle = {
  readonly path: EntryBundlePath
  readonly stored: Stored | null
  readonly entries: readonly Uint8Array[]
  /** Offset behind the last whole entry. */
  readonly end: number
  /** What stands in place of the level 0 tile over the same leaves. */
  readonly tile: Stored | null
}

/**
 * Reads a tile or bundle. A partial one may be dropped once the full one is there: then that is
 * read, of which only the beginning is meant.
 */
async function readStored(fetch: FetchFile, path: TilePath): Promise<Stored | null> {
  const exact = await fetch(printTilePath(path))
  if (exact !== null) return { bytes: exact, isWhole: true }
  if (path.width === TILE_WIDTH) return null
  const full = await fetch(printTilePath({ ...path, width: TILE_WIDTH }))
  if (full === null) return null
  const bytes = path.kind === 'hashes' ? full.subarray(0, path.width * HASH_BYTES) : full
  return { bytes, isWhole: false }
}

/** Null when entries, tiles and root are all of one tree, and `since` is its beginning. */
export async function walkTree(walk: TreeWalk): Promise<Broken | null> {
  const { checkpoint, since, hasher } = walk
  const edge = buildRightEdge(hasher)
  let suspect: Suspect | null = null
  let isFork = false
  for await (const bundle of readBundles(walk)) {
    const start = edge.size
    const hashes = bundle.entries.map(hasher.leaf)
    const damage = bundleDamage(bundle, hashes)
    if (damage !== null) return suspect === null ? damage : entryChanged(suspect, checkpoint)
    const tiles: Tile[] = []
    for (const hash of hashes) {
      if (edge.size === since?.size) isFork = !equalBytes(edge.root(), since.root)
      tiles.push(...edge.append(hash))
    }
    if (edge.size === checkpoint.size) tiles.push(...edge.partialTiles())
    if (suspect === null) {
      const found = await compareTiles(walk.fetch, tiles, bundle.tile)
      if (found?.kind === 'broken') return found
      suspect = found
      const sound = suspect === null ? bundle.entries.length : Math.max(0, suspect.at - start)
      const fault = await walk.inspect(start, bundle.entries.slice(0, sound))
      if (fault !== null) return fault
    }
    walk.onProgress(edge.size)
  }
  const root = edge.root()
  const isSigned = equalBytes(root, checkpoint.root)
  if (suspect !== null) return isSigned ? tileChanged(suspect) : entryChanged(suspect, checkpoint)
  if (!isSigned) return rootMismatch()
  if (since?.size === checkpoint.size) isFork = !equalBytes(root, since.root)
  return isFork && since !== null ? fork(since) : null
}

function readBundles({ fetch, checkpoint }: TreeWalk): AsyncGenerator<Bundle, void> {
  const count = Math.ceil(checkpoint.size / TILE_WIDTH)
  return readAhead(count, READS_AHEAD, async index => {
    const width = tileWidth(checkpoint.size, 0, index)
    const path = { kind: 'entries', index, width } as const
    const [stored, tile] = await Promise.all([
      readStored(fetch, path),
      readStored(fetch, { kind: 'hashes', level: 0, index, width }),
    ])
    const split = splitEntryBundle(stored?.bytes ?? new Uint8Array(0), width)
    return { path, stored, tile, ...split }
  })
}

function bundleDamage(bundle: Bundle, hashes: readonly Hash[]): Broken | null {
  const { path, stored, entries, end, tile } = bundle
  const file = printTilePath(path)
  const start = path.index * TILE_WIDTH
  if (stored === null) {
    return broken('bundle_missing', file, parseLeafIndex(start), `${file} is missing`)
  }
  const isCut = entries.length < path.width
  if (!isCut && (!stored.isWhole || end === stored.bytes.length)) return null
  // A changed length shifts what follows; the tile may know from which entry on.
  const known = firstWrongHash(tile?.bytes ?? new Uint8Array(0), concatBytes(...hashes))
  const at = parseLeafIndex(start + Math.min(known, isCut ? entries.length : path.width - 1))
  const what = isCut ? `is cut off or damaged at entry ${at}` : 'goes on after its last entry'
  return broken('bundle_malformed', file, at, `${file} ${what}`)
}

async function compareTiles(
  fetch: FetchFile,
  tiles: readonly Tile[],
  lowest: Stored | null,
): Promise<Broken | Suspect | null> {
  for (const { path, bytes } of tiles) {
    const stored = path.level === 0 ? lowest : await readStored(fetch, path)
    const file = printTilePath(path)
    const span = TILE_WIDTH ** path.level
    const start = path.index * TILE_WIDTH * span
    if (stored === null) {
      return broken('tile_missing', file, parseLeafIndex(start), `${file} is missing`)
    }
    if (equalBytes(stored.bytes, bytes)) continue
    const wrong = Math.min(firstWrongHash(stored.bytes, bytes), path.width - 1)
    return { kind: 'suspect', path, at: parseLeafIndex(start + wrong * span), span }
  }
  return null
}

/** Number of the first hash that differs; that of the shorter's end where none does. */
function firstWrongHash(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  let at = 0
  while (at < length && a[at] === b[at]) at += 1
  return Math.floor(at / HASH_BYTES)
}

function entryChanged({ path, at, span }: Suspect, { size }: Checkpoint): Broken {
  const file = bundleFile(size, at)
  const which = span === 1 ? `entry ${at} is` : `one of the ${span} entries from ${at} on is`
  const detail = `${which} not what ${printTilePath(path)} and the signed root say`
  return broken('entry_changed', file, at, detail)
}

function tileChanged({ path, at }: Suspect): Broken {
  const file = printTilePath(path)
  const detail = `${file} is not what the entries and the signed root say`
  return broken('tile_changed', file, at, detail)
}

function rootMismatch(): Broken {
  const detail = 'the tree of these entries is not the one that the checkpoint signs'
  return broken('root_mismatch', 'checkpoint', null, detail)
}

function fork(since: Checkpoint): Broken {
  const detail =
    `the first ${since.size} entries are not those of the earlier checkpoint of that size: ` +
    'the log signed two histories'
  return broken('fork', 'checkpoint', null, detail)
}
