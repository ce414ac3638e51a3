// How its risk comes about: each part with its points, a bar as long as they are, and a sum that is
// the score. Each part leads to the events behind its finding.

import type { ReactNode } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { tenths } from '../amount/amount.ts'
import { Panel } from '../panel/panel.tsx'
import { aboutEntity, fieldIsOneOf } from '../question/question.ts'
import { Band } from '../risk/risk.tsx'
import { Empty } from '../states/states.tsx'
import { Plain, visible, When } from '../value/value.tsx'
import type { Page, Ref } from './asked.ts'

type Risk = Page['risk']
type Part = Risk['parts'][number]

export function RiskParts({
  entity,
  page,
  className,
}: {
  readonly entity: Ref
  readonly page: Page
  readonly className: string
}): ReactNode {
  const { risk } = page
  return (
    <Panel
      title="How its risk comes about"
      note="of each rule the heaviest finding counts; half after a week"
      className={className}
    >
      {risk.parts.length === 0 && risk.criticality.points === 0 ? (
        <Empty title="No risk: no rule found anything in 30 days" />
      ) : (
        <>
          <Stack risk={risk} />
          <Parts entity={entity} page={page} />
        </>
      )}
    </Panel>
  )
}

const SHADES = 6

/** Of 100 points, as many as the parts fill. */
function Stack({ risk: { parts, criticality, score } }: { readonly risk: Risk }): ReactNode {
  return (
    <div className="risk-bar" aria-hidden="true">
      {parts.map(({ findingId, points }, i) => (
        <span
          key={findingId}
          className="risk-part"
          style={{
            width: `${Math.max(0, points)}%`,
            opacity: 1 - (0.7 * Math.min(i, SHADES)) / SHADES,
          }}
        />
      ))}
      {criticality.points > 0 && (
        <span className="risk-part is-criticality" style={{ width: `${criticality.points}%` }} />
      )}
      <span className="risk-end">{score.toFixed(1)} of 100</span>
    </div>
  )
}

function Parts({ entity, page }: { readonly entity: Ref; readonly page: Page }): ReactNode {
  const { zone } = useAddress()
  const { parts, criticality, score, band } = page.risk
  const shown = tenths([...parts.map(({ points }) => points), criticality.points], score)
  return (
    <table className="plain">
      <caption className="unseen">Parts of the risk, which add up to the score</caption>
      <thead>
        <tr>
          <th scope="col">Finding</th>
          <th scope="col">When</th>
          <th scope="col">Evidence</th>
          <th scope="col" className="number">
            Points
          </th>
        </tr>
      </thead>
      <tbody>
        {parts.map((part, i) => (
          <tr key={part.findingId}>
            <td title={visible(part.rule)}>
              <Plain text={part.title} charsMax={160} />
            </td>
            <td>
              <When ms={part.timeMs} zone={zone} />
            </td>
            <td>
              <Evidence entity={entity} page={page} part={part} />
            </td>
            <td className="number" title={String(part.points)}>
              {shown[i]}
            </td>
          </tr>
        ))}
        <tr>
          <td colSpan={3}>{CRITICALITY_WORDS[criticality.level]}</td>
          <td className="number" title={String(criticality.points)}>
            {Number(shown.at(-1)) === 0 ? '0.0' : shown.at(-1)}
          </td>
        </tr>
      </tbody>
      <tfoot>
        <tr className="sum">
          <th scope="row" colSpan={3}>
            Score <Band band={band} />
          </th>
          <td className="number" title={String(score)}>
            <strong>{score.toFixed(1)}</strong>
          </td>
        </tr>
      </tfoot>
    </table>
  )
}

const CRITICALITY_WORDS: { readonly [level in Risk['criticality']['level']]: string } = {
  low: 'Little depends on it: the odds count half',
  medium: 'As much depends on it as on any other: nothing is added',
  high: 'Much depends on it: the odds count 1.5 times',
  extreme: 'Very much depends on it: the odds count double',
}

const DAY_MS = 86_400_000

function Evidence({
  entity,
  page,
  part,
}: {
  readonly entity: Ref
  readonly page: Page
  readonly part: Part
}): ReactNode {
  const finding = page.findings.find(({ id }) => id === part.findingId)
  if (!finding || finding.eventIds.length === 0) {
    const range = { from: String(part.timeMs - DAY_MS), to: String(part.timeMs + 1) }
    return (
      <Go to="/events" changes={{ q: aboutEntity(entity), ...range }}>
        Its day before
      </Go>
    )
  }
  const { eventIds, startMs, timeMs } = finding
  const events = eventIds.length === 1 ? '1 event' : `${eventIds.length} events`
  const changes = {
    q: fieldIsOneOf('id', eventIds),
    from: String(startMs),
    to: String(timeMs + 1),
  }
  return (
    <Go to="/events" changes={changes} label={`${events} behind: ${visible(part.title)}`}>
      {events}
    </Go>
  )
}
