// A table of as many rows as there are, of which only those in sight exist (WAI-ARIA APG, grid
// pattern). One cell has the focus; arrow keys, Home, End, PageUp and PageDown move it, Enter opens
// its row. What lies beyond the loaded rows is asked for before the end comes into sight. The grid
// sorts and filters nothing: that is the server's.

import './grid.css'
import { useVirtualizer } from '@tanstack/react-virtual'
import {
  type KeyboardEvent,
  type ReactElement,
  type ReactNode,
  useEffect,
  useRef,
  useState,
} from 'react'

export type Column<Row> = {
  readonly name: string
  readonly title: ReactNode
  /** CSS grid track: `120px`, `minmax(160px, 2fr)`. */
  readonly width: string
  readonly isNumber?: boolean
  readonly cell: (row: Row) => ReactNode
  /** What the server sorts by; absent where it cannot. */
  readonly sort?: string
}

export type GridProps<Row> = {
  readonly label: string
  readonly rows: readonly Row[]
  readonly idOf: (row: Row) => string
  readonly columns: readonly Column<Row>[]
  /** All there are; null when nobody has counted. */
  readonly total: number | null
  readonly rowHeight?: number
  /** `-durationMs`: by this, the largest first. */
  readonly sort?: string
  readonly setSort?: (sort: string) => void
  /** Id of the row that is open. */
  readonly chosen?: string | null
  readonly open: (row: Row) => void
  /** Called when the end is near. */
  readonly more?: (() => void) | null
  /** Where the focus is, for keys that act on a cell. */
  readonly focused?: (row: Row, column: Column<Row>) => void
  /** Somebody scrolled away from the top, or back to it. */
  readonly scrolled?: (isAtTop: boolean) => void
  /** What the rows are about: when that changes, the table begins anew at its top. */
  readonly about?: string
  /** For a row that is no row but a remark between them: what it says, over all columns. */
  readonly remark?: (row: Row) => ReactNode | null
}

const NEAR_ROWS = 40
const PAGE_ROWS = 20

export function Grid<Row>(props: GridProps<Row>): ReactNode {
  const { label, rows, columns, total, rowHeight = 28, more, scrolled } = props
  const box = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState({ row: 0, column: 0 })
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollPaddingStart: rowHeight,
  })
  const shown = virtual.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && rows.length > 0 && last >= rows.length - NEAR_ROWS) more()
  }, [last, rows.length, more])
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height
  useEffect(() => virtual.measure(), [rowHeight, virtual])
  const focus = useFocus(box, virtual.scrollToIndex)
  useChosenInSight(props, virtual)
  const lineOf = useLines(props, setAt)
  const hasFocus = useRef(false)
  useNewStart(props.about, () => {
    if (box.current) box.current.scrollTop = 0
    // The cell that had the focus may be gone; who was in the table stays in it.
    if (hasFocus.current) move(0, at.column)
    else setAt({ row: 0, column: at.column })
  })
  // Somebody who comes by keyboard must find a cell, wherever the focus was before.
  const tabRow = shown.some(({ index }) => index === at.row) ? at.row : shown[0]?.index
  const move = (row: number, column: number) => {
    const next = {
      row: clamp(row, rows.length - 1),
      column: clamp(column, columns.length - 1),
    }
    setAt(next)
    focus(next)
  }
  const wasAtTop = useRef(true)
  const watchScroll = () => {
    const isAtTop = (box.current?.scrollTop ?? 0) < rowHeight
    if (isAtTop !== wasAtTop.current) scrolled?.(isAtTop)
    wasAtTop.current = isAtTop
  }
  const template = {
    '--columns': columns.map(({ width }) => width).join(' '),
    '--columns-px': `${columns.reduce((sum, { width }) => sum + leastPx(width), 0)}px`,
  }
  return (
    <div
      ref={box}
      className="grid grow"
      role="grid"
      aria-label={label}
      aria-rowcount={total === null ? -1 : total + 1}
      aria-colcount={columns.length}
      style={template as Record<string, string>}
      onScroll={watchScroll}
      onFocus={() => {
        hasFocus.current = true
      }}
      onBlur={event => {
        hasFocus.current = event.currentTarget.contains(event.relatedTarget)
      }}
      onKeyDown={event => press(event, props, at, move)}
    >
      <Head {...props} />
      <div className="grid-body" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {shown.map(({ index, start }) => {
          const focusColumn = index === tabRow ? clamp(at.column, columns.length - 1) : null
          return lineOf({ index, top: start, height: rowHeight, focusColumn })
        })}
      </div>
    </div>
  )
}

