// A call of a model with its answer: language models, embeddings and classic models, with the
// sizes, durations, prices and errors that they have.

import type { Model } from './cast.ts'
import { BLANK, type Draft, type End, OK, type Who } from './draft.ts'
import { type Random, randomOf } from './random.ts'
import { SITES } from './roster.ts'
import type { Stage, Trouble } from './stage.ts'

export type Call = {
  readonly model: Model
  readonly who: Who
  readonly timeMs: number
  readonly interface?: 'chat' | 'api' | 'batch' | 'agent'
  /** Exact where given; otherwise drawn. */
  readonly tokensIn?: number
  readonly tokensOut?: number
  readonly cachedRead?: number
  readonly stream?: boolean
  readonly temperature?: number
  readonly maxTokens?: number
  readonly finish?: string
  /** Records scored in one call of a classic model. */
  readonly rows?: number
  readonly inputHash?: string
  readonly conversation?: string
  readonly trace?: string
  /** How it ends, where that is decided elsewhere. */
  readonly end?: End
}

/** What a service does when a call fails in passing: waits and tries again, twice at most. */
const TRIES_MAX = 3

export function callUntilDone(stage: Stage, call: Call, random: Random): readonly Draft[] {
  const inputHash = call.inputHash ?? random.digest()
  const drafts: Draft[] = []
  let { timeMs } = call
  for (let i = 0; i < TRIES_MAX; i++) {
    const draft = callModel(stage, { ...call, inputHash, timeMs }, random)
    drafts.push(draft)
    const isPassing = draft.status === 429 || draft.status === 503 || draft.status === 502
    if (!isPassing) break
    timeMs += (draft.durationMs ?? 0) + 1000 * 2 ** i * (0.5 + random.next())
  }
  return drafts
}

export function callModel(stage: Stage, call: Call, random: Random): Draft {
  const { model, who, timeMs } = call
  const trouble = stage.troubleAt(model.provider, timeMs)
  const end = call.end ?? endOf(model, trouble, random)
  const release = model.isOwn ? stage.releaseAt(model, timeMs) : model
  const isGateway = model.system === 'llm-gateway'
  const site = SITES[who.site]
  return {
    ...BLANK,
    kind: 'ai.invoke',
    time: Math.round(timeMs),
    actor: who.actor,
    source: who.source,
    ...who.delegation,
    ...end,
    system: model.system,
    operation: model.operation,
    model: {
      provider: model.provider,
      requested: model.name,
      served: model.name,
      version: release.version,
      ...('digest' in release ? { digest: release.digest } : {}),
    },
    protocol: 'http',
    endpoint: model.endpoint,
    interface: call.interface ?? 'api',
    producer: isGateway ? site.gateway : model.system,
    requestId: `req-${random.hex(16)}`,
    inputHash: call.inputHash ?? random.digest(),
    ...(call.conversation === undefined ? {} : { conversation: call.conversation }),
    ...(call.trace === undefined ? {} : { trace: { id: call.trace } }),
    ...(isGateway ? { region: site.region } : {}),
    ...(model.operation === 'predict'
      ? classicParts(call, end, random)
      : tokenParts(call, { end, isSlow: trouble !== null }, random)),
  }
}

type Ending = readonly [below: number, end: End]

const PROVIDER_ENDS: readonly Ending[] = [
  [0.004, { outcome: 'failure', status: 429, reasonCode: 'rate_limited' }],
  [0.006, { outcome: 'failure', status: 500, reasonCode: 'upstream_error' }],
  [0.007, { outcome: 'failure', status: 504, reasonCode: 'upstream_timeout' }],
  [0.009, { outcome: 'failure', status: 400, reasonCode: 'invalid_request' }],
]
const OWN_ENDS: readonly Ending[] = [
  [0.0008, { outcome: 'failure', status: 503, reasonCode: 'not_ready' }],
  [0.003, { outcome: 'failure', status: 422, reasonCode: 'invalid_features' }],
]
const TROUBLE_SHARE = 0.35
const TROUBLES: { readonly [kind in Trouble['kind']]: End } = {
  outage: { outcome: 'failure', status: 502, reasonCode: 'upstream_error' },
  throttling: { outcome: 'failure', status: 429, reasonCode: 'rate_limited' },
}

