// Suppressions over HTTP: what is held back from the inbox, why, by whom and until when.

import { type EntityRef, parseEntityKey } from '@tocsin/detect/finding'
import { TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import { type TSchema, Type } from 'typebox'
import {
  checkSuppression,
  liftEvent,
  questionFor,
  REASON_CHARS_MAX,
  RULE_CHARS_MAX,
  suppressionEvent,
} from '../watch/watch.ts'
import { ENTITY } from './alert-schemas.ts'
import type { App, RouteDeps } from './app.ts'
import { recordLook } from './look.ts'
import { parseMoment } from './range.ts'
import { PROBLEMS } from './schemas.ts'

const SUPPRESSIONS_MAX = 1000
const ENTITY_CHARS_MAX = 1100
const TIME = Type.Integer({ description: 'ms since 1970' })
const orNull = (schema: TSchema, description = '') =>
  Type.Union([schema, Type.Null()], { description })

const SUPPRESSION: TSchema = Type.Object({
  id: Type.String(),
  rule: orNull(Type.String(), 'null for any rule'),
  entity: orNull(ENTITY, 'null for any entity'),
  untilMs: TIME,
  reason: Type.String(),
  by: Type.String({ description: 'Who, as the log names them' }),
  createdMs: TIME,
  state: Type.Enum(['in_force', 'ended', 'lifted']),
  lifted: orNull(Type.Object({ by: Type.String(), timeMs: TIME })),
  alerts: Type.Integer({ description: 'How many it holds back now' }),
})
const SUPPRESSIONS: TSchema = Type.Object({
  suppressions: Type.Array(SUPPRESSION, { description: 'Newest first, also those that are over' }),
})

const SUPPRESS = Type.Object({
  rule: Type.Optional(Type.String({ minLength: 1, maxLength: RULE_CHARS_MAX })),
  entity: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: ENTITY_CHARS_MAX,
      description: '`actor:svc-a`, or short `svc-a`',
    }),
  ),
  until: Type.Union([Type.String(), Type.Integer()], {
    description: 'RFC 3339 or ms; at most 90 days ahead',
  }),
  reason: Type.String({ minLength: 1, maxLength: REASON_CHARS_MAX }),
})

export function suppressionRoutes(app: App, deps: RouteDeps): void {
  suppressRoute(app, deps)
  listRoute(app, deps)
  liftRoute(app, deps)
}

function suppressRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'Hold back from the inbox what a rule finds, or of whom it is found; for a time',
    body: SUPPRESS,
    response: { 201: SUPPRESSION, ...PROBLEMS },
  }
  app.post('/v1/suppressions', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'triage')
    const { rule = null, entity, until, reason } = request.body
    const nowMs = deps.clock.nowMs()
    const about = entity === undefined ? null : parseAbout(entity)
    const untilMs = parseMoment(String(until), 'until', nowMs)
    const plan = { rule, entity: about, untilMs, reason }
    checkSuppression(plan, nowMs)
    const id = `s_${Buffer.from(deps.entropy.bytes(9)).toString('hex')}`
    const event = suppressionEvent({ id, ...plan }, caller, nowMs)
    await storeOwn(deps, event)
    const made = findSuppression(deps, id)
    return reply.code(201).type('application/json').send(JSON.stringify(made))
  })
}

function listRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'What is held back, why, by whom, until when',
    response: { 200: SUPPRESSIONS, ...PROBLEMS },
  }
  app.get('/v1/suppressions', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const found = deps.alerts.suppressions(deps.clock.nowMs(), SUPPRESSIONS_MAX)
    const heldBack = deps.alerts.heldBack()
    const suppressions = found.map(one => ({ ...one, alerts: heldBack.get(one.id) ?? 0 }))
    await recordLook(deps, caller, { operation: 'suppression.list', what: { rows: found.length } })
    return reply.type('application/json').send(JSON.stringify({ suppressions }))
  })
}

function liftRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'Lift a suppression: what it holds back is in the inbox again',
    params: Type.Object({ id: Type.String() }),
    response: { 204: Type.Null(), ...PROBLEMS },
  }
  app.delete('/v1/suppressions/:id', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'triage')
    const { id, state, untilMs } = findSuppression(deps, request.params.id)
    if (state !== 'in_force') {
      const what = state === 'lifted' ? 'is lifted already' : `ended on ${dayOf(untilMs)}`
      throw new TocsinError('suppression.over', { public: `the suppression ${what}` })
    }
    await storeOwn(deps, liftEvent(id, caller, deps.clock.nowMs()))
    return reply.code(204).send(null)
  })
}

/** In the log first, then in what is shown. Throws what the log says of an event it refuses. */
async function storeOwn({ recordAll, alerts }: RouteDeps, event: WireEvent): Promise<void> {
  const { results } = await recordAll([event])
  const refused = results.find(({ status }) => status === 'refused')
  if (refused) throw new TocsinError('http.bad_request', { public: refused.reason ?? '' })
  alerts.take(event)
}

function findSuppression({ alerts, clock }: RouteDeps, id: string) {
  const found = alerts.suppression(id, clock.nowMs())
  if (found) return { ...found, alerts: alerts.heldBack().get(id) ?? 0 }
  const shown = JSON.stringify(id.slice(0, 40).toWellFormed())
  throw new TocsinError('suppression.unknown', { public: `no suppression has the id ${shown}` })
}

function parseAbout(text: string): EntityRef {
  const entity = parseEntityKey(text)
  if (questionFor(entity) !== null) return entity
  throw new TocsinError('http.bad_request', {
    public: 'no entity has such a name; write it as type:id, for instance actor:svc-a',
    field: 'entity',
  })
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}
