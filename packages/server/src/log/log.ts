// The log: takes prepared events, makes them durable, and only then says so. This door is its
// sequencer, which runs on the main thread: it drops what the shard already holds, gives out leaf
// indexes, commits groups to the write-ahead log as soon as the disk is idle, acknowledges, and hands
// what is durable to the tile thread and to followers. It knows none of its followers.
//
// Start is recovery: the tile thread takes up the newest checkpoint, and every record behind it comes
// again from the write-ahead log by the way that live entries take.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseEntry, printEntry, uuidBytes } from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import { buildEd25519Signer, sha256 } from '@tocsin/sdk/node'
import { buildVerifierKey, printVerifierKey } from '@tocsin/sdk/note'
import type { Clock } from '../base/clock.ts'
import { makeDirectory, readFileIfThere, replaceFile } from '../base/durable.ts'
import type { Telemetry } from '../base/emit.ts'
import type { Entropy } from '../base/entropy.ts'
import { COMMIT_BATCHES_MAX, INFLIGHT_BYTES_MAX, UNSEALED_ENTRIES_MAX } from '../base/limits.ts'
import { startThread, type Thread } from '../base/threads.ts'
import { type IdFate, type IdTable, openIdTable } from './ids.ts'
import { loadSecrets, type NodeSecrets } from './key-files.ts'
import { rebuildIds } from './rebuild-ids.ts'
import {
  buildBatch,
  DIGEST_BYTES,
  digestAt,
  ID_BYTES,
  type PreparedBatch,
  readRecordAt,
} from './record.ts'
import { type ShardPaths, shardPaths } from './shard-files.ts'
import type { FromTiles, TilesConfig, ToTiles } from './tiles-worker.ts'
import type { Vault } from './vault.ts'
import { openWal, recoverWal, type Wal } from './wal.ts'

export type { NodeSecrets } from './key-files.ts'
export { openKeyRing } from './key-ring.ts'
export { openShardReader, type ReadEntry, type ReadEvent, type ShardReader } from './reader.ts'
export { type BatchBuilder, buildBatch, type PreparedBatch } from './record.ts'
export { joinSections, splitEvent } from './sections.ts'
export { type ShardPaths, shardPaths } from './shard-files.ts'
export { contentDigest, hmac, openVault, type PlainSection, type Vault } from './vault.ts'

export type Fate = 'stored' | 'duplicate' | 'conflict'

/** What became of each event of a batch, in its order. */
export type Appended = { readonly fates: readonly Fate[] }

/** Durable entries as followers get them: `count` entries from leaf index `firstIndex` on. */
export type DurableBatch = {
  readonly firstIndex: number
  readonly count: number
  /** The events as NDJSON; an empty span is a control entry. */
  readonly events: Uint8Array
  readonly eventOffsets: Uint32Array
}

export type Published = { readonly size: number; readonly text: string }

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
   * be sent again, or `log.disk_failed`, after which the process must end. Any number may run at once.
   */
  append(batch: PreparedBatch): Promise<Appended>
  /** Appends an entry in clear; `body` must hold no personal data. */
  appendControl(control: string, body: { readonly [member: string]: unknown }): Promise<void>
  /** Called with every durable batch from now on, in order. The bytes are shared: do not change them. */
  follow(listener: (batch: DurableBatch) => void): () => void
  /** Called with every checkpoint that was published. */
  onPublished(listener: (published: Published) => void): () => void
  /** Publishes what is durable, then closes. Appends that run are finished first. */
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

