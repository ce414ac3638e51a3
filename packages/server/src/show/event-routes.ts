// Searching, opening and summing up events. Every one of these reads is an event itself
// (`tocsin.read`), durable before the answer leaves: who looked is part of the record.

import { TocsinError } from '@tocsin/sdk/errors'
import { Type } from 'typebox'
import { PAGE_EVENTS_MAX } from '../base/limits.ts'
import { NEWEST_FIRST, type PageCursor, parseSort, printSort } from '../query/query.ts'
import type { App, RouteDeps } from './app.ts'
import { exportRoutes } from './export-routes.ts'
import { findSettled, withIntegrity } from './found-event.ts'
import { untilGone } from './gone.ts'
import { recordLook } from './look.ts'
import { questionRoutes } from './question-routes.ts'
import { parseRange, RANGE } from './range.ts'
import { EVENT, EVENT_PAGE, PROBLEMS, SUMMARY } from './schemas.ts'

const PAGE_EVENTS = 100
const SUMMARY_GROUPS = 100

const SEARCH = Type.Object({
  ...RANGE,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_EVENTS_MAX })),
  cursor: Type.Optional(Type.String({ description: '`next` of the page before' })),
  sort: Type.Optional(
    Type.String({
      description:
        'Any field of type int, number or time, with `-` from the most to the least; ' +
        'events without it last. Default: -time',
    }),
  ),
})

const SUMMARISE = Type.Object({
  ...RANGE,
  by: Type.Optional(Type.String({ description: 'Fields, comma-separated; default actor.id' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
})

export function eventRoutes(app: App, deps: RouteDeps): void {
  searchRoute(app, deps)
  findRoute(app, deps)
  summaryRoute(app, deps)
  questionRoutes(app, deps)
  exportRoutes(app, deps)
}

function searchRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'Search events',
    querystring: SEARCH,
    response: { 200: EVENT_PAGE, ...PROBLEMS },
  }
  app.get('/v1/events', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const { q = '*', limit = PAGE_EVENTS, cursor, ...asked } = request.query
    const range = parseRange(asked, deps.clock.nowMs())
    const sort = parseSort(asked.sort ?? printSort(NEWEST_FIRST))
    const after = cursor === undefined ? {} : { after: parseCursor(cursor, printSort(sort)) }
    const search = { text: q, range, limit, sort, ...after }
    const page = await deps.query.search(search, untilGone(reply))
    await recordLook(deps, caller, {
      operation: 'event.search',
      what: { query: q, rows: page.events.length },
    })
    const events = page.events.map(found => withIntegrity(found, deps.log.origin))
    const next = page.next ? JSON.stringify(printCursor(page.next)) : 'null'
    const rest = `"next":${next},"complete":${page.complete},"from":${range.fromMs},"to":${range.toMs}`
    return reply.type('application/json').send(`{"events":[${events.join(',')}],${rest}}`)
  })
}

function findRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'One event by its id',
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    response: { 200: EVENT, ...PROBLEMS },
  }
  app.get('/v1/events/:id', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const { id } = request.params
    const found = await findSettled(deps, id)
    await recordLook(deps, caller, {
      operation: 'event.open',
      what: { event: id, rows: found ? 1 : 0 },
    })
    if (!found) {
      throw new TocsinError('event.unknown', { public: `no event has the id ${id.slice(0, 64)}` })
    }
    return reply.type('application/json').send(withIntegrity(found, deps.log.origin))
  })
}

function summaryRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'Requests, failures, bytes, first and last seen for each value of a field',
    querystring: SUMMARISE,
    response: { 200: SUMMARY, ...PROBLEMS },
  }
  app.get('/v1/summary', { schema }, async request => {
    const caller = deps.gate.admit(request, 'read')
    const { q = '*', by = 'actor.id', limit = SUMMARY_GROUPS, ...asked } = request.query
    const range = parseRange(asked, deps.clock.nowMs())
    const fields = by.split(',').map(name => name.trim())
    const complete = deps.query.indexed >= deps.log.size
    const groups = await deps.query.summarise({ text: q, range, by: fields, limit })
    await recordLook(deps, caller, {
      operation: 'event.search',
      what: { query: q, by, rows: groups.length },
    })
    return { by: fields, groups, complete, from: range.fromMs, to: range.toMs }
  })
}

function printCursor({ sort, value, timeMs, index, limit }: PageCursor): string {
  return Buffer.from(`2 ${sort} ${value ?? ''} ${timeMs} ${index} ${limit}`).toString('base64url')
}

const CURSOR = /^2 (-?[\w.]{1,64}) ((?:-?\d[\d.e+-]{0,30})?) (\d{1,16}) (\d{1,16}) (\d{1,16})$/

function parseCursor(text: string, sort: string): PageCursor {
  const match = CURSOR.exec(Buffer.from(text, 'base64url').toString('latin1'))
  const [, sorted = '', value = '', ...rest] = match ?? []
  const [timeMs = 0, index = 0, limit = 0] = rest.map(Number)
  const isNumber = value === '' || Number.isFinite(Number(value))
  if (match && isNumber && sorted === sort) {
    return { sort, value: value === '' ? null : Number(value), timeMs, index, limit }
  }
  throw new TocsinError('http.bad_request', {
    public:
      match && isNumber
        ? `the cursor belongs to sort=${sorted}; ask for that, or for the first page without it`
        : 'the cursor is not one of ours; take `next` of the page before, as it is',
    field: 'cursor',
  })
}
