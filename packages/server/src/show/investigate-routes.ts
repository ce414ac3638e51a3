// Investigations over HTTP, and the jobs that people declare so that investigations know of them.

import { type EntityRef, parseEntityKey } from '@tocsin/detect/finding'
import { TocsinError } from '@tocsin/sdk/errors'
import { type TSchema, Type } from 'typebox'
import {
  declareJob,
  findAlert,
  investigate,
  jobEvent,
  readJobs,
  type Subject,
} from '../watch/watch.ts'
import { ENTITY } from './alert-schemas.ts'
import type { App, RouteDeps } from './app.ts'
import { RESPONSE } from './decision-routes.ts'
import { indexCaughtUp } from './index-wait.ts'
import { recordLook } from './look.ts'
import { parseMoment } from './range.ts'
import { PROBLEMS } from './schemas.ts'

/** Findings of an entity that are looked at when no alert is named. */
const FINDINGS_MAX = 50
const FINDINGS_MS = 7 * 86_400_000
const NAME_CHARS_MAX = 1024

const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()])
const TIME = Type.Integer({ description: 'ms since 1970' })
const COUNT = Type.Integer({ minimum: 0 })

const JOB: TSchema = Type.Object({
  id: Type.String(),
  actor: Type.String(),
  resource: orNull(Type.String()),
  schedule: Type.String(),
  maxRows: orNull(Type.Integer()),
  untilMs: orNull(TIME),
  by: Type.String(),
  declaredMs: TIME,
})

const JOBS: TSchema = Type.Array(JOB)

const RUNS = Type.Array(
  Type.Object({
    fromMs: TIME,
    toMs: TIME,
    kind: Type.String(),
    operation: Type.String(),
    target: Type.String(),
    outcome: Type.String(),
    source: Type.String(),
    count: COUNT,
    rows: COUNT,
    bytesOut: COUNT,
    found: Type.Integer({ description: 'How many of them a finding rests on' }),
    firstId: Type.String(),
  }),
  { description: 'Runs of equal operations' },
)

const PATH = Type.Object({
  human: Type.String({ description: 'Who asked; empty where nobody is known' }),
  actor: Type.String(),
  actorType: Type.String(),
  verified: Type.String({ description: 'How the identity was proved; none for a mere name' }),
  claimed: Type.String(),
  credential: Type.String(),
  session: Type.String(),
  agent: Type.String(),
  tool: Type.String(),
  model: Type.String({ description: 'The one that answered, else the one that was asked for' }),
  target: Type.String({ description: 'What was reached in the end: data, else the model or tool' }),
  source: Type.String(),
  count: COUNT,
  rows: COUNT,
  bytesOut: COUNT,
  found: COUNT,
})

const REASON = Type.Object({
  points: Type.Number({ description: 'Above 0 it speaks for, below against' }),
  text: Type.String(),
})

const ELSEWHERE = Type.Array(
  Type.Object({
    kind: Type.Enum(['credential', 'address']),
    value: Type.String(),
    uses: Type.Array(
      Type.Object({
        actor: Type.String(),
        address: Type.String(),
        program: Type.String(),
        requests: COUNT,
        firstMs: TIME,
        lastMs: TIME,
        isNew: Type.Boolean({ description: 'Not before the day on which it was found' }),
        isMeanwhile: Type.Boolean({ description: 'Also while it was found' }),
      }),
    ),
  }),
  { description: 'Who used its credentials and addresses, and since when' },
)

const SESSIONS = Type.Array(
  Type.Object({
    session: Type.String(),
    address: Type.String(),
    requests: COUNT,
    firstMs: TIME,
    lastMs: TIME,
  }),
  { description: 'Most requests first' },
)

const VOLUME = Type.Object({ requests: COUNT, bytesOut: COUNT })

const HABIT = Type.Object({
  kind: Type.Enum(['daily', 'weekly', 'sometimes', 'always', 'none']),
  days: Type.Integer({ description: 'Of 28 days before, at work around the minute it began' }),
  weeks: Type.Integer({ description: 'Of the last four weeks, on the same weekday' }),
  usual: orNull(VOLUME),
  now: VOLUME,
})

const JOB_FITS = Type.Array(
  Type.Object({
    job: JOB,
    isTime: Type.Boolean(),
    isResource: Type.Boolean(),
    rows: orNull(Type.Object({ seen: COUNT, most: COUNT })),
    isOver: Type.Boolean({ description: 'More rows than were declared' }),
  }),
  { description: 'Declared jobs of the account, and how they fit' },
)

const CHANGES = Type.Array(
  Type.Object({
    timeMs: TIME,
    by: Type.String(),
    kind: Type.String(),
    operation: Type.String(),
    target: Type.String(),
    isRelated: Type.Boolean({ description: 'It touched what the account uses' }),
  }),
  { description: 'Releases and settings of the two days before' },
)

