// Known gaps as objects: who lost what, when and why. Each is in the log itself, so it cannot be
// taken back; what nobody knows of is not here.

import type { ReactNode } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { Panel } from '../panel/panel.tsx'
import { Partial } from '../states/states.tsx'
import { bytes, count, Plain, span, stamp } from '../value/value.tsx'
import type { LogState } from './log-state.ts'

type Gap = LogState['gaps'][number]

const BESIDE_MS = 600_000

export function Gaps({ state }: { readonly state: LogState }): ReactNode {
  const { gaps, gapsComplete } = state
  return (
    <Panel title="Known gaps" note="30 days; each is an entry of the log" className="gaps is-wide">
      {!gapsComplete && <Partial>Only the newest {count(gaps.length)} gaps are shown.</Partial>}
      {gaps.length === 0 ? (
        <p className="quiet" data-state="empty">
          None. A gap is written when a sender reports loss, a followed file was cut or rotated
          away, or the log itself had to stop: silence is told apart from loss.
        </p>
      ) : (
        <div className="scroll">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Lost by</th>
                <th scope="col">From – to</th>
                <th scope="col" className="number">
                  Lost
                </th>
                <th scope="col">Why</th>
                <th scope="col">Around it</th>
              </tr>
            </thead>
            <tbody>
              {gaps.map(gap => (
                <GapRow key={`${gap.index} ${gap.source}`} gap={gap} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

function GapRow({ gap }: { readonly gap: Gap }): ReactNode {
  const { zone } = useAddress()
  const { source, via, fromMs, toMs, reason, detail, eventId } = gap
  return (
    <tr>
      <td>
        <Plain text={source} isOneLine charsMax={80} />{' '}
        <span className="quiet">
          <Plain text={via} isOneLine charsMax={40} />
        </span>
      </td>
      <td className="nowrap">
        {stamp(fromMs, zone)} <span className="quiet">for {span(Math.max(toMs - fromMs, 0))}</span>
      </td>
      <td className="number nowrap">{lostWords(gap)}</td>
      <td>
        <Plain text={detail ?? reason} charsMax={200} />
      </td>
      <td className="nowrap">
        {eventId !== null && (
          <>
            <Go
              to="/events"
              changes={{
                sel: eventId,
                q: `id:${eventId}`,
                from: rangeOf(fromMs, toMs).from,
                to: null,
              }}
            >
              The entry
            </Go>
            {' · '}
          </>
        )}
        <Go to="/events" changes={{ q: '', ...rangeOf(fromMs, toMs) }}>
          Events
        </Go>
      </td>
    </tr>
  )
}

function lostWords({ lost, lostBytes }: Gap): string {
  if (lost !== null) return lost === 1 ? '1 event' : `${count(lost)} events`
  return lostBytes === null ? 'not known' : `≥ ${bytes(lostBytes)}`
}

function rangeOf(fromMs: number, toMs: number): { readonly from: string; readonly to: string } {
  const iso = (ms: number) => new Date(ms).toISOString()
  return { from: iso(fromMs - BESIDE_MS), to: iso(toMs + BESIDE_MS) }
}
