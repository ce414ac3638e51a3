// What a screen shows stands in its address and nowhere else: copy it, and somebody else sees the
// same; back and forward lose nothing. Screens read and change it here, and never keep a filter of
// their own.

import { useRouter, useRouterState } from '@tanstack/react-router'
import type { MouseEvent, ReactNode } from 'react'
import type { Zone } from '../value/value.tsx'
import { type Changes, carried, changed, printSearch, rangeOf, type Search } from './search.ts'

export {
  type Changes,
  carried,
  DEFAULT_FROM,
  DEFAULT_TO,
  frozen,
  momentOf,
  parseSearch,
  printSearch,
  rangeOf,
  type Search,
} from './search.ts'

export type Address = {
  readonly path: string
  readonly search: Search
  /** Time range as the API takes it. */
  readonly range: { readonly from: string; readonly to: string }
  readonly zone: Zone
  /** Changes parameters of this screen; `replace` leaves no step for "back". */
  set(changes: Changes, how?: { readonly replace?: boolean }): void
  /** To another screen; questions and range go along. */
  go(path: string, changes?: Changes): void
  /** The address of another screen, as a link. */
  hrefOf(path: string, changes?: Changes): string
}

export function useAddress(): Address {
  const router = useRouter()
  const { path, search } = useRouterState({
    select: ({ location }) => ({ path: location.pathname, search: location.search as Search }),
  })
  const hrefOf = (to: string, changes: Changes = {}) => to + printSearch(carried(search, changes))
  return {
    path,
    search,
    range: rangeOf(search, path),
    zone: search.tz === 'local' ? 'local' : 'utc',
    set(changes, { replace = false } = {}) {
      const href = path + printSearch(changed(search, changes))
      if (replace) router.history.replace(href)
      else router.history.push(href)
    },
    go: (to, changes) => router.history.push(hrefOf(to, changes)),
    hrefOf,
  }
}

/** The address of an entity's screen. */
export function entityPath({ type, id }: { readonly type: string; readonly id: string }): string {
  return `/entities/${encodeURIComponent(type)}/${encodeURIComponent(id)}`
}

/** A link within the console. With a modifier key the browser opens it elsewhere, as always. */
export function Go({
  to,
  changes,
  children,
  className,
  label,
  isCurrent,
}: {
  readonly to: string
  readonly changes?: Changes
  readonly children: ReactNode
  readonly className?: string
  readonly label?: string
  readonly isCurrent?: boolean
}): ReactNode {
  const { go, hrefOf } = useAddress()
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    go(to, changes)
  }
  return (
    <a
      href={hrefOf(to, changes)}
      onClick={follow}
      {...(className === undefined ? {} : { className })}
      {...(label === undefined ? {} : { 'aria-label': label })}
      {...(isCurrent ? { 'aria-current': 'page' } : {})}
    >
      {children}
    </a>
  )
}
