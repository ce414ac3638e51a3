// Builds the shard's public files from durable entries: bundles, hash tiles, payload files, and at
// last the checkpoint that vouches for them. Owned by one thread. `append` only touches memory;
// `publish` writes, synchronises, then signs: whatever a checkpoint covers was durable before it. A
// write that failed for want of space changed nothing that counts and is done again by the next
// call.

import { join } from 'node:path'
import { equalBytes } from '@tocsin/sdk/bytes'
import { openCheckpoint, signCheckpoint } from '@tocsin/sdk/checkpoint'
import type { Ed25519Verifier } from '@tocsin/sdk/crypto'
import { CHUNK_ENTRIES, type Entry, parseEntry } from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import type { NoteSigner } from '@tocsin/sdk/note'
import {
  buildRightEdge,
  parseEntryBundle,
  partialTilesOf,
  printTilePath,
  type RightEdge,
  TILE_WIDTH,
  type TilePath,
  type TreeHasher,
  type TreeSize,
  tileWidth,
} from '@tocsin/sdk/tlog'
import { readFileIfThere, replaceFile } from '../base/durable.ts'
import { removeEarlyPartials } from './leftovers.ts'
import { buildOpenBundle, type OpenBundle } from './open-bundle.ts'
import { cutPayloads } from './payload-cut.ts'
import { openPayloadWriter, type PayloadWriter } from './payloads.ts'
import { readRecordAt } from './record.ts'
import type { ShardPaths } from './shard-files.ts'
import { buildTileFiles } from './tile-files.ts'

/** Bytes gathered before they are written, whether or not a checkpoint is due. */
const PENDING_BYTES_MAX = 8 * 1024 * 1024

export type Published = { readonly size: number; readonly text: string }

export interface TileWriter {
  /** Entries taken so far; the next one gets this leaf index. */
  readonly size: number
  /**
   * Takes the records of durable entries, in order, as record.ts lays them out. Keeps none of them.
   */
  append(bytes: Buffer, offsets: Uint32Array): void
  /**
   * Removes what a crash left beyond the checkpoint. Nothing on disk is changed before this: to be
   * called once everything that must be there was found. Throws `log.corrupt` for damaged payloads.
   */
  begin(): void
  /** Writes what waits in memory when it is much. Throws what the disk says. */
  relieve(): void
  /** Signs a checkpoint over everything taken; durable on return. null when nothing is new. */
  publish(): Promise<Published | null>
}

export type TileWriterDeps = {
  readonly paths: ShardPaths
  readonly origin: string
  readonly signer: NoteSigner
  readonly verifier: Ed25519Verifier
  readonly hasher: TreeHasher
}

/**
 * Takes up a shard where its checkpoint stands. Throws `log.corrupt` when the tiles do not have the
 * root that was signed, or the checkpoint is not this key's: such a log must not be grown.
 */
export async function openTileWriter(deps: TileWriterDeps): Promise<TileWriter> {
  const state = await loadState(deps)
  return buildTileWriter(deps, state, openPayloadWriter(deps.paths.payloads))
}

type State = { readonly edge: RightEdge; readonly bundle: OpenBundle }

async function loadState(deps: TileWriterDeps): Promise<State> {
  const { paths, origin, signer, verifier, hasher } = deps
  const note = readFileIfThere(join(paths.log, 'checkpoint'))
  if (note === null) return { edge: buildRightEdge(hasher), bundle: buildOpenBundle([]) }
  const opened = await openCheckpoint(note, [signer.key], verifier)
  if (opened.kind !== 'opened' || opened.checkpoint.origin !== origin) {
    throw corrupt(paths.log, 'its checkpoint was not signed by the key in keys/')
  }
  const { size, root } = opened.checkpoint
  const tiles = [...partialTilesOf(size)].map(path => readPart(paths.log, path))
  const edge = buildRightEdge(hasher, size, tiles)
  if (!equalBytes(edge.root(), root)) throw corrupt(paths.log, 'its tiles do not have that root')
  const leaves = readLeaves(paths.log, Math.floor(size / TILE_WIDTH), size)
  const hashes = leaves.flatMap(leaf => [...hasher.leaf(leaf)])
  if (leaves.length > 0 && !equalBytes(Uint8Array.from(hashes), tiles[0] ?? new Uint8Array(0))) {
    throw corrupt(paths.log, 'its last entries are not those of its tiles')
  }
  return { edge, bundle: buildOpenBundle(leaves) }
}

function readPart(directory: string, path: TilePath): Uint8Array {
  const name = printTilePath(path)
  const bytes = readFileIfThere(join(directory, name))
  if (bytes === null) throw corrupt(directory, `${name} is missing`)
  return bytes
}

