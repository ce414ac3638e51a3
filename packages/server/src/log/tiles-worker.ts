// The thread that owns the shard's public files. It takes durable entries from the sequencer, builds
// tiles and payload files, and signs a checkpoint at most once a second. A full disk only delays it:
// the entries are safe in the write-ahead log, and it tries again.

import { TocsinError } from '@tocsin/sdk/errors'
import { buildEd25519Signer, ed25519, sha256 } from '@tocsin/sdk/node'
import { buildVerifierKey } from '@tocsin/sdk/note'
import { buildTreeHasher } from '@tocsin/sdk/tlog'
import { isDiskFull } from '../base/durable.ts'
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
  | { readonly kind: 'close' }

export type FromTiles =
  | { readonly kind: 'opened'; readonly size: number }
  | { readonly kind: 'published'; readonly size: number; readonly text: string }
  | { readonly kind: 'disk_full'; readonly detail: string }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }
  | { readonly kind: 'closed' }

const thread = thisThread<ToTiles, FromTiles, TilesConfig>()
const { paths, origin, logSeed } = thread.data

async function open(): Promise<TileWriter> {
  const seed = buildEd25519Signer(logSeed)
  const signer = { key: buildVerifierKey(sha256, origin, seed.publicKey), ed25519: seed }
  const hasher = buildTreeHasher(sha256)
  return openTileWriter({ paths, origin, signer, verifier: ed25519, hasher })
}

function fail(error: unknown): void {
  const code = error instanceof TocsinError ? error.code : 'log.disk_failed'
  thread.send({
    kind: 'failed',
    code,
    detail: error instanceof Error ? error.message : String(error),
  })
}

/** Runs one step that writes; a full disk is told and left to the next step. */
async function attempt(step: () => Promise<void> | void): Promise<boolean> {
  try {
    await step()
    return true
  } catch (error) {
    if (isDiskFull(error)) thread.send({ kind: 'disk_full', detail: String(error) })
    else fail(error)
    return false
  }
}

async function run(writer: TileWriter): Promise<void> {
  let timer: NodeJS.Timeout | null = null
  let busy = Promise.resolve(true)

  const publish = () => {
    timer = null
    busy = attempt(async () => {
      const published = await writer.publish()
      if (published) thread.send({ kind: 'published', ...published })
    }).then(done => {
      if (!done) timer ??= setTimeout(publish, CHECKPOINT_INTERVAL_MS)
      return done
    })
  }

  thread.onMessage(message => {
    if (message.kind === 'append') {
      const { bytes, offsets } = message
      writer.append(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), offsets)
      void attempt(() => writer.relieve())
      timer ??= setTimeout(publish, CHECKPOINT_INTERVAL_MS)
      return
    }
    if (timer) clearTimeout(timer)
    void busy
      .then(() => {
        publish()
        return busy
      })
      .then(() => thread.send({ kind: 'closed' }))
  })
  thread.send({ kind: 'opened', size: writer.size })
}

open().then(run, fail)
