// A service account's day (UTC): online ones follow the shop's customers, scheduled ones their
// clock.

import { DAY_MS, HOUR_MS, weekday } from './calendar.ts'
import type { Cast, Service } from './cast.ts'
import { asService, type Draft, dataRead, isReleaseDay, modelCall, plainEvent } from './draft.ts'
import { type Random, randomOf } from './random.ts'

/** Calls of an online service of ordinary load in an ordinary day. */
const ONLINE_CALLS = 340

export type ServiceDay = {
  readonly seed: number
  readonly cast: Cast
  readonly service: Service
  /** UTC day. */
  readonly day: number
}

export function serviceDay(at: ServiceDay): readonly Draft[] {
  const random = randomOf(at.seed, 'service-day', at.service.id, at.day)
  switch (at.service.job) {
    case 'online':
      return online(at, random)
    case 'batch':
      return batch(at, random)
    case 'features':
      return features(at, random)
    case 'ci':
      return ci(at, random)
    case 'retrain':
      return isReleaseDay(at.day + 1) ? retrain(at, random) : []
    default:
      return sync(at, random)
  }
}

/** Customers sleep at night and shop more at the weekend; the day's level wanders a little. */
function online({ service, day }: ServiceDay, random: Random): readonly Draft[] {
  const isWeekend = weekday(day) === 0 || weekday(day) === 6
  const level = service.load * (isWeekend ? 1.25 : 1) * random.logNormal(1, 0.08)
  const who = asService(service)
  const drafts: Draft[] = []
  for (let hour = 0; hour < 24; hour++) {
    const rhythm = 1 - 0.85 * Math.cos(((hour - 3) / 24) * 2 * Math.PI)
    const count = random.poisson((ONLINE_CALLS * level * rhythm) / 24)
    for (let i = 0; i < count; i++) {
      const timeMs = day * DAY_MS + Math.floor((hour + random.next()) * HOUR_MS)
      drafts.push(modelCall(service.model, who, timeMs, random))
    }
  }
  return drafts
}

/** Reads its dataset in parts and scores each, at the same minute every night. */
function batch({ service, day }: ServiceDay, random: Random): readonly Draft[] {
  const who = asService(service)
  const startMs = day * DAY_MS + service.minute * 60_000 + random.int(0, 4000)
  const parts = Math.round(40 * service.load * random.logNormal(1, 0.05))
  return Array.from({ length: parts }, (_, i) => {
    const timeMs = startMs + i * 20_000 + random.int(0, 3000)
    const rows = Math.round(random.logNormal(2000, 0.05))
    return [
      dataRead(service.dataset, who, { timeMs, random }, rows),
      modelCall(service.model, who, timeMs + 4000, random),
      modelCall(service.model, who, timeMs + 9000, random),
    ]
  }).flat()
}

function features({ service, cast, day }: ServiceDay, random: Random): readonly Draft[] {
  const who = asService(service)
  const every = Math.round(1440 / (96 * service.load))
  const drafts: Draft[] = []
  for (let minute = service.minute % every; minute < 1440; minute += every) {
    const parts = {
      kind: 'ai.feature',
      operation: 'materialise',
      system: 'feature-store',
      producer: 'feature-store',
      resource: [{ type: 'feature-view', id: random.pick(cast.featureViews) }],
      rows: Math.round(random.logNormal(5000, 0.1)),
      durationMs: Math.round(random.logNormal(900, 0.2)),
    }
    drafts.push(plainEvent(parts, who, day * DAY_MS + minute * 60_000 + random.int(0, 2000)))
  }
  return drafts
}

/** Runs with every change, so on working days, in bursts. */
function ci({ service, day }: ServiceDay, random: Random): readonly Draft[] {
  const isWorkday = weekday(day) > 0 && weekday(day) < 6
  const who = asService(service)
  const runs = random.poisson(isWorkday ? 7 * service.load : 0.5)
  return Array.from({ length: runs }, () => {
    const startMs = day * DAY_MS + (7 + 11 * random.next()) * HOUR_MS
    return Array.from({ length: random.int(8, 30) }, (_, i) =>
      modelCall(service.model, who, Math.round(startMs + i * 1500 + random.int(0, 700)), random),
    )
  }).flat()
}

function retrain({ service, day }: ServiceDay, random: Random): readonly Draft[] {
  const who = asService(service)
  const startMs = day * DAY_MS + 20 * HOUR_MS + service.minute * 10_000
  const reads = Array.from({ length: 60 }, (_, i) =>
    dataRead(
      service.dataset,
      who,
      { timeMs: startMs + i * 30_000, random },
      Math.round(random.logNormal(20_000, 0.1)),
    ),
  )
  const resource = [{ type: 'model', id: service.model.name }]
  const parts = {
    kind: 'model.change',
    operation: 'register',
    system: 'registry',
    producer: 'registry',
    resource,
  }
  return [...reads, plainEvent(parts, who, startMs + 60 * 30_000)]
}

function sync({ service, cast, day }: ServiceDay, random: Random): readonly Draft[] {
  const who = asService(service)
  const drafts: Draft[] = []
  for (let hour = 0; hour < 24; hour++) {
    const timeMs = day * DAY_MS + hour * HOUR_MS + service.minute * 1000
    for (const dataset of cast.datasets) {
      if (!random.chance(0.8 * service.load)) continue
      const kind = service.id === 'svc-backup-weights' ? 'model.read' : 'data.write'
      const type = kind === 'model.read' ? 'weights' : 'dataset'
      const parts = {
        kind,
        operation: 'sync',
        system: 'lake',
        producer: 'lake-audit',
        resource: [{ type, id: dataset }],
      }
      const rows = Math.round(random.logNormal(400, 0.4))
      drafts.push(plainEvent({ ...parts, rows }, who, timeMs + random.int(0, 50_000)))
    }
  }
  return drafts
}
