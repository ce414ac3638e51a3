// Entities over HTTP: who is riskiest, and all that is known of one: who it is and how that was
// proved, what it does now beside what is expected of it, how its score comes about, what is in
// force against it.

import type { BaselineView } from '@tocsin/detect/detect'
import { ENTITY_TYPES, type EntityRef, entityKey } from '@tocsin/detect/finding'
import { CRITICALITY, type Criticality } from '@tocsin/detect/risk'
import { TocsinError } from '@tocsin/sdk/errors'
import type { SealedEvent } from '@tocsin/sdk/event'
import { type TSchema, Type } from 'typebox'
import type { Query } from '../query/query.ts'
import { criticalityEvent, questionFor, SPARK_HOURS, sparksOf } from '../watch/watch.ts'
import { ALERT_SUMMARY, ENTITY, FINDING, RISK } from './alert-schemas.ts'
import type { App, RouteDeps } from './app.ts'
import { RESPONSE } from './decision-routes.ts'
import { recordLook } from './look.ts'
import { PROBLEMS } from './schemas.ts'

const ENTITIES_MAX = 500
const ENTITIES = 20
const FINDINGS = 20
const ALERTS = 10
const SEEN_MAX = 10
const SEEN_GROUPS = 500
const SEEN_MS = 30 * 86_400_000
const AHEAD_MS = 3_600_000

const WHICH = Type.Object({
  type: Type.Enum([...new Set(Object.values(ENTITY_TYPES))]),
  id: Type.String({ minLength: 1 }),
})
const orNull = (schema: TSchema) => Type.Union([schema, Type.Null()])
const TIME = Type.Integer({ description: 'ms since 1970' })
const LEARNING = Type.Object({ days: Type.Number(), of: Type.Number() })
const SEEN = Type.Array(
  Type.Object({
    values: Type.Array(orNull(Type.String())),
    requests: Type.Integer(),
    firstMs: TIME,
    lastMs: TIME,
  }),
)

const LISTED: TSchema = Type.Object({
  entities: Type.Array(
    Type.Object({
      entity: ENTITY,
      risk: RISK,
      delta: Type.Number({ description: 'Points of risk more than 24 h ago, or less' }),
      spark: Type.Array(Type.Integer(), {
        description: `Events in each of the newest ${SPARK_HOURS} hours, oldest first`,
      }),
      findings: Type.Integer(),
      newest: FINDING,
    }),
  ),
})

const BASELINE = Type.Object({
  rule: Type.String(),
  group: Type.String({ description: 'What else the rule groups by' }),
  now: Type.Number(),
  expected: Type.Number(),
  learning: LEARNING,
  hourOfWeek: Type.Array(Type.Number(), { description: 'Expected, Monday 00 UTC first' }),
  firstSeen: Type.Array(Type.Object({ value: Type.String(), timeMs: TIME })),
})

const ENTITY_PAGE: TSchema = Type.Object({
  entity: ENTITY,
  identity: Type.Object(
    {
      proofs: SEEN,
      groups: SEEN,
      credentials: SEEN,
      countries: SEEN,
      sessions: SEEN,
      addresses: SEEN,
    },
    {
      description:
        'Newest first: sessions and addresses of 30 days, the others of the newest 1,000 events',
    },
  ),
  activity: orNull(
    Type.Object({
      firstMs: TIME,
      newestMs: TIME,
      events: Type.Integer(),
      cohort: Type.String(),
      frozenMs: orNull(TIME),
    }),
  ),
  learning: orNull(LEARNING),
  baselines: Type.Array(BASELINE),
  risk: RISK,
  findings: Type.Array(FINDING),
  alerts: Type.Array(ALERT_SUMMARY, { description: 'Newest first, suppressed ones too' }),
  decisions: Type.Array(RESPONSE, { description: 'In force, or in dry run' }),
  nowMs: TIME,
})

export function entityRoutes(app: App, deps: RouteDeps): void {
  listRoute(app, deps)
  openRoute(app, deps)
  criticalityRoute(app, deps)
}

function listRoute(app: App, deps: RouteDeps): void {
  const limit = Type.Integer({ minimum: 1, maximum: ENTITIES_MAX })
  const schema = {
    summary: 'Entities with findings in the last 30 days, riskiest first',
    querystring: Type.Object({ limit: Type.Optional(limit) }),
    response: { 200: LISTED, ...PROBLEMS },
  }
  app.get('/v1/entities', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const nowMs = deps.clock.nowMs()
    const riskiest = deps.alerts.riskiest(nowMs, request.query.limit ?? ENTITIES)
    const about = riskiest.map(({ entity }) => entity)
    const sparks = await sparksOf(about, nowMs, deps.query)
    const entities = riskiest.map(one => ({ ...one, spark: sparks.get(entityKey(one.entity)) }))
    await recordLook(deps, caller, { operation: 'entity.list', what: { rows: entities.length } })
    return reply.type('application/json').send(JSON.stringify({ entities }))
  })
}

function openRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'What is known of an entity',
    params: WHICH,
    response: { 200: ENTITY_PAGE, ...PROBLEMS },
  }
  app.get('/v1/entities/:type/:id', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const entity = parseEntity(request.params)
    const page = await entityPage(deps, entity)
    const what = { entity: `${entity.type}:${entity.id}`, rows: 1 }
    await recordLook(deps, caller, { operation: 'entity.open', what })
    return reply.type('application/json').send(JSON.stringify(page))
  })
}

