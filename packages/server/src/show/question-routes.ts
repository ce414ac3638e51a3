// What else a question can be asked than which events: how many over time, which values fields
// have, and why it finds so much. Each answer says the range and whether it is complete, and each
// is a read of the record.

import { Type } from 'typebox'
import { FACET_FIELDS_MAX } from '../query/query.ts'
import type { App, RouteDeps } from './app.ts'
import { untilGone } from './gone.ts'
import { recordLook } from './look.ts'
import { EXPLANATION, FACETS, SERIES } from './question-schemas.ts'
import { parseRange, RANGE } from './range.ts'
import { PROBLEMS } from './schemas.ts'

const BUCKETS = 120
const BUCKETS_MAX = 240
const TOP = 10
const TOP_MAX = 50

export function questionRoutes(app: App, deps: RouteDeps): void {
  seriesRoute(app, deps)
  facetsRoute(app, deps)
  explainRoute(app, deps)
}

function seriesRoute(app: App, deps: RouteDeps): void {
  const buckets = Type.Integer({ minimum: 1, maximum: BUCKETS_MAX, description: 'At most so many' })
  const schema = {
    summary: 'Events by outcome, durations, tokens, cost and volume over time',
    querystring: Type.Object({ ...RANGE, buckets: Type.Optional(buckets) }),
    response: { 200: SERIES, ...PROBLEMS },
  }
  app.get('/v1/series', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const { q = '*', buckets = BUCKETS, ...asked } = request.query
    const range = parseRange(asked, deps.clock.nowMs())
    const series = await deps.query.series({ text: q, range, buckets }, untilGone(reply))
    const { fromMs: from, toMs: to } = series.range
    await recordLook(deps, caller, {
      operation: 'event.series',
      what: { query: q, rows: series.totals.events },
    })
    const { stepMs, totals, complete } = series
    return { stepMs, totals, buckets: series.buckets, complete, from, to }
  })
}

function facetsRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'The most frequent values of fields',
    querystring: Type.Object({
      ...RANGE,
      fields: Type.String({
        description: `Up to ${FACET_FIELDS_MAX} fields, comma-separated; none of type time or json`,
      }),
      top: Type.Optional(
        Type.Integer({ minimum: 1, maximum: TOP_MAX, description: 'Values of each field' }),
      ),
    }),
    response: { 200: FACETS, ...PROBLEMS },
  }
  app.get('/v1/facets', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const { q = '*', fields, top = TOP, ...asked } = request.query
    const range = parseRange(asked, deps.clock.nowMs())
    const names = fields.split(',').map(name => name.trim())
    const question = { text: q, range, fields: names, top }
    const { facets, total, complete } = await deps.query.facets(question, untilGone(reply))
    await recordLook(deps, caller, {
      operation: 'event.facets',
      what: { query: q, fields, rows: total },
    })
    const exact = facets.map(facet => ({ ...facet, distinctIsExact: true }))
    return { facets: exact, total, complete, from: range.fromMs, to: range.toMs }
  })
}

function explainRoute(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'What each part of a question leaves, and what lies beside what was asked for',
    querystring: Type.Object(RANGE),
    response: { 200: EXPLANATION, ...PROBLEMS },
  }
  app.get('/v1/explain', { schema }, async (request, reply) => {
    const caller = deps.gate.admit(request, 'read')
    const { q = '*', ...asked } = request.query
    const range = parseRange(asked, deps.clock.nowMs())
    const explained = await deps.query.explain({ text: q, range }, untilGone(reply))
    await recordLook(deps, caller, {
      operation: 'event.explain',
      what: { query: q, rows: explained.total },
    })
    return { ...explained, from: range.fromMs, to: range.toMs }
  })
}
