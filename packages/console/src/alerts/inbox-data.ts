// What an inbox knows of the server: pages of the question, and every 15 s its first page again.
// What is new is counted and waits until somebody wants it in the list; what changed of an alert
// that is there is shown where it stands. So nothing moves under the cursor.

import {
  type QueryClient,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { useAddress } from '../address/address.tsx'
import { type Answer, ask } from '../api/api.ts'
import { type Asked, askedIn, DEFAULT_QUESTION } from './question.ts'

export type Page = Answer<'GET /v1/alerts'>
export type Summary = Page['alerts'][number]
export type Detail = Answer<'GET /v1/alerts/{id}'>

const PAGE_ALERTS = 100
const LIVE_MS = 15_000
const PAGES = 'alerts'
const LIVE = 'alerts-live'

export type InboxQuestion = Asked & {
  /** As it stands in the box. */
  readonly text: string
  readonly from: string
  readonly to: string
}

export function useQuestion(): InboxQuestion {
  const { search, range } = useAddress()
  const text = search.aq ?? DEFAULT_QUESTION
  return { text, ...askedIn(text), ...range }
}

export type Inbox = {
  readonly result: UseInfiniteQueryResult<readonly Page[]>
  /** The newest word on each alert that is there. */
  readonly pages: readonly (readonly Summary[])[]
  /** Counts and budget as of a moment ago. */
  readonly head: Page | null
  /** Ids that fit now and are not there. */
  readonly waiting: readonly string[]
  /** Puts in what waits. */
  update(): void
}

export function useInbox(question: InboxQuestion): Inbox {
  const { q, state, from, to } = question
  const asked = { q, from, to, limit: PAGE_ALERTS, ...(state === null ? {} : { state }) }
  const read = (cursor: string, signal: AbortSignal) =>
    ask('GET /v1/alerts', { query: cursor === '' ? asked : { ...asked, cursor }, signal })
  const result = useInfiniteQuery({
    queryKey: [PAGES, q, state, from, to],
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (last: Page) => last.next,
    select: ({ pages }): readonly Page[] => pages,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: 'always',
  })
  const live = useQuery({
    queryKey: [LIVE, q, state, from, to],
    queryFn: ({ signal }) => read('', signal),
    enabled: result.data !== undefined,
    refetchInterval: LIVE_MS,
    retry: false,
    ...(result.data?.[0] === undefined
      ? {}
      : { initialData: result.data[0], initialDataUpdatedAt: result.dataUpdatedAt }),
  })
  const isNewer = live.dataUpdatedAt >= result.dataUpdatedAt
  const fresh = isNewer ? live.data : undefined
  const pages = useMemo(() => mergedPages(result.data ?? [], fresh), [result.data, fresh])
  const waiting = useMemo(() => waitingIn(pages, fresh), [pages, fresh])
  return {
    result,
    pages,
    head: fresh ?? result.data?.[0] ?? null,
    waiting,
    update: () => void result.refetch(),
  }
}

function mergedPages(
  pages: readonly Page[],
  fresh: Page | undefined,
): readonly (readonly Summary[])[] {
  const latest = new Map(fresh?.alerts.map(alert => [alert.id, alert]))
  return pages.map(({ alerts }) => alerts.map(alert => latest.get(alert.id) ?? alert))
}

function waitingIn(
  pages: readonly (readonly Summary[])[],
  fresh: Page | undefined,
): readonly string[] {
  const there = new Set(pages.flatMap(page => page.map(({ id }) => id)))
  // What is older than the oldest loaded comes with its own page.
  const oldestMs = Math.min(...pages.flatMap(page => page.map(({ openedMs }) => openedMs)))
  const found = fresh?.alerts.filter(({ id }) => !there.has(id)) ?? []
  return found.filter(({ openedMs }) => openedMs >= oldestMs || there.size === 0).map(a => a.id)
}

/** After a change: it is shown where the alert stands, and counts are asked again. */
export async function showChange(client: QueryClient, changed: Detail): Promise<void> {
  client.setQueryData(['alert', changed.id], (before: Detail | undefined) => ({
    ...changed,
    ...(changed.decisions === undefined && before?.decisions !== undefined
      ? { decisions: before.decisions }
      : {}),
  }))
  const { id, state, disposition, cause, assignee, suppressed } = changed
  const patch = (page: Page): Page => ({
    ...page,
    alerts: page.alerts.map(alert =>
      alert.id === id ? { ...alert, state, disposition, cause, assignee, suppressed } : alert,
    ),
  })
  client.setQueriesData<{ readonly pages: readonly Page[] }>({ queryKey: [PAGES] }, data =>
    data ? { ...data, pages: data.pages.map(patch) } : data,
  )
  client.setQueriesData<Page>({ queryKey: [LIVE] }, page => page && patch(page))
  await askCountsAgain(client)
}

/** What was said of many: what is there is asked again, in its place. */
export async function showManyChanges(client: QueryClient): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: [PAGES] }),
    client.invalidateQueries({ queryKey: ['alert'] }),
    askCountsAgain(client),
  ])
}

async function askCountsAgain(client: QueryClient): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: [LIVE] }),
    client.invalidateQueries({ queryKey: ['open-alerts'] }),
  ])
}

/** Asked again only where the list tells of a change: each opening of an alert is an event. */
export function useAlert(id: string, listed: Summary | null): UseQueryResult<Detail> {
  const result = useQuery({
    queryKey: ['alert', id],
    queryFn: ({ signal }) => ask('GET /v1/alerts/{id}', { params: { id }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
  const { data, refetch } = result
  const isOld = data !== undefined && listed !== null && isOlder(data, listed)
  useEffect(() => {
    if (isOld) void refetch()
  }, [isOld, refetch])
  return result
}

function isOlder(shown: Detail, listed: Summary): boolean {
  const differs = (['lastMs', 'state', 'assignee', 'score'] as const).some(
    name => shown[name] !== listed[name],
  )
  return differs || shown.suppressed?.suppressionId !== listed.suppressed?.suppressionId
}
