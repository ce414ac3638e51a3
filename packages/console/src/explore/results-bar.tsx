// Above the table: how many events the question finds, whether that is all, how they are sorted,
// and how the table is laid out.

import { ActionIcon, Button, Tooltip } from '@mantine/core'
import type { ReactNode } from 'react'
import { count, stamp } from '../value/value.tsx'
import { ColumnsMenu } from './columns-menu.tsx'
import { useExplored } from './explored.ts'
import type { Rows } from './rows.ts'
import { DEFAULT_SORT } from './view.ts'

export function ResultsBar({ rows }: { readonly rows: Rows }): ReactNode {
  const { run, zone, acts } = useExplored()
  const { sort } = run
  const loaded = rows.rows.length
  return (
    <div className="results-bar">
      <PanelSwitch />
      <span className="counted" role="status">
        {rows.total === null ? (
          <span className="quiet">{rows.error ? '' : 'Counting'}</span>
        ) : (
          <>
            <strong>{count(rows.total)}</strong> {rows.total === 1 ? 'event' : 'events'}
          </>
        )}
        <span className="quiet" hidden={rows.error !== null}>
          {loaded > 0 && rows.hasMore && ` · first ${count(loaded)} loaded`}
          {loaded > 0 && !rows.hasMore && ' · all loaded'}
          {rows.missing === null && ' · complete'}
        </span>
      </span>
      {rows.missing !== null && (
        <span className="partial-note" data-state="partial" title={rows.missing}>
          Partial: the newest may be missing
          <button type="button" onClick={rows.again}>
            Ask again
          </button>
        </span>
      )}
      <span className="quiet asked-at">as of {stamp(run.atMs, zone).slice(11)}</span>
      {sort !== DEFAULT_SORT && (
        <Button variant="subtle" size="compact-xs" onClick={() => acts.set({ sort: null })}>
          Sorted by {sort.replace(/^-/, '')}, {sort.startsWith('-') ? 'most first' : 'least first'}:
          back to newest first
        </Button>
      )}
      <span className="grow" />
      <TableLook />
    </div>
  )
}

export function TableLook(): ReactNode {
  const { acts, density } = useExplored()
  const isRoomy = density === 'roomy'
  const label = isRoomy ? 'Lower rows' : 'Higher rows'
  return (
    <>
      <ColumnsMenu />
      <Tooltip label={label}>
        <ActionIcon
          aria-label={label}
          aria-pressed={isRoomy}
          onClick={() => acts.set({ density: isRoomy ? null : 'roomy' }, { replace: true })}
        >
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <path
              d={isRoomy ? 'M2 3h12M2 8h12M2 13h12' : 'M2 3h12M2 6.3h12M2 9.6h12M2 13h12'}
              stroke="currentColor"
              strokeWidth="1.4"
            />
          </svg>
        </ActionIcon>
      </Tooltip>
    </>
  )
}

export function PanelSwitch(): ReactNode {
  const { acts, isPanelShut: isShut } = useExplored()
  const label = isShut ? 'Show the fields' : 'Hide the fields'
  return (
    <Tooltip label={label}>
      <ActionIcon
        className="panel-switch"
        aria-label={label}
        aria-expanded={!isShut}
        onClick={() => acts.set({ panel: isShut ? null : '0' }, { replace: true })}
      >
        <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" fill="none">
          <path d="M2 3h12v10H2zM6 3v10" stroke="currentColor" strokeWidth="1.4" />
        </svg>
      </ActionIcon>
    </Tooltip>
  )
}
