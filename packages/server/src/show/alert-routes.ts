// Alerts over HTTP: listing, opening, and what people say of them. What is said is an event that is
// durable before the answer leaves, attributed to the key that said it, and taken back by another.

import { CAUSES } from '@tocsin/detect/alert'
import { parseEntityKey } from '@tocsin/detect/finding'
import { Type } from 'typebox'
import {
  ALERT_STATES,
  findAlert,
  NOTE_CHARS_MAX,
  NOTHING_SAID,
  openTriage,
  type Triage,
} from '../watch/watch.ts'
import { ALERT, ALERT_PAGE, FINDINGS } from './alert-schemas.ts'
import type { App, RouteDeps } from './app.ts'
import { recordLook } from './look.ts'
import { parseRange } from './range.ts'
import { PROBLEMS } from './schemas.ts'
import { bulkRoutes } from './triage-routes.ts'

const ALERTS_MAX = 500
const PAGE_ALERTS = 50
const ID = Type.Object({ id: Type.String({ description: 'Id, or its first 4 digits or more' }) })
const NOTE = Type.Optional(Type.String({ maxLength: NOTE_CHARS_MAX }))
const ASSIGNEE_CHARS_MAX = 256
const LIMIT = Type.Optional(Type.Integer({ minimum: 1, maximum: ALERTS_MAX }))
const RANGE = {
  entity: Type.Optional(Type.String({ description: '`actor:svc-a`, or short `svc-a`' })),
  from: Type.Optional(Type.String({ description: 'RFC 3339, ms, or now-24h' })),
  to: Type.Optional(Type.String({ description: 'As `from`; exclusive' })),
  limit: LIMIT,
}

export function alertRoutes(app: App, deps: RouteDeps): void {
  listRoute(app, deps)
  openRoute(app, deps)
  findingsRoute(app, deps)
  const triage = openTriage(deps)
  sayRoutes(app, deps, triage)
  bulkRoutes(app, deps, triage)
}

function listRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'Alerts, newest first',
    querystring: Type.Object({
      q: Type.Optional(
        Type.String({ description: 'In the query language, over the fields of alerts' }),
      ),
      state: Type.Optional(Type.Enum([...ALERT_STATES])),
      ...RANGE,
      cursor: Type.Optional(Type.String({ description: '`next` of the page before' })),
    }),
    response: { 200: ALERT_PAGE, ...PROBLEMS },
  }
  app.get('/v1/alerts', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const { q = '', state, entity, cursor, limit = PAGE_ALERTS, ...asked } = request.query
    const page = deps.alerts.list({
      text: q,
      limit,
      ...rangeOf(asked, deps),
      ...(state === undefined ? {} : { state }),
      ...(entity === undefined ? {} : { entity: parseEntityKey(entity) }),
      ...(cursor === undefined ? {} : { cursor }),
    })
    const what = { query: q, rows: page.alerts.length }
    await recordLook(deps, caller, { operation: 'alert.list', what })
    const { threshold, expectedPerDay, realisedPerDay, rules, entities } = deps.watch.status
    const budget = { perDay: deps.watch.budget, threshold, expectedPerDay, realisedPerDay }
    const watched = { rules, entities }
    return reply.type('application/json').send(JSON.stringify({ ...page, budget, watched }))
  })
}

function openRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'One alert with its findings and how they make its score',
    params: ID,
    response: { 200: ALERT, ...PROBLEMS },
  }
  app.get('/v1/alerts/:id', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const alert = findAlert(deps.alerts, request.params.id)
    const what = { alert: alert.id, rows: alert.findings.length }
    await recordLook(deps, caller, { operation: 'alert.open', what })
    const decisions = deps.respond.list().filter(({ alertId }) => alertId === alert.id)
    return reply.type('application/json').send(JSON.stringify({ ...alert, decisions }))
  })
}

function findingsRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'Findings, newest first, also those that are in no alert',
    querystring: Type.Object(RANGE),
    response: { 200: FINDINGS, ...PROBLEMS },
  }
  app.get('/v1/findings', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const { entity, limit = PAGE_ALERTS, ...asked } = request.query
    const about = entity === undefined ? {} : { entity: parseEntityKey(entity) }
    const findings = deps.alerts.findings({ ...rangeOf(asked, deps), ...about, limit })
    await recordLook(deps, caller, { operation: 'finding.list', what: { rows: findings.length } })
    return reply.type('application/json').send(JSON.stringify({ findings }))
  })
}

/** Without `from` and `to` everything, also what an event with a clock ahead made. */
function rangeOf(asked: { from?: string; to?: string }, { clock }: RouteDeps) {
  if (asked.from === undefined && asked.to === undefined) return {}
  return parseRange(asked, clock.nowMs())
}

const RESOLVE = Type.Object({
  as: Type.Enum(['true', 'benign', 'false']),
  cause: Type.Enum([...CAUSES]),
  rowsPrevented: Type.Optional(Type.Integer({ minimum: 0 })),
  costMicrosPrevented: Type.Optional(Type.Integer({ minimum: 0 })),
  note: NOTE,
})

function sayRoutes(app: App, deps: RouteDeps, triage: Triage): void {
  const response = { 200: ALERT, ...PROBLEMS }
  const noted = Type.Object({ note: NOTE })
  for (const [path, action, summary] of [
    ['ack', 'acknowledged', 'Somebody looks at it'],
    ['reopen', 'reopened', 'Take back what was said of it'],
  ] as const) {
    const schema = { summary, params: ID, body: noted, response }
    app.post(`/v1/alerts/:id/${path}`, { schema }, async (request, reply) => {
      const caller = deps.gate.admit(request, 'triage')
      const said = { ...NOTHING_SAID, action, note: request.body.note ?? null }
      const alert = await triage.say(request.params.id, said, caller)
      return reply.type('application/json').send(JSON.stringify(alert))
    })
  }
  const schema = {
    summary: 'Say what it was: true, benign or false, why, and what was prevented',
    params: ID,
    body: RESOLVE,
    response,
  }
  app.post('/v1/alerts/:id/resolve', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'triage')
    const { as, cause, rowsPrevented, costMicrosPrevented, note } = request.body
    const prevented = { rows: rowsPrevented ?? null, costMicros: costMicrosPrevented ?? null }
    const said = { ...NOTHING_SAID, action: as, cause, prevented, note: note ?? null }
    const alert = await triage.say(request.params.id, said, caller)
    return reply.type('application/json').send(JSON.stringify(alert))
  })
  assignRoute(app, deps, triage)
}

const ASSIGN = Type.Object({
  to: Type.Union([Type.String({ minLength: 1, maxLength: ASSIGNEE_CHARS_MAX }), Type.Null()]),
  note: NOTE,
})

function assignRoute(app: App, deps: RouteDeps, triage: Triage): void {
  const schema = {
    summary: 'Give it to somebody, or to nobody',
    params: ID,
    body: ASSIGN,
    response: { 200: ALERT, ...PROBLEMS },
  }
  app.post('/v1/alerts/:id/assign', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'triage')
    const { to, note = null } = request.body
    const said = { ...NOTHING_SAID, action: 'assigned', assignee: to, note } as const
    const alert = await triage.say(request.params.id, said, caller)
    return reply.type('application/json').send(JSON.stringify(alert))
  })
}
