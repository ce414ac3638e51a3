// Builds the shard's public files from durable entries: bundles, hash tiles, payload files, and at
// last the checkpoint that vouches for them. Owned by one thread. `append` only touches memory;
// `publish` writes, synchronises, then signs: whatever a checkpoint covers was durable before it.
// A write that failed changed nothing that counts and is done again by the next call.

import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { equalBytes } from '@tocsin/sdk/bytes'
import { openCheckpoint, signCheckpoint } from '@tocsin/sdk/checkpoint'
import type { Ed25519Verifier } from '@tocsin/sdk/crypto'
import { TocsinError } from '@tocsin/sdk/errors'
import type { NoteSigner } from '@tocsin/sdk/note'
import {
  buildRightEdge,
  encodeEntryBundle,
  parseEntryBundle,
  partialTilesOf,
  printTilePath,
  type RightEdge,
  TILE_WIDTH,
  type TreeHasher,
} from '@tocsin/sdk/tlog'
import {
  makeDirectory,
  readFileIfThere,
  replaceFile,
  syncDirectory,
  syncFile,
} from '../base/durable.ts'
import { cutPayloads, openPayloadWriter, type PayloadWriter } from './payloads.ts'
import { readRecordAt } from './record.ts'
import type { ShardPaths } from './shard-files.ts'

/** Bytes gathered before they are written, whether or not a checkpoint is due. */
const PENDING_BYTES_MAX = 8 * 1024 * 1024

export type Published = { readonly size: number; readonly text: string }

export interface TileWriter {
  /** Entries taken so far; the next one gets this leaf index. */
  readonly size: number
  /** Takes the records of durable entries, in order, as record.ts lays them out. */
  append(bytes: Buffer, offsets: Uint32Array): void
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
  const { paths, hasher } = deps
  makeDirectory(paths.log)
  const state = await loadState(deps)
  cutPayloads(paths.payloads, state.edge.size)
  return buildTileWriter(deps, state, openPayloadWriter(paths.payloads), hasher)
}

type State = { readonly edge: RightEdge; readonly leaves: Uint8Array[] }

async function loadState({
  paths,
  origin,
  signer,
  verifier,
  hasher,
}: TileWriterDeps): Promise<State> {
  const note = readFileIfThere(join(paths.log, 'checkpoint'))
  if (note === null) return { edge: buildRightEdge(hasher), leaves: [] }
  const opened = await openCheckpoint(note, [signer.key], verifier)
  if (opened.kind !== 'opened' || opened.checkpoint.origin !== origin) {
    throw corrupt(paths.log, 'its checkpoint was not signed by the key in keys/')
  }
  const { size, root } = opened.checkpoint
  const tiles = [...partialTilesOf(size)].map(path => readPart(paths.log, printTilePath(path)))
  const edge = buildRightEdge(hasher, size, tiles)
  if (!equalBytes(edge.root(), root)) throw corrupt(paths.log, 'its tiles do not have that root')
  return { edge, leaves: [...loadOpenBundle(paths.log, size)] }
}

function readPart(directory: string, path: string): Uint8Array {
  const bytes = readFileIfThere(join(directory, path))
  if (bytes === null) throw corrupt(directory, `${path} is missing`)
  return bytes
}

function loadOpenBundle(directory: string, size: number): readonly Uint8Array[] {
  const width = size % TILE_WIDTH
  if (width === 0) return []
  const path = bundlePath(Math.floor(size / TILE_WIDTH), width)
  return parseEntryBundle(readPart(directory, path), width)
}

function buildTileWriter(
  { paths, origin, signer }: TileWriterDeps,
  { edge, leaves }: State,
  payloads: PayloadWriter,
  hasher: TreeHasher,
): TileWriter {
  const waiting = new Map<string, Uint8Array>()
  const unsynced = new Set<string>()
  const filled: string[] = []
  let waitingBytes = 0
  let published = edge.size

  function queue(path: string, bytes: Uint8Array): void {
    waiting.set(path, bytes)
    waitingBytes += bytes.length
  }

  function appendLeaf(leaf: Uint8Array): void {
    const bundle = Math.floor(edge.size / TILE_WIDTH)
    for (const tile of edge.append(hasher.leaf(leaf))) {
      queue(printTilePath(tile.path), tile.bytes)
      filled.push(printTilePath(tile.path))
    }
    // The record's buffer holds much more than the leaf; a copy lets it go.
    leaves.push(Uint8Array.from(leaf))
    if (leaves.length < TILE_WIDTH) return
    queue(bundlePath(bundle, TILE_WIDTH), encodeEntryBundle(leaves))
    filled.push(bundlePath(bundle, TILE_WIDTH))
    leaves.length = 0
  }

  function writeWaiting(): void {
    payloads.write()
    for (const [path, bytes] of waiting) {
      createFile(join(paths.log, path), bytes)
      unsynced.add(path)
      waiting.delete(path)
      waitingBytes -= bytes.length
    }
  }

  function syncAll(): void {
    payloads.sync()
    const directories = new Set<string>()
    for (const path of unsynced) {
      syncFile(join(paths.log, path))
      directories.add(dirname(join(paths.log, path)))
    }
    for (const directory of directories) syncDirectory(directory)
    unsynced.clear()
  }

  async function publish(): Promise<Published | null> {
    const size = edge.size
    if (size === published) return null
    for (const tile of edge.partialTiles()) queue(printTilePath(tile.path), tile.bytes)
    const width = size % TILE_WIDTH
    if (width > 0) {
      queue(bundlePath(Math.floor(size / TILE_WIDTH), width), encodeEntryBundle(leaves))
    }
    const root = edge.root()
    const covered = filled.length
    writeWaiting()
    syncAll()
    const note = await signCheckpoint({ origin, size, root, extensions: [] }, [signer])
    replaceFile(join(paths.log, 'checkpoint'), note)
    published = size
    // Tiles that filled while the signature was made are not covered by it yet.
    for (const path of filled.splice(0, covered)) dropPartials(join(paths.log, path))
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
    relieve() {
      if (waitingBytes + payloads.pendingBytes > PENDING_BYTES_MAX) writeWaiting()
    },
    publish,
  }
}

function bundlePath(index: number, width: number): string {
  return printTilePath({ kind: 'entries', index, width })
}

/** What a crash left under this name, beyond the last checkpoint, is kept if equal and replaced if torn. */
function createFile(path: string, bytes: Uint8Array): void {
  makeDirectory(dirname(path))
  const found = readFileIfThere(path)
  if (found === null) writeFileSync(path, bytes, { flag: 'wx' })
  else if (!equalBytes(found, bytes)) replaceFile(path, bytes)
}

/** A reader that still wants a partial tile takes the start of the full one (C2SP tlog-tiles). */
function dropPartials(fullPath: string): void {
  rmSync(`${fullPath}.p`, { recursive: true, force: true })
}

function corrupt(directory: string, why: string): TocsinError {
  return new TocsinError('log.corrupt', {
    public:
      `the log in ${directory} cannot be continued: ${why}. Keep it as it is, check it with ` +
      '`tocsin verify`, and restore from a copy',
  })
}
