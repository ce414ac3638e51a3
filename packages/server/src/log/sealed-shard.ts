// A shard at rest: reads the events of a data directory that no server writes, with the directory's
// own keys. What offline commands stand on.

import { join } from 'node:path'
import { openCheckpoint } from '@tocsin/sdk/checkpoint'
import { TocsinError } from '@tocsin/sdk/errors'
import { buildEd25519Signer, ed25519, sha256 } from '@tocsin/sdk/node'
import { buildVerifierKey } from '@tocsin/sdk/note'
import { readFileIfThere } from '../base/durable.ts'
import { systemEntropy } from '../base/entropy.ts'
import { loadSecrets } from './key-files.ts'
import { openKeyRing } from './key-ring.ts'
import { openShardReader } from './reader.ts'
import { joinSections } from './sections.ts'
import { shardPaths } from './shard-files.ts'
import { openVault } from './vault.ts'

export interface SealedShard {
  readonly origin: string
  /** Entries under the newest checkpoint. */
  readonly size: number
  /**
   * The events' JSON, oldest logged first; those that cannot be opened any more are passed over.
   */
  events(): Generator<string>
  close(): void
}

/**
 * Throws `log.corrupt` when the checkpoint is not the directory's own, `log.key_missing` without
 * keys.
 */
export async function openSealedShard(dataDir: string, shard: string): Promise<SealedShard> {
  const entropy = systemEntropy()
  const paths = shardPaths(dataDir, shard)
  const secrets = loadSecrets(dataDir, shard, { entropy, mayMake: 'nothing' })
  const origin = `tocsin-${secrets.node}/${shard}`
  const key = buildVerifierKey(sha256, origin, buildEd25519Signer(secrets.logSeed).publicKey)
  const note = readFileIfThere(join(paths.log, 'checkpoint'))
  const opened = note && (await openCheckpoint(note, [key], ed25519))
  if (opened?.kind !== 'opened') {
    throw new TocsinError('log.corrupt', {
      public: `the checkpoint in ${paths.log} is missing or not signed by the key in keys/`,
    })
  }
  const { size } = opened.checkpoint
  const vault = openVault(origin, openKeyRing(dataDir, secrets.kek, entropy), entropy)
  function* events(): Generator<string> {
    for (const read of openShardReader(paths, vault).read(0, size)) {
      const text = 'sections' in read ? joinSections(read.sections, { withContent: false }) : null
      if (text !== null) yield text
    }
  }
  return { origin, size, events, close: () => vault.close() }
}
