// The events that a question finds: as a table by pages, or live; what one can do with their rows
// by key; and the one that is open beside them.

import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useMemo, useRef } from 'react'
import { useAddress } from '../address/address.tsx'
import { type Column, Grid } from '../grid/grid.tsx'
import { useKeys } from '../keys/keys.ts'
import { Bones, Failed } from '../states/states.tsx'
import { visible } from '../value/value.tsx'
import type { FoundEvent } from './asking.ts'
import { refusalOf } from './asking.ts'
import { CellActions, inOf, outOf } from './cell-actions.tsx'
import { buildColumns, filterOf, type Row } from './cells.tsx'
import { Drawer } from './drawer/drawer.tsx'
import { useExplored } from './explored.ts'
import { LiveBar } from './live-bar.tsx'
import { NoResults } from './no-results.tsx'
import { ResultsBar } from './results-bar.tsx'
import { type Rows, useRows } from './rows.ts'
import { DEFAULT_SORT, ROW_PX } from './view.ts'

export function Results(): ReactNode {
  const { search } = useAddress()
  const chosen = search.sel ?? null
  const rows = useRows(chosen !== null)
  const go = useStep(rows, chosen)
  const known = useMemo(() => eventIn(rows.rows, chosen), [rows.rows, chosen])
  return (
    <>
      <section className="explore-results" aria-busy={rows.isStale} data-stale={rows.isStale}>
        <h2 className="unseen">Events</h2>
        {rows.live ? <LiveBar live={rows.live} /> : <ResultsBar rows={rows} />}
        <Body rows={rows} chosen={chosen} />
      </section>
      {chosen !== null && (
        <Drawer
          id={chosen}
          known={known}
          position={rows.positionOf(chosen)}
          total={rows.total}
          go={by => void go(by)}
        />
      )}
    </>
  )
}

function eventIn(rows: readonly Row[], id: string | null): FoundEvent | null {
  const row = rows.find(one => one.id === id)
  return row?.kind === 'event' ? row.event : null
}

function Body({
  rows,
  chosen,
}: {
  readonly rows: Rows
  readonly chosen: string | null
}): ReactNode {
  const { error, isLoading, isEmpty } = rows
  if (error) {
    const refusal = refusalOf(error)
    return refusal === null ? (
      <Failed error={error} retry={rows.again} />
    ) : (
      <div className="notice" data-state="error">
        <h3>This question cannot be asked as it is written</h3>
        <p>{visible(refusal)}.</p>
      </div>
    )
  }
  if (isLoading) {
    return (
      <div className="skeleton explore-rows" aria-busy="true" data-state="loading">
        <span className="unseen">Loading</span>
        <Bones rows={20} />
      </div>
    )
  }
  return isEmpty ? <NoResults /> : <Table rows={rows} chosen={chosen} />
}

function Table({
  rows,
  chosen,
}: {
  readonly rows: Rows
  readonly chosen: string | null
}): ReactNode {
  const { run, zone, acts, columns: names, density } = useExplored()
  const box = useRef<HTMLDivElement>(null)
  const at = useRef<{ readonly row: Row; readonly name: string } | null>(null)
  const columns = useMemo(() => buildColumns(names, zone), [names, zone])
  useFilterKeys(at)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only notes that a row has the focus
    <div
      className="explore-rows"
      ref={box}
      onFocus={() => rows.live?.noteFocus(true)}
      onBlur={event => {
        if (!event.currentTarget.contains(event.relatedTarget)) rows.live?.noteFocus(false)
      }}
    >
      <Grid<Row>
        label="Events"
        rows={rows.rows}
        idOf={idOf}
        columns={columns}
        total={rows.live ? null : rows.total}
        rowHeight={ROW_PX[density]}
        sort={rows.live ? DEFAULT_SORT : run.sort}
        {...(rows.live
          ? {}
          : { setSort: sort => acts.set({ sort: sort === DEFAULT_SORT ? null : sort }) })}
        chosen={chosen}
        open={row => {
          // Who marks a text in a row wants to copy it.
          if (row.kind === 'event' && getSelection()?.isCollapsed !== false) {
            acts.set({ sel: row.id }, { replace: chosen !== null })
          }
        }}
        more={rows.more}
        focused={(row: Row, column: Column<Row>) => {
          at.current = { row, name: column.name }
        }}
        scrolled={isAtTop => rows.live?.noteScroll(isAtTop)}
        remark={remarkOf}
        about={rows.about}
      />
      <CellActions box={box} rows={rows.rows} columns={names} />
    </div>
  )
}

function idOf(row: Row): string {
  return row.id
}

function remarkOf(row: Row): ReactNode | null {
  if (row.kind !== 'gap') return null
  return row.missing === null
    ? 'Events are missing here: more came than one page holds while this view was away. Search finds them.'
    : `${row.missing} events are missing here: they came faster than they could be sent. Search finds them.`
}

type Focus = { readonly row: Row; readonly name: string }

function useFilterKeys(at: { readonly current: Focus | null }): void {
  const { acts } = useExplored()
  const act = (isOut: boolean) => {
    const { row, name } = at.current ?? {}
    const filter = row?.kind === 'event' && name !== undefined ? filterOf(row.event, name) : null
    if (filter) acts.filter(isOut ? outOf(filter) : inOf(filter))
    else acts.say('There is nothing to filter by in this cell')
  }
  useKeys([
    { press: 'f', what: 'Only what the cell says', run: () => act(false) },
    { press: 'F', what: 'All but what the cell says', run: () => act(true) },
  ])
}

/** `j` and `k` walk what the question finds, also beyond what is loaded. */
function useStep(rows: Rows, chosen: string | null): (by: 1 | -1) => Promise<void> {
  const { acts } = useExplored()
  const client = useQueryClient()
  const isGoing = useRef(false)
  const go = async (by: 1 | -1) => {
    if (isGoing.current) return
    isGoing.current = true
    try {
      const opened = client.getQueryData<FoundEvent>(['event', chosen]) ?? null
      const id = await step(rows, chosen, opened, by)
      if (id !== null) acts.set({ sel: id }, { replace: chosen !== null })
      else acts.say(by === 1 ? 'This is the last event' : 'This is the first event')
    } finally {
      isGoing.current = false
    }
  }
  useKeys([
    { press: 'j', what: 'Next event of the question', run: () => void go(1) },
    { press: 'k', what: 'Previous event of the question', run: () => void go(-1) },
  ])
  return go
}

/** The id of the next event; null at the end. */
async function step(
  rows: Rows,
  chosen: string | null,
  opened: FoundEvent | null,
  by: 1 | -1,
): Promise<string | null> {
  if (chosen === null) return await rows.idAt(0)
  const near = rows.positionOf(chosen)
  const at = near === -1 && opened ? await rows.seek(opened) : near
  // An event that the question does not find has no next one: the first is.
  return await rows.idAt(at === -1 ? 0 : at + by)
}