/** Of a track: head and lines must agree on it, or they would stand side by side. */
function leastPx(width: string): number {
  return Number(/([\d.]+)px/.exec(width)?.[1] ?? 0)
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(value, most))
}

type Place = { readonly row: number; readonly column: number }

function useFocus(
  box: { readonly current: HTMLDivElement | null },
  scrollTo: (index: number) => void,
): (place: Place) => void {
  return ({ row, column }) => {
    scrollTo(row)
    requestAnimationFrame(() => {
      const cell = box.current?.querySelector<HTMLElement>(
        `[aria-rowindex="${row + 2}"] [aria-colindex="${column + 1}"]`,
      )
      cell?.focus()
    })
  }
}

function press<Row>(
  event: KeyboardEvent,
  { rows, columns, open }: GridProps<Row>,
  at: Place,
  move: (row: number, column: number) => void,
): void {
  if (!(event.target instanceof HTMLElement) || event.target.role !== 'gridcell') return
  const row = rows[at.row]
  if (event.key === 'Enter' && row !== undefined) {
    event.preventDefault()
    open(row)
    return
  }
  const isFar = event.ctrlKey || event.metaKey
  const next: { readonly [key: string]: Place } = {
    ArrowDown: { row: at.row + 1, column: at.column },
    ArrowUp: { row: at.row - 1, column: at.column },
    ArrowRight: { row: at.row, column: at.column + 1 },
    ArrowLeft: { row: at.row, column: at.column - 1 },
    PageDown: { row: at.row + PAGE_ROWS, column: at.column },
    PageUp: { row: at.row - PAGE_ROWS, column: at.column },
    Home: { row: isFar ? 0 : at.row, column: 0 },
    End: { row: isFar ? rows.length - 1 : at.row, column: columns.length - 1 },
  }
  const place = next[event.key]
  if (!place) return
  event.preventDefault()
  move(place.row, place.column)
}

