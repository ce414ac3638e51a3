// The log: takes prepared events, makes them durable, and only then says so. This door opens a
// shard: keys, tile thread, recovery, sequencer. It knows none of its followers.
//
// Start is recovery: the tile thread takes up the newest checkpoint, and every record behind it
// comes again from the write-ahead log by the way that live entries take. Until all that was
// acknowledged is known to be there, nothing on disk is changed.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { printEntry } from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import { buildEd25519Signer, sha256 } from '@tocsin/sdk/node'
import { buildVerifierKey, printVerifierKey } from '@tocsin/sdk/note'
import type { Clock } from '../base/clock.ts'
import {
  diskError,
  freeBytes,
  makeDirectory,
  readFileIfThere,
  replaceFile,
} from '../base/durable.ts'
import type { Telemetry } from '../base/emit.ts'
import type { Entropy } from '../base/entropy.ts'
import { CHECKPOINT_INTERVAL_MS } from '../base/limits.ts'
import { type IdTable, openIdTable } from './ids.ts'
import { keysDirectory, loadSecrets, type MayMake, type NodeSecrets } from './key-files.ts'
import { hasKeyRing, openKeyRing } from './key-ring.ts'
import { buildBatch, DIGEST_BYTES, ID_BYTES, type PreparedBatch } from './record.ts'
import { recoverEntries } from './recovery.ts'
import { type Appended, buildSequencer, type DurableBatch, type Sequencer } from './sequencer.ts'
import { type ShardPaths, shardPaths } from './shard-files.ts'
import { startTileThread, type TileThread } from './tile-thread.ts'
import type { Published } from './tiles.ts'
import type { Vault } from './vault.ts'
import { openWal } from './wal.ts'

export type { Fate } from './choose.ts'
export { type EntryProof, type Evidence, openEvidence, printReceipt } from './evidence.ts'
export { buildHmacKey, type HmacKey, hmac } from './hmac.ts'
export type { NodeSecrets } from './key-files.ts'
export { openKeyRing } from './key-ring.ts'
export { feedFollower, type LiveFeed, type ToFollower } from './live-feed.ts'
export { createLiveQueue, type LiveBatch, type LiveQueue } from './live-queue.ts'
export { openShardReader, type ReadEntry, type ReadEvent, type ShardReader } from './reader.ts'
export { type BatchBuilder, buildBatch, type PreparedBatch } from './record.ts'
export { type LogGap, openSealHistory, type Seal, type SealHistory } from './seal-history.ts'
export { openSealedShard, type SealedShard } from './sealed-shard.ts'
export { joinSections, splitEvent } from './sections.ts'
export type { Appended, DurableBatch } from './sequencer.ts'
export { type ShardPaths, shardPaths } from './shard-files.ts'
export type { Published } from './tiles.ts'
export { contentDigest, openVault, type PlainSection, type Vault } from './vault.ts'

export interface Log {
  readonly origin: string
  /** The shard's verifier key, one line, to be pinned by whoever verifies. */
  readonly vkey: string
  readonly shard: string
  readonly secrets: NodeSecrets
  readonly paths: ShardPaths
  /** Durable entries. */
  readonly size: number
  /** Size under the newest checkpoint; what readers of files see. */
  readonly publishedSize: number
  /**
   * Resolves when every event of the batch that was not dropped as known is durable; nothing was
   * stored when it throws. Throws `log.pushback` or `log.disk_full`, after which the same batch may
   * be sent again, `log.closed`, or `log.disk_failed`, after which the process must end. Any number
   * may run at once. A batch that was taken must not be used again: its buffers are handed on.
   */
  append(batch: PreparedBatch): Promise<Appended>
  /** Appends an entry in clear; `body` must hold no personal data. */
  appendControl(control: string, body: { readonly [member: string]: unknown }): Promise<void>
  /**
   * Called with every durable batch from now on, in order. The bytes are shared: do not change
   * them. A listener that throws is reported and called no more.
   */
  follow(listener: (batch: DurableBatch) => void): () => void
  /** Called with every checkpoint that was published. */
  onPublished(listener: (published: Published) => void): () => void
  /**
   * Another part found that nothing can be promised any more: ends the log as a failed disk does.
   */
  fail(error: TocsinError): void
  /**
   * Publishes what is durable, then closes. Appends that run are finished first; later ones are
   * refused.
   */
  close(): Promise<void>
}

