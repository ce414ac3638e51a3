// Makes the table of ids again from the log: reads every event, opens it, and takes the digest of what
// its producer sent. Slow (it decrypts the whole shard) and hardly ever needed: only when the file
// `ids` was lost or cut.

import { uuidBytes } from '@tocsin/sdk/entry'
import type { IdTable } from './ids.ts'
import { openShardReader } from './reader.ts'
import { DIGEST_BYTES, ID_BYTES } from './record.ts'
import { digestOfStored } from './sections.ts'
import type { ShardPaths } from './shard-files.ts'
import type { Vault } from './vault.ts'

export type RebuildParts = {
  readonly ids: IdTable
  readonly paths: ShardPaths
  readonly vault: Vault
  readonly hashKey: Uint8Array
}

export function rebuildIds({ ids, paths, vault, hashKey }: RebuildParts, size: number): void {
  const reader = openShardReader(paths, vault)
  for (const read of reader.read(ids.size, size)) {
    if (!('sections' in read)) ids.add(new Uint8Array(ID_BYTES), new Uint8Array(DIGEST_BYTES))
    else ids.add(uuidBytes(read.entry.id), digestOfStored(hashKey, read.sections))
  }
  ids.flush()
  ids.sync()
}
