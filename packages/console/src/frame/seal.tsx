// In the header of every screen: how long ago the log was sealed, and whether something waits for
// it.

import { Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Go } from '../address/address.tsx'
import { ask } from '../api/api.ts'
import { useNowMs } from '../clock/clock.ts'
import { ago, count } from '../value/value.tsx'

const ASK_MS = 10_000

export function Seal(): ReactNode {
  const now = useNowMs()
  const { data, error } = useQuery({
    queryKey: ['log'],
    queryFn: () => ask('GET /v1/log'),
    refetchInterval: ASK_MS,
    retry: false,
  })
  if (!data) return <span className="quiet">{error ? 'No answer' : ''}</span>
  const { size, checkpointSize, checkpoint } = data
  const behind = size - checkpointSize
  const sealedMs = checkpoint?.timeMs ?? null
  const when = sealedMs === null ? 'sealed' : `sealed ${ago(sealedMs, now)}`
  const words =
    behind === 0
      ? `All ${count(size)} entries are sealed`
      : `${count(behind)} entries wait for their seal`
  return (
    <Tooltip label={`${words}; open to verify`}>
      <span>
        <Go to="/integrity" className="seal" label={`${words}, ${when}`}>
          <svg width="8" height="8" viewBox="0 0 8 8" aria-hidden="true">
            <circle cx="4" cy="4" r="4" fill={behind === 0 ? 'var(--accent)' : 'var(--medium)'} />
          </svg>{' '}
          {when}
        </Go>
      </span>
    </Tooltip>
  )
}