function Head<Row>({ columns, sort, setSort }: GridProps<Row>): ReactNode {
  return (
    <div role="rowgroup" className="grid-head-group">
      <div className="grid-head" role="row" aria-rowindex={1}>
        {columns.map((column, i) => {
          const direction = directionOf(column.sort, sort)
          const by = column.sort
          return (
            <div
              key={column.name}
              role="columnheader"
              aria-colindex={i + 1}
              aria-sort={direction}
              className={column.isNumber ? 'grid-cell is-number' : 'grid-cell'}
            >
              {by && setSort ? (
                <button
                  type="button"
                  onClick={() => setSort(direction === 'descending' ? by : `-${by}`)}
                >
                  {column.title}
                  <span aria-hidden="true">
                    {{ ascending: '↑', descending: '↓', none: '' }[direction]}
                  </span>
                </button>
              ) : (
                column.title
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function directionOf(
  by: string | undefined,
  sort: string | undefined,
): 'ascending' | 'descending' | 'none' {
  if (by === undefined) return 'none'
  if (sort === by) return 'ascending'
  return sort === `-${by}` ? 'descending' : 'none'
}

function useNewStart(about: string | undefined, start: () => void): void {
  const before = useRef(about)
  useEffect(() => {
    if (about === before.current) return
    before.current = about
    start()
  })
}

type Spot = {
  readonly index: number
  readonly top: number
  readonly height: number
  readonly focusColumn: number | null
}

type Hands<Row> = {
  readonly open: (row: Row) => void
  readonly touch: (row: Row, index: number, column: number) => void
}

type Line<Row> = Spot & {
  readonly row: Row
  readonly columns: readonly Column<Row>[]
  readonly isChosen: boolean
  readonly element: ReactElement
}

/**
 * Lines as they were drawn are drawn again only when something in them changed: while somebody
 * scrolls, only those that come into sight are new.
 */
function useLines<Row>(
  props: GridProps<Row>,
  setAt: (place: Place) => void,
): (spot: Spot) => ReactElement | null {
  const latest = useRef(props)
  latest.current = props
  const kept = useRef(new Map<string, Line<Row>>())
  const [hands] = useState<Hands<Row>>(() => ({
    open: row => latest.current.open(row),
    touch(row, index, at) {
      setAt({ row: index, column: at })
      const column = latest.current.columns[at]
      if (column) latest.current.focused?.(row, column)
    },
  }))
  const before = kept.current
  kept.current = new Map()
  return spot => {
    const { rows, columns, idOf, chosen, remark } = props
    const row = rows[spot.index]
    if (row === undefined) return null
    const id = idOf(row)
    const isChosen = id === chosen
    const old = before.get(id)
    const isSame =
      old !== undefined &&
      old.row === row &&
      old.columns === columns &&
      old.isChosen === isChosen &&
      old.index === spot.index &&
      old.top === spot.top &&
      old.height === spot.height &&
      old.focusColumn === spot.focusColumn
    const said = remark?.(row) ?? null
    const draw = () => <RowLine key={id} {...{ spot, row, columns, isChosen, hands, said }} />
    const line = isSame ? old : { ...spot, row, columns, isChosen, element: draw() }
    kept.current.set(id, line)
    return line.element
  }
}

type View = {
  readonly scrollOffset: number | null
  readonly scrollRect: { readonly height: number } | null
  readonly scrollToIndex: (index: number) => void
}

/** The row that is open is in sight, also when somebody went to the next one by key. */
function useChosenInSight<Row>(
  { rows, idOf, chosen, rowHeight = 28 }: GridProps<Row>,
  view: View,
): void {
  const seen = useRef<string | null>(null)
  useEffect(() => {
    if (chosen === seen.current) return
    const index = chosen ? rows.findIndex(row => idOf(row) === chosen) : -1
    if (index !== -1 && !isInSight(index, rowHeight, view)) view.scrollToIndex(index)
    if (index !== -1 || !chosen) seen.current = chosen ?? null
  })
}

/** By what is known already: asking the browser would lay the page out. */
function isInSight(index: number, rowHeight: number, view: View): boolean {
  const { scrollOffset, scrollRect } = view
  const top = index * rowHeight
  // The head stands above the first line and covers as much of the box.
  const bottom = top + 2 * rowHeight
  return (
    scrollOffset !== null &&
    scrollRect !== null &&
    scrollOffset <= top &&
    bottom <= scrollOffset + scrollRect.height
  )
}

function RowLine<Row>({
  spot: { index, top, height, focusColumn },
  row,
  columns,
  isChosen,
  hands,
  said,
}: {
  readonly spot: Spot
  readonly row: Row
  readonly columns: readonly Column<Row>[]
  readonly isChosen: boolean
  readonly hands: Hands<Row>
  readonly said: ReactNode | null
}): ReactNode {
  const style = { transform: `translateY(${top}px)`, height }
  if (said !== null) {
    return (
      <div role="row" className="grid-row is-remark" aria-rowindex={index + 2} style={style}>
        <div role="gridcell" aria-colindex={1} aria-colspan={columns.length} className="grid-cell">
          {said}
        </div>
      </div>
    )
  }
  return (
    <div
      role="row"
      className="grid-row"
      aria-rowindex={index + 2}
      aria-selected={isChosen}
      style={style}
      onClick={() => hands.open(row)}
    >
      {columns.map((column, i) => (
        <div
          key={column.name}
          role="gridcell"
          aria-colindex={i + 1}
          tabIndex={focusColumn === i ? 0 : -1}
          className={column.isNumber ? 'grid-cell is-number' : 'grid-cell'}
          onFocus={() => hands.touch(row, index, i)}
        >
          {column.cell(row)}
        </div>
      ))}
    </div>
  )
}
