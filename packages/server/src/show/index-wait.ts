// What is durable may not be indexed yet: questions about what happened a moment ago wait for the
// index, and not for long.

import { setTimeout } from 'node:timers/promises'
import { INDEX_WAIT_MS } from '../base/limits.ts'
import type { Query } from '../query/query.ts'

/** True when everything durable at the call can be found. */
export async function indexCaughtUp(query: Query): Promise<boolean> {
  const stop = new AbortController()
  const waited = setTimeout(INDEX_WAIT_MS, false, { signal: stop.signal }).catch(() => false)
  const caughtUp = await Promise.race([query.settled().then(() => true), waited])
  stop.abort()
  return caughtUp
}
