// Events before they are numbered: what each kind of access looks like, with sizes, durations and
// outcomes as they are met in practice.

import type { Outcome, WireEvent } from '@tocsin/sdk/event'
import { weekday } from './calendar.ts'
import type { Agent, Model, Person, Service } from './cast.ts'
import { type Random, randomOf } from './random.ts'

/** An event without the id and number that its place in the stream gives it. */
export type Draft = Omit<WireEvent, 'id' | 'producerSeq'> & { readonly producer: string }

export type Who = Pick<WireEvent, 'actor' | 'source' | 'agent' | 'onBehalfOf' | 'conversation'>

export type PersonSession = {
  readonly person: Person
  readonly session: string
  readonly ip: string
}

export function asPerson({ person, session, ip }: PersonSession): Who {
  const groups = [person.team]
  return {
    actor: { type: 'human', id: person.id, session, groups, auth: { acr: 'aal2', mfa: true } },
    source: { ip, userAgent: person.userAgent, zone: ip.startsWith('10.') ? 'office' : 'internet' },
  }
}

export function asService({ id, ip }: Service): Who {
  return {
    actor: { type: 'service', id, credential: `sa:${id}` },
    source: { ip, userAgent: 'python-httpx/0.28.1', zone: 'cluster' },
  }
}

export function asAgent({ id, instance }: Agent, person: Person, conversation: string): Who {
  return {
    actor: { type: 'agent', id, credential: `sa:${id}` },
    agent: { id, instance, version: '1.4' },
    onBehalfOf: [{ type: 'human', id: person.id }],
    source: { ip: '10.60.90.4', userAgent: 'agent-runtime/1.4', zone: 'cluster' },
    conversation,
  }
}

/** Own models get a new version on release days: every second Tuesday. */
export function isReleaseDay(day: number): boolean {
  return weekday(day) === 2 && Math.floor((day + 4) / 7) % 2 === 0
}

export function modelVersion(model: Model, day: number): string {
  if (model.provider !== 'own') return model.name.startsWith('claude') ? '20250514' : '2024-08-06'
  const releases = Math.floor((Math.floor((day + 2) / 7) - 2800) / 2)
  return `1.${Math.max(0, releases)}.0`
}

type End = {
  readonly outcome: Outcome
  readonly status: number
  readonly reasonCode?: string
  readonly aborted?: boolean
}

const ENDS: readonly (readonly [number, End])[] = [
  [0.006, { outcome: 'failure', status: 429, reasonCode: 'rate_limited' }],
  [0.01, { outcome: 'failure', status: 500, reasonCode: 'upstream_error' }],
  [0.013, { outcome: 'denied', status: 403, reasonCode: 'not_allowed' }],
  [0.019, { outcome: 'failure', status: 400, reasonCode: 'invalid_request' }],
]

function endOf(random: Random): End {
  const at = random.next()
  return ENDS.find(([below]) => at < below)?.[1] ?? { outcome: 'success', status: 200 }
}

/** A call of a model, with its answer. */
export function modelCall(model: Model, who: Who, timeMs: number, random: Random): Draft {
  const day = Math.floor(timeMs / 86_400_000)
  const end = endOf(random)
  const isLlm = model.operation !== 'predict'
  const aborted = isLlm && end.outcome === 'success' && random.chance(0.01)
  const tokensIn = Math.round(random.logNormal(isLlm ? 420 : 1, isLlm ? 0.9 : 0))
  const isAnswered = end.outcome === 'success' && model.operation === 'chat'
  const tokensOut = isAnswered ? Math.round(random.logNormal(aborted ? 40 : 180, 0.8)) : 0
  const durationMs = Math.round(
    isLlm ? 180 + tokensOut * random.logNormal(14, 0.3) : random.logNormal(18, 0.5),
  )
  const bytesIn = isLlm ? tokensIn * 4 + 310 : Math.round(random.logNormal(620, 0.3))
  return {
    kind: 'ai.invoke',
    time: timeMs,
    ...end,
    ...(aborted ? { outcome: 'failure' as const, aborted, reasonCode: 'client_closed' } : {}),
    ...who,
    system: model.system,
    operation: model.operation,
    model: {
      provider: model.provider,
      requested: model.name,
      served: model.name,
      version: modelVersion(model, day),
    },
    protocol: 'http',
    endpoint: model.endpoint,
    producer: model.system,
    inputHash: inputHash(random),
    bytes: { in: bytesIn, out: end.outcome === 'success' ? tokensOut * 5 + 240 : 180 },
    durationMs,
    ...(isLlm ? llmParts(model, { tokensIn, tokensOut, durationMs }, random) : {}),
  }
}

const COMMON_INPUTS: readonly string[] = (() => {
  const random = randomOf(0, 'common inputs')
  return Array.from({ length: 4096 }, () => random.hex(64))
})()

/** Half of all inputs come again: health checks, templates, the same product page. */
function inputHash(random: Random): string {
  return random.chance(0.5) ? random.pick(COMMON_INPUTS) : random.hex(64)
}

type Volume = { readonly tokensIn: number; readonly tokensOut: number; readonly durationMs: number }

function llmParts(model: Model, volume: Volume, random: Random): Partial<Draft> {
  const { tokensIn, tokensOut, durationMs } = volume
  const stream = model.operation === 'chat' && random.chance(0.6)
  return {
    usage: { in: tokensIn, out: tokensOut },
    costMicros: Math.round((tokensIn * model.priceIn + tokensOut * model.priceOut) / 1000),
    params: {
      stream,
      ...(model.operation === 'chat' ? { temperature: 0.2, maxTokens: 1024 } : {}),
    },
    ...(stream ? { ttftMs: Math.min(durationMs, Math.round(random.logNormal(260, 0.4))) } : {}),
    ...(tokensOut > 0 ? { finish: ['stop'] } : {}),
  }
}

export function dataRead(dataset: string, who: Who, at: Moment, rows: number): Draft {
  const { timeMs, random } = at
  return {
    kind: 'data.read',
    time: timeMs,
    outcome: random.chance(0.004) ? 'denied' : 'success',
    ...who,
    system: 'lake',
    operation: 'read',
    resource: [
      {
        type: 'dataset',
        id: dataset,
        class: dataset.includes('customers') ? 'personal' : 'internal',
      },
    ],
    protocol: 's3',
    endpoint: 'GET object',
    producer: 'lake-audit',
    rows,
    bytes: { in: 400, out: Math.round(rows * random.logNormal(160, 0.1)) },
    durationMs: Math.round(40 + rows * random.logNormal(0.02, 0.2)),
  }
}

export type Moment = { readonly timeMs: number; readonly random: Random }

/** Everything that has no sizes of its own: logins, tools, administration, features, policy. */
export function plainEvent(
  parts: Pick<Draft, 'kind' | 'operation' | 'system' | 'producer'> & Partial<Draft>,
  who: Who,
  timeMs: number,
): Draft {
  return { time: timeMs, outcome: 'success', ...who, ...parts }
}
