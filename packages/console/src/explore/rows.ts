// The rows that are shown, wherever they come from: pages of what a question finds, or the live
// view on top of the first page. One face for both, so that table, drawer and keys do not ask
// which.

import type { InfiniteData } from '@tanstack/react-query'
import { useMemo, useRef } from 'react'
import { type FoundEvent, type Page, usePages, useSeries } from './asking.ts'
import type { Row } from './cells.tsx'
import { useExplored } from './explored.ts'
import { type Live, useLive } from './live/live.ts'
import { DEFAULT_SORT } from './view.ts'

export type Rows = {
  readonly rows: readonly Row[]
  /** All that the question finds, as the server counted; null until it has. */
  readonly total: number | null
  readonly hasMore: boolean
  readonly isLoading: boolean
  /** What is shown belongs to the question before. */
  readonly isStale: boolean
  readonly isEmpty: boolean
  readonly error: Error | null
  /** Of which run the rows are. */
  readonly about: string
  /** What is missing, as a sentence. */
  readonly missing: string | null
  readonly live: Live | null
  again(): void
  readonly more: (() => void) | null
  /** -1 where the event is not among the rows. */
  positionOf(id: string): number
  /** Loads until the event is there, as far as it can be; -1 where it was not found. */
  seek(event: FoundEvent): Promise<number>
  /** Loads as far as that; null where there is none. */
  idAt(position: number): Promise<string | null>
}

/** Rows that are loaded to find an event that a link opened. */
const SOUGHT_MAX = 3000
const BEHIND =
  'The index is behind what is stored: the newest events may be missing. Ask again in a moment.'

/** `isOpen`: an event is open, so the live view holds still. */
export function useRows(isOpen: boolean): Rows {
  const explored = useExplored()
  const { run, acts, isLive } = explored
  const pages = usePages(run)
  const series = useSeries(explored)
  const found = useMemo(() => rowsOf(pages.data), [pages.data])
  const isSettled = pages.isSuccess && !pages.isPlaceholderData
  const live = useLive({
    isOn: isLive,
    isReady: isSettled,
    q: run.q,
    seed: found,
    isOpen,
  })
  const rows = live ? live.rows : found
  const { hasNextPage, isFetchingNextPage, isPlaceholderData, fetchNextPage } = pages
  const canGo = hasNextPage && !isFetchingNextPage && !isPlaceholderData && !live
  const about = useRef('')
  if (!isPlaceholderData) about.current = `${run.q} ${run.from} ${run.to} ${run.sort}`
  const isBehind = pages.data?.pages.some(page => !page.complete) ?? false
  /** The rows, loaded further while `isMissing`; null where there is no more. */
  const loadWhile = async (isMissing: (known: readonly Row[]) => boolean) => {
    let known = rows
    while (isMissing(known)) {
      if (live) return null
      const next = await fetchNextPage()
      const longer = rowsOf(next.data)
      if (next.isError || longer.length <= known.length) return null
      known = longer
    }
    return known
  }
  const idAt = async (position: number) => {
    const known = await loadWhile(one => position >= one.length)
    return known && eventIdFrom(known, position)
  }
  const seek = async ({ id, time }: FoundEvent) => {
    const isBehind = (known: readonly Row[]) =>
      run.sort === DEFAULT_SORT && known.length < SOUGHT_MAX && (lastMs(known) ?? 0) >= time
    const known = await loadWhile(one => isBehind(one) && !one.some(row => row.id === id))
    return (known ?? rows).findIndex(row => row.id === id)
  }
  return {
    rows,
    live,
    hasMore: hasNextPage,
    idAt,
    about: about.current,
    total: series.data && !series.isPlaceholderData ? series.data.totals.events : null,
    isLoading: pages.isPending,
    isStale: isPlaceholderData,
    isEmpty: isSettled && rows.length === 0 && !live,
    error: pages.error,
    missing: isBehind && !isPlaceholderData ? BEHIND : null,
    again: () => acts.again(),
    more: canGo ? () => void fetchNextPage() : null,
    positionOf: id => rows.findIndex(row => row.id === id),
    seek,
  }
}

function lastMs(rows: readonly Row[]): number | null {
  const last = rows.at(-1)
  return last?.kind === 'event' ? last.event.time : null
}

/** A gap is no event: the next behind it is meant. */
function eventIdFrom(rows: readonly Row[], position: number): string | null {
  if (position < 0) return null
  return rows.slice(position).find(row => row.kind === 'event')?.id ?? null
}

const rowsByPage = new WeakMap<Page, readonly Row[]>()

function rowsOf(data: InfiniteData<Page> | undefined): readonly Row[] {
  return (data?.pages ?? []).flatMap(page => {
    const known = rowsByPage.get(page)
    if (known) return known
    const rows = page.events.map(event => ({ kind: 'event', id: event.id, event }) satisfies Row)
    rowsByPage.set(page, rows)
    return rows
  })
}
