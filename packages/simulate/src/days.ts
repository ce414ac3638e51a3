// A day of the world (UTC): the days of all entities that reach into it, merged in the order of
// time and numbered. A day is made at once and kept for a while, so second after second is cheap.

import type { WireEvent } from '@tocsin/sdk/event'
import { agentDay } from './agents.ts'
import { DAY_MS, dateText, localDay } from './calendar.ts'
import type { Campaign } from './campaigns/campaigns.ts'
import type { Draft } from './draft.ts'
import { personDay } from './person-day.ts'
import { type Random, randomOf } from './random.ts'
import { serviceDay } from './services.ts'
import type { Stage } from './stage.ts'
import { isNew, traineeOn } from './trainees.ts'

/** An event and the episode of a campaign it belongs to; null for everyday life. */
export type Made = { readonly event: WireEvent; readonly episode: Episode | null }

export type Episode = { readonly campaign: Campaign; readonly number: number }

/** Days that are kept once made: enough for a live stream around midnight. */
const DAYS_KEPT = 3
/** An entity's day reaches into two or three days of UTC; each is made once. */
const ENTITY_DAYS_KEPT = 500

export interface Days {
  /** All of a UTC day, in the order of time. */
  day(day: number): readonly Made[]
}

export function makeDays(stage: Stage, campaigns: readonly Campaign[]): Days {
  const entityDays = keepLast<readonly Draft[]>(ENTITY_DAYS_KEPT)
  const days = keepLast<readonly Made[]>(DAYS_KEPT)
  return {
    day: day => days(String(day), () => makeDay({ stage, campaigns, entityDays, day })),
  }
}

/** Makes a value once for each key and forgets the oldest. */
type Keep<T> = (key: string, make: () => T) => T

function keepLast<T>(most: number): Keep<T> {
  const kept = new Map<string, T>()
  return (key, make) => {
    const found = kept.get(key)
    if (found !== undefined) return found
    for (const oldest of kept.keys()) {
      if (kept.size < most) break
      kept.delete(oldest)
    }
    const made = make()
    kept.set(key, made)
    return made
  }
}

type Parts = {
  readonly stage: Stage
  readonly campaigns: readonly Campaign[]
  readonly entityDays: Keep<readonly Draft[]>
  readonly day: number
}

type Placed = { readonly draft: Draft; readonly episode: Episode | null }

function makeDay(parts: Parts): readonly Made[] {
  const { stage, campaigns, entityDays, day } = parts
  const startMs = day * DAY_MS
  const placed: Placed[] = []
  const take = (drafts: readonly Draft[], episode: Episode | null) => {
    for (const draft of drafts) {
      const isToday = draft.time >= startMs && draft.time < startMs + DAY_MS
      if (isToday) placed.push({ draft, episode })
    }
  }
  for (const drafts of everyday(parts)) take(drafts, null)
  for (const [at, campaign] of campaigns.entries()) {
    for (const near of around(day)) {
      const make = () => campaign.events({ stage, day: near })
      const drafts = entityDays(`${at} ${campaign.name} ${near}`, make)
      take(drafts, { campaign, number: campaign.episodeOf(near) })
    }
  }
  // The sort is stable, so events of one millisecond keep the order of the cast.
  placed.sort((a, b) => a.draft.time - b.draft.time)
  return number(placed, day, randomOf(stage.seed, 'ids', day))
}

/** A local day, a night shift after it, or a long run reaches into other days of UTC. */
function around(day: number): readonly number[] {
  return [day - 1, day, day + 1]
}

function* everyday({ stage, entityDays, day }: Parts): Generator<readonly Draft[]> {
  for (const person of stage.cast.people) {
    for (const near of around(localDay(person.country, day * DAY_MS))) {
      yield entityDays(`${person.id} ${near}`, () => personDay({ stage, person, day: near }))
    }
  }
  for (const near of around(day)) {
    const trainee = traineeOn(stage, near)
    if (isNew(trainee, near)) continue
    const { person } = trainee
    yield entityDays(`${person.id} ${near}`, () => personDay({ stage, person, day: near }))
  }
  for (const near of [day - 1, day]) {
    for (const service of stage.cast.services) {
      yield entityDays(`${service.id} ${near}`, () => serviceDay({ stage, service, day: near }))
    }
    for (const agent of stage.cast.agents) {
      yield entityDays(`${agent.id} ${near}`, () => agentDay(stage, agent, near))
    }
  }
}

/**
 * Each producer numbers its events of a day from 1, as an instance does that is started at
 * midnight.
 */
function number(placed: readonly Placed[], day: number, random: Random): readonly Made[] {
  const text = dateText(day)
  const counts = new Map<string, { readonly producer: string; last: number }>()
  return placed.map(({ draft, episode }) => {
    let count = counts.get(draft.producer)
    if (!count) {
      count = { producer: `${draft.producer}@${text}`, last: 0 }
      counts.set(draft.producer, count)
    }
    count.last += 1
    const { producer, last: producerSeq } = count
    const id = uuidV7(draft.time, random)
    return { episode, event: { ...draft, id, producer, producerSeq } }
  })
}

/** UUIDv7 (RFC 9562 §5.7) whose random part is the world's. */
function uuidV7(timeMs: number, random: Random): string {
  const time = timeMs.toString(16).padStart(12, '0')
  const rest = random.hex(24)
  const variant = '89ab'[random.int(0, 3)]
  const tail = `${rest.slice(3, 6)}-${rest.slice(6, 18)}`
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-${variant}${tail}`
}