type Waiting = {
  readonly batch: PreparedBatch
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/** Opens the shard `shard` of the data directory, which the caller has locked. */
export async function openLog(dataDir: string, shard: string, deps: LogDeps): Promise<Log> {
  const paths = shardPaths(dataDir, shard)
  makeDirectory(paths.state)
  makeDirectory(paths.wal)
  const secrets = loadSecrets(dataDir, shard, { entropy: deps.entropy, isNew: isNewShard(paths) })
  const origin = `tocsin-${secrets.node}/${shard}`
  const key = buildVerifierKey(sha256, origin, buildEd25519Signer(secrets.logSeed).publicKey)
  const vkey = printVerifierKey(key)
  const tiles = startThread<ToTiles, FromTiles>(import.meta.url, 'tiles-worker', {
    paths,
    origin,
    logSeed: secrets.logSeed,
  } satisfies TilesConfig)
  const sealedSize = await openedSize(tiles)
  const recovered = recoverEntries(paths, sealedSize, (bytes, offsets) => {
    tiles.send({ kind: 'append', bytes, offsets }, [transferable(bytes), transferable(offsets)])
  })
  const ids = loadIds(paths, recovered, secrets, () => deps.openVault(origin, secrets))
  const log = buildLog({ deps, paths, secrets, origin, vkey, shard, tiles, ids, sealedSize })
  if (log.size === 0) {
    replaceFile(join(paths.log, 'log.vkey'), `${vkey}\n`)
    await log.appendControl('shard.opened', { origin, vkey, format: 1 })
  }
  if (recovered.cutBytes > 0) {
    deps.telemetry.add('log.wal_cut_bytes', recovered.cutBytes)
    if (recovered.cutWhole)
      await log.appendControl('audit.gap', { reason: 'wal_record_unreadable' })
  }
  return log
}

/** Nothing of the shard is there: not a checkpoint, not a tile, not a write-ahead record. */
function isNewShard(paths: ShardPaths): boolean {
  const isEmpty = (path: string) => !existsSync(path) || readdirSync(path).length === 0
  return isEmpty(paths.log) && isEmpty(paths.wal)
}

function openedSize(tiles: Thread<ToTiles, FromTiles>): Promise<number> {
  return new Promise((resolve, reject) => {
    tiles.onFailure(reject)
    tiles.onMessage(message => {
      if (message.kind === 'opened') resolve(message.size)
      if (message.kind === 'failed') reject(failure(message.code, message.detail))
    })
  })
}

function failure(code: string, detail: string): TocsinError {
  const known = code === 'log.corrupt' || code === 'log.key_missing' ? code : 'log.disk_failed'
  return new TocsinError(known, { public: detail })
}

type Recovered = {
  /** Where the write-ahead records that are still there begin, and where they end. */
  readonly walStart: number
  readonly size: number
  readonly rows: readonly { readonly id: Uint8Array; readonly digest: Uint8Array }[]
  readonly cutBytes: number
  readonly cutWhole: boolean
}

/** Hands every entry behind the checkpoint to `toTiles`, in order; refuses a hole. */
function recoverEntries(
  paths: ShardPaths,
  sealedSize: number,
  toTiles: (bytes: Uint8Array, offsets: Uint32Array) => void,
): Recovered {
  const wal = recoverWal(paths.wal, 0)
  const rows: { id: Uint8Array; digest: Uint8Array }[] = []
  let walStart = -1
  let size = sealedSize
  for (const record of wal.records) {
    if (walStart < 0) walStart = record.firstIndex
    if (record.firstIndex > size) throw holeInWal(paths.wal, size, record.firstIndex)
    const offsets: number[] = []
    const body = Buffer.from(record.body)
    let at = 0
    for (let i = 0; i < record.count; i++) {
      const entry = readRecordAt(body, at)
      rows.push({ id: idOf(entry.leaf), digest: Uint8Array.from(entry.digest) })
      if (record.firstIndex + i >= size) offsets.push(at)
      at = entry.end
    }
    offsets.push(at)
    size = Math.max(size, record.firstIndex + record.count)
    if (offsets.length > 1) toTiles(body, Uint32Array.from(offsets))
  }
  const { bytes, whole } = wal.cut()
  return { walStart: walStart < 0 ? size : walStart, size, rows, cutBytes: bytes, cutWhole: whole }
}

function idOf(leaf: Uint8Array): Uint8Array {
  const entry = parseEntry(leaf)
  return entry.kind === 'sealed' ? uuidBytes(entry.id) : new Uint8Array(ID_BYTES)
}

function holeInWal(path: string, size: number, next: number): TocsinError {
  return new TocsinError('log.corrupt', {
    public:
      `the log ends at entry ${size} and the write-ahead log in ${path} begins at ${next}: ` +
      'acknowledged entries are missing. Tocsin does not start on it; restore from a copy',
  })
}

function loadIds(
  paths: ShardPaths,
  recovered: Recovered,
  secrets: NodeSecrets,
  openVault: () => Vault,
): IdTable {
  const hashKey = Buffer.from(secrets.hashKey).readUInt32LE(0)
  const ids = openIdTable(paths.ids, recovered.walStart, hashKey)
  if (ids.size < recovered.walStart) {
    const vault = openVault()
    rebuildIds({ ids, paths, vault, hashKey: secrets.hashKey }, recovered.walStart)
    vault.close()
  }
  for (const { id, digest } of recovered.rows) ids.add(id, digest)
  ids.flush()
  return ids
}

type LogParts = {
  readonly deps: LogDeps
  readonly paths: ShardPaths
  readonly secrets: NodeSecrets
  readonly origin: string
  readonly vkey: string
  readonly shard: string
  readonly tiles: Thread<ToTiles, FromTiles>
  readonly ids: IdTable
  readonly sealedSize: number
}

function buildLog(parts: LogParts): Log {
  const { deps, tiles, ids } = parts
  const { telemetry } = deps
  const wal = openWal(parts.paths.wal)
  const followers = new Set<(batch: DurableBatch) => void>()
  const publishedListeners = new Set<(published: Published) => void>()
  const waiting: Waiting[] = []
  const closed = Promise.withResolvers<void>()
  let size = ids.size
  let publishedSize = parts.sealedSize
  let inflightBytes = 0
  let committing: Promise<void> | null = null
  let dead: TocsinError | null = null

  function die(error: TocsinError): void {
    if (dead) return
    dead = error
    for (const { reject } of waiting.splice(0)) reject(error)
    closed.resolve()
    deps.onFatal(error)
  }

  tiles.onFailure(error =>
    die(failure('log.disk_failed', `the tile thread ended: ${error.message}`)),
  )
  tiles.onMessage(message => {
    if (message.kind === 'published') onPublished(message)
    else if (message.kind === 'failed') die(failure(message.code, message.detail))
    else if (message.kind === 'disk_full') telemetry.add('log.disk_full', 1)
    else if (message.kind === 'closed') closed.resolve()
  })

  function onPublished(published: Published): void {
    publishedSize = published.size
    telemetry.set('log.checkpoint_size', published.size)
    telemetry.set('log.checkpoint_time_ms', deps.clock.nowMs())
    // Ids must be durable before the records they could be rebuilt from go.
    trimBehind(wal, ids, published.size)
    for (const listener of publishedListeners) listener(published)
  }

  function check(batch: PreparedBatch): void {
    if (dead) throw dead
    const isFull = inflightBytes + batch.bytes.length > INFLIGHT_BYTES_MAX && inflightBytes > 0
    if (isFull || size - publishedSize > UNSEALED_ENTRIES_MAX) {
      throw new TocsinError('log.pushback', {
        public: 'more is waiting to be written than the server takes; send again in a second',
      })
    }
  }

  async function commitLoop(): Promise<void> {
    while (waiting.length > 0 && !dead) await commitGroup(waiting.splice(0, COMMIT_BATCHES_MAX))
    committing = null
  }

  async function commitGroup(group: readonly Waiting[]): Promise<void> {
    const before = ids.size
    const chosen = group.map(({ batch }) => choose(batch, ids))
    const kept = chosen.map(c => c.kept).filter(batch => batch.count > 0)
    try {
      await write(before, kept)
    } catch (error) {
      ids.truncate(before)
      for (const { reject, batch } of group) {
        inflightBytes -= batch.bytes.length
        reject(error)
      }
      if (error instanceof TocsinError && error.fault === 'busy') telemetry.add('log.disk_full', 1)
      else die(error instanceof TocsinError ? error : failure('log.disk_failed', String(error)))
      return
    }
    ids.flush()
    group.forEach(({ resolve, batch }, i) => {
      inflightBytes -= batch.bytes.length
      resolve({ fates: chosen[i]?.fates ?? [] })
    })
    handOn(before, kept)
  }

  async function write(firstIndex: number, kept: readonly PreparedBatch[]): Promise<void> {
    if (kept.length === 0) return
    const count = kept.reduce((sum, batch) => sum + batch.count, 0)
    const start = performance.now()
    await wal.append(
      firstIndex,
      count,
      kept.map(batch => batch.bytes),
    )
    telemetry.add('log.commits', 1)
    telemetry.add('log.commit_seconds', (performance.now() - start) / 1000)
    size = firstIndex + count
    telemetry.set('log.size', size)
  }

  function handOn(before: number, kept: readonly PreparedBatch[]): void {
    let firstIndex = before
    for (const { bytes, offsets, count, events, eventOffsets } of kept) {
      const batch = { firstIndex, count, events, eventOffsets }
      for (const follower of followers) follower(batch)
      tiles.send({ kind: 'append', bytes, offsets }, [transferable(bytes), transferable(offsets)])
      firstIndex += count
    }
  }

  function append(batch: PreparedBatch): Promise<Appended> {
    check(batch)
    const { promise, resolve, reject } = Promise.withResolvers<Appended>()
    inflightBytes += batch.bytes.length
    waiting.push({ batch, resolve, reject })
    committing ??= commitLoop()
    return promise
  }

  return {
    origin: parts.origin,
    vkey: parts.vkey,
    shard: parts.shard,
    secrets: parts.secrets,
    paths: parts.paths,
    get size() {
      return size
    },
    get publishedSize() {
      return publishedSize
    },
    append: async batch => append(batch),
    async appendControl(control, body) {
      await append(controlBatch(control, body, deps.clock.nowMs()))
    },
    follow(listener) {
      followers.add(listener)
      return () => followers.delete(listener)
    },
    onPublished(listener) {
      publishedListeners.add(listener)
      return () => publishedListeners.delete(listener)
    },
    async close() {
      await committing
      if (!dead) tiles.send({ kind: 'close' })
      await closed.promise
      await tiles.stop()
      ids.sync()
      ids.close()
      wal.close(!dead && publishedSize === size)
    },
  }
}

function trimBehind(wal: Wal, ids: IdTable, size: number): void {
  ids.sync()
  wal.trim(size)
}

/** Only whole buffers can be handed over without a copy; prepared batches own theirs. */
function transferable(bytes: Uint8Array | Uint32Array): ArrayBuffer {
  if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength) {
    return bytes.buffer
  }
  throw new TocsinError('internal.bug', { public: 'a prepared batch does not own its buffer' })
}

