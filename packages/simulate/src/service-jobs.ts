// Scheduled work of service accounts: batches at their minute, features, embedding, continuous
// integration, training before releases, loading after them, copies and backups.

import {
  changeKey,
  changeModel,
  readDataset,
  readFeatures,
  readWeights,
  writeDataset,
} from './accesses.ts'
import { DAY_MS, HOUR_MS, isHoliday, isWeekend, MINUTE_MS } from './calendar.ts'
import type { Service } from './cast.ts'
import { OWN_MODELS } from './casting.ts'
import { asService, type Draft, keyOf, type Who } from './draft.ts'
import { callUntilDone } from './model-call.ts'
import type { Random } from './random.ts'
import type { Stage } from './stage.ts'

export type Work = {
  readonly stage: Stage
  readonly service: Service
  /** UTC day. */
  readonly day: number
}

type Job = (work: Work, who: Who, random: Random) => readonly Draft[]

const JOBS: { readonly [job in Service['job']]?: Job } = {
  batch,
  embed,
  features,
  ci,
  retrain,
  sync,
  backup,
  load: loadReleases,
}

export function scheduledWork(work: Work, random: Random): readonly Draft[] {
  const job = JOBS[work.service.job]
  return job ? job(work, asService(work.service, work.day), random) : []
}

/** Each account fetches its new key every four weeks, as the day begins. */
export function keyChange({ service, day }: Work, random: Random): readonly Draft[] {
  const key = keyOf(service, day)
  if (key === keyOf(service, day - 1)) return []
  const moment = { who: asService(service, day - 1), timeMs: day * DAY_MS + 40, random }
  return [changeKey(moment, 'rotate', key)]
}

/** When a day's run begins: the same minute, a few seconds late. */
function startOf({ service, day }: Work, random: Random): number {
  return day * DAY_MS + service.minute * MINUTE_MS + random.int(400, 9000)
}

/** Reads its dataset part by part, scores each, writes what came out. */
function batch(work: Work, who: Who, random: Random): readonly Draft[] {
  const { stage, service } = work
  const isLlm = service.model.operation === 'chat'
  const parts = Math.round(44 * service.load * random.logNormal(1, 0.06))
  const drafts: Draft[] = []
  let timeMs = startOf(work, random)
  for (let i = 0; i < parts; i++) {
    const read = readDataset({ who, timeMs, random }, service.dataset, random.logNormal(2000, 0.04))
    drafts.push(read)
    timeMs = read.time + (read.durationMs ?? 0) + random.int(20, 90)
    for (let call = 0; call < 2; call++) {
      const batchCall = { model: service.model, who, timeMs, interface: 'batch' } as const
      const size = isLlm ? { maxTokens: 600, temperature: 0 } : { rows: 1000 }
      const done = callUntilDone(stage, { ...batchCall, ...size }, random)
      drafts.push(...done)
      const last = done.at(-1)
      timeMs = (last?.time ?? timeMs) + (last?.durationMs ?? 0) + random.int(20, 90)
    }
    timeMs += random.logNormal(6000, 0.3)
  }
  const output = { id: `s3://lake/${service.store}_scores`, class: service.dataset.class }
  drafts.push(writeDataset({ who, timeMs, random }, output, parts * 2000))
  return drafts
}

/** New documents of the last hour: many in office hours, few at night. */
function embed({ stage, service, day }: Work, who: Who, random: Random): readonly Draft[] {
  const drafts: Draft[] = []
  for (let hour = 0; hour < 24; hour++) {
    const isBusy = hour >= 6 && hour < 20 && !isWeekend(day)
    const documents = random.poisson(isBusy ? 7 : 1.2)
    if (documents === 0) continue
    let timeMs = day * DAY_MS + hour * HOUR_MS + 7 * MINUTE_MS + random.int(200, 5000)
    drafts.push(readDataset({ who, timeMs, random }, service.dataset, documents))
    for (let i = 0; i < documents; i++) {
      timeMs += random.int(150, 700)
      const tokensIn = Math.ceil(random.logNormal(1700, 0.6))
      drafts.push(...callUntilDone(stage, { model: service.model, who, timeMs, tokensIn }, random))
    }
    const index = { id: `index://${service.store}`, class: 'internal' } as const
    drafts.push(writeDataset({ who, timeMs: timeMs + 900, random }, index, documents * 6))
  }
  return drafts
}

