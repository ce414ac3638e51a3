// Puts a field into the table as its last column, or takes it out.

import type { ReactNode } from 'react'
import { useExplored } from './explored.ts'
import { printColumns, withColumnToggled } from './view.ts'

export function ColumnSwitch({ path }: { readonly path: string }): ReactNode {
  const { acts, columns } = useExplored()
  const isColumn = columns.includes(path)
  const next = withColumnToggled(columns, path)
  return (
    <button
      type="button"
      className="as-column"
      aria-pressed={isColumn}
      aria-label={`Column ${path}`}
      title={isColumn ? 'Take out of the table' : 'Show in the table'}
      disabled={next.length === 0}
      onClick={() => acts.set({ cols: printColumns(next) }, { replace: true })}
    >
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" fill="none">
        <path d="M1.5 1.5h9v9h-9zM6 1.5v9" stroke="currentColor" strokeWidth="1.3" />
      </svg>
    </button>
  )
}