const INVESTIGATION: TSchema = Type.Object({
  alertId: orNull(Type.String()),
  entity: ENTITY,
  actor: orNull(Type.String({ description: 'Whose doing it was' })),
  fromMs: TIME,
  toMs: TIME,
  reading: Type.String({ description: 'What the evidence reads like; a person decides' }),
  readings: Type.Array(
    Type.Object({
      name: Type.String(),
      points: Type.Number({ description: 'The sum of its reasons' }),
      reasons: Type.Array(REASON),
    }),
  ),
  notes: Type.Array(Type.String()),
  chain: Type.Array(PATH, { description: 'Person → credential → agent → tool → model or data' }),
  before: RUNS,
  during: RUNS,
  after: RUNS,
  isCut: Type.Boolean({ description: 'There were more events than the time line holds' }),
  elsewhere: ELSEWHERE,
  sessions: SESSIONS,
  habit: orNull(HABIT),
  jobs: JOB_FITS,
  changes: CHANGES,
  decisions: Type.Array(RESPONSE),
  complete: Type.Boolean({ description: 'False while the index is behind what is durable' }),
})

export function investigateRoutes(app: App, deps: RouteDeps): void {
  investigateRoute(app, deps)
  jobRoutes(app, deps)
}

function investigateRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'Investigate an alert or an entity: the chain, before and after, elsewhere, why',
    querystring: Type.Object({
      alert: Type.Optional(Type.String({ description: 'Id of an alert, or its beginning' })),
      entity: Type.Optional(Type.String({ description: '`actor:svc-a`, or short `svc-a`' })),
    }),
    response: { 200: INVESTIGATION, ...PROBLEMS },
  }
  app.get('/v1/investigations', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const subject = subjectOf(deps, request.query)
    const complete = await indexCaughtUp(deps.query)
    const found = await investigate(subject, deps)
    const decisions = deps.respond.list().filter(({ actor }) => actor === found.actor)
    const { type, id } = subject.entity
    const what = { entity: `${type}:${id}`, rows: found.during.length }
    await recordLook(deps, caller, { operation: 'investigation.open', what })
    const answer = { ...found, decisions, complete }
    return reply.type('application/json').send(JSON.stringify(answer))
  })
}

type Asked = { readonly alert?: string; readonly entity?: string }

function subjectOf({ alerts, clock }: RouteDeps, { alert, entity }: Asked): Subject {
  if (alert !== undefined && entity === undefined) {
    const { id, entity: about, findings } = findAlert(alerts, alert)
    return { alertId: id, entity: about, findings }
  }
  if (entity === undefined || alert !== undefined) {
    throw new TocsinError('http.bad_request', {
      public: 'name one thing to investigate: alert=<id> or entity=<type:id>',
      field: 'alert',
    })
  }
  const about: EntityRef = parseEntityKey(entity)
  const fromMs = clock.nowMs() - FINDINGS_MS
  const findings = alerts.findings({ entity: about, fromMs, limit: FINDINGS_MAX })
  return { alertId: null, entity: about, findings }
}

const NEW_JOB = Type.Object({
  actor: Type.String({ minLength: 1, maxLength: NAME_CHARS_MAX }),
  resource: Type.Optional(Type.String({ minLength: 1, maxLength: NAME_CHARS_MAX })),
  schedule: Type.String({ maxLength: 100, description: 'Sat 02:00-04:00 UTC' }),
  maxRows: Type.Optional(COUNT),
  until: Type.Optional(Type.String({ description: 'RFC 3339 or ms' })),
})

function jobRoutes(app: App, deps: RouteDeps): void {
  const listed = { summary: 'Declared jobs', response: { 200: JOBS, ...PROBLEMS } }
  app.get('/v1/jobs', { schema: listed }, async (request, reply) => {
    deps.gate.admit(request, 'read')
    await indexCaughtUp(deps.query)
    return reply.type('application/json').send(JSON.stringify(await readJobs(deps.query)))
  })
  const declared = {
    summary: 'Declare what an account will do, when, and how much',
    body: NEW_JOB,
    response: { 201: JOB, ...PROBLEMS },
  }
  app.post('/v1/jobs', { schema: declared }, async (request, reply) => {
    const by = deps.gate.admit(request, 'triage')
    const timeMs = deps.clock.nowMs()
    const { actor, resource = null, schedule, maxRows = null, until } = request.body
    const untilMs = until === undefined ? null : parseMoment(until, 'until', timeMs)
    const job = declareJob({ actor, resource, schedule, maxRows, untilMs }, timeMs)
    await deps.record(jobEvent('declare', job, { by, timeMs }))
    const answer = JSON.stringify({ ...job, by: by.principal })
    return reply.code(201).type('application/json').send(answer)
  })
  const removed = {
    summary: 'Take a declared job back',
    params: Type.Object({ id: Type.String() }),
    response: { 204: Type.Null(), ...PROBLEMS },
  }
  app.delete('/v1/jobs/:id', { schema: removed }, async (request, reply) => {
    const by = deps.gate.admit(request, 'triage')
    const { id } = request.params
    await indexCaughtUp(deps.query)
    const job = (await readJobs(deps.query)).find(one => one.id === id)
    if (!job) {
      const shown = JSON.stringify(id.slice(0, 40))
      throw new TocsinError('jobs.unknown', { public: `no declared job has the id ${shown}` })
    }
    await deps.record(jobEvent('remove', job, { by, timeMs: deps.clock.nowMs() }))
    return reply.code(204).send(null)
  })
}
