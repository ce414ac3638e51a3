// Counts what a throttled actor may still ask for: a token bucket per measure (RFC 2697 without
// colours), filled by the minute's allowance. Full at first, so that a measure's first minute gives
// what every other does.

import type { Action } from './measure.ts'

export type Throttle = Action & { readonly kind: 'throttle' }

export interface Buckets {
  /** Takes one request of so many rows; else the seconds after which it may be tried again. */
  take(id: string, limits: Throttle, rows: number, nowMs: number): number | null
  forget(id: string): void
}

const MINUTE_MS = 60_000
/** Beyond it all start full again, which is the milder mistake. */
const BUCKETS_MAX = 20_000

type Bucket = { requests: number; rows: number; atMs: number }

export function createBuckets(): Buckets {
  const buckets = new Map<string, Bucket>()
  return {
    take(id, { requestsPerMinute, rowsPerMinute }, rows, nowMs) {
      const most = {
        requests: requestsPerMinute ?? Number.POSITIVE_INFINITY,
        rows: rowsPerMinute ?? Number.POSITIVE_INFINITY,
      }
      if (buckets.size > BUCKETS_MAX) buckets.clear()
      const bucket = buckets.get(id) ?? { ...most, atMs: nowMs }
      buckets.set(id, bucket)
      // A clock that was set back gives nothing and takes nothing.
      const share = Math.max(0, nowMs - bucket.atMs) / MINUTE_MS
      bucket.atMs = nowMs
      bucket.requests = Math.min(most.requests, bucket.requests + (requestsPerMinute ?? 0) * share)
      bucket.rows = Math.min(most.rows, bucket.rows + (rowsPerMinute ?? 0) * share)
      const waitMs = Math.max(
        waitFor(1, bucket.requests, requestsPerMinute),
        waitFor(rows, bucket.rows, rowsPerMinute),
      )
      if (waitMs > 0) return Math.max(1, Math.ceil(waitMs / 1000))
      bucket.requests -= 1
      bucket.rows -= rows
      return null
    },
    forget: id => void buckets.delete(id),
  }
}

/** What is more than a minute's allowance never fits; it is told to come back in a minute. */
function waitFor(wanted: number, there: number, perMinute: number | null): number {
  if (perMinute === null || wanted <= there) return 0
  return wanted > perMinute ? MINUTE_MS : ((wanted - there) / perMinute) * MINUTE_MS
}
