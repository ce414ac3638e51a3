// One alert in the list: who did what to what and why that is unlike them, in one sentence.

import type { ReactNode } from 'react'
import { useAddress } from '../address/address.tsx'
import { Plain, Proof, Severity, visible, When } from '../value/value.tsx'
import type { Summary } from './inbox-data.ts'

export function AlertRow({
  alert,
  row,
  level,
  isOpen,
  isTabbed,
  isSelected,
  toggle,
  open,
  focused,
}: {
  readonly alert: Summary
  /** From 1. */
  readonly row: number
  /** In the tree: below a group it is the second. */
  readonly level: 1 | 2
  readonly isOpen: boolean
  readonly isTabbed: boolean
  readonly isSelected: boolean
  readonly toggle: () => void
  readonly open: () => void
  readonly focused: () => void
}): ReactNode {
  const { zone } = useAddress()
  const { id, sentence, assignee, actor, score, openedMs } = alert
  return (
    <div
      role="row"
      aria-level={level}
      aria-rowindex={row}
      aria-selected={isSelected}
      aria-current={isOpen ? 'true' : undefined}
      className={alert.state === 'resolved' ? 'alert-row is-done' : 'alert-row'}
      tabIndex={isTabbed ? 0 : -1}
      data-alert={id}
      onFocus={focused}
      onClick={open}
    >
      <div role="gridcell" className="pick">
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Select: ${visible(sentence)}`}
          checked={isSelected}
          onChange={toggle}
          onClick={event => event.stopPropagation()}
        />
      </div>
      <div role="gridcell" className="level">
        <Severity level={alert.level} />
      </div>
      <div role="gridcell" className="score" title={`Score ${score.toFixed(1)} of 100`}>
        <span className="unseen">Score </span>
        {Math.round(score)}
      </div>
      <div role="gridcell" className="sentence">
        <Plain text={sentence} />
      </div>
      <div role="gridcell" className="proved">
        <Proof verified={actor.verified} />
      </div>
      <div
        role="gridcell"
        className={stateWords(alert) === STATES.open ? 'state is-open' : 'state'}
      >
        {stateWords(alert)}
        {assignee !== null && <div className="cut">{visible(assignee)}</div>}
      </div>
      <div role="gridcell" className="age">
        <When ms={openedMs} zone={zone} isRelative />
      </div>
    </div>
  )
}

const RESOLVED = { true: 'Was true', benign: 'Was benign', false: 'Was false' } as const
const STATES = { open: 'Open', acknowledged: 'Acknowledged', resolved: 'Resolved' } as const

export function stateWords({
  state,
  disposition,
  suppressed,
}: Pick<Summary, 'state' | 'disposition' | 'suppressed'>): string {
  if (suppressed !== null) return 'Suppressed'
  const isKnown = disposition === 'true' || disposition === 'benign' || disposition === 'false'
  return state === 'resolved' && isKnown ? RESOLVED[disposition] : STATES[state]
}
