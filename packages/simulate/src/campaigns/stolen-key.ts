// A key that got out: a person's or a service's, used from a country, network and program never
// seen of it. First a look at what it may do, then dear calls in a row, while its owner goes on.

import { DAY_MS, HOUR_MS } from '../calendar.ts'
import type { Place, Service } from '../cast.ts'
import {
  asScript,
  asService,
  type Draft,
  type End,
  FORBIDDEN,
  makeEvent,
  type Who,
} from '../draft.ts'
import { callModel } from '../model-call.ts'
import type { Random } from '../random.ts'
import { SITES } from '../roster.ts'
import type { Campaign } from './campaign.ts'
import { type Anchor, isModelCall, limit, ownADay, storyOf, type Telling } from './story.ts'
import { castRole, dayOfRole } from './story-cast.ts'

/** Addresses of RFC 2544 that nobody else here has; networks of RFC 5398. */
const ABROAD: readonly Place[] = [
  abroad('BR', 'Recife', '198.19.210.44', 65_536),
  abroad('RO', 'Cluj', '198.19.221.17', 65_537),
  abroad('VN', 'Hanoi', '198.19.232.93', 65_538),
  abroad('ZA', 'Durban', '198.19.240.8', 65_539),
  abroad('KZ', 'Almaty', '198.19.251.131', 65_540),
]
const PROGRAMS = ['Go-http-client/2.0', 'aiohttp/3.13.2', 'curl/8.16.0', 'oai-reverse-proxy/1.9.4']

const SERVICES: readonly string[] = ['svc-mobile-chat', 'svc-ci-prompts']
const CALLS_MAX = 700

export function stolenKey(anchor: Anchor): Campaign {
  const firstDay = (nowMs: number) => dayOfRole('stolen-key', nowMs)
  return storyOf({ name: 'stolen-key', kind: 'T0012', firstDay, days: 1, tell }, anchor)
}

function tell(at: Telling): readonly Draft[] {
  const { stage, day, times, random } = at
  const { who, perDay } = victim(at)
  const startMs = day * DAY_MS + random.next() * 18 * HOUR_MS
  const drafts = probe(at, who, startMs)
  const dear = stage.cast.models.filter(m => m.priceOut >= 10_000)
  const calls = Math.round(limit(times * perDay, 8 * times, CALLS_MAX))
  const gapMs = (5 * HOUR_MS) / calls
  let timeMs = startMs + 12 * 60_000
  for (let i = 0; i < calls; i++) {
    timeMs += limit(random.logNormal(gapMs, 0.6), 500, 6 * gapMs)
    const tokensIn = Math.ceil(random.logNormal(2600, 0.7))
    const tokensOut = Math.ceil(random.logNormal(1400, 0.5))
    const size = { tokensIn, tokensOut, maxTokens: 4096, temperature: 1 }
    drafts.push(callModel(stage, { model: random.pick(dear), who, timeMs, ...size }, random))
  }
  return drafts
}

type Victim = { readonly who: Who; readonly perDay: number }

function victim(at: Telling): Victim {
  const { stage, day, nowDay, random } = at
  const place = random.pick(ABROAD)
  const userAgent = random.pick(PROGRAMS)
  const service = random.chance(0.35) ? pickService(stage.cast.services, random) : null
  const source = { ...place, userAgent }
  if (service) return { who: { ...asService(service, day), source }, perDay: 0 }
  const person = castRole(stage, 'stolen-key', nowDay)
  const session = { person, place, userAgent, id: '', logonMs: 0 }
  const perDay = ownADay(at, person, draft => (isModelCall(draft) ? 1 : 0))
  return { who: { ...asScript(session), source }, perDay }
}

function pickService(services: readonly Service[], random: Random): Service | null {
  const id = random.pick(SERVICES)
  return services.find(s => s.id === id) ?? null
}

const INVALID: End = { outcome: 'failure', status: 400, reasonCode: 'invalid_request' }

/** What is there, what is refused, what is only badly put. */
function probe({ stage, random }: Telling, who: Who, startMs: number): Draft[] {
  let timeMs = startMs
  const list = makeEvent(who, timeMs, {
    kind: 'http.request',
    operation: 'list',
    system: 'llm-gateway',
    producer: SITES[who.site].gateway,
    status: 200,
    protocol: 'http',
    endpoint: 'GET /v1/models',
    bytes: { in: 310, out: 4211 },
    durationMs: 24,
  })
  const models = stage.cast.models.filter(m => m.operation === 'chat')
  const tries = Array.from({ length: random.int(6, 12) }, () => {
    timeMs += random.logNormal(7000, 0.6)
    const end = random.chance(0.7) ? FORBIDDEN : INVALID
    const model = random.pick(models)
    return callModel(stage, { model, who, timeMs, end, tokensIn: 12, maxTokens: 1 }, random)
  })
  return [list, ...tries]
}

function abroad(country: string, city: string, ip: string, asn: number): Place {
  return { ip, zone: 'internet', asn, geo: { country, city } }
}
