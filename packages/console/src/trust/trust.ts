// Whether the log at this address can be trusted, found out by the browser itself. Every screen
// asks: a log whose key or past is another one than before is no matter of one page.

import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { nowMs } from '../clock/clock.ts'
import { type KnownLog, knownFor } from './known-log.ts'
import type { Looked } from './look.ts'
import { advance, knownLogs, meet, useKnownLogs } from './memory.ts'
import { lookAt } from './verification.ts'

export type { Checked, Intact, KnownLog, Refusal, Refused } from './known-log.ts'
export type { Looked, Proved } from './look.ts'
export { forget, rememberComparison } from './memory.ts'
export {
  proveEvent,
  toggleVerification,
  useVerification,
  type Verification,
} from './verification.ts'

const LOOK_MS = 60_000

export type Trust = {
  readonly looked: UseQueryResult<Looked>
  /** What is remembered of the log that stands here, or of the one that should. */
  readonly known: KnownLog | null
  /** Signed by the remembered key, and it begins with what was seen before. */
  readonly isTrusted: boolean
  /** It is not, or what was verified here last was broken. */
  readonly isRefused: boolean
}

export type Place = {
  readonly shard: string
  readonly origin: string
  readonly checkpointSize: number
}

/** The state of the log as the server tells it says where to look; null: not known yet. */
export function useTrust(state: Place | null): Trust {
  const logs = useKnownLogs()
  const prefix = prefixOf(state?.shard ?? '')
  const looked = useQuery({
    queryKey: ['look', prefix],
    queryFn: () => lookNow(prefix),
    // A server that was just started for the first time has nothing signed yet.
    enabled: state !== null && state.checkpointSize > 0,
    refetchInterval: LOOK_MS,
    retry: false,
  })
  const shown = looked.data ?? null
  const isRefusedNow = shown?.kind === 'refused'
  const origin = (isRefusedNow ? shown.known : shown?.shown.origin) ?? state?.origin ?? null
  const known = knownFor(logs, origin)
  return {
    looked,
    known,
    isTrusted: shown !== null && !isRefusedNow && known?.origin === origin,
    isRefused: isRefusedNow || (known?.checked?.kind === 'refused' && known.origin === origin),
  }
}

/** Where the files of a shard lie. */
export function prefixOf(shard: string): string {
  return `/log/${encodeURIComponent(shard)}`
}

/** Looks, and remembers what continues what was seen before. */
async function lookNow(prefix: string): Promise<Looked> {
  const found = await lookAt(prefix, knownLogs())
  if (found.kind === 'refused') return found
  const seen = { ...found.shown, note: found.note }
  if (found.kind === 'first') meet(seen, nowMs())
  else advance(seen.origin, seen, nowMs())
  return found
}
