// Decisions over HTTP (docs/spec/decisions.md): one request at a time for gateways, changes by long
// poll for middlewares, and what people decide themselves. `/v1/decide` stands in the way of every
// request of somebody, so its answer is text that is ready.

import { TocsinError } from '@tocsin/sdk/errors'
import { type TSchema, Type } from 'typebox'
import { ACTION, ACTOR_CHARS_MAX, parseAction, REASON_CHARS_MAX } from '../respond/respond.ts'
import type { App, RouteDeps } from './app.ts'
import { PROBLEMS } from './schemas.ts'

/** Longest wait of a long poll; longer ones are cut by what stands between. */
const WAIT_S_MAX = 30
const WAIT_S = 20
const MINUTES_MAX = 1440
const ROWS_MAX = 1_000_000_000
const LIST_SHOWN = 200
const LIST_MAX = 10_000

const ACTOR = Type.String({ minLength: 1, maxLength: ACTOR_CHARS_MAX })
const SESSION = Type.String({ minLength: 1, maxLength: ACTOR_CHARS_MAX })
const NAME = Type.String({ maxLength: 4096 })
const TIME = Type.Integer({ description: 'ms since 1970' })
const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()])

const ASKED = Type.Object({
  actor: ACTOR,
  session: Type.Optional(SESSION),
  operation: Type.Optional(NAME),
  resource: Type.Optional(NAME),
  rows: Type.Optional(Type.Integer({ minimum: 0, maximum: ROWS_MAX })),
})
const LIMITS = Type.Object({
  requestsPerMinute: Type.Optional(Type.Integer()),
  rowsPerMinute: Type.Optional(Type.Integer()),
})
const DETAILS = {
  limits: Type.Optional(LIMITS),
  acrValues: Type.Optional(Type.Array(Type.String())),
  maxAgeSeconds: Type.Optional(Type.Integer()),
  challenge: Type.Optional(Type.String({ description: 'Value for WWW-Authenticate (RFC 9470)' })),
  bulkRows: Type.Optional(Type.Integer()),
  approved: Type.Optional(orNull(Type.Object({ rows: Type.Integer(), until: TIME }))),
}
const DECISION = Type.Enum([
  'allow',
  'throttle',
  'approval_required',
  'step_up',
  'deny',
  'end_session',
])
const DECIDED: TSchema = Type.Object({
  decision: DECISION,
  reason: orNull(Type.String()),
  until: orNull(TIME),
  id: Type.Optional(Type.String()),
  since: Type.Optional(TIME),
  retryAfterSeconds: Type.Optional(Type.Integer()),
  ...DETAILS,
})
const ENTRY = Type.Object({
  id: Type.Optional(Type.String()),
  actor: Type.String(),
  session: orNull(Type.String()),
  decision: DECISION,
  since: Type.Optional(TIME),
  until: Type.Optional(TIME),
  reason: Type.Optional(Type.String()),
  ...DETAILS,
})
const ENTRIES: TSchema = Type.Object({
  cursor: Type.String({ description: 'Give it as `after` next time' }),
  full: Type.Boolean({ description: 'True: this is the whole table' }),
  entries: Type.Array(ENTRY),
})
const FOLLOW = Type.Object({
  after: Type.Optional(Type.String({ maxLength: 64 })),
  wait: Type.Optional(Type.Integer({ minimum: 0, maximum: WAIT_S_MAX })),
})

const STATE = Type.Enum(['in_force', 'dry_run', 'undone', 'ended'])
export const RESPONSE: TSchema = Type.Object({
  id: Type.String(),
  actor: Type.String(),
  session: orNull(Type.String()),
  decision: DECISION,
  mode: Type.Enum(['enforce', 'dry_run']),
  state: STATE,
  since: TIME,
  until: TIME,
  reason: Type.String(),
  by: Type.String({ description: '`policy`, or the person' }),
  rule: orNull(Type.String({ description: 'Rule of the policy' })),
  policyVersion: orNull(Type.String()),
  findingIds: Type.Array(Type.String()),
  alertId: orNull(Type.String()),
  risk: orNull(Type.Number()),
  heldBack: orNull(Type.String({ description: 'Why an enforced rule only ran dry' })),
  undone: orNull(Type.Object({ by: Type.String(), at: TIME, reason: Type.String() })),
  ...DETAILS,
})
const RESPONSES: TSchema = Type.Array(RESPONSE)
const LIST = Type.Object({
  actor: Type.Optional(ACTOR),
  state: Type.Optional(STATE),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIST_MAX })),
})
const REASON = Type.String({ minLength: 1, maxLength: REASON_CHARS_MAX })
const TAKE = Type.Object({
  actor: ACTOR,
  session: Type.Optional(orNull(SESSION)),
  action: ACTION,
  minutes: Type.Integer({ minimum: 1, maximum: MINUTES_MAX }),
  reason: REASON,
})

