// Above the live table: whether it follows, what waits while it holds still, and what was let go.

import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { count } from '../value/value.tsx'
import type { Live } from './live/live.ts'
import { PanelSwitch, TableLook } from './results-bar.tsx'

const STATES: { readonly [state in Live['state']]: string } = {
  opening: 'Connecting',
  open: 'Live: the newest first, as they become durable',
  broken: 'The connection broke; trying again',
  refused: 'The server refused this question',
}

export function LiveBar({ live }: { readonly live: Live }): ReactNode {
  const { isHeld, isPaused, waiting, dropped, hasUnknownGap, state, error } = live
  const goOn = () => {
    live.setPaused(false)
    document.querySelector('.explore-rows [role=grid]')?.scrollTo({ top: 0 })
  }
  return (
    <div className="results-bar">
      <PanelSwitch />
      <span className={state === 'open' && !isHeld ? 'live-mark is-on' : 'live-mark'} />
      <span>{isHeld ? heldWords(live) : STATES[state]}</span>
      {error && <span className="quiet cut">{error.message}</span>}
      <span className="quiet" role="status">
        {waiting > 0 && ` · ${count(waiting)} wait`}
        {dropped > 0 && ` · ${count(dropped)} let go; search finds them`}
        {hasUnknownGap && ' · there are gaps'}
      </span>
      <span className="grow" />
      <Button variant="default" onClick={isHeld ? goOn : () => live.setPaused(true)}>
        {isHeld ? goOnWords(waiting) : 'Hold still'}
      </Button>
      {isPaused && <span className="unseen">The live view holds still</span>}
      <TableLook />
    </div>
  )
}

function heldWords({ isPaused }: Live): string {
  return isPaused ? 'Held still' : 'Held still while you read'
}

function goOnWords(waiting: number): string {
  return waiting > 0 ? `Show ${count(waiting)} new` : 'Go on'
}
