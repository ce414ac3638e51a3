// A part of a screen with its own heading, on a sheet of its own. What it asks of the server loads,
// fails and is empty for itself.

import './panel.css'
import { type ReactNode, useId } from 'react'

export function Panel({
  title,
  note,
  actions,
  className,
  children,
}: {
  readonly title: string
  /** What the panel is about, in a few words beside its title. */
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly className?: string
  readonly children: ReactNode
}): ReactNode {
  const id = useId()
  return (
    <section className={`sheet panel ${className ?? ''}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {note !== undefined && <span className="note">{note}</span>}
        {actions !== undefined && <div className="actions">{actions}</div>}
      </header>
      {children}
    </section>
  )
}

/** A sheet for a chart, which brings its own title. */
export function Sheet({
  className,
  children,
}: {
  readonly className?: string
  readonly children: ReactNode
}): ReactNode {
  return <div className={`sheet panel ${className ?? ''}`}>{children}</div>
}
