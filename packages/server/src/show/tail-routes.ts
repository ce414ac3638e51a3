// Live events by server-sent events (WHATWG HTML §9.2). `id` is the leaf index; a client that comes
// back with Last-Event-ID gets what it missed first, as far as one page goes, and a `gap` event
// where it was more. A client that reads too slowly loses events and is told how many, so that it
// never slows the log.

import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { PAGE_EVENTS_MAX } from '../base/limits.ts'
import type { DurableBatch } from '../log/log.ts'
import type { FoundEvent } from '../query/query.ts'
import type { App, RouteDeps } from './app.ts'
import { PROBLEMS } from './schemas.ts'

const HEARTBEAT_MS = 15_000
const QUEUE_BYTES_MAX = 4 * 1024 * 1024

export function tailRoutes(app: App, deps: RouteDeps): void {
  const closers = new Set<() => void>()
  app.addHook('preClose', async () => {
    for (const close of closers) close()
  })
  app.get(
    '/v1/events/tail',
    {
      schema: {
        summary: 'Live events (text/event-stream)',
        querystring: Type.Object({ q: Type.Optional(Type.String()) }),
        response: PROBLEMS,
      },
    },
    async (request, reply) => {
      deps.gate.admit(request, 'read')
      const { q = '*' } = request.query
      const matches = deps.query.matcher(q)
      const lastId = Number(request.headers['last-event-id'] ?? Number.NaN)
      const missed = Number.isSafeInteger(lastId)
        ? await deps.query.since(q, lastId, PAGE_EVENTS_MAX + 1)
        : []
      const mayStay = () => {
        deps.gate.admitPoll(request, 'read')
      }
      openStream(reply, { matches, missed, follow: deps.log.follow, closers, mayStay })
    },
  )
}

type Stream = {
  readonly matches: (event: unknown) => boolean
  readonly missed: readonly FoundEvent[]
  readonly follow: (listener: (batch: DurableBatch) => void) => () => void
  readonly closers: Set<() => void>
  /** Throws when the key was revoked or the session has ended since. */
  readonly mayStay: () => void
}

function openStream(reply: FastifyReply, stream: Stream): void {
  const { matches, missed, follow, closers } = stream
  reply.hijack()
  const { raw } = reply
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value)
  }
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  let dropped = 0
  let lastSent = -1
  const send = (index: number, json: string) => {
    lastSent = index
    raw.write(`id: ${index}\ndata: ${json}\n\n`)
  }
  raw.write(': open\n\n')
  for (const { index, json } of missed.slice(0, PAGE_EVENTS_MAX)) send(index, json)
  if (missed.length > PAGE_EVENTS_MAX) {
    raw.write(`event: gap\ndata: ${JSON.stringify({ from: lastSent + 1 })}\n\n`)
  }
  const heartbeat = setInterval(() => {
    try {
      stream.mayStay()
      raw.write(': still here\n\n')
    } catch {
      close()
    }
  }, HEARTBEAT_MS)
  const stop = follow(batch => {
    for (const { index, json } of matching(batch, matches)) {
      if (index <= lastSent) continue
      if (raw.writableLength > QUEUE_BYTES_MAX) {
        dropped += 1
        continue
      }
      if (dropped > 0) raw.write(`event: gap\ndata: ${JSON.stringify({ dropped })}\n\n`)
      dropped = 0
      send(index, json)
    }
  })
  const close = () => {
    clearInterval(heartbeat)
    stop()
    closers.delete(close)
    raw.end()
  }
  closers.add(close)
  raw.on('close', close)
}

function* matching(
  { firstIndex, count, events, eventOffsets }: DurableBatch,
  matches: (event: unknown) => boolean,
): Generator<{ readonly index: number; readonly json: string }> {
  const bytes = Buffer.from(events.buffer, events.byteOffset, events.length)
  for (let i = 0; i < count; i++) {
    const json = bytes.toString('utf8', eventOffsets[i], eventOffsets[i + 1]).trimEnd()
    if (json !== '' && matches(JSON.parse(json))) yield { index: firstIndex + i, json }
  }
}
