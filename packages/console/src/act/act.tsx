// A button that changes something. What the session may not do is shown, and says why it cannot be
// done; it stays in the order of the tabulator, so that the reason can be found by keyboard.

import './act.css'
import { Button, type ButtonProps, Tooltip } from '@mantine/core'
import type { MouseEvent, ReactNode } from 'react'

export type ActProps = Pick<ButtonProps, 'variant' | 'color' | 'loading' | 'rightSection'> & {
  readonly whyNot: string | null
  readonly run?: () => void
  /** Without `run`: it sends the form it stands in. */
  readonly isSubmit?: boolean
  readonly label?: string
  readonly isExpanded?: boolean
  readonly children: ReactNode
}

export function Act(props: ActProps): ReactNode {
  const { whyNot, run, isSubmit = false, label, isExpanded, children, ...look } = props
  const press = (event: MouseEvent) => {
    if (whyNot !== null) event.preventDefault()
    else run?.()
  }
  const button = (
    <Button
      {...look}
      className="act"
      type={isSubmit ? 'submit' : 'button'}
      onClick={press}
      {...(label === undefined ? {} : { 'aria-label': label })}
      {...(isExpanded === undefined ? {} : { 'aria-expanded': isExpanded })}
      {...(whyNot === null ? {} : { 'aria-disabled': true, 'data-disabled': true })}
    >
      {children}
      {whyNot !== null && <span className="unseen">: {whyNot}</span>}
    </Button>
  )
  return whyNot === null ? button : <Tooltip label={whyNot}>{button}</Tooltip>
}

/** The key that does the same; for eyes alone: who cannot see it has `aria-keyshortcuts`. */
export function Letter({ press }: { readonly press: string }): ReactNode {
  return (
    <span className="letter" aria-hidden="true">
      {press}
    </span>
  )
}
