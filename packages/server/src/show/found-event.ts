// One event as routes answer with it: found even where it was acknowledged a moment ago, and with
// its place in the log.

import { TocsinError } from '@tocsin/sdk/errors'
import type { FoundEvent } from '../query/query.ts'
import type { RouteDeps } from './app.ts'
import { indexCaughtUp } from './index-wait.ts'

/**
 * An event may be durable and not indexed yet: "no such event" is only said of what the index has
 * seen.
 */
export async function findSettled(
  { log, query }: RouteDeps,
  id: string,
): Promise<FoundEvent | null> {
  const size = log.size
  const found = await query.find(id)
  if (found) return found
  await indexCaughtUp(query)
  const foundLater = await query.find(id)
  if (foundLater || query.indexed >= size) return foundLater
  throw new TocsinError('query.catching_up', {
    public: `the index has read ${query.indexed} of ${size} entries; the event may be in the rest`,
  })
}

/** The event's JSON with where it stands in the log, without parsing it. */
export function withIntegrity({ json, index }: FoundEvent, origin: string): string {
  return `${json.slice(0, -1)},"integrity":{"origin":${JSON.stringify(origin)},"index":${index}}}`
}
