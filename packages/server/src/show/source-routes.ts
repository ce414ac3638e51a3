// Where events come from, and whether they still do: one row for each way in, over the last 24
// hours. A status that pages ask for again and again, so it is no look at the record.

import { type TSchema, Type } from 'typebox'
import type { Arrival } from '../query/query.ts'
import type { App, RouteDeps } from './app.ts'
import { keepBriefly } from './briefly-kept.ts'
import { findGaps, type KnownGap } from './known-gaps.ts'
import { PROBLEMS } from './schemas.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const RECENT_MS = 15 * MINUTE_MS
const AHEAD_MS = 3_600_000
const KEEP_MS = 5000
/** The newest event came later than that after it happened. */
const LATE_MS = MINUTE_MS
/** Nothing for so many times the usual time between two events, and at least RECENT_MS. */
const SILENT_SPACINGS = 6
/** Tocsin's own events are no source. */
const OWN = 'tocsin'

const count = (description: string) => Type.Integer({ minimum: 0, description })
const orNull = (type: TSchema, description: string) =>
  Type.Union([type, Type.Null()], { description })

const SOURCE = Type.Object({
  via: Type.String({ description: 'The way in: http, file, demo …' }),
  format: orNull(Type.String(), 'Formats of the files that are followed'),
  events: count('Events that happened in the last 24 hours'),
  newestMs: orNull(Type.Integer(), 'When the newest of them happened, ms since 1970'),
  lagMs: orNull(Type.Integer(), 'How long after it happened the newest was logged'),
  perMinute: Type.Number({ description: 'Events a minute, over the last 15 minutes' }),
  refused: count('Lines that were no events, since countedSinceMs'),
  quarantined: orNull(
    Type.Integer(),
    'Refused or conflicting lines kept aside, since countedSinceMs; null where some could not be kept',
  ),
  gaps: count('Known gaps of the last 24 hours'),
  lost: orNull(Type.Integer(), 'Events lost in them; null where one could not be counted'),
  state: Type.Enum(['ok', 'late', 'silent', 'loss']),
})

const SOURCES = Type.Object({
  sources: Type.Array(SOURCE),
  countedSinceMs: Type.Integer({
    description: 'Refused lines are counted since then: 24 hours ago, or the start of the server',
  }),
  complete: Type.Boolean({ description: 'False while the index is behind what is durable' }),
})

type Source = {
  readonly via: string
  readonly format: string | null
  readonly events: number
  readonly newestMs: number | null
  readonly lagMs: number | null
  readonly perMinute: number
  readonly refused: number
  readonly quarantined: number | null
  readonly gaps: number
  readonly lost: number | null
  readonly state: 'ok' | 'late' | 'silent' | 'loss'
}

export function sourceRoutes(app: App, deps: RouteDeps): void {
  const answer = keepBriefly(deps.clock, KEEP_MS, () => sourcesOf(deps))
  app.get(
    '/v1/sources',
    {
      schema: {
        summary: 'Where events come from, and whether they still do',
        response: { 200: SOURCES, ...PROBLEMS },
      },
    },
    async request => {
      deps.gate.admitPoll(request, 'read')
      return await answer()
    },
  )
}

async function sourcesOf(deps: RouteDeps) {
  const { query, recent, clock, log } = deps
  const nowMs = clock.nowMs()
  const complete = query.indexed >= log.size
  const [arrivals, gaps] = await Promise.all([
    query.arrivals({ fromMs: nowMs - DAY_MS, recentMs: nowMs - RECENT_MS, toMs: nowMs + AHEAD_MS }),
    findGaps(deps, DAY_MS),
  ])
  const ways = new Set([...arrivals, ...gaps].map(({ via }) => via).concat(recent.sources))
  const sources = [...ways]
    .filter(via => via !== OWN && via !== 'log')
    .sort()
    .map(via => {
      const own = gaps.filter(gap => gap.via === via)
      const arrival = arrivals.find(one => one.via === via) ?? null
      return sourceOf(via, { arrival, gaps: own, nowMs }, deps)
    })
  return { sources, countedSinceMs: recent.sinceMs, complete }
}

type Seen = {
  readonly arrival: Arrival | null
  readonly gaps: readonly KnownGap[]
  readonly nowMs: number
}

function sourceOf(via: string, seen: Seen, { recent, quarantine, follow }: RouteDeps): Source {
  const { arrival, gaps } = seen
  const { dropped, failed } = quarantine.counts
  const refused = recent.of(via, 'refused')
  const formats = via === 'file' ? [...new Set(follow.map(({ format }) => format))] : []
  return {
    via,
    format: formats.length === 0 ? null : formats.join(', '),
    events: arrival?.events ?? 0,
    newestMs: arrival?.newestMs ?? null,
    lagMs: arrival?.lagMs ?? null,
    perMinute: Math.round(((arrival?.recentEvents ?? 0) * 100 * MINUTE_MS) / RECENT_MS) / 100,
    refused,
    quarantined: dropped + failed > 0 ? null : refused + recent.of(via, 'conflict'),
    gaps: gaps.length,
    lost: lostIn(gaps),
    state: stateOf(seen),
  }
}

function lostIn(gaps: readonly KnownGap[]): number | null {
  if (gaps.some(({ lost }) => lost === null)) return null
  return gaps.reduce((sum, { lost }) => sum + (lost ?? 0), 0)
}

function stateOf({ arrival, gaps, nowMs }: Seen): Source['state'] {
  if (gaps.length > 0) return 'loss'
  if (!arrival) return 'silent'
  const spacingMs = DAY_MS / arrival.events
  const silentMs = Math.max(RECENT_MS, SILENT_SPACINGS * spacingMs)
  if (nowMs - arrival.newestMs > silentMs) return 'silent'
  return arrival.lagMs > LATE_MS ? 'late' : 'ok'
}