/** From the lake into the online store. */
function features(work: Work, who: Who, random: Random): readonly Draft[] {
  const { service, day } = work
  const drafts: Draft[] = []
  const startMs = service.every >= 1440 ? startOf(work, random) - day * DAY_MS : 0
  for (let minute = service.minute % service.every; minute < 1440; minute += service.every) {
    const timeMs = day * DAY_MS + (startMs > 0 ? startMs : minute * MINUTE_MS) + random.int(0, 1800)
    const rows = random.logNormal(service.every >= 1440 ? 90_000 : 3000, 0.12)
    const read = readDataset({ who, timeMs, random }, service.dataset, rows)
    const extra = { operation: 'materialise', protocol: 'grpc' }
    const atMs = read.time + (read.durationMs ?? 0) + 40
    drafts.push(read, readFeatures({ who, timeMs: atMs, random }, service.store, rows, extra))
  }
  return drafts
}

/** Runs with every change to the code, so in working hours, each a burst of calls. */
function ci({ stage, service, day }: Work, who: Who, random: Random): readonly Draft[] {
  const isQuiet = isWeekend(day) || isHoliday('DE', day)
  const runs = random.poisson(isQuiet ? 0.4 : 8 * service.load)
  return Array.from({ length: runs }, () => {
    const startMs = day * DAY_MS + (7 + 13 * random.next() * random.next() ** 0.3) * HOUR_MS
    const drafts: Draft[] = []
    const trace = random.hex(32)
    let timeMs = startMs
    for (let left = random.int(10, 36); left > 0; left--) {
      const call = { model: service.model, who, timeMs, trace, maxTokens: 256, temperature: 0 }
      drafts.push(...callUntilDone(stage, call, random))
      timeMs += random.logNormal(1300, 0.4)
    }
    return drafts
  }).flat()
}

/** The evening before a release of its model: data, features, a new version. */
function retrain({ stage, service, day }: Work, who: Who, random: Random): readonly Draft[] {
  const release = stage.releasesOn(day + 1).find(r => r.model === service.model)
  if (!release) return []
  let timeMs = day * DAY_MS + 19 * HOUR_MS + service.minute * 6000
  const drafts: Draft[] = []
  for (let i = 0; i < 48; i++) {
    timeMs += random.int(12_000, 30_000)
    const moment = { who, timeMs, random }
    drafts.push(readDataset(moment, service.dataset, random.logNormal(20_000, 0.1)))
    if (i % 4 === 3) {
      const extra = { operation: 'read_historical' }
      drafts.push(readFeatures(moment, service.store, random.logNormal(9000, 0.1), extra))
    }
  }
  const trained = { who, timeMs: timeMs + random.int(40, 90) * MINUTE_MS, random }
  return [...drafts, changeModel(trained, service.model, 'register', release)]
}

/** From the sources into the lake, several times an hour, one dataset after the other. */
function sync({ stage, service, day }: Work, who: Who, random: Random): readonly Draft[] {
  const drafts: Draft[] = []
  for (let minute = service.minute % service.every; minute < 1440; minute += service.every) {
    let timeMs = day * DAY_MS + minute * MINUTE_MS + random.int(0, 4000)
    const isNight = minute < 300
    for (const dataset of stage.cast.datasets.slice(0, isNight ? 4 : 8)) {
      if (random.chance(0.35)) continue
      timeMs += random.int(300, 2500)
      const rows = random.logNormal(isNight ? 120 : 420, 0.5)
      drafts.push(writeDataset({ who, timeMs, random }, dataset, rows))
    }
  }
  return drafts
}

/** Every night all weights of the company's own models. */
function backup(work: Work, who: Who, random: Random): readonly Draft[] {
  let timeMs = startOf(work, random)
  return OWN_MODELS.flatMap(model => {
    const list = readWeights({ who, timeMs, random }, model, 'list')
    const copy = readWeights({ who, timeMs: timeMs + 300, random }, model, 'download')
    timeMs = copy.time + (copy.durationMs ?? 0) + random.int(500, 4000)
    return [list, copy]
  })
}

/** Servers fetch weights after a release, two replicas each, and when one is started again. */
function loadReleases({ stage, day }: Work, who: Who, random: Random): readonly Draft[] {
  const fetch = (timeMs: number, model: (typeof OWN_MODELS)[number]) =>
    readWeights({ who, timeMs, random }, model, 'download')
  const drafts = stage.releasesOn(day).flatMap(release => {
    const { model, timeMs, manager } = release
    const moment = { who, timeMs, random }
    const promoted = manager ? [] : [changeModel(moment, model, 'promote', release)]
    const fetched = [8000, 21_000].map(later => fetch(timeMs + later + random.int(0, 3000), model))
    return [...promoted, ...fetched]
  })
  for (let left = random.poisson(3); left > 0; left--) {
    drafts.push(fetch(day * DAY_MS + random.next() * DAY_MS, random.pick(OWN_MODELS)))
  }
  return drafts
}
