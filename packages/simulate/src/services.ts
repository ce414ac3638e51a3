// Service accounts at work: the online ones follow the company's customers and their hours. A day
// (UTC) is made from the service and the day alone; scheduled work is in service-jobs.ts.

import { judge, readFeatures, searchIndex } from './accesses.ts'
import { DAY_MS, HOUR_MS, isHoliday, isWeekend } from './calendar.ts'
import type { Service } from './cast.ts'
import { asService, type Draft, type Who } from './draft.ts'
import { callModel, callUntilDone, commonInput } from './model-call.ts'
import { type Random, randomOf } from './random.ts'
import { keyChange, scheduledWork } from './service-jobs.ts'
import type { Stage } from './stage.ts'

export type ServiceDay = {
  readonly stage: Stage
  readonly service: Service
  /** UTC day. */
  readonly day: number
}

type Request = ServiceDay & {
  readonly who: Who
  readonly timeMs: number
  readonly random: Random
}

type Answer = (request: Request) => readonly Draft[]

/** Online jobs: requests of an ordinary day at load 1, and what one request does. */
const ONLINE: { readonly [job in Service['job']]?: readonly [perDay: number, Answer] } = {
  score: [270, score],
  rerank: [230, rerank],
  answer: [150, answerFromKnowledge],
  chat: [170, chatTurns],
  triage: [210, triage],
}

export function serviceDay(at: ServiceDay): readonly Draft[] {
  const random = randomOf(at.stage.seed, 'service day', at.service.id, at.day)
  const online = ONLINE[at.service.job]
  const work = online ? onlineDay(at, online, random) : scheduledWork(at, random)
  return [...keyChange(at, random), ...work]
}

function onlineDay(
  at: ServiceDay,
  [perDay, answer]: readonly [number, Answer],
  random: Random,
): readonly Draft[] {
  const { service, day } = at
  const who = asService(service, day)
  const level = perDay * service.load * dayLevel(service, day) * random.logNormal(1, 0.07)
  const drafts: Draft[] = []
  for (let hour = 0; hour < 24; hour++) {
    const mean = (level * hourShare(service, hour) * random.logNormal(1, 0.15)) / 24
    for (let left = random.poisson(mean); left > 0; left--) {
      const timeMs = day * DAY_MS + Math.floor((hour + random.next()) * HOUR_MS)
      drafts.push(...answer({ ...at, who, timeMs, random }))
    }
  }
  return drafts
}

/** The shop sells more at the weekend; offices rest. */
function dayLevel({ rhythm }: Service, day: number): number {
  if (rhythm === 'shop') return isWeekend(day) ? 1.2 : 1
  if (rhythm === 'flat') return isWeekend(day) ? 0.85 : 1
  if (isWeekend(day)) return 0.22
  return isHoliday('DE', day) ? 0.4 : 1.1
}

/** Share of an hour (UTC) against the mean of a day. Customers are mostly in Europe. */
function hourShare({ rhythm }: Service, hour: number): number {
  // Peaks at 18 UTC for the shop, 11 for offices.
  const peak = rhythm === 'office' ? 11 : 17.5
  const depth = rhythm === 'flat' ? 0.45 : 0.82
  const wave = Math.cos(((hour + 0.5 - peak) / 24) * 2 * Math.PI)
  const noon = rhythm === 'office' ? 0 : 0.18 * Math.exp(-((hour - 11.5) ** 2) / 3)
  return 1 + depth * wave + noon
}

/** Features of the customer, then the model; both belong to one trace. */
function score({ stage, service, who, timeMs, random }: Request): readonly Draft[] {
  const { model, store } = service
  const trace = random.hex(32)
  const extra = { trace: { id: trace } }
  const features = readFeatures({ who, timeMs, random }, store, 1, extra)
  const atMs = features.time + (features.durationMs ?? 0) + 2
  const isCommon = random.chance(0.12)
  const input = isCommon ? { inputHash: commonInput(random) } : {}
  const call = { model, who, timeMs: atMs, trace, ...input }
  return [features, ...callUntilDone(stage, call, random)]
}

function rerank({ stage, service, who, timeMs, random }: Request): readonly Draft[] {
  const trace = random.hex(32)
  const inputHash = random.chance(0.4) ? commonInput(random) : random.digest()
  const extra = { trace: { id: trace }, inputHash }
  const found = searchIndex({ who, timeMs, random }, service.store, extra)
  const atMs = found.time + (found.durationMs ?? 0) + 2
  const call = { model: service.model, who, timeMs: atMs, trace, inputHash, rows: found.rows ?? 1 }
  return [found, ...callUntilDone(stage, call, random)]
}

function answerFromKnowledge(request: Request): readonly Draft[] {
  const { stage, service, who, timeMs, random } = request
  const trace = random.hex(32)
  const extra = { trace: { id: trace } }
  const found = searchIndex({ who, timeMs, random }, service.store, extra)
  const atMs = found.time + (found.durationMs ?? 0) + 5
  const tokensIn = 350 + Math.ceil((found.rows ?? 0) * random.logNormal(230, 0.15))
  const call = {
    model: service.model,
    who,
    timeMs: atMs,
    tokensIn,
    cachedRead: 320,
    stream: true,
    trace,
  }
  return [found, ...callUntilDone(stage, call, random)]
}

/** Conversations of customers on their phones. */
function chatTurns({ stage, service, who, timeMs, random }: Request): readonly Draft[] {
  const conversation = `conv-${random.hex(12)}`
  const drafts: Draft[] = []
  let atMs = timeMs
  let context = 240
  for (let left = 1 + random.poisson(1.2); left > 0; left--) {
    const tokensIn = context + Math.ceil(random.logNormal(34, 0.8))
    const call = { model: service.model, who, timeMs: atMs, stream: true, conversation, tokensIn }
    const tokensOut = Math.ceil(random.logNormal(95, 0.6))
    if (random.chance(0.006)) {
      const verdict = { id: 'guard-topic', decision: 'deny' } as const
      drafts.push(judge({ who, timeMs: atMs, random }, verdict, { conversation }))
      const end = { outcome: 'denied', status: 403, reasonCode: verdict.id } as const
      drafts.push(callModel(stage, { ...call, timeMs: atMs + 30, end }, random))
      break
    }
    const answers = callUntilDone(stage, { ...call, tokensOut }, random)
    drafts.push(...answers)
    const last = answers.at(-1)
    context = tokensIn + (last?.usage?.out ?? 0)
    atMs = (last?.time ?? atMs) + (last?.durationMs ?? 0) + random.logNormal(22_000, 0.7)
  }
  return drafts
}

/** One mail, one short answer: which queue. */
function triage({ stage, service, who, timeMs, random }: Request): readonly Draft[] {
  const tokensIn = 410 + Math.ceil(random.logNormal(260, 0.7))
  const tokensOut = random.int(6, 24)
  const call = { model: service.model, who, timeMs, tokensIn, tokensOut, cachedRead: 400 }
  return callUntilDone(stage, { ...call, temperature: 0, maxTokens: 64 }, random)
}
