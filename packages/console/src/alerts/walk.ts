// Walking an inbox: which alert is open (it stands in the address), which row has the focus, and
// how `j` and `k` go on from there: in the order of the list, beyond what is loaded, whatever is
// asked.

import { type RefObject, useEffect, useRef, useState } from 'react'
import { useAddress } from '../address/address.tsx'
import type { Inbox, Summary } from './inbox-data.ts'

export type Walk = {
  readonly opened: string | null
  /** The alert that keys act on: the open one, else that of the row with the focus. */
  readonly current: string | null
  readonly setCurrent: (id: string) => void
  readonly open: (id: string) => void
  readonly close: () => void
  readonly step: (by: 1 | -1) => void
  /** Of the current one among those that are loaded; -1 where it is not among them. */
  readonly at: number
  readonly hasNext: boolean
  readonly focusRow: RefObject<((id: string) => void) | null>
}

export function useWalk(
  alerts: readonly Pick<Summary, 'id'>[],
  { hasNextPage, fetchNextPage }: Pick<Inbox['result'], 'hasNextPage' | 'fetchNextPage'>,
): Walk {
  const { search, set } = useAddress()
  const opened = search.sel ?? null
  const [focused, setCurrent] = useState<string | null>(opened)
  const focusRow = useRef<((id: string) => void) | null>(null)
  const isWaiting = useRef(false)
  const current = opened ?? focused
  const at = alerts.findIndex(({ id }) => id === current)
  const goTo = (id: string) => {
    setCurrent(id)
    if (opened !== null) set({ sel: id }, { replace: true })
    // Who reads the open alert goes on reading there; the list only follows.
    if (document.activeElement?.closest('.opened') == null) focusRow.current?.(id)
  }
  const step = (by: 1 | -1) => {
    const next = alerts[at + by]
    if (next) goTo(next.id)
    else if (by === 1 && hasNextPage) {
      isWaiting.current = true
      void fetchNextPage()
    }
  }
  const next = alerts[at + 1]
  useEffect(() => {
    if (!isWaiting.current || !next) return
    isWaiting.current = false
    goTo(next.id)
  })
  return {
    opened,
    current,
    setCurrent,
    open: id => {
      setCurrent(id)
      set({ sel: id })
    },
    close: () => {
      set({ sel: null })
      if (opened !== null) requestAnimationFrame(() => focusRow.current?.(opened))
    },
    step,
    at,
    hasNext: next !== undefined || hasNextPage,
    focusRow,
  }
}
