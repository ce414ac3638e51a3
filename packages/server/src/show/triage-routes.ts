// Saying something of many alerts at once, and holding back what nobody is to look at: both by a
// question, with exact counts, and both to be taken back.

import { CAUSES } from '@tocsin/detect/alert'
import { TocsinError } from '@tocsin/sdk/errors'
import { type Static, type TSchema, Type } from 'typebox'
import {
  BULK_ALERTS_MAX,
  NOTE_CHARS_MAX,
  NOTHING_SAID,
  type Said,
  type Triage,
} from '../watch/watch.ts'
import type { App, RouteDeps } from './app.ts'
import { parseRange } from './range.ts'
import { PROBLEMS } from './schemas.ts'

const ASSIGNEE_CHARS_MAX = 256

const BULK = Type.Object({
  q: Type.String({ description: 'As in the inbox; empty for all that is in it' }),
  from: Type.Optional(Type.String({ description: 'RFC 3339, ms, or now-24h' })),
  to: Type.Optional(Type.String({ description: 'As `from`; exclusive' })),
  expect: Type.Integer({ minimum: 1, description: 'How many alerts it finds, as was seen' }),
  action: Type.Enum(['ack', 'resolve', 'assign', 'reopen']),
  as: Type.Optional(Type.Enum(['true', 'benign', 'false'], { description: 'With resolve' })),
  cause: Type.Optional(Type.Enum([...CAUSES], { description: 'With resolve' })),
  assignee: Type.Optional(
    Type.Union([Type.String({ minLength: 1, maxLength: ASSIGNEE_CHARS_MAX }), Type.Null()], {
      description: 'With assign: to whom; null for nobody',
    }),
  ),
  note: Type.Optional(Type.String({ maxLength: NOTE_CHARS_MAX })),
})

const FAILED = Type.Array(
  Type.Object({
    id: Type.String({ description: 'Of the alert' }),
    code: Type.String({ description: 'Why, as in docs/errors.md' }),
    detail: Type.String(),
  }),
)
const BULK_DONE: TSchema = Type.Object({
  batch: Type.String({ description: 'By which all of it can be undone' }),
  done: Type.Integer(),
  failed: FAILED,
  undoUntilMs: Type.Integer({ description: 'ms since 1970' }),
})
const BULK_UNDONE: TSchema = Type.Object({ done: Type.Integer(), failed: FAILED })

export function bulkRoutes(app: App, deps: RouteDeps, triage: Triage): void {
  const schema = {
    summary: `Say the same of all alerts that a question finds, at most ${BULK_ALERTS_MAX}`,
    body: BULK,
    response: { 200: BULK_DONE, ...PROBLEMS },
  }
  app.post('/v1/alerts/bulk', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'triage')
    const { q: text, from, to, expect } = request.body
    const asked = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
    const isAlways = from === undefined && to === undefined
    const range = isAlways ? null : parseRange(asked, deps.clock.nowMs())
    const done = await triage.sayAll({ text, range, expect, said: saidIn(request.body) }, caller)
    return reply.type('application/json').send(JSON.stringify(done))
  })
  const undo = {
    summary: 'Undo what was said of many alerts at once, within ten minutes',
    params: Type.Object({ batch: Type.String() }),
    response: { 200: BULK_UNDONE, ...PROBLEMS },
  }
  app.post('/v1/alerts/bulk/:batch/undo', { schema: undo }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'triage')
    const undone = await triage.undo(request.params.batch, caller)
    return reply.type('application/json').send(JSON.stringify(undone))
  })
}

function saidIn({ action, as, cause, assignee, note }: Static<typeof BULK>): Said {
  const said = { ...NOTHING_SAID, note: note ?? null }
  if (action === 'ack') return { ...said, action: 'acknowledged' }
  if (action === 'reopen') return { ...said, action: 'reopened' }
  if (action === 'assign') {
    if (assignee === undefined) lacking('assignee', 'assign needs assignee: a name, or null')
    return { ...said, action: 'assigned', assignee }
  }
  if (as === undefined) lacking('as', 'resolve needs as: true, benign or false')
  if (cause === undefined) lacking('cause', `resolve needs cause: ${CAUSES.join(', ')}`)
  return { ...said, action: as, cause }
}

function lacking(field: string, text: string): never {
  throw new TocsinError('http.bad_request', { public: text, field })
}
