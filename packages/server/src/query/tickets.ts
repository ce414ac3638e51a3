// Questions on their way to the index thread and back, each with the number of its ticket.

import { TocsinError } from '@tocsin/sdk/errors'
import type { FromIndex, ToIndex } from './index-worker.ts'
import type { PageStatement, Row, Statement } from './store.ts'

export type Question =
  | { readonly kind: 'select'; readonly statement: Statement }
  | { readonly kind: 'page'; readonly page: PageStatement }

type Answer = Extract<FromIndex, { ticket: number }>

export interface Tickets {
  /** Throws `query.timeout`, `query.failed`, and `query.cancelled` after the signal was aborted. */
  ask(question: Question, signal?: AbortSignal): Promise<readonly Row[]>
  take(answer: Answer): void
  /** Nothing will be answered any more. */
  fail(reason: string): void
}

export function buildTickets(send: (message: ToIndex) => void): Tickets {
  const open = new Map<number, PromiseWithResolvers<readonly Row[]>>()
  let last = 0
  return {
    async ask(question, signal) {
      const answer = Promise.withResolvers<readonly Row[]>()
      last += 1
      const ticket = last
      open.set(ticket, answer)
      send({ ...question, ticket })
      const cancel = () => send({ kind: 'cancel', ticket })
      if (signal?.aborted) cancel()
      signal?.addEventListener('abort', cancel)
      try {
        return await answer.promise
      } finally {
        signal?.removeEventListener('abort', cancel)
      }
    },
    take(answer) {
      const asked = open.get(answer.ticket)
      open.delete(answer.ticket)
      if (answer.kind === 'rows') asked?.resolve(answer.rows)
      else asked?.reject(failed(answer.reason, answer.code))
    },
    fail(reason) {
      for (const { reject } of open.values()) reject(failed(reason))
      open.clear()
    },
  }
}

function failed(reason: string, code = 'query.failed'): TocsinError {
  if (code === 'query.timeout' || code === 'query.cancelled') {
    return new TocsinError(code, { public: reason })
  }
  return new TocsinError('query.failed', {
    public: 'the search failed; try a shorter time range, and see the log of the server',
    internal: reason,
  })
}