export type LogDeps = {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly telemetry: Telemetry
  /** Opens the vault of this shard; needed only to rebuild the table of ids. */
  readonly openVault: (origin: string, secrets: NodeSecrets) => Vault
  /** Called once when the log can no longer promise anything: the process must end. */
  readonly onFatal: (error: TocsinError) => void
}

/**
 * Opens the shard `shard` of the data directory, which the caller has locked. Throws `log.corrupt`,
 * `log.key_missing`, `log.not_writable`, `log.disk_full` or `log.disk_failed`; then nothing of it
 * is left running.
 */
export async function openLog(dataDir: string, shard: string, deps: LogDeps): Promise<Log> {
  try {
    return await openShard(dataDir, shard, deps)
  } catch (error) {
    throw diskError(error, dataDir)
  }
}

async function openShard(dataDir: string, shard: string, deps: LogDeps): Promise<Log> {
  const paths = shardPaths(dataDir, shard)
  const secrets = openSecrets(dataDir, shard, deps.entropy)
  for (const directory of [paths.log, paths.state, paths.wal]) makeDirectory(directory)
  const origin = `tocsin-${secrets.node}/${shard}`
  const key = buildVerifierKey(sha256, origin, buildEd25519Signer(secrets.logSeed).publicKey)
  const vkey = printVerifierKey(key)
  const { logSeed } = secrets
  const tiles = await startTileThread({ paths, origin, logSeed })
  let ids: IdTable | null = null
  try {
    const failures = Promise.withResolvers<unknown>()
    ids = openIdTable(paths.ids, { hashKey: secrets.hashKey, onFailure: failures.resolve })
    const parts = { dataDir, shard, paths, secrets, origin, vkey, deps }
    const log = await recoverLog(parts, tiles, ids)
    void failures.promise.then(error => log.fail(diskError(error, dataDir)))
    return log
  } catch (error) {
    await tiles.stop()
    await ids?.close()
    throw error
  }
}

/** Reads the keys, or makes those of a new shard and of a new node. */
function openSecrets(dataDir: string, shard: string, entropy: Entropy): NodeSecrets {
  const paths = shardPaths(dataDir, shard)
  const isNewShard = isEmpty(paths.log) && isEmpty(paths.wal)
  const isNewNode = isNewShard && !hasKeyRing(dataDir) && shardNames(dataDir).every(isUnused)
  const mayMake: MayMake = isNewNode ? 'node' : isNewShard ? 'shard' : 'nothing'
  const secrets = loadSecrets(dataDir, shard, { entropy, mayMake })
  if (!isNewNode && !hasKeyRing(dataDir)) {
    throw new TocsinError('log.key_missing', {
      public: `the key ring in ${keysDirectory(dataDir)} is missing; restore it from a copy`,
    })
  }
  // Made now, so that from here on its absence is a loss; and opened, so that a wrong key is
  // noticed.
  openKeyRing(dataDir, secrets.kek, entropy).close()
  return secrets

  function isUnused(name: string): boolean {
    return isEmpty(shardPaths(dataDir, name).log)
  }
}

function isEmpty(directory: string): boolean {
  return !existsSync(directory) || readdirSync(directory).length === 0
}

type ShardParts = {
  readonly dataDir: string
  readonly shard: string
  readonly paths: ShardPaths
  readonly secrets: NodeSecrets
  readonly origin: string
  readonly vkey: string
  readonly deps: LogDeps
}

