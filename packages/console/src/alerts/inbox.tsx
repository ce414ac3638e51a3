// The list of an inbox: a tree grid (WAI-ARIA APG) of groups and the alerts in them, of which only
// those in sight exist. One row has the focus; arrows, Home and End move it, Enter opens its alert,
// Space selects it. What lies beyond is asked for before the end comes into sight.

import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useRef } from 'react'
import { AlertRow } from './alert-row.tsx'
import { GroupRow } from './group-row.tsx'
import type { Summary } from './inbox-data.ts'
import { alertsIn, type Grouping, type Line } from './lines.ts'

const ROW_PX = 40
const NEAR_LINES = 20
const OVERSCAN = 10

export type InboxProps = {
  readonly lines: readonly Line<Summary>[]
  readonly grouping: Grouping
  /** Nothing is left to load. */
  readonly isWhole: boolean
  /** The alert that is open beside the list. */
  readonly opened: string | null
  /** The row that the tabulator comes to. */
  readonly current: string | null
  readonly setCurrent: (id: string) => void
  readonly isSelected: (id: string) => boolean
  readonly toggle: (id: string) => void
  readonly open: (id: string) => void
  readonly more: (() => void) | null
  /** Gets what moves the focus to a row. */
  readonly focusRow: RefObject<((id: string) => void) | null>
}

export function Inbox(props: InboxProps): ReactNode {
  const { lines, isWhole, more, focusRow, current } = props
  const box = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    getItemKey: index => lines[index]?.key ?? index,
    overscan: OVERSCAN,
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && lines.length > 0 && last >= lines.length - NEAR_LINES) more()
  }, [last, lines.length, more])
  useEffect(() => {
    focusRow.current = id => {
      const index = lines.findIndex(line => line.key === id)
      if (index < 0) return
      virtual.scrollToIndex(index)
      requestAnimationFrame(() => focusIn(box.current, id))
    }
  })
  const isThere = lines.some(line => line.key === current)
  const tabbed = isThere ? current : (alertsIn(lines)[0]?.id ?? null)
  return (
    <div
      ref={box}
      className="inbox-list"
      role="treegrid"
      aria-label="Alerts"
      aria-rowcount={isWhole ? lines.length : -1}
      aria-multiselectable
      onKeyDown={event => press(event, props)}
    >
      <div role="rowgroup" className="inbox-lines" style={{ height: virtual.getTotalSize() }}>
        {items.map(item => {
          const line = lines[item.index]
          if (!line) return null
          return (
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              role="presentation"
              className="inbox-line"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              {line.kind === 'group' ? (
                <GroupRow line={line} row={item.index + 1} grouping={props.grouping} />
              ) : (
                <AlertRow
                  alert={line.alert}
                  row={item.index + 1}
                  level={props.grouping === 'none' ? 1 : 2}
                  isOpen={line.alert.id === props.opened}
                  isTabbed={line.alert.id === tabbed}
                  isSelected={props.isSelected(line.alert.id)}
                  toggle={() => props.toggle(line.alert.id)}
                  open={() => props.open(line.alert.id)}
                  focused={() => props.setCurrent(line.alert.id)}
                />
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function focusIn(box: HTMLElement | null, id: string): void {
  box?.querySelector<HTMLElement>(`[data-alert="${CSS.escape(id)}"]`)?.focus()
}

function press(event: KeyboardEvent, { lines, focusRow, open, toggle }: InboxProps): void {
  if (!(event.target instanceof HTMLElement)) return
  const { alert: id } = event.target.dataset
  if (id === undefined) return
  const alerts = alertsIn(lines)
  const at = alerts.findIndex(alert => alert.id === id)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: alerts.length - 1 }[event.key]
  const next = to === undefined ? undefined : alerts[to]
  if (next) focusRow.current?.(next.id)
  else if (event.key === 'Enter') open(id)
  else if (event.key === ' ') toggle(id)
  else if (to === undefined) return
  event.preventDefault()
}
