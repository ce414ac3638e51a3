// Approvals of services' bulk reads, and what could not be told to webhooks.

import { type TSchema, Type } from 'typebox'
import type { App, RouteDeps } from './app.ts'
import { PROBLEMS } from './schemas.ts'

const ROWS_MAX = 1_000_000_000
const MINUTES_MAX = 1440
const TIME = Type.Integer({ description: 'ms since 1970' })
const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()])
const ID = Type.Object({ id: Type.String({ maxLength: 200 }) })

const GRANTED = Type.Object({
  by: Type.String(),
  rows: Type.Integer(),
  left: Type.Integer({ description: 'Rows that are left of it' }),
  until: TIME,
})
const APPROVAL: TSchema = Type.Object({
  id: Type.String(),
  actor: Type.String(),
  since: TIME,
  until: TIME,
  reason: Type.String(),
  bulkRows: Type.Integer({ description: 'Reads of fewer rows pass without approval' }),
  findingIds: Type.Array(Type.String()),
  alertId: orNull(Type.String()),
  granted: orNull(GRANTED),
})
const APPROVALS: TSchema = Type.Array(APPROVAL)
const GRANT = Type.Object({
  rows: Type.Integer({ minimum: 1, maximum: ROWS_MAX }),
  minutes: Type.Integer({ minimum: 1, maximum: MINUTES_MAX }),
})
const DEAD = Type.Object({
  id: Type.String({ description: 'webhook-id of the message' }),
  url: Type.String(),
  event: Type.String(),
  createdMs: TIME,
  attempts: Type.Integer(),
  reason: Type.String(),
})

export function approvalRoutes(app: App, deps: RouteDeps): void {
  approvals(app, deps)
  webhooks(app, deps)
}

function approvals(app: App, { gate, respond }: RouteDeps): void {
  const list = {
    summary: 'Services that wait for an approval, or have one',
    response: { 200: APPROVALS, ...PROBLEMS },
  }
  app.get('/v1/approvals', { schema: list }, async (request, reply) => {
    gate.admit(request, 'read')
    return reply.type('application/json').send(JSON.stringify(respond.approvals()))
  })
  const grant = {
    summary: 'Let so many rows through for so long; takes the place of what was granted before',
    params: ID,
    body: GRANT,
    response: { 200: APPROVAL, ...PROBLEMS },
  }
  app.post('/v1/approvals/:id/grant', { schema: grant }, async (request, reply) => {
    const { principal } = gate.admit(request, 'triage')
    const granted = await respond.grant(request.params.id, request.body, principal)
    return reply.type('application/json').send(JSON.stringify(granted))
  })
}

function webhooks(app: App, { gate, respond }: RouteDeps): void {
  const dead = {
    summary: 'Messages that no webhook took, with the reason',
    response: { 200: Type.Array(DEAD), ...PROBLEMS },
  }
  app.get('/v1/webhooks/dead', { schema: dead }, async request => {
    gate.admit(request, 'triage')
    return [...respond.deadLetters()]
  })
  const again = {
    summary: 'Send such a message again',
    params: ID,
    response: { 204: Type.Null(), ...PROBLEMS },
  }
  app.post('/v1/webhooks/dead/:id/redeliver', { schema: again }, async (request, reply) => {
    gate.admit(request, 'triage')
    respond.redeliver(request.params.id)
    return reply.code(204).send(null)
  })
}
