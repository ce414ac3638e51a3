// In the header of every screen: how long ago the log was sealed, whether something waits for it,
// and in red when it is not the log that this browser knows.

import { Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Go } from '../address/address.tsx'
import { ask } from '../api/api.ts'
import { useNowMs } from '../clock/clock.ts'
import { useTrust } from '../trust/trust.ts'
import { ago, count } from '../value/value.tsx'

const ASK_MS = 10_000
/** A seal comes every second; what waits longer than this means that sealing stands still. */
const LATE_MS = 10_000

export function Seal(): ReactNode {
  const now = useNowMs()
  const { data, error } = useQuery({
    queryKey: ['log'],
    queryFn: () => ask('GET /v1/log'),
    refetchInterval: ASK_MS,
    retry: false,
  })
  const { isRefused } = useTrust(data ?? null)
  if (!data) return <span className="quiet">{error ? 'No answer' : ''}</span>
  if (isRefused) return <Refused />
  const { size, checkpoint, unsealed } = data
  const { entries, sinceMs } = unsealed
  const isLate = entries > 0 && sinceMs !== null && now - sinceMs > LATE_MS
  const sealedMs = checkpoint?.timeMs ?? null
  const sealed = sealedMs === null ? 'sealed' : `sealed ${ago(sealedMs, now)}`
  const when = isLate ? 'seal is late' : sealed
  const words = isLate
    ? `${count(entries)} entries wait for their seal since ${ago(sinceMs, now)}`
    : `All ${count(size)} entries are sealed or will be within a second`
  return (
    <Tooltip label={`${words}; open to verify`}>
      <span>
        <Go to="/integrity" className="seal">
          <svg width="8" height="8" viewBox="0 0 8 8" aria-hidden="true">
            <circle cx="4" cy="4" r="4" fill={isLate ? 'var(--medium)' : 'var(--accent)'} />
          </svg>{' '}
          {when}
          <span className="unseen">. {words}</span>
        </Go>
      </span>
    </Tooltip>
  )
}

function Refused(): ReactNode {
  const words = 'Log refused: it is not the one that this browser knows, or it is broken; see why'
  return (
    <span role="alert">
      <Go to="/integrity" className="seal is-refused" label={words}>
        <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
          <path d="M2 2l8 8M10 2l-8 8" stroke="currentColor" strokeWidth="2" />
        </svg>{' '}
        Log refused
      </Go>
    </span>
  )
}