/** The leaves of bundle `index` in a log of `size`; none where it has no such bundle. */
function readLeaves(directory: string, index: number, size: number): readonly Uint8Array[] {
  const width = Math.min(TILE_WIDTH, size - index * TILE_WIDTH)
  if (width <= 0) return []
  return parseEntryBundle(readPart(directory, { kind: 'entries', index, width }), width)
}

/** The entries of the payload chunk that `size` lies in, below `size`. */
function openEntries(directory: string, size: number): readonly Entry[] {
  const entries: Entry[] = []
  const perChunk = CHUNK_ENTRIES / TILE_WIDTH
  const first = Math.floor(size / CHUNK_ENTRIES) * perChunk
  for (let index = first; index < first + perChunk; index++) {
    for (const leaf of readLeaves(directory, index, size)) entries.push(parseEntry(leaf))
  }
  return entries
}

function buildTileWriter(
  { paths, origin, signer, hasher }: TileWriterDeps,
  { edge, bundle }: State,
  payloads: PayloadWriter,
): TileWriter {
  const files = buildTileFiles(paths)
  const partials = buildPartials(edge.size)
  let published = edge.size
  let hasBegun = false

  function appendLeaf(leaf: Uint8Array): void {
    const index = Math.floor(edge.size / TILE_WIDTH)
    for (const { path, bytes } of edge.append(hasher.leaf(leaf))) files.queue(path, bytes)
    bundle.append(leaf)
    if (bundle.width < TILE_WIDTH) return
    files.queue({ kind: 'entries', index, width: TILE_WIDTH }, bundle.bytes())
    bundle.clear()
  }

  function queuePartials(): void {
    const tiles: { readonly path: TilePath; readonly bytes: Uint8Array }[] = [
      ...edge.partialTiles(),
    ]
    if (bundle.width > 0) {
      const index = Math.floor(edge.size / TILE_WIDTH)
      const path = { kind: 'entries', index, width: bundle.width } as const
      tiles.push({ path, bytes: bundle.bytes() })
    }
    for (const { path, bytes } of tiles) if (partials.add(path)) files.queue(path, bytes)
  }

  async function publish(): Promise<Published | null> {
    const { size } = edge
    if (size === published) return null
    queuePartials()
    const root = edge.root()
    payloads.sync()
    files.sync()
    const note = await signCheckpoint({ origin, size, root, extensions: [] }, [signer])
    replaceFile(join(paths.log, 'checkpoint'), note, join(paths.state, 'checkpoint.new'))
    published = size
    for (const path of partials.takeFull(size)) files.dropPartials(path)
    return { size, text: Buffer.from(note).toString('utf8') }
  }

  return {
    get size() {
      return edge.size
    },
    append(bytes, offsets) {
      for (let i = 0; i + 1 < offsets.length; i++) {
        const record = readRecordAt(bytes, offsets[i] ?? 0)
        payloads.append(edge.size, record)
        appendLeaf(record.leaf)
      }
    },
    begin() {
      cutPayloads(paths.payloads, published, openEntries(paths.log, published))
      removeEarlyPartials(paths.log, published)
      hasBegun = true
    },
    relieve() {
      if (!hasBegun || files.pendingBytes + payloads.pendingBytes <= PENDING_BYTES_MAX) return
      payloads.write()
      files.write()
    },
    publish,
  }
}

/** The partial tiles and bundles that stand there or wait to be written. */
interface Partials {
  /** False when it is there already: then it must not be written again. */
  add(path: TilePath): boolean
  /** Forgets those that are full in a log of `size`, and returns them. */
  takeFull(size: TreeSize): readonly TilePath[]
}

function buildPartials(size: TreeSize): Partials {
  const known = new Map<string, TilePath>()
  const start: TilePath[] = [...partialTilesOf(size)]
  const index = Math.floor(size / TILE_WIDTH)
  if (size % TILE_WIDTH > 0) start.push({ kind: 'entries', index, width: size % TILE_WIDTH })
  for (const path of start) known.set(printTilePath(path), path)
  return {
    add(path) {
      const name = printTilePath(path)
      if (known.has(name)) return false
      known.set(name, path)
      return true
    },
    takeFull(size) {
      const full: TilePath[] = []
      for (const [name, path] of known) {
        const level = path.kind === 'entries' ? 0 : path.level
        if (tileWidth(size, level, path.index) < TILE_WIDTH) continue
        known.delete(name)
        full.push(path)
      }
      return full
    },
  }
}

function corrupt(directory: string, why: string): TocsinError {
  return new TocsinError('log.corrupt', {
    public:
      `the log in ${directory} cannot be continued: ${why}. Keep it as it is, check it with ` +
      '`tocsin verify`, and restore from a copy',
  })
}
