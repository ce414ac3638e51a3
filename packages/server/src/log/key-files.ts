// The node's secrets on disk, below `keys/` (0700, each file 0600): the log's signing key per
// shard, the key that wraps data keys, and the key under which inputs and derived ids are hashed.
// They are the only state that cannot be rebuilt from the log. Written once, never printed, never
// sent.

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
 * What may be made where it is missing: nothing, the log key of a new shard, or all of a new
 * node's.
 */
export type MayMake = 'nothing' | 'shard' | 'node'

/**
 * Reads the secrets of a shard, and makes those that `mayMake` allows. Throws `log.key_missing` for
 * any other that is missing or has not its length: a new one would leave sections unreadable that
 * the old one opens, or sign another log under an old name.
 */
export function loadSecrets(
  dataDir: string,
  shard: string,
  deps: { readonly entropy: Entropy; readonly mayMake: MayMake },
): NodeSecrets {
  const { entropy, mayMake } = deps
  const directory = keysDirectory(dataDir)
  if (mayMake !== 'nothing') makeDirectory(directory)
  const secret = (name: string, length: number, isMakeable: boolean) => {
    const path = join(directory, name)
    const found = readFileIfThere(path)
    if (found?.length === length) return found
    if (found || !isMakeable) throw keyMissing(path, found !== null)
    const fresh = entropy.bytes(length)
    replaceFile(path, fresh)
    return fresh
  }
  return {
    logSeed: secret(`log-${shard}.key`, SECRET_BYTES, mayMake !== 'nothing'),
    kek: secret(`kek-${KEK_EPOCH}.key`, SECRET_BYTES, mayMake === 'node'),
    hashKey: secret('hash.key', SECRET_BYTES, mayMake === 'node'),
    node: Buffer.from(secret('node', NODE_BYTES, mayMake === 'node')).toString('hex'),
  }
}

function keyMissing(path: string, isDamaged: boolean): TocsinError {
  const what = isDamaged ? 'is damaged' : 'is missing'
  return new TocsinError('log.key_missing', {
    public: `the key file ${path} ${what}; restore it from a copy, it cannot be made again`,
  })
}
