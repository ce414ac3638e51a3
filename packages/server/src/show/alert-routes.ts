// Alerts over HTTP: listing, opening, and what people say of them. What is said is an event that is
// durable before the answer leaves, attributed to the key that said it, and taken back by another.

import { CAUSES, type Cause } from '@tocsin/detect/alert'
import { parseEntityKey } from '@tocsin/detect/finding'
import { TocsinError } from '@tocsin/sdk/errors'
import { Type } from 'typebox'
import {
  type Action,
  ALERT_STATES,
  type AlertDetail,
  type AlertStore,
  checkAction,
  dispositionEvent,
  NOTE_CHARS_MAX,
  type Prevented,
} from '../watch/watch.ts'
import { ALERT, ALERT_PAGE, FINDINGS } from './alert-schemas.ts'
import type { App, RouteDeps } from './app.ts'
import type { Caller } from './gate.ts'
import { recordLook } from './look.ts'
import { parseRange } from './range.ts'
import { PROBLEMS } from './schemas.ts'

const ALERTS_MAX = 500
const PAGE_ALERTS = 50
const ID = Type.Object({ id: Type.String({ description: 'Id, or its first 4 digits or more' }) })
const NOTE = Type.Optional(Type.String({ maxLength: NOTE_CHARS_MAX }))
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
  sayRoutes(app, deps)
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
    const { threshold, expectedPerDay, realisedPerDay } = deps.watch.status
    const budget = { perDay: deps.watch.budget, threshold, expectedPerDay, realisedPerDay }
    return reply.type('application/json').send(JSON.stringify({ ...page, budget }))
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

type Saying = {
  readonly action: Exclude<Action, 'assigned' | 'undone'>
  readonly cause: Cause | null
  readonly prevented: Prevented
  readonly note: string | null
}

const RESOLVE = Type.Object({
  as: Type.Enum(['true', 'benign', 'false']),
  cause: Type.Enum([...CAUSES]),
  rowsPrevented: Type.Optional(Type.Integer({ minimum: 0 })),
  costMicrosPrevented: Type.Optional(Type.Integer({ minimum: 0 })),
  note: NOTE,
})

function sayRoutes(app: App, deps: RouteDeps): void {
  const say = buildSay(deps)
  const response = { 200: ALERT, ...PROBLEMS }
  const noted = Type.Object({ note: NOTE })
  for (const [path, action, summary] of [
    ['ack', 'acknowledged', 'Somebody looks at it'],
    ['reopen', 'reopened', 'Take back what was said of it'],
  ] as const) {
    const schema = { summary, params: ID, body: noted, response }
    app.post(`/v1/alerts/:id/${path}`, { schema }, async (request, reply) => {
      const caller = deps.gate.admit(request, 'triage')
      const said = { action, cause: null, prevented: NOTHING, note: request.body.note ?? null }
      const alert = await say(request.params.id, said, caller)
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
    const said = { action: as, cause, prevented, note: note ?? null }
    const alert = await say(request.params.id, said, caller)
    return reply.type('application/json').send(JSON.stringify(alert))
  })
}

const NOTHING: Prevented = { rows: null, costMicros: null }

type Say = (id: string, said: Saying, caller: Caller) => Promise<AlertDetail>

/** One after the other, so that each is judged by what was said before it. */
function buildSay({ alerts, record, clock }: RouteDeps): Say {
  let before: Promise<unknown> = Promise.resolve()

  async function sayNow(id: string, said: Saying, caller: Caller): Promise<AlertDetail> {
    const alert = findAlert(alerts, id)
    checkAction(said.action, alert.history)
    const revision = (alert.history.at(-1)?.revision ?? 0) + 1
    const change = { alertId: alert.id, entity: alert.entity, revision, ...said }
    const event = dispositionEvent(change, caller, clock.nowMs())
    await record(event)
    alerts.take(event)
    return findAlert(alerts, alert.id)
  }

  return (id, said, caller) => {
    const now = before.then(() => sayNow(id, said, caller))
    before = now.catch(() => undefined)
    return now
  }
}

export function findAlert(alerts: AlertStore, id: string): AlertDetail {
  const alert = alerts.get(alerts.resolveId(id))
  if (alert) return alert
  throw new TocsinError('alert.unknown', { public: 'the alert is not there any more' })
}