function endOf(model: Model, trouble: Trouble | null, random: Random): End {
  if (trouble && random.chance(TROUBLE_SHARE)) return TROUBLES[trouble.kind]
  const at = random.next()
  const ends = model.provider === 'own' ? OWN_ENDS : PROVIDER_ENDS
  for (const [below, end] of ends) if (at < below) return end
  return OK
}

function classicParts(call: Call, { outcome }: End, random: Random): Partial<Draft> {
  const rows = call.rows ?? 1
  const isDone = outcome === 'success'
  const perRow = random.logNormal(540, 0.12)
  return {
    rows: isDone ? rows : 0,
    bytes: {
      in: Math.round(180 + rows * perRow),
      out: isDone ? 96 + rows * 41 : 164,
    },
    durationMs: Math.ceil(random.logNormal(call.model.msPerToken, 0.35) + rows * 0.12),
  }
}

const MAX_TOKENS = 1024
const LEFT: End = { outcome: 'failure', status: 499, reasonCode: 'client_closed' }

type Answer = { readonly end: End; readonly isSlow: boolean }

/** Streams are left by their reader once in sixty times. */
function tokenParts(call: Call, { end, isSlow }: Answer, random: Random): Partial<Draft> {
  const { model } = call
  const isChat = model.operation === 'chat'
  const maxTokens = call.maxTokens ?? MAX_TOKENS
  const tokensIn = call.tokensIn ?? Math.ceil(random.logNormal(420, 0.9))
  const stream = isChat && (call.stream ?? false)
  const aborted = stream && end.outcome === 'success' && random.chance(1 / 60)
  const wanted = call.tokensOut ?? Math.ceil(random.logNormal(190, 0.8))
  const whole = end.outcome === 'success' && isChat ? Math.min(wanted, maxTokens) : 0
  const tokensOut = aborted ? Math.floor(whole * random.next()) : whole
  const slowness = isSlow ? 2.5 : 1
  const ttftMs = Math.ceil(slowness * random.logNormal(310, 0.35) + tokensIn * 0.04)
  const perToken = model.msPerToken * slowness * random.logNormal(1, 0.2)
  const finish = wanted > maxTokens ? 'length' : (call.finish ?? 'stop')
  return {
    ...(aborted ? { ...LEFT, aborted } : {}),
    bytes: bytesOf({ tokensIn, tokensOut, stream }, end),
    usage: {
      in: tokensIn,
      out: tokensOut,
      ...(call.cachedRead ? { cachedRead: Math.min(call.cachedRead, tokensIn) } : {}),
    },
    durationMs: Math.ceil(isChat ? ttftMs + tokensOut * perToken : ttftMs / 4),
    ...(stream && tokensOut > 0 ? { ttftMs } : {}),
    costMicros: costOf(call, tokensIn, tokensOut),
    ...(isChat ? { params: { stream, temperature: call.temperature ?? 0.2, maxTokens } } : {}),
    ...(tokensOut > 0 && !aborted ? { finish: [finish] } : {}),
  }
}

type Size = { readonly tokensIn: number; readonly tokensOut: number; readonly stream: boolean }

/** A streamed token comes in an event of its own. */
function bytesOf({ tokensIn, tokensOut, stream }: Size, { outcome }: End): WireBytes {
  const isDone = outcome === 'success'
  const out = stream ? 210 * tokensOut : Math.round(4.6 * tokensOut) + 420
  return { in: Math.round(4.1 * tokensIn) + 310, out: isDone ? out : 187 }
}

type WireBytes = { readonly in: number; readonly out: number }

/** Cached tokens cost a quarter. A call that fails costs nothing. */
function costOf({ model, cachedRead = 0 }: Call, tokensIn: number, tokensOut: number): number {
  if (tokensOut === 0 && model.operation === 'chat') return 0
  const paid = Math.max(0, tokensIn - 0.75 * cachedRead)
  return Math.round((paid * model.priceIn + tokensOut * model.priceOut) / 1000)
}

const COMMON_INPUTS: readonly string[] = (() => {
  const random = randomOf(0, 'common inputs')
  return Array.from({ length: 2048 }, () => random.digest())
})()

/** The hash of an input that others send too: a template, the same page of a shop. */
export function commonInput(random: Random): string {
  // Few are very common.
  return COMMON_INPUTS[Math.floor(2048 * random.next() ** 3)] ?? ''
}
