// What it looks like, first and in one paragraph; then what speaks for each reading and what
// against it, with points. A person decides.

import type { ReactNode } from 'react'
import { Panel } from '../panel/panel.tsx'
import { visible } from '../value/value.tsx'
import type { Investigation } from './asked.ts'

type ReadingOf = Investigation['readings'][number]

export function Reading({ found }: { readonly found: Investigation }): ReactNode {
  const { reading, readings, notes } = found
  const best = readings.find(({ name }) => name === reading) ?? readings[0]
  return (
    <Panel title="What this looks like" className="reading">
      <p className="reading-words">
        {paragraphOf(found).map(({ text, isStrong }, i) =>
          isStrong ? <strong key={i}>{visible(text)}</strong> : visible(text),
        )}
      </p>
      {notes.length > 0 && (
        <ul className="notes">
          {notes.map(note => (
            <li key={note}>{visible(note)}</li>
          ))}
        </ul>
      )}
      {readings.map(one => (
        <details key={one.name} open={one === best}>
          <summary>
            <span>{visible(one.name)}</span>
            <span className="number">{signed(one.points)}</span>
          </summary>
          <Reasons reading={one} />
        </details>
      ))}
      <p className="quiet small">
        The points are a help to look at the right thing first; nothing is decided by them.
      </p>
    </Panel>
  )
}

function Reasons({ reading: { reasons } }: { readonly reading: ReadingOf }): ReactNode {
  const ordered = reasons.toSorted((a, b) => b.points - a.points)
  return (
    <table className="plain reasons">
      <tbody>
        {ordered.map(({ points, text }) => (
          <tr key={text}>
            <td className={points > 0 ? 'number is-for' : 'number is-against'}>{signed(points)}</td>
            <td>{visible(text)}</td>
          </tr>
        ))}
        {reasons.length === 0 && (
          <tr>
            <td />
            <td className="quiet">Nothing speaks for it or against it.</td>
          </tr>
        )}
      </tbody>
    </table>
  )
}

type Piece = { readonly text: string; readonly isStrong: boolean }

const REASONS_TOLD = 5
/** Readings as the end of a sentence. */
const IN_WORDS: { readonly [name: string]: string } = {
  'compromised account': 'the work of somebody else: a compromised account',
  'misconfigured batch job': 'a misconfigured batch job',
  'insider or misuse': 'an insider, or misuse',
}

/** The reading in a few sentences, strongest reasons first. */
function paragraphOf({ reading, readings, actor, entity }: Investigation): readonly Piece[] {
  const who = actor ?? `${entity.type} ${entity.id}`
  const best = readings.find(({ name }) => name === reading)
  if (!best) {
    const first = readings[0]
    const most = first ? ` Most speaks for ${first.name}, with ${signed(first.points)} points.` : ''
    return plain(`What ${who} did is unclear: no reading stands out.${most}`)
  }
  const forIt = told(best.reasons.filter(({ points }) => points > 0))
  const against = told(best.reasons.filter(({ points }) => points < 0))
  return [
    ...plain(`What ${who} did looks like `),
    { text: `${IN_WORDS[best.name] ?? best.name}.`, isStrong: true },
    ...plain(forIt === '' ? '' : ` For that speaks: ${forIt}.`),
    ...plain(against === '' ? ' Nothing speaks against it.' : ` Against it: ${against}.`),
  ]
}

function plain(text: string): readonly Piece[] {
  return [{ text, isStrong: false }]
}

function told(reasons: ReadingOf['reasons']): string {
  const strongest = reasons.toSorted((a, b) => Math.abs(b.points) - Math.abs(a.points))
  const left = strongest.length - REASONS_TOLD
  const texts = strongest.slice(0, REASONS_TOLD).map(({ text }) => text)
  return left > 0 ? `${texts.join('; ')}; and ${left} more` : texts.join('; ')
}

function signed(points: number): string {
  return points > 0 ? `+${points}` : String(points).replace('-', '−')
}
