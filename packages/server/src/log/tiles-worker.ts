// The thread that owns the shard's public files. It takes durable entries from the sequencer,
// builds tiles and payload files, and signs a checkpoint at most once a second. A full disk only
// delays it: the entries are safe in the write-ahead log, and it tries again. After any other
// failure it does nothing more: nobody knows what is on the disk.

import { buildEd25519Signer, ed25519, sha256 } from '@tocsin/sdk/node'
import { buildVerifierKey } from '@tocsin/sdk/note'
import { buildTreeHasher } from '@tocsin/sdk/tlog'
import { diskError } from '../base/durable.ts'
import { CHECKPOINT_INTERVAL_MS } from '../base/limits.ts'
import { thisThread } from '../base/threads.ts'
import type { ShardPaths } from './shard-files.ts'
import { openTileWriter, type TileWriter } from './tiles.ts'

export type TilesConfig = {
  readonly paths: ShardPaths
  readonly origin: string
  readonly logSeed: Uint8Array
}

export type ToTiles =
  | { readonly kind: 'append'; readonly bytes: Uint8Array; readonly offsets: Uint32Array }
  /** Everything that must be there was found: files may be changed from now on. */
  | { readonly kind: 'begin' }
  | { readonly kind: 'close' }

export type FromTiles =
  | { readonly kind: 'opened'; readonly size: number }
  | { readonly kind: 'begun' }
  | { readonly kind: 'published'; readonly size: number; readonly text: string }
  | { readonly kind: 'disk_full' }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }
  | { readonly kind: 'closed' }

const thread = thisThread<ToTiles, FromTiles, TilesConfig>()
const { paths, origin, logSeed } = thread.data
let hasFailed = false

function open(): Promise<TileWriter> {
  const seed = buildEd25519Signer(logSeed)
  const signer = { key: buildVerifierKey(sha256, origin, seed.publicKey), ed25519: seed }
  const hasher = buildTreeHasher(sha256)
  return openTileWriter({ paths, origin, signer, verifier: ed25519, hasher })
}

function fail(cause: unknown): void {
  hasFailed = true
  const { code, message } = diskError(cause, paths.log)
  thread.send({ kind: 'failed', code, detail: message })
}

/**
 * Runs one step that writes, unless one failed before; a full disk is told and left to the next
 * step.
 */
async function attempt(step: () => Promise<void> | void): Promise<void> {
  if (hasFailed) return
  try {
    await step()
  } catch (error) {
    if (diskError(error, paths.log).code !== 'log.disk_full') return fail(error)
    thread.send({ kind: 'disk_full' })
    schedule()
  }
}

let writer: TileWriter | null = null
let timer: NodeJS.Timeout | null = null
/** One step at a time, in order: `publish` waits for a signature. */
let working: Promise<void> = Promise.resolve()

function enqueue(step: (writer: TileWriter) => Promise<void> | void): void {
  working = working.then(() => attempt(() => (writer ? step(writer) : undefined)))
}

function schedule(): void {
  timer ??= setTimeout(() => enqueue(publish), CHECKPOINT_INTERVAL_MS)
}

/** Whoever opens the log waits for this, so even a full disk is an answer. */
function begin(writer: TileWriter): void {
  try {
    writer.begin()
    thread.send({ kind: 'begun' })
  } catch (error) {
    fail(error)
  }
}

async function publish(writer: TileWriter): Promise<void> {
  if (timer) clearTimeout(timer)
  timer = null
  const published = await writer.publish()
  if (published) thread.send({ kind: 'published', ...published })
}

function take(message: ToTiles): void {
  switch (message.kind) {
    case 'append':
      enqueue(writer => {
        const { bytes, offsets } = message
        writer.append(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), offsets)
        schedule()
        writer.relieve()
      })
      return
    case 'begin':
      // What a crash left in the write-ahead log is published at once: until then nothing may be
      // acknowledged on it.
      enqueue(begin)
      enqueue(publish)
      return
    case 'close':
      enqueue(publish)
      working = working.then(() => thread.send({ kind: 'closed' }))
  }
}

try {
  writer = await open()
  thread.onMessage(take)
  thread.send({ kind: 'opened', size: writer.size })
} catch (error) {
  fail(error)
}
