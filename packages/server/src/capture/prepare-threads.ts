// The threads that prepare, from the side of whoever has work for them: each piece goes to the one
// with the fewest bytes before it. A thread that fails takes its work down with it and is started
// anew for the next piece; a failure of the disk is for the log to judge.

import { ERRORS, type ErrorCode, TocsinError } from '@tocsin/sdk/errors'
import { INFLIGHT_BYTES_MAX } from '../base/limits.ts'
import { startThread, type Thread } from '../base/threads.ts'
import type { PrepareContext, Prepared, Work } from './prepare.ts'
import type { FromPrepare, PrepareConfig, ToPrepare } from './prepare-worker.ts'

export interface PrepareThreads {
  /**
   * The bytes of `work` are handed over. Rejects with `log.pushback` when too much waits, with
   * `log.closed` once `close` was called, and with what went wrong for the work as a whole.
   */
  prepare(work: Work, context: PrepareContext): Promise<Prepared>
  /** Waits for the work that was taken, then ends the threads. */
  close(): Promise<void>
}

/** One thread, and what it was given and has not answered. */
type Worker = {
  thread: Thread<ToPrepare, FromPrepare> | null
  bytes: number
  readonly tickets: Map<number, PromiseWithResolvers<Prepared>>
}

export function startPrepareThreads(config: PrepareConfig, count: number): PrepareThreads {
  const workers = Array.from({ length: count }, (): Worker => {
    return { thread: null, bytes: 0, tickets: new Map() }
  })
  const running = new Set<Promise<unknown>>()
  let lastTicket = 0
  let isClosed = false

  function start(worker: Worker): Thread<ToPrepare, FromPrepare> {
    const thread = startThread<ToPrepare, FromPrepare>(import.meta.url, 'prepare-worker', config)
    worker.thread = thread
    thread.onMessage(message => {
      const ticket = worker.tickets.get(message.ticket)
      worker.tickets.delete(message.ticket)
      if (message.kind === 'prepared') ticket?.resolve(message)
      else ticket?.reject(parseFailure(message.code, message.reason))
    })
    thread.onFailure(cause => {
      const error = new TocsinError('internal.bug', { public: 'the prepare thread ended', cause })
      for (const { reject } of worker.tickets.values()) reject(error)
      worker.tickets.clear()
      worker.thread = null
    })
    return thread
  }

  function check(size: number): void {
    if (isClosed) {
      throw new TocsinError('log.closed', { public: 'the server is stopping; send again later' })
    }
    const bytes = workers.reduce((sum, worker) => sum + worker.bytes, 0)
    if (bytes > 0 && bytes + size > INFLIGHT_BYTES_MAX) {
      throw new TocsinError('log.pushback', {
        public: 'more is waiting to be prepared than the server takes; send again in a second',
      })
    }
  }

  async function run(worker: Worker, work: Work, context: PrepareContext): Promise<Prepared> {
    const size = work.bytes.length
    const ticket = Promise.withResolvers<Prepared>()
    lastTicket += 1
    worker.tickets.set(lastTicket, ticket)
    worker.bytes += size
    const { buffer } = work.bytes
    const thread = worker.thread ?? start(worker)
    const transfer = buffer instanceof ArrayBuffer ? [buffer] : []
    thread.send({ ticket: lastTicket, work, context }, transfer)
    try {
      return await ticket.promise
    } finally {
      worker.bytes -= size
    }
  }

  for (const worker of workers) start(worker)
  return {
    async prepare(work, context) {
      check(work.bytes.length)
      const [first, ...others] = workers
      if (!first) throw new TocsinError('internal.bug', { public: 'there is no prepare thread' })
      const idlest = others.reduce((best, next) => (next.bytes < best.bytes ? next : best), first)
      const prepared = run(idlest, work, context)
      running.add(prepared)
      try {
        return await prepared
      } finally {
        running.delete(prepared)
      }
    },
    async close() {
      isClosed = true
      await Promise.allSettled(running)
      await Promise.all(workers.map(({ thread }) => thread?.stop()))
    },
  }
}

/** Errors lose their class between threads; the code brings it back. */
function parseFailure(code: string, reason: string): TocsinError {
  const known = code in ERRORS ? (code as ErrorCode) : 'internal.bug'
  return new TocsinError(known, { public: reason })
}
