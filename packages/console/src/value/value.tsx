// How values look, wherever they stand: text of strangers, times, severities, outcomes, names with
// their proof. Nothing here is markup of what it shows: text stays text.

import './value.css'
import { Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import { useNowMs } from '../clock/clock.ts'
import { ago, brief, stamp, type Zone, zoneName } from '../moment/moment.ts'
import { piecesOf, visible } from './visible.ts'

export { bytes, cost, count, duration, percent, short } from '../amount/amount.ts'
export { ago, brief, span, stamp, type Zone, zoneName } from '../moment/moment.ts'
export { piecesOf, visible } from './visible.ts'

const SHOWN_CHARS = 4000

/** Text from the record, as it is; hidden characters are named. Long texts are cut, and say so. */
export function Plain({
  text,
  isOneLine = false,
  charsMax = SHOWN_CHARS,
}: {
  readonly text: string
  readonly isOneLine?: boolean
  readonly charsMax?: number
}): ReactNode {
  const shown = text.length > charsMax ? text.slice(0, charsMax) : text
  const more = text.length - shown.length
  return (
    <span className={isOneLine ? 'plain-text one-line' : 'plain-text'} dir="auto">
      {piecesOf(shown).map((piece, i) =>
        piece.isHidden ? (
          <span className="hidden-char" key={i}>
            {piece.text}
          </span>
        ) : (
          piece.text
        ),
      )}
      {more > 0 && <span className="quiet"> … {more.toLocaleString('en')} more characters</span>}
    </span>
  )
}

/** An id: in the typeface for ids, whole in its title. */
export function Id({ text, chars }: { readonly text: string; readonly chars?: number }): ReactNode {
  const shown = visible(chars === undefined ? text : text.slice(0, chars))
  return (
    <span className="id" title={visible(text)}>
      {shown}
    </span>
  )
}

/** A moment: relative or short, and on hover or focus relative, local, UTC and raw. */
export function When({
  ms,
  zone,
  isRelative = false,
}: {
  readonly ms: number
  readonly zone: Zone
  readonly isRelative?: boolean
}): ReactNode {
  const now = useNowMs()
  return (
    <Tooltip multiline label={<Moments ms={ms} now={now} />}>
      <time className="moment" dateTime={new Date(ms).toISOString()}>
        {isRelative ? ago(ms, now) : brief(ms, zone, now)}
      </time>
    </Tooltip>
  )
}

function Moments({ ms, now }: { readonly ms: number; readonly now: number }): ReactNode {
  return (
    <>
      <div>{ago(ms, now)}</div>
      <div>
        {stamp(ms, 'local')} {zoneName('local')}
      </div>
      <div>{stamp(ms, 'utc')} UTC</div>
      <div className="id">{ms}</div>
    </>
  )
}

export type Level = 'informational' | 'low' | 'medium' | 'high' | 'critical'

const LEVELS: { readonly [level in Level]: readonly [word: string, path: string] } = {
  critical: ['Critical', 'M3.6 0h4.8L12 3.6v4.8L8.4 12H3.6L0 8.4V3.6Z'],
  high: ['High', 'M6 .5 12 11.5H0Z'],
  medium: ['Medium', 'M6 0l6 6-6 6-6-6Z'],
  low: ['Low', 'M1 1h10v10H1Z'],
  informational: ['Info', 'M6 .5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11Z'],
}

/** Severity is colour, word and shape together. */
export function Severity({ level }: { readonly level: Level }): ReactNode {
  const [word, path] = LEVELS[level]
  const style = { color: `var(--${level})`, background: `var(--${level}-wash)` }
  return (
    <span className="severity" style={style}>
      <svg viewBox="0 0 12 12" aria-hidden="true" fill="currentColor">
        <path d={path} />
      </svg>
      {word}
    </span>
  )
}

export const OUTCOMES = ['success', 'failure', 'denied', 'unknown'] as const
export type Outcome = (typeof OUTCOMES)[number]

const OUTCOME_MARKS: { readonly [outcome in Outcome]: string } = {
  success: 'M2 6.5 5 9.5 10.5 3',
  failure: 'M2 2l8 8M10 2l-8 8',
  denied: 'M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1ZM2.5 2.5l7 7',
  unknown: 'M1 6h10',
}

export function OutcomeMark({ outcome }: { readonly outcome: string }): ReactNode {
  const known = OUTCOMES.find(one => one === outcome) ?? 'unknown'
  return (
    <span className="outcome">
      <svg
        width="12"
        height="12"
        viewBox="0 0 12 12"
        aria-hidden="true"
        fill="none"
        stroke={`var(--${known})`}
        strokeWidth="2"
      >
        <path d={OUTCOME_MARKS[known]} />
      </svg>
      {known}
    </span>
  )
}

/** How an identity was proved; a name without proof is called claimed, side by side with it. */
export function Proof({ verified }: { readonly verified: string | null | undefined }): ReactNode {
  const isVerified = verified !== undefined && verified !== null && verified !== 'none'
  const label = isVerified
    ? `The identity was proved: ${verified}`
    : 'The name was stated by the caller; nothing proved it'
  return (
    <Tooltip label={label}>
      <span className={isVerified ? 'proof is-verified' : 'proof is-claimed'}>
        <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" fill="none">
          <path
            d={isVerified ? 'M2 6.5 5 9.5 10.5 3' : 'M6 1v6M6 9v2'}
            stroke="currentColor"
            strokeWidth="2"
          />
        </svg>
        {isVerified ? `verified (${verified})` : 'claimed'}
      </span>
    </Tooltip>
  )
}
