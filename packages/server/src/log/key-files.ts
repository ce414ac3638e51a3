// The node's secrets on disk, below `keys/` (0700, each file 0600): the log's signing key per shard,
// the key that wraps data keys, and the key under which inputs and derived ids are hashed. They are
// the only state that cannot be rebuilt from the log. Written once, never printed, never sent.

import { join } from 'node:path'
import { TocsinError } from '@tocsin/sdk/errors'
import { makeDirectory, readFileIfThere, replaceFile } from '../base/durable.ts'
import type { Entropy } from '../base/entropy.ts'

export const SECRET_BYTES = 32
export const KEK_EPOCH = 1
const NODE_BYTES = 4

export type NodeSecrets = {
  /** Ed25519 seed of the shard's log key. */
  readonly logSeed: Uint8Array
  /** Wraps data keys. */
  readonly kek: Uint8Array
  /** Keys the hashes of inputs, outputs and derived ids, so that they cannot be guessed. */
  readonly hashKey: Uint8Array
  /** Names the node in the log's origin: 8 hex digits. */
  readonly node: string
}

export function keysDirectory(dataDir: string): string {
  return join(dataDir, 'keys')
}

/**
 * Reads the secrets of a shard, or makes them when `isNew`. Throws `log.key_missing` for a shard
 * that exists without them: making new ones would leave its sections unreadable and its log forked.
 */
export function loadSecrets(
  dataDir: string,
  shard: string,
  deps: { readonly entropy: Entropy; readonly isNew: boolean },
): NodeSecrets {
  const directory = keysDirectory(dataDir)
  makeDirectory(directory)
  const secret = (name: string, length: number) => {
    const path = join(directory, name)
    const found = readFileIfThere(path)
    if (found?.length === length) return found
    if (found || !deps.isNew) throw keyMissing(path, found !== null)
    const fresh = deps.entropy.bytes(length)
    replaceFile(path, fresh)
    return fresh
  }
  return {
    logSeed: secret(`log-${shard}.key`, SECRET_BYTES),
    kek: secret(`kek-${KEK_EPOCH}.key`, SECRET_BYTES),
    hashKey: secret('hash.key', SECRET_BYTES),
    node: Buffer.from(secret('node', NODE_BYTES)).toString('hex'),
  }
}

function keyMissing(path: string, isDamaged: boolean): TocsinError {
  const what = isDamaged ? 'is damaged' : 'is missing'
  return new TocsinError('log.key_missing', {
    public: `the key file ${path} ${what}; restore it from a copy, it cannot be made again`,
  })
}