async function recoverLog(parts: ShardParts, tiles: TileThread, ids: IdTable): Promise<Log> {
  const { paths, secrets, origin, vkey, deps, dataDir } = parts
  const openVault = () => deps.openVault(origin, secrets)
  const { hashKey } = secrets
  const { size, cut } = recoverEntries({ paths, tiles, ids, hashKey, openVault })
  if (size === 0 && !(isEmpty(join(paths.log, 'tile')) && isEmpty(paths.payloads))) {
    throw new TocsinError('log.corrupt', {
      public:
        `the shard in ${paths.log} has entries and no checkpoint; keep the directory as it is and ` +
        'restore it from a copy',
    })
  }
  await tiles.begin()
  ids.flush()
  if (!isVkey(paths, vkey)) {
    replaceFile(join(paths.log, 'log.vkey'), `${vkey}\n`, join(paths.state, 'log.vkey.new'))
  }
  const { clock, telemetry, onFatal } = deps
  const wal = openWal(paths.wal, size)
  const sequencer = buildSequencer({
    dataDir,
    clock,
    telemetry,
    onFatal,
    wal,
    ids,
    tiles,
    freeBytes: () => freeBytes(dataDir),
    size,
  })
  const log = buildLog(parts, sequencer)
  telemetry.set('log.size', size)
  telemetry.add('log.wal_cut_bytes', cut.bytes)
  try {
    if (size === 0) await log.appendControl('shard.opened', { origin, vkey, format: 1 })
  } catch (error) {
    await log.close()
    throw error
  }
  if (cut.isWhole) void appendGap(log, telemetry)
  return log
}

/** Says in the log that a record could not be read; tries again while the disk is full. */
async function appendGap(log: Log, telemetry: Telemetry): Promise<void> {
  telemetry.report(
    'warn',
    'the last write before the crash could not be read; it is in the log as a gap',
  )
  for (;;) {
    try {
      return await log.appendControl('audit.gap', { reason: 'wal_record_unreadable' })
    } catch (error) {
      const mayRetry = error instanceof TocsinError && error.fault === 'busy'
      if (!mayRetry || error.code === 'log.closed') return
    }
    await new Promise(resolve => setTimeout(resolve, CHECKPOINT_INTERVAL_MS).unref())
  }
}

function isVkey(paths: ShardPaths, vkey: string): boolean {
  return readFileIfThere(join(paths.log, 'log.vkey'))?.toString() === `${vkey}\n`
}

function buildLog(parts: ShardParts, sequencer: Sequencer): Log {
  const { origin, vkey, shard, secrets, paths, deps } = parts
  return {
    origin,
    vkey,
    shard,
    secrets,
    paths,
    get size() {
      return sequencer.size
    },
    get publishedSize() {
      return sequencer.publishedSize
    },
    append: sequencer.append,
    async appendControl(control, body) {
      await sequencer.append(controlBatch(control, body, deps.clock.nowMs()))
    },
    follow: sequencer.follow,
    onPublished: sequencer.onPublished,
    fail: sequencer.fail,
    close: sequencer.close,
  }
}

function controlBatch(control: string, body: object, timeMs: number): PreparedBatch {
  const leaf = printEntry({ kind: 'control', control, timeMs, body: { ...body } })
  const batch = buildBatch()
  const record = { leaf, timeMs, digest: new Uint8Array(DIGEST_BYTES), sections: [] }
  batch.add(new Uint8Array(ID_BYTES), record, new Uint8Array(0))
  return batch.finish()
}

/** The shard that the node last wrote, or null in a data directory without one. */
export function findShard(dataDir: string): string | null {
  return shardNames(dataDir).at(-1) ?? null
}

function shardNames(dataDir: string): readonly string[] {
  const directory = join(dataDir, 'log')
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter(name => /^\d{4}$/.test(name))
    .sort()
}

/** The newest checkpoint's text, or null. */
export function readCheckpoint(paths: ShardPaths): string | null {
  const bytes = readFileIfThere(join(paths.log, 'checkpoint'))
  return bytes && Buffer.from(bytes).toString('utf8')
}
