// How an alert's score comes about: each finding with its points, which add up to the score; in
// each what was expected and what was seen, in features whose parts add up to the finding's own
// score.

import type { ReactNode } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { tenths } from '../amount/amount.ts'
import { fieldIsOneOf } from '../question/question.ts'
import { count, Plain, percent, Severity, visible, When } from '../value/value.tsx'
import type { Detail } from './inbox-data.ts'
import { tagWords } from './tags.ts'

type Finding = Detail['findings'][number]
type Pointed = { readonly finding: Finding; readonly points: string | null; readonly part: number }

export function Evidence({ alert }: { readonly alert: Detail }): ReactNode {
  const { findings, risk, threshold, score } = alert
  const pointed = inOrder(alert)
  const isOff = Math.abs(score - risk.score) >= 0.05
  return (
    <section className="part" aria-label="Evidence">
      <h2>Evidence</h2>
      <p className="quiet">
        {findings.length === 1 ? 'One finding.' : `${count(findings.length)} findings.`} Their
        points add up to the score; of each rule the heaviest counts.
      </p>
      <div className="evidence">
        {pointed.map(({ finding, points, part }, i) => (
          <details key={finding.id} open={i === 0}>
            <summary>
              <span className="cut">{visible(finding.title)}</span>
              <span className="quiet cut">{comparison(finding)}</span>
              <i className="part-bar" style={barOf(part, risk.score)} />
              <span className="number">{points ?? '·'}</span>
            </summary>
            <FindingBody finding={finding} isTold={finding.sentence === alert.sentence} />
          </details>
        ))}
        {Math.abs(risk.criticality.points) >= 0.05 && (
          <div className="sum-line">
            <span>How much depends on it ({risk.criticality.level})</span>
            <span className="number">{risk.criticality.points.toFixed(1)}</span>
          </div>
        )}
        <div className="sum-line">
          <strong>Score</strong>
          <span className="quiet">it is an alert from {threshold.toFixed(1)} on</span>
          <strong className="number">{risk.score.toFixed(1)}</strong>
        </div>
      </div>
      {isOff && (
        <p className="quiet">When it was last weighed, its score was {score.toFixed(1)}.</p>
      )}
    </section>
  )
}

/** Those that count most first. */
function inOrder({ findings, risk }: Detail): readonly Pointed[] {
  const shown = tenths(
    [...risk.parts.map(({ points }) => points), risk.criticality.points],
    risk.score,
  )
  const parts = new Map(risk.parts.map((part, i) => [part.findingId, { part, shown: shown[i] }]))
  return findings
    .map(finding => {
      const found = parts.get(finding.id)
      return { finding, points: found?.shown ?? null, part: found?.part.points ?? 0 }
    })
    .sort((a, b) => b.part - a.part || a.finding.timeMs - b.finding.timeMs)
}

function barOf(part: number, whole: number): Record<string, string> {
  return { '--part': `${whole > 0 ? Math.max(0, (part / whole) * 100) : 0}%` }
}

function comparison({ expected, seen }: Finding): string {
  return expected === null ? '' : `${amount(seen)} instead of ${amount(expected)}`
}

function amount(value: number | string | null): string {
  if (value === null) return '–'
  if (typeof value === 'string') return visible(value)
  return count(Math.abs(value) < 100 ? Math.round(value * 100) / 100 : Math.round(value))
}

function FindingBody({
  finding,
  isTold,
}: {
  readonly finding: Finding
  /** Its sentence heads the alert. */
  readonly isTold: boolean
}): ReactNode {
  const { zone } = useAddress()
  const { features, score, sentence, learning, confidence, tags, rule, p } = finding
  const parts = tenths(
    features.map(({ part }) => part),
    score,
  )
  const isYoung = learning !== null && confidence < 1
  return (
    <div className="finding stack">
      {!isTold && (
        <p>
          <Plain text={sentence} />
        </p>
      )}
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">What was looked at</th>
            <th scope="col">Expected</th>
            <th scope="col">Seen</th>
            <th scope="col" className="number" colSpan={2}>
              Part of its own score
            </th>
          </tr>
        </thead>
        <tbody>
          {features.map((feature, i) => (
            <tr key={`${feature.name} ${i}`}>
              <td>{visible(feature.name)}</td>
              <td>{amount(feature.expected)}</td>
              <td>{amount(feature.seen)}</td>
              <td>
                <i className="part-bar" style={barOf(feature.part, score)} />
              </td>
              <td className="number">{parts[i]}</td>
            </tr>
          ))}
          <tr className="sum">
            <td colSpan={4}>Score of this finding alone</td>
            <td className="number">{score.toFixed(1)}</td>
          </tr>
        </tbody>
      </table>
      <p className="quiet">
        <Severity level={finding.level} /> <When ms={finding.timeMs} zone={zone} /> · rule{' '}
        <span className="id">{visible(rule)}</span>
        {p !== null && p > 0 && <> · as rare as once in {count(Math.round(1 / p))} such moments</>}
        {isYoung && (
          <>
            {' '}
            · still learning, {Math.floor(learning.days)} of {learning.of} days: counts{' '}
            {percent(confidence, 1)}
          </>
        )}
      </p>
      <Behind finding={finding} />
      {tags.length > 0 && (
        <ul className="tags" aria-label="What its rule is filed under">
          {tags.map(tag => (
            <li key={tag}>{tagWords(tag)}</li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Behind({ finding }: { readonly finding: Finding }): ReactNode {
  const { eventIds, eventCount, startMs, timeMs } = finding
  if (eventIds.length === 0) return null
  const first = eventIds.at(-1) ?? ''
  const range = { from: String(startMs), to: String(timeMs + 1) }
  const all =
    eventIds.length < eventCount
      ? `the newest ${eventIds.length} of the ${count(eventCount)} events behind it`
      : eventIds.length === 1
        ? 'the event behind it'
        : `the ${count(eventIds.length)} events behind it`
  return (
    <p>
      <Go to="/events" changes={{ q: fieldIsOneOf('id', eventIds), ...range, sel: null }}>
        Open {all}
      </Go>
      {eventIds.length > 1 && (
        <>
          {', or '}
          <Go to="/events" changes={{ q: fieldIsOneOf('id', eventIds), ...range, sel: first }}>
            the last one
          </Go>
        </>
      )}
    </p>
  )
}
