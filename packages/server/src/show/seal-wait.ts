// What is durable is under a checkpoint a moment later; a proof, or a file that names one, waits
// for it, and not for long.

import { setTimeout as sleep } from 'node:timers/promises'
import { SEAL_WAIT_MS } from '../base/limits.ts'
import type { Log } from '../log/log.ts'

/** True when a checkpoint covers the first `size` entries, now or in time. */
export async function sealedWithin(log: Log, size: number): Promise<boolean> {
  if (log.publishedSize >= size) return true
  const covered = Promise.withResolvers<boolean>()
  const stopWaiting = new AbortController()
  const stopListening = log.onPublished(published => {
    if (published.size >= size) covered.resolve(true)
  })
  const { signal } = stopWaiting
  const late = sleep(SEAL_WAIT_MS, false, { signal }).catch(() => false)
  const isCovered = await Promise.race([covered.promise, late])
  stopListening()
  stopWaiting.abort()
  return isCovered
}
