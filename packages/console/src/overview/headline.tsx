// The first thing one reads: one word and one sentence on whether anything is wrong now and whether
// data still arrives. Status is colour, word and shape together.

import type { ReactNode } from 'react'
import { useNowMs } from '../clock/clock.ts'
import { ago, count, span, visible } from '../value/value.tsx'
import { useLog, useOpenAlerts, useSources } from './asked.ts'
import { type Status, type Verdict, type Vitals, verdictOf, worstOf } from './vitals.ts'

const MARKS: {
  readonly [status in Status]: readonly [word: string, colour: string, path: string]
} = {
  act: ['Act now', 'critical', 'M5.5 1h7L17 5.5v7L12.5 17h-7L1 12.5v-7Z'],
  missing: ['Data is missing', 'high', 'M9 1.5 17 16.5H1Z'],
  look: ['Have a look', 'medium', 'M9 1l8 8-8 8-8-8Z'],
  quiet: ['All quiet', 'accent', 'M9 1a8 8 0 1 1 0 16A8 8 0 0 1 9 1Z'],
  waiting: ['Waiting', 'low', 'M9 1a8 8 0 1 1 0 16A8 8 0 0 1 9 1Zm0 4v4.5l3 2 1-1.4-2.3-1.6V5Z'],
  unknown: ['Not known', 'informational', 'M2 2h14v14H2Z'],
}

export function Headline({
  isFirst,
  actions,
}: {
  /** Nothing ever arrived: that is no loss, but a beginning. */
  readonly isFirst: boolean
  readonly actions: ReactNode
}): ReactNode {
  const verdict = useVerdict(isFirst)
  return (
    <div className="headline">
      {verdict ? <Spoken {...verdict} /> : <span className="headline-words" aria-busy="true" />}
      <div className="row headline-actions">{actions}</div>
    </div>
  )
}

function Spoken({ status, sentence }: Verdict): ReactNode {
  const [word, colour, path] = MARKS[status]
  return (
    <h2 className="headline-words" data-status={status}>
      <span className="headline-status" style={{ color: `var(--${colour})` }}>
        <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" fill="currentColor">
          <path d={path} />
        </svg>
        {word}.
      </span>{' '}
      {sentence}
    </h2>
  )
}

/** null until something is known. */
function useVerdict(isFirst: boolean): Verdict | null {
  const nowMs = useNowMs()
  const alerts = useOpenAlerts()
  const sources = useSources()
  const log = useLog()
  const isAsking = [alerts, sources, log].some(({ isPending }) => isPending)
  if (isAsking) return null
  const vitals: Vitals = {
    openAlerts: alerts.data?.counts.open ?? null,
    worst: worstOf(alerts.data?.alerts.map(({ level }) => level) ?? []),
    sources: sources.data?.sources ?? null,
    seal: log.data
      ? {
          timeMs: log.data.checkpoint?.timeMs ?? null,
          waitingSinceMs: log.data.unsealed.entries === 0 ? null : log.data.unsealed.sinceMs,
        }
      : null,
    isFirst,
    nowMs,
  }
  return verdictOf(vitals, { count, ago, span, visible })
}
