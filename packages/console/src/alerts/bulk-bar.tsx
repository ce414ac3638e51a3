// The actions of an alert, for all that are selected.

import type { ReactNode } from 'react'
import { Act } from '../act/act.tsx'
import { useSession } from '../session/session.tsx'
import { count } from '../value/value.tsx'
import type { Bulk } from './bulk.ts'
import { ResolveForm } from './resolve-form.tsx'
import { type Selection, sizeOf } from './selection.ts'

export type BulkBarProps = {
  readonly bulk: Bulk
  readonly selection: Selection
  /** All that fit, as last counted. */
  readonly total: number
  readonly select: (selection: Selection) => void
  readonly clear: () => void
  readonly isResolving: boolean
  readonly setResolving: (is: boolean) => void
}

export function BulkBar(props: BulkBarProps): ReactNode {
  const { bulk, selection, total, select, clear, isResolving, setResolving } = props
  const { principal } = useSession()
  const { whyNot, isBusy, wrong, say } = bulk
  const size = sizeOf(selection)
  return (
    <div className="stack">
      <div className="row status-line" role="toolbar" aria-label="What to do with what is selected">
        <strong role="status">
          {isBusy ? `Changing ${count(size)} …` : `${count(size)} selected`}
        </strong>
        {selection.kind === 'ids' && total > size && (
          <Act whyNot={null} run={() => select({ kind: 'all', count: total })} variant="subtle">
            Select all {count(total)} that match
          </Act>
        )}
        <Act whyNot={whyNot} run={() => say({ action: 'ack' })} loading={isBusy}>
          Acknowledge
        </Act>
        <Act
          whyNot={whyNot}
          run={() => say({ action: 'assign', assignee: principal })}
          loading={isBusy}
        >
          Assign to me
        </Act>
        <Act
          whyNot={whyNot}
          run={() => setResolving(!isResolving)}
          isExpanded={isResolving}
          loading={isBusy}
        >
          Resolve
        </Act>
        <Act whyNot={whyNot} run={() => say({ action: 'reopen' })} loading={isBusy}>
          Reopen
        </Act>
        <span className="grow" />
        <Act whyNot={null} run={clear} variant="subtle">
          Clear the selection
        </Act>
      </div>
      {wrong !== null && (
        <p className="wrong" role="alert">
          {wrong}
        </p>
      )}
      {isResolving && (
        <div className="action-form">
          <ResolveForm
            count={size}
            send={({ as, cause, note }) =>
              say({ action: 'resolve', as, cause, ...(note === undefined ? {} : { note }) })
            }
          />
        </div>
      )}
    </div>
  )
}