export function decisionRoutes(app: App, deps: RouteDeps): void {
  decideRoute(app, deps)
  followRoute(app, deps)
  responseRoutes(app, deps)
}

function decideRoute(app: App, { gate, respond }: RouteDeps): void {
  const schema = {
    summary: 'May this request go on',
    body: ASKED,
    response: { 200: DECIDED, ...PROBLEMS },
  }
  app.post('/v1/decide', { schema }, (request, reply) => {
    gate.admit(request, 'decide')
    reply.type('application/json').send(respond.decide(request.body))
  })
}

function followRoute(app: App, { gate, respond }: RouteDeps): void {
  const leavers = new Set<AbortController>()
  app.addHook('preClose', async () => {
    for (const leaver of leavers) leaver.abort()
  })
  const schema = {
    summary: 'What changed after a cursor, as soon as something did (long poll)',
    querystring: FOLLOW,
    response: { 200: ENTRIES, ...PROBLEMS },
  }
  app.get('/v1/decisions', { schema }, async (request, reply) => {
    gate.admit(request, 'decide')
    const { after, wait = WAIT_S } = request.query
    const leaver = new AbortController()
    const leave = () => leaver.abort()
    leavers.add(leaver)
    request.raw.socket.once('close', leave)
    try {
      const text = await respond.follow(after, wait * 1000, leaver.signal)
      return reply.type('application/json').send(text)
    } finally {
      leavers.delete(leaver)
      request.raw.socket.off('close', leave)
    }
  })
}

function responseRoutes(app: App, { gate, respond }: RouteDeps): void {
  const list = {
    summary: 'Responses: in force, in dry run, undone, ended; newest first',
    querystring: LIST,
    response: { 200: RESPONSES, ...PROBLEMS },
  }
  app.get('/v1/responses', { schema: list }, async (request, reply) => {
    gate.admit(request, 'read')
    const { actor, state, limit = LIST_SHOWN } = request.query
    const shown = respond
      .list()
      .filter(one => (actor ?? one.actor) === one.actor && (state ?? one.state) === one.state)
    return reply.type('application/json').send(JSON.stringify(shown.slice(0, limit)))
  })
  const take = {
    summary: "A person's own decision about an actor or a session",
    body: TAKE,
    response: { 201: RESPONSE, ...PROBLEMS },
  }
  app.post('/v1/responses', { schema: take }, async (request, reply) => {
    const { principal } = gate.admit(request, 'triage')
    const { actor, session = null, minutes, reason } = request.body
    const action = parseAction(request.body.action)
    if (!action || (action.kind === 'end_session' && session === null)) {
      throw new TocsinError('http.bad_request', {
        public: 'end_session needs the session that it ends',
        field: 'session',
      })
    }
    const asked = {
      actor,
      session: parseSession(session),
      action,
      durationMs: minutes * 60_000,
      reason,
    }
    const taken = await respond.take(asked, principal)
    return reply.code(201).type('application/json').send(JSON.stringify(taken))
  })
  const undo = {
    summary: 'Undo a response',
    params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
    body: Type.Object({ reason: REASON }),
    response: { 200: RESPONSE, ...PROBLEMS },
  }
  app.post('/v1/responses/:id/undo', { schema: undo }, async (request, reply) => {
    const { principal } = gate.admit(request, 'triage')
    const undone = await respond.undo(request.params.id, principal, request.body.reason)
    return reply.type('application/json').send(JSON.stringify(undone))
  })
}

/** The schema says text or null; its type does not. */
function parseSession(session: unknown): string | null {
  return typeof session === 'string' ? session : null
}
