// Reads the events of a data directory that no server owns: every sealed event of every shard under
// its checkpoint, opened with the directory's own keys.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { TocsinError } from '@tocsin/sdk/errors'
import type { SealedEvent } from '@tocsin/sdk/event'
import { openSealedShard } from '../log/log.ts'

/** Oldest logged first. Events that cannot be opened any more are passed over. */
export async function* readDirectoryEvents(dataDir: string): AsyncGenerator<SealedEvent> {
  const logs = join(dataDir, 'log')
  for (const shard of readdirSync(logs).sort()) {
    if (!existsSync(join(logs, shard, 'checkpoint'))) continue
    const opened = await openSealedShard(dataDir, shard)
    try {
      for (const json of opened.events()) yield parseSealed(json)
    } finally {
      opened.close()
    }
  }
}

/** The server wrote it, so it is read as it is. */
function parseSealed(json: string): SealedEvent {
  const value: unknown = JSON.parse(json)
  if (typeof value === 'object' && value !== null) return value as SealedEvent
  throw new TocsinError('log.corrupt', { public: 'a sealed event is no object' })
}
