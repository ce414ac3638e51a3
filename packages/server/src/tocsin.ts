// The one place where the parts meet: opens a data directory and joins log, capture, query and
// keys. A server, the demo and commands that work on a directory all stand on what this returns.

import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { type TocsinError as Failure, TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import type { Clock } from './base/clock.ts'
import type { Telemetry } from './base/emit.ts'
import type { Entropy } from './base/entropy.ts'
import { type DirectoryLock, lockDirectory } from './base/lock.ts'
import { listenIn, type RecentCounts } from './base/recent-counts.ts'
import {
  type Capture,
  openCapture,
  openQuarantine,
  type Quarantine,
  type Receipt,
} from './capture/capture.ts'
import {
  type Evidence,
  findShard,
  type Log,
  openEvidence,
  openKeyRing,
  openLog,
  openSealHistory,
  openShardReader,
  openVault,
  type SealHistory,
  type ShardReader,
} from './log/log.ts'
import {
  type ApiKeys,
  createKey,
  keyEvent,
  OWN_VIA,
  openApiKeys,
  openQuery,
  type Query,
  type Scope,
} from './query/query.ts'
import { type AlertStore, openAlertStore } from './watch/watch.ts'

export const TENANT = 'default'

export type TocsinDeps = {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly telemetry: Telemetry
  /** The log can promise nothing any more: the process must end with this sentence. */
  readonly onFatal: (error: Failure) => void
}

/** A view of the log that is kept and goes on from where it stands. */
export interface Projection {
  replay(reader: ShardReader, size: number): void
}

export interface Tocsin {
  readonly dataDir: string
  readonly log: Log
  readonly capture: Capture
  readonly quarantine: Quarantine
  readonly query: Query
  readonly keys: ApiKeys
  /** Findings, alerts and what was said of them: a projection of the log. */
  readonly alerts: AlertStore
  /** What can be shown of one entry of the log. */
  readonly evidence: Evidence
  /** The checkpoints that were published, and gaps of the log itself. */
  readonly seals: SealHistory
  /** What capture counted of late. */
  readonly recent: RecentCounts
  readonly lock: DirectoryLock
  readonly deps: TocsinDeps
  /** Brings a projection up to what the log holds, also behind the newest checkpoint. */
  project(projection: Projection): void
  /** Appends an event of Tocsin's own; durable on return. */
  record(event: WireEvent): Promise<Receipt>
  /** As `record`, all in one batch. */
  recordAll(events: readonly WireEvent[]): Promise<Receipt>
  /** Makes a key; the secret is in the answer and nowhere else. */
  createApiKey(name: string, scopes: readonly Scope[], by: string): Promise<string>
  revokeApiKey(keyId: string, by: string): Promise<void>
  /** Finishes what runs, publishes a checkpoint over everything, releases the directory. */
  close(): Promise<void>
}

/** Throws `log.in_use`, `log.corrupt`, `log.key_missing`: each says what to do. */
export async function openTocsin(dataDir: string, deps: TocsinDeps): Promise<Tocsin> {
  const lock = lockDirectory(dataDir, process.pid)
  try {
    return await openLocked(dataDir, lock, deps)
  } catch (error) {
    lock.release()
    throw error
  }
}

async function openLocked(
  dataDir: string,
  lock: DirectoryLock,
  given: TocsinDeps,
): Promise<Tocsin> {
  const { telemetry, recent } = listenIn(given.telemetry, given.clock)
  const deps = { ...given, telemetry }
  const { clock, entropy, onFatal } = deps
  const shard = findShard(dataDir) ?? new Date(clock.nowMs()).toISOString().slice(0, 4)
  const vaultOf = (origin: string, secrets: Log['secrets']) =>
    openVault(origin, openKeyRing(dataDir, secrets.kek, entropy), entropy)
  const log = await openLog(dataDir, shard, {
    clock,
    entropy,
    telemetry,
    openVault: vaultOf,
    onFatal,
  })
  const { report } = telemetry
  const quarantine = openQuarantine({ directory: join(dataDir, 'quarantine'), report })
  const capture = openCapture({ dataDir, log, telemetry, quarantine, clock })
  const directory = join(dataDir, 'index')
  const query = openQuery({ dataDir, directory, log, telemetry, nowMs: clock.nowMs })
  const keys = openApiKeys(log.paths.state)
  const vault = vaultOf(log.origin, log.secrets)
  const reader = openShardReader(log.paths, vault)
  const evidence = openEvidence({ paths: log.paths, vault, reader })
  const seals = openSealHistory({ log, reader, clock, telemetry })
  const alerts = openAlertStore(log.paths.state, clock)
  const project = (projection: Projection) => {
    projection.replay(reader, log.publishedSize)
    // A crash can have left changes behind the checkpoint; the next one brings them.
    const stop = log.onPublished(({ size }) => {
      stop()
      projection.replay(reader, size)
    })
  }
  project(keys)
  project(alerts)

  const record = (event: WireEvent) => capture.receive(ownBody(event), OWN_CONTEXT)
  return {
    dataDir,
    log,
    capture,
    quarantine,
    query,
    keys,
    alerts,
    evidence,
    seals,
    recent,
    lock,
    deps,
    project,
    record,
    recordAll: events => capture.receive(ownBody(...events), OWN_CONTEXT),
    ...keyActions({ keys, record, clock, entropy }),
    async close() {
      await capture.close()
      await log.close()
      await query.close()
      keys.close()
      seals.close()
      alerts.close()
      vault.close()
      lock.release()
    },
  }
}

type KeyParts = Pick<TocsinDeps, 'clock' | 'entropy'> & Pick<Tocsin, 'keys' | 'record'>

function keyActions({ keys, record, clock, entropy }: KeyParts) {
  return {
    async createApiKey(name: string, scopes: readonly Scope[], by: string): Promise<string> {
      const { secret, change } = createKey(name, scopes, entropy)
      await record(keyEvent(change, by, clock.nowMs()))
      keys.apply(change, clock.nowMs())
      return secret
    },
    async revokeApiKey(keyId: string, by: string): Promise<void> {
      if (!keys.list().some(key => key.keyId === keyId)) {
        throw new TocsinError('keys.unknown', { public: `there is no key ${keyId}` })
      }
      const change = { action: 'revoked', keyId } as const
      await record(keyEvent(change, by, clock.nowMs()))
      keys.apply(change, clock.nowMs())
    },
  }
}

const OWN_CONTEXT = {
  tenant: TENANT,
  via: OWN_VIA,
  principal: OWN_VIA,
  mayAttest: true,
  keepContent: false,
  own: true,
} as const

function ownBody(...events: readonly WireEvent[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(events.map(event => JSON.stringify(event)).join('\n')))
}

/** Who runs a command on this machine, as the log names them. */
export function localOperator(): string {
  return `${userInfo().username}@${hostname()}`
}
