// The index thread from the side of whoever asks it: fed with what becomes durable, asked for rows,
// and known for how far it has come.

import type { Telemetry } from '../base/emit.ts'
import { startThread } from '../base/threads.ts'
import { feedFollower, type Log } from '../log/log.ts'
import type { FromIndex, IndexConfig, ToIndex } from './index-worker.ts'
import type { PageStatement, Row, Statement } from './store.ts'
import { buildTickets } from './tickets.ts'

export interface IndexThread {
  /** Entries below this leaf index can be found. */
  readonly size: number
  /** Throws as `Tickets.ask` does. */
  select(statement: Statement, signal?: AbortSignal): Promise<readonly Row[]>
  page(page: PageStatement, signal?: AbortSignal): Promise<readonly Row[]>
  /** Resolves when entries below `size` can be found. */
  reached(size: number): Promise<void>
  close(): Promise<void>
}

type Deps = { readonly log: Log; readonly telemetry: Telemetry }

export function startIndexThread(config: IndexConfig, { log, telemetry }: Deps): IndexThread {
  const thread = startThread<ToIndex, FromIndex>(import.meta.url, 'index-worker', config)
  const tickets = buildTickets(message => thread.send(message))
  const closed = Promise.withResolvers<void>()
  const settling = new Set<{ readonly size: number; readonly resolve: () => void }>()
  let indexed = 0
  let isHeldUp = false

  thread.onMessage(message => {
    if (message.kind === 'indexed') onIndexed(message.size, message.taken)
    else if (message.kind === 'closed') closed.resolve()
    else if (message.kind === 'disk_full') onDiskFull()
    else tickets.take(message)
  })
  thread.onFailure(error => {
    telemetry.report('error', `the index thread ended (${error.message}); restart Tocsin to search`)
    tickets.fail(error.message)
    closed.resolve()
  })

  function onDiskFull(): void {
    telemetry.add('query.disk_full', 1)
    if (isHeldUp) return
    isHeldUp = true
    telemetry.report(
      'error',
      `searches miss the newest events: the disk of ${config.directory} is full`,
    )
  }

  function onIndexed(size: number, taken: number): void {
    if (size > indexed) isHeldUp = false
    indexed = Math.max(indexed, size)
    feed.taken(taken)
    telemetry.set('query.indexed_size', indexed)
    for (const waiting of settling) {
      if (waiting.size > indexed) continue
      settling.delete(waiting)
      waiting.resolve()
    }
  }

  const feed = feedFollower(log, thread.send)

  return {
    get size() {
      return indexed
    },
    select: (statement, signal) => tickets.ask({ kind: 'select', statement }, signal),
    page: (page, signal) => tickets.ask({ kind: 'page', page }, signal),
    reached(size) {
      if (indexed >= size) return Promise.resolve()
      return new Promise(resolve => settling.add({ size, resolve }))
    },
    async close() {
      feed.stop()
      thread.send({ kind: 'close' })
      await closed.promise
      await thread.stop()
    },
  }
}