/** The schema has checked `type`. */
function parseEntity({ type, id }: { readonly type: string; readonly id: string }): EntityRef {
  return { type: type as EntityRef['type'], id }
}

async function entityPage(deps: RouteDeps, entity: EntityRef) {
  const nowMs = deps.clock.nowMs()
  const question = questionFor(entity)
  if (question === null) throw unknownEntity(entity)
  const [view, identity] = await Promise.all([
    deps.watch.describe(entity),
    identityOf(deps.query, question, nowMs),
  ])
  const findings = deps.alerts.findings({ entity, limit: FINDINGS })
  if (!view && findings.length === 0 && identity.proofs.length === 0) throw unknownEntity(entity)
  const { baselines = [], ...activity } = view ?? {}
  const decisions = deps.respond.list().filter(({ actor, session, state }) => {
    const isAbout = entity.type === 'session' ? session === entity.id : actor === entity.id
    return isAbout && (state === 'in_force' || state === 'dry_run')
  })
  return {
    entity,
    identity,
    activity: view ? activity : null,
    learning: youngest(baselines),
    baselines,
    risk: deps.alerts.riskOf(entity, nowMs),
    findings,
    alerts: deps.alerts.list({ entity, text: 'suppressed:*', limit: ALERTS }).alerts,
    decisions,
    nowMs,
  }
}

function unknownEntity({ type, id }: EntityRef): TocsinError {
  const shown = JSON.stringify(id.slice(0, 60))
  return new TocsinError('entity.unknown', { public: `nothing is known of the ${type} ${shown}` })
}

/** The baseline that knows least. */
function youngest(baselines: readonly BaselineView[]): BaselineView['learning'] | null {
  const learning = baselines.map(one => one.learning)
  return learning.reduce<BaselineView['learning'] | null>(
    (a, b) => (a && a.days / a.of <= b.days / b.of ? a : b),
    null,
  )
}

type Seen = {
  readonly values: readonly (string | null)[]
  readonly requests: number
  readonly firstMs: number
  readonly lastMs: number
}

/** Newest events that proofs, groups and credentials are read out of: no columns of the index. */
const NEWEST_MAX = 1000

async function identityOf(query: Query, question: string, nowMs: number) {
  const range = { fromMs: nowMs - SEEN_MS, toMs: nowMs + AHEAD_MS }
  const text = `(${question}) not kind:tocsin.*`
  const seen = async (more: string, ...by: readonly string[]): Promise<readonly Seen[]> => {
    const groups = await query.summarise({
      text: `${text} ${more}`,
      range,
      by,
      limit: SEEN_GROUPS,
    })
    return newestFirst(
      groups.map(({ group: values, requests, firstMs, lastMs }) => {
        return { values, requests, firstMs, lastMs }
      }),
    )
  }
  const sessions = await seen('actor.session:*', 'actor.session', 'source.ip')
  const addresses = await seen('source.ip:*', 'source.ip', 'source.userAgent')
  const { events } = await query.search({ text, range, limit: NEWEST_MAX })
  const newest = events.map(({ json }) => parseSealed(json))
  return {
    proofs: tally(newest, ({ actor }) => [actor.type, actor.verified, actor.claimed ?? null]),
    groups: tally(newest, ({ actor }) => (actor.groups ? [actor.groups.join(', ')] : null)),
    credentials: tally(newest, ({ actor }) => (actor.credential ? [actor.credential] : null)),
    countries: tally(newest, ({ source: { ip = null, geo } = {} }) =>
      geo?.country ? [geo.country, ip] : null,
    ),
    sessions,
    addresses,
  }
}

/** What the index holds was checked before it was sealed. */
function parseSealed(text: string): SealedEvent {
  return JSON.parse(text) as SealedEvent
}

/** How often each came; events without are left out. */
function tally(
  events: readonly SealedEvent[],
  read: (event: SealedEvent) => Seen['values'] | null,
): readonly Seen[] {
  const found = new Map<string, { -readonly [K in keyof Seen]: Seen[K] }>()
  for (const event of events) {
    const values = read(event)
    if (!values) continue
    const { time } = event
    const key = JSON.stringify(values)
    const one = found.get(key) ?? { values, requests: 0, firstMs: time, lastMs: time }
    found.set(key, one)
    one.requests += 1
    one.firstMs = Math.min(one.firstMs, time)
    one.lastMs = Math.max(one.lastMs, time)
  }
  return newestFirst([...found.values()])
}

function newestFirst(seen: readonly Seen[]): readonly Seen[] {
  return seen.toSorted((a, b) => b.lastMs - a.lastMs).slice(0, SEEN_MAX)
}

function criticalityRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'How much depends on an entity: it multiplies the odds of its risk',
    params: WHICH,
    body: Type.Object({ level: Type.Enum(Object.keys(CRITICALITY)) }),
    response: { 200: RISK, ...PROBLEMS },
  }
  app.put('/v1/entities/:type/:id/criticality', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'triage')
    const entity = parseEntity(request.params)
    if (questionFor(entity) === null) throw unknownEntity(entity)
    const level = parseLevel(request.body.level)
    const nowMs = deps.clock.nowMs()
    const event = criticalityEvent({ entity, level }, caller, nowMs)
    await deps.record(event)
    deps.alerts.take(event)
    const risk = deps.alerts.riskOf(entity, nowMs)
    return reply.type('application/json').send(JSON.stringify(risk))
  })
}

/** The schema has checked it. */
function parseLevel(text: string): Criticality {
  return text as Criticality
}
