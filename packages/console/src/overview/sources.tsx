// Where data comes from, how far behind each source is and what it lost; and the log that holds it
// all: how large it is, and when it was last sealed.

import { Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { useNowMs } from '../clock/clock.ts'
import { Panel } from '../panel/panel.tsx'
import { allOf, fieldIs } from '../question/question.ts'
import { Bones, Empty, Loaded } from '../states/states.tsx'
import { ago, count, duration, Plain, When } from '../value/value.tsx'
import { type Source, useLog, useSources } from './asked.ts'
import { StillIndexing } from './still-indexing.tsx'

export function Sources({ className }: { readonly className: string }): ReactNode {
  const result = useSources()
  const complete = result.data?.complete
  return (
    <Panel
      title="Sources"
      note={<>last 24 hours{complete === false && <StillIndexing />}</>}
      className={className}
      actions={<Go to="/integrity">Gaps and proofs</Go>}
    >
      <Loaded
        result={result}
        skeleton={<Bones rows={4} />}
        empty={({ sources }) =>
          sources.length === 0 ? (
            <Empty title="No source sent anything in 24 hours">
              <p className="quiet">
                See whether the senders still run and whether their keys are still good.
              </p>
            </Empty>
          ) : null
        }
      >
        {({ sources }) => (
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Source</th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Events
                </th>
                <th scope="col" className="number">
                  Newest
                </th>
                <th scope="col" className="number">
                  Lag
                </th>
                <th scope="col" className="number">
                  Lost
                </th>
              </tr>
            </thead>
            <tbody>
              {sources.map(source => (
                <Row key={`${source.via} ${source.format ?? ''}`} source={source} />
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
      {result.data && <Refused sources={result.data.sources} />}
      <LogLine />
    </Panel>
  )
}

function Refused({ sources }: { readonly sources: readonly Source[] }): ReactNode {
  const refused = sources.reduce((sum, one) => sum + one.refused, 0)
  const kept = sources.reduce((sum, one) => sum + (one.quarantined ?? 0), 0)
  if (refused === 0 && kept === 0) return null
  return (
    <p className="quiet small">
      {count(refused)} events were refused with a reason to their sender; {count(kept)} that could
      not be read lie in quarantine.
    </p>
  )
}

function Row({ source }: { readonly source: Source }): ReactNode {
  const { zone } = useAddress()
  const { via, format, events, newestMs, lagMs, lost } = source
  const unknown = <span className="quiet">not known</span>
  return (
    <tr>
      <td className="cut source-cell">
        <Go to="/events" changes={{ q: allOf(fieldIs('via', via)) }}>
          <Plain text={via} isOneLine charsMax={60} />
        </Go>
        {format !== null && (
          <span className="quiet">
            {' '}
            <Plain text={format} isOneLine charsMax={40} />
          </span>
        )}
      </td>
      <td>
        <StateMark state={source.state} />
      </td>
      <td className="number">{count(events)}</td>
      <td className="number">
        {newestMs === null ? unknown : <When ms={newestMs} zone={zone} isRelative />}
      </td>
      <td className="number">{lagMs === null ? unknown : duration(lagMs)}</td>
      <td className="number">{lost === null ? unknown : count(lost)}</td>
    </tr>
  )
}

const STATES: {
  readonly [state in Source['state']]: {
    readonly word: string
    readonly colour: string
    readonly path: string
    readonly what: string
  }
} = {
  ok: {
    word: 'Arriving',
    colour: 'accent',
    path: 'M2 6.5 5 9.5 10.5 3',
    what: 'Events arrive as this source usually sends them.',
  },
  late: {
    word: 'Late',
    colour: 'medium',
    path: 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1ZM6 3.5V6l2 1.5',
    what: 'Events arrive long after they happened: alerts about them come late, too.',
  },
  silent: {
    word: 'Silent',
    colour: 'high',
    path: 'M6 1.5 11 10.5H1ZM6 5v2.5M6 8.5v1',
    what: 'Nothing arrives though this source usually sends: it stopped, or something is in its way.',
  },
  loss: {
    word: 'Loss',
    colour: 'critical',
    path: 'M2 2l8 8M10 2l-8 8',
    what: 'Numbers are missing in what it sent: events happened that are not in the record.',
  },
}

function StateMark({ state }: { readonly state: Source['state'] }): ReactNode {
  const { word, colour, path, what } = STATES[state]
  return (
    <Tooltip label={what} multiline w={260}>
      <span className="outcome" style={{ color: `var(--${colour})` }} data-source-state={state}>
        <svg
          width="12"
          height="12"
          viewBox="0 0 12 12"
          aria-hidden="true"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.8"
        >
          <path d={path} />
        </svg>
        {word}
        {state !== 'ok' && <span className="unseen">: {what}</span>}
      </span>
    </Tooltip>
  )
}

function LogLine(): ReactNode {
  const now = useNowMs()
  const { data, error } = useLog()
  if (!data) return <p className="log-line quiet">{error ? 'The log does not answer.' : ' '}</p>
  const { size, checkpoint, unsealed } = data
  const sealedMs = checkpoint?.timeMs ?? null
  const sealed = sealedMs === null ? 'nothing is sealed yet' : `sealed ${ago(sealedMs, now)}`
  return (
    <p className="log-line">
      The log holds <data value={size}>{count(size)}</data> entries, {sealed}
      {unsealed.entries > 0 ? `; ${count(unsealed.entries)} wait for the next seal` : ''}.{' '}
      <Go to="/integrity">Verify it</Go>
    </p>
  )
}
