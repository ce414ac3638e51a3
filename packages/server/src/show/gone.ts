// Nobody reads an answer whose caller is gone: a page that asks anew with every letter would leave
// the index busy with questions of the past.

import type { FastifyReply } from 'fastify'

/** Aborted when the connection closes before the answer was written. */
export function untilGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => {
    if (!raw.writableEnded) gone.abort()
  })
  return gone.signal
}
