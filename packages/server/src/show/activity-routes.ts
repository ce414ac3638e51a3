// Activity over HTTP: an entity now beside what is usual for it, and the same for an alert.

import { ENTITY_TYPES, type EntityRef } from '@tocsin/detect/finding'
import { TocsinError } from '@tocsin/sdk/errors'
import { Type } from 'typebox'
import type { TimeRange } from '../query/query.ts'
import {
  ACTIVITY_MS,
  alertChart,
  entityActivity,
  findAlert,
  heaviestOf,
  METRICS,
} from '../watch/watch.ts'
import { ACTIVITY, CHART_OR_NONE, METRIC } from './activity-schemas.ts'
import type { App, RouteDeps } from './app.ts'
import { recordLook } from './look.ts'
import { parseMoment } from './range.ts'
import { PROBLEMS } from './schemas.ts'

const HOUR_MS = 3_600_000
const WHICH = Type.Object({
  type: Type.Enum([...new Set(Object.values(ENTITY_TYPES))]),
  id: Type.String({ minLength: 1 }),
})

export function activityRoutes(app: App, deps: RouteDeps): void {
  activityRoute(app, deps)
  chartRoute(app, deps)
}

function activityRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'What an entity does by the hour, beside what is usual for it, and its like',
    params: WHICH,
    querystring: Type.Object({
      metric: Type.Optional(METRIC),
      from: Type.Optional(Type.String({ description: 'RFC 3339, ms, or now-8d' })),
      to: Type.Optional(Type.String({ description: 'As `from`; exclusive' })),
    }),
    response: { 200: ACTIVITY, ...PROBLEMS },
  }
  app.get('/v1/entities/:type/:id/activity', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const entity = parseEntity(request.params)
    const { from, to } = request.query
    const metric = METRICS.find(one => one === request.query.metric) ?? 'requests'
    const nowMs = deps.clock.nowMs()
    const range = rangeOf({ from, to }, nowMs)
    const knownSinceMs = await knownSince(deps, entity)
    const asked = { entity, metric, range, nowMs, knownSinceMs }
    const activity = await entityActivity(asked, deps)
    const what = { entity: `${entity.type}:${entity.id}`, rows: activity.points.length }
    await recordLook(deps, caller, { operation: 'entity.activity', what })
    return reply.type('application/json').send(JSON.stringify(activity))
  })
}

type Asked = { readonly from: string | undefined; readonly to: string | undefined }

/** Up to now where nobody says until when; eight days where nobody says since when. */
function rangeOf({ from, to }: Asked, nowMs: number): TimeRange {
  const toMs = to === undefined ? nowMs : parseMoment(to, 'to', nowMs)
  const shownMs = Math.ceil(toMs / HOUR_MS) * HOUR_MS - ACTIVITY_MS
  const fromMs = from === undefined ? shownMs : parseMoment(from, 'from', nowMs)
  if (fromMs < toMs) return { fromMs: Math.max(0, fromMs), toMs }
  throw new TocsinError('http.bad_request', {
    public: 'the time range is empty: `from` must lie before `to`',
    field: 'from',
  })
}

function chartRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'Normal versus now: eight days of what the heaviest finding of an alert is about',
    params: Type.Object({ id: Type.String() }),
    response: { 200: CHART_OR_NONE, ...PROBLEMS },
  }
  app.get('/v1/alerts/:id/chart', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const alert = findAlert(deps.alerts, request.params.id)
    const finding = heaviestOf(alert.findings)
    const nowMs = deps.clock.nowMs()
    const knownSinceMs = await knownSince(deps, alert.entity)
    const chart = finding && (await alertChart({ finding, nowMs, knownSinceMs }, deps))
    const what = { alert: alert.id, rows: chart?.points.length ?? 0 }
    await recordLook(deps, caller, { operation: 'alert.chart', what })
    return reply.type('application/json').send(JSON.stringify(chart))
  })
}

async function knownSince({ watch }: RouteDeps, entity: EntityRef): Promise<number | null> {
  return (await watch.describe(entity))?.firstMs ?? null
}

/** The schema has checked `type`. */
function parseEntity({ type, id }: { readonly type: string; readonly id: string }): EntityRef {
  return { type: type as EntityRef['type'], id }
}
