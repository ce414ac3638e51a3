// Makes the table of ids again from the log: reads every event, opens it, and takes the digest of
// what its producer sent. Slow (it decrypts the whole shard) and hardly ever needed: only when the
// file `ids` was lost or damaged. An event that was erased or has expired keeps its id, but cannot
// be told from another one of the same id any more: sent again, it is a conflict.

import { uuidBytes } from '@tocsin/sdk/entry'
import type { IdTable } from './ids.ts'
import { openShardReader } from './reader.ts'
import { digestOfStored } from './sections.ts'
import type { ShardPaths } from './shard-files.ts'
import type { Vault } from './vault.ts'

export type RebuildParts = {
  readonly ids: IdTable
  readonly paths: ShardPaths
  readonly vault: Vault
  readonly hashKey: Uint8Array
}

/** Adds the entries from `ids.size` to `size`, which must be under the checkpoint. */
export function rebuildIds({ ids, paths, vault, hashKey }: RebuildParts, size: number): void {
  const reader = openShardReader(paths, vault)
  for (const read of reader.read(ids.size, size)) {
    if (!('sections' in read)) ids.addControl()
    else ids.add(uuidBytes(read.entry.id), digestOfStored(hashKey, read.sections))
  }
}
