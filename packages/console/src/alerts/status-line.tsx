// One line between question and list, always as high: how many there are, what is new and waits,
// what was just done and can be undone, and what the operator asked for.

import type { ReactNode } from 'react'
import { Letter } from '../act/act.tsx'
import { count } from '../value/value.tsx'
import type { Inbox } from './inbox-data.ts'
import type { Undoing } from './undoing.ts'

export function StatusLine({
  inbox,
  undoing,
}: {
  readonly inbox: Inbox
  readonly undoing: Undoing
}): ReactNode {
  const { head, waiting, update } = inbox
  const fresh = waiting.length === 1 ? '1 new' : `${count(waiting.length)} new`
  return (
    <div className="row status-line">
      <span>
        {head !== null && (
          <>
            <strong>{count(head.total)}</strong> {head.total === 1 ? 'alert' : 'alerts'}
          </>
        )}
      </span>
      <span role="status">
        {waiting.length > 0 && (
          <button type="button" className="link-button" onClick={update}>
            {fresh}: show {waiting.length === 1 ? 'it' : 'them'}
          </button>
        )}
      </span>
      <Undo undoing={undoing} />
      <span className="grow" />
      {head !== null && <Budget head={head} />}
    </div>
  )
}

function Undo({
  undoing: { last, wrong, isUndoing, undo },
}: {
  readonly undoing: Undoing
}): ReactNode {
  return (
    <span role="status" className="undo-line">
      {wrong !== null && <span className="wrong">{wrong}</span>}
      {wrong === null && last !== null && (
        <>
          {last.words}{' '}
          {last.undo !== null && (
            <button type="button" className="link-button" onClick={undo} disabled={isUndoing}>
              Undo <Letter press="z" />
            </button>
          )}
        </>
      )}
    </span>
  )
}

function Budget({ head: { budget } }: { readonly head: NonNullable<Inbox['head']> }): ReactNode {
  const { perDay, expectedPerDay, realisedPerDay, threshold } = budget
  const meaning =
    `An alert is what scores ${threshold.toFixed(1)} or more within a day; ` +
    `the score is set so that about ${perDay} a day come`
  return (
    <span className="quiet" title={meaning}>
      Budget {tenth(perDay)} a day: {tenth(expectedPerDay)} expected, {tenth(realisedPerDay)} lately
    </span>
  )
}

function tenth(value: number): string {
  return count(Math.round(value * 10) / 10)
}
