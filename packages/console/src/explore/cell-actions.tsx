// The two small buttons that stand in the cell under the pointer: ask for this value, ask for all
// but this. There is one pair for the whole table, moved to where the pointer is. With the keyboard
// the same is `f` and `F` on the cell that has the focus.

import { type ReactNode, type RefObject, useEffect, useState } from 'react'
import { visible } from '../value/value.tsx'
import { type CellFilter, filterOf, type Row } from './cells.tsx'
import { useExplored } from './explored.ts'

const SHOWN_CHARS = 60
/** Who goes over a cell to click on its row must not meet a button there. */
const REST_MS = 250

type Place = {
  readonly filter: CellFilter
  readonly right: number
  readonly top: number
  readonly height: number
}

export function CellActions({
  box,
  rows,
  columns,
}: {
  readonly box: RefObject<HTMLElement | null>
  readonly rows: readonly Row[]
  readonly columns: readonly string[]
}): ReactNode {
  const { acts } = useExplored()
  const [place, setPlace] = useState<Place | null>(null)
  useEffect(() => {
    const element = box.current
    if (!element) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const leave = () => {
      clearTimeout(timer)
      setPlace(null)
    }
    const move = ({ target }: Event) => {
      if (!(target instanceof Element) || target.closest('.cell-actions')) return
      leave()
      timer = setTimeout(() => setPlace(placeOf(target, { element, rows, columns })), REST_MS)
    }
    element.addEventListener('mouseover', move)
    element.addEventListener('mouseleave', leave)
    element.addEventListener('scroll', leave, { capture: true, passive: true })
    return () => {
      clearTimeout(timer)
      element.removeEventListener('mouseover', move)
      element.removeEventListener('mouseleave', leave)
      element.removeEventListener('scroll', leave, { capture: true })
    }
  }, [box, rows, columns])
  if (!place) return null
  const { field, value } = place.filter
  const shown = value === null ? 'any value' : visible(value.slice(0, SHOWN_CHARS))
  return (
    <div
      className="cell-actions"
      style={{ right: place.right, top: place.top, height: place.height }}
    >
      <button
        type="button"
        tabIndex={-1}
        title={`Only ${field}: ${shown}  (f)`}
        aria-label={`Only ${field} ${shown}`}
        onClick={() => acts.filter(inOf(place.filter))}
      >
        +
      </button>
      <button
        type="button"
        tabIndex={-1}
        title={`All but ${field}: ${shown}  (F)`}
        aria-label={`All but ${field} ${shown}`}
        onClick={() => acts.filter(outOf(place.filter))}
      >
        −
      </button>
    </div>
  )
}

/** An empty cell asks for events without the field. */
export function inOf({ field, value }: CellFilter): CellFilter & { readonly isOut: boolean } {
  return { field, value, isOut: value === null }
}

export function outOf({ field, value }: CellFilter): CellFilter & { readonly isOut: boolean } {
  return { field, value, isOut: value !== null }
}

type Table = {
  readonly element: HTMLElement
  readonly rows: readonly Row[]
  readonly columns: readonly string[]
}

function placeOf(target: Element, { element, rows, columns }: Table): Place | null {
  const cell = target.closest('[role=gridcell]')
  const line = cell?.closest('[role=row]')
  const row = rows[Number(line?.getAttribute('aria-rowindex')) - 2]
  const name = columns[Number(cell?.getAttribute('aria-colindex')) - 1]
  if (!cell || row?.kind !== 'event' || name === undefined) return null
  const filter = filterOf(row.event, name)
  if (!filter) return null
  const [inner, outer] = [cell.getBoundingClientRect(), element.getBoundingClientRect()]
  return {
    filter,
    right: Math.max(outer.right - inner.right, 0),
    top: inner.top - outer.top,
    height: inner.height,
  }
}
