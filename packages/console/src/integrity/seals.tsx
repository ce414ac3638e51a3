// The newest seals, oldest left: each a bar as tall as what it added, by its logarithm, and filled
// where this browser verified what is under it. Arrow keys walk along; the one that is read stands
// in the address.

import type { KeyboardEvent, PointerEvent, ReactNode } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { Figure } from '../chart/chart.tsx'
import { useNowMs } from '../clock/clock.ts'
import { Sheet } from '../panel/panel.tsx'
import type { Checked } from '../trust/trust.ts'
import { count, Id, span, stamp, When, zoneName } from '../value/value.tsx'
import type { LogState } from './log-state.ts'
import { type Seal, sealsOf } from './seal-strip.ts'
import { isVerified, whenWords } from './words.ts'

/** As many as are told apart in a narrow window; the table has all. */
const DRAWN_MAX = 120

export function Seals({
  state,
  checked,
}: {
  readonly state: LogState
  readonly checked: Checked | null
}): ReactNode {
  const { zone } = useAddress()
  const now = useNowMs()
  const seals = sealsOf(state.seals)
  const table = () => ({
    head: [`Time (${zoneName(zone)})`, 'Entries', 'New', 'Root', 'In this browser'],
    rows: seals
      .toReversed()
      .map(({ timeMs, size, added, root }) => [
        stamp(timeMs, zone),
        count(size),
        added === null ? '–' : count(added),
        <Id key="root" text={root} chars={16} />,
        isVerified(size, checked) ? 'verified' : 'not verified',
      ]),
  })
  return (
    <Sheet className="seals">
      <Figure title="Seals" sentence={sentenceOf(state, seals, now)} table={table}>
        {seals.length === 0 ? (
          <NoSeal state={state} />
        ) : (
          <Strip seals={seals.slice(-DRAWN_MAX)} checked={checked} />
        )}
      </Figure>
    </Sheet>
  )
}

function sentenceOf({ unsealed }: LogState, seals: readonly Seal[], now: number): string {
  const last = seals.at(-1)
  const sealed = last ? `Newest ${whenWords(last.timeMs, now)}; ` : ''
  const { entries, sinceMs } = unsealed
  if (entries === 0) return `${sealed}every entry is sealed.`
  const waits = entries === 1 ? '1 entry waits' : `${count(entries)} entries wait`
  const since = sinceMs === null ? '' : `, the oldest for ${span(Math.max(now - sinceMs, 0))}`
  return `${sealed}${waits} for the next${since}.`
}

function NoSeal({ state }: { readonly state: LogState }): ReactNode {
  return (
    <p className="quiet" data-state="empty">
      {state.size === 0
        ? 'Nothing was logged yet; the first seal comes a second after the first event.'
        : 'No seal was published since this server started; the next entry brings one within a second.'}
    </p>
  )
}

function Strip({
  seals,
  checked,
}: {
  readonly seals: readonly Seal[]
  readonly checked: Checked | null
}): ReactNode {
  const { search, set, zone } = useAddress()
  const last = seals.length - 1
  const found = seals.findIndex(seal => String(seal.size) === search.seq)
  const at = found === -1 ? last : found
  const chosen = seals[at]
  const choose = (index: number) => {
    const seal = seals[Math.max(0, Math.min(last, index))]
    if (seal) set({ seq: String(seal.size) }, { replace: true })
  }
  const press = (event: KeyboardEvent) => {
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key]
    if (next === undefined) return
    event.preventDefault()
    choose(next)
  }
  const point = (event: PointerEvent) => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    choose(Math.floor(((event.clientX - left) / Math.max(width, 1)) * seals.length))
  }
  return (
    <>
      <div
        className="strip"
        role="slider"
        tabIndex={0}
        aria-label="Seals, oldest first: arrow keys read them"
        aria-valuemin={1}
        aria-valuemax={seals.length}
        aria-valuenow={at + 1}
        aria-valuetext={chosen && readingOf(chosen, checked, zone)}
        onKeyDown={press}
        onPointerDown={point}
      >
        {seals.map((seal, i) => (
          <span
            key={seal.size}
            className={classOf(seal, checked, i === at)}
            style={{ height: `${seal.height * 100}%` }}
          />
        ))}
      </div>
      <div className="strip-ends quiet" aria-hidden="true">
        <span>{stamp(seals[0]?.timeMs ?? 0, zone)}</span>
        <span>
          <i className="bar is-verified" /> verified in this browser <i className="bar" /> signed,
          not verified here
        </span>
        <span>{stamp(seals[last]?.timeMs ?? 0, zone)}</span>
      </div>
      {chosen && <Chosen seal={chosen} checked={checked} />}
    </>
  )
}

function classOf(seal: Seal, checked: Checked | null, isChosen: boolean): string {
  return `bar${isVerified(seal.size, checked) ? ' is-verified' : ''}${isChosen ? ' is-chosen' : ''}`
}

function readingOf(seal: Seal, checked: Checked | null, zone: 'utc' | 'local'): string {
  const { timeMs, size, added } = seal
  const more = added === null ? '' : `, ${count(added)} new`
  const state = isVerified(size, checked) ? 'verified here' : 'not verified here'
  return `Seal of ${stamp(timeMs, zone)}: ${count(size)} entries${more}, ${state}`
}

function Chosen({
  seal,
  checked,
}: {
  readonly seal: Seal
  readonly checked: Checked | null
}): ReactNode {
  const { zone } = useAddress()
  const { timeMs, size, added, root, beforeMs } = seal
  return (
    <dl className="facts seal-facts">
      <dt>Sealed</dt>
      <dd>
        <When ms={timeMs} zone={zone} />
      </dd>
      <dt>Entries</dt>
      <dd>
        {count(size)}
        {added !== null && <span className="quiet"> · {count(added)} new</span>}
        {added !== null && beforeMs !== null && (
          <>
            {' · '}
            <Go to="/events" changes={eventsBetween(beforeMs, timeMs)}>
              Events of that time
            </Go>
          </>
        )}
      </dd>
      <dt>Root</dt>
      <dd>
        <span className="id wrap">{root}</span>
      </dd>
      <dt>Here</dt>
      <dd>
        {isVerified(size, checked)
          ? 'Under what was verified in this browser'
          : checked === null
            ? 'Nothing was verified in this browser yet'
            : 'Newer than what was verified in this browser'}
      </dd>
    </dl>
  )
}

function eventsBetween(fromMs: number, toMs: number) {
  const iso = (ms: number) => new Date(ms).toISOString()
  return { q: '', from: iso(fromMs), to: iso(toMs + 1) }
}
