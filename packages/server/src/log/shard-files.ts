// Where a shard's files lie below the data directory, and nothing else.

import { join } from 'node:path'

export type ShardPaths = {
  /** What any C2SP reader is pointed at. */
  readonly log: string
  readonly payloads: string
  readonly wal: string
  readonly ids: string
  readonly state: string
}

export function shardPaths(dataDir: string, shard: string): ShardPaths {
  const state = join(dataDir, 'state', shard)
  return {
    log: join(dataDir, 'log', shard),
    payloads: join(dataDir, 'payloads', shard),
    wal: join(state, 'wal'),
    ids: join(state, 'ids'),
    state,
  }
}