type Chosen = { readonly fates: readonly Fate[]; readonly kept: PreparedBatch }

/** Drops what the shard already holds and enters the rest into the table. */
function choose(batch: PreparedBatch, ids: IdTable): Chosen {
  const fates: IdFate[] = []
  const keep: number[] = []
  for (let i = 0; i < batch.count; i++) {
    const id = batch.ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES)
    const digest = digestAt(batch.bytes, batch.offsets[i] ?? 0)
    const isControl = id.every(byte => byte === 0)
    const fate = isControl ? 'new' : ids.find(id, digest)
    fates.push(fate)
    if (fate !== 'new') continue
    ids.add(id, digest)
    keep.push(i)
  }
  const kept = keep.length === batch.count ? batch : compact(batch, keep)
  return { fates: fates.map(fate => (fate === 'new' ? 'stored' : fate)), kept }
}

function compact(batch: PreparedBatch, keep: readonly number[]): PreparedBatch {
  const spans = (offsets: Uint32Array) =>
    keep.map(i => [offsets[i] ?? 0, offsets[i + 1] ?? 0] as const)
  const [bytes, offsets] = gather(batch.bytes, spans(batch.offsets))
  const [events, eventOffsets] = gather(batch.events, spans(batch.eventOffsets))
  const ids = keep.map(i => [i * ID_BYTES, (i + 1) * ID_BYTES] as const)
  return {
    count: keep.length,
    bytes,
    offsets,
    events,
    eventOffsets,
    ids: gather(batch.ids, ids)[0],
  }
}

function gather(
  bytes: Uint8Array,
  spans: readonly (readonly [number, number])[],
): [Uint8Array, Uint32Array] {
  const out = new Uint8Array(spans.reduce((sum, [from, to]) => sum + to - from, 0))
  const offsets = new Uint32Array(spans.length + 1)
  let at = 0
  spans.forEach(([from, to], i) => {
    out.set(bytes.subarray(from, to), at)
    at += to - from
    offsets[i + 1] = at
  })
  return [out, offsets]
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
  const directory = join(dataDir, 'log')
  if (!existsSync(directory)) return null
  return (
    readdirSync(directory)
      .filter(name => /^\d{4}$/.test(name))
      .sort()
      .at(-1) ?? null
  )
}

/** The newest checkpoint's text, or null. */
export function readCheckpoint(paths: ShardPaths): string | null {
  const bytes = readFileIfThere(join(paths.log, 'checkpoint'))
  return bytes && Buffer.from(bytes).toString('utf8')
}
