// The made-up company: a pure function from (seed, time range) to events. Every entity's day is
// made from the seed, the entity and the day alone; the days of all are then merged and numbered
// per UTC day. So any two windows agree where they overlap, down to the bytes, and what follows can
// be asked for at any time. docs/spec/simulation.md describes the world, the numbering and the
// labels.

import type { WireEvent } from '@tocsin/sdk/event'
import { DAY_MS, dateText, localDay } from './calendar.ts'
import { CAMPAIGNS, type Campaign } from './campaigns/campaigns.ts'
import { type Cast, makeCast } from './cast.ts'
import type { Draft } from './draft.ts'
import { personDay } from './people.ts'
import { type Random, randomOf } from './random.ts'
import { serviceDay } from './services.ts'

export type { Agent, Cast, Model, Person, Service } from './cast.ts'

export type Label = {
  /** Campaign's name; `benign:…` for hard negatives. */
  readonly campaign: string
  /** Empty for a benign one. */
  readonly kind: string
  readonly strength: number
  /** Actors that take part. */
  readonly entities: readonly string[]
  readonly eventIds: readonly string[]
  /** First and last event, ms. */
  readonly start: number
  readonly end: number
}

export interface World {
  readonly cast: Cast
  /** Events with `fromMs` ≤ time < `toMs`, in the order of time. */
  events(fromMs: number, toMs: number): Generator<WireEvent>
  /** One label per campaign that has events in the range, in the order of campaigns. */
  labels(fromMs: number, toMs: number): readonly Label[]
}

export type WorldConfig = {
  readonly seed: number
  readonly campaigns?: readonly Campaign[]
}

/** Days that are kept once made: enough for a live stream around midnight. */
const DAYS_KEPT = 3
/** An entity's day reaches into two or three days of UTC; each is made once. */
const ENTITY_DAYS_KEPT = 400

type Made = { readonly event: WireEvent; readonly campaign: number }

export function createWorld({ seed, campaigns = CAMPAIGNS }: WorldConfig): World {
  const cast = makeCast(seed)
  const once = keepLast<readonly Draft[]>(ENTITY_DAYS_KEPT)
  const keptDay = keepLast<readonly Made[]>(DAYS_KEPT)
  const dayOf = (day: number) =>
    keptDay(String(day), () => makeDay({ seed, cast, day, campaigns, once }))

  function* made(fromMs: number, toMs: number): Generator<Made> {
    for (let day = Math.floor(fromMs / DAY_MS); day * DAY_MS < toMs; day++) {
      const all = dayOf(day)
      for (let i = firstAt(all, fromMs); i < all.length; i++) {
        const one = all[i]
        if (!one || one.event.time >= toMs) break
        yield one
      }
    }
  }

  return {
    cast,
    *events(fromMs, toMs) {
      for (const { event } of made(fromMs, toMs)) yield event
    },
    labels: (fromMs, toMs) => labelsOf(campaigns, made(fromMs, toMs)),
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

type DayParts = {
  readonly seed: number
  readonly cast: Cast
  /** UTC day. */
  readonly day: number
  readonly campaigns: readonly Campaign[]
  readonly once: Keep<readonly Draft[]>
}

function makeDay({ seed, cast, day, campaigns, once }: DayParts): readonly Made[] {
  const startMs = day * DAY_MS
  const drafts: { readonly draft: Draft; readonly campaign: number }[] = []
  const take = (found: readonly Draft[], campaign: number) => {
    for (const draft of found) {
      const isToday = draft.time >= startMs && draft.time < startMs + DAY_MS
      if (isToday) drafts.push({ draft, campaign })
    }
  }
  for (const person of cast.people) {
    const local = localDay(person.country, startMs)
    // A local day, and a night shift after it, reaches into other days of UTC.
    for (const near of [local - 1, local, local + 1]) {
      const key = `${person.id} ${near}`
      take(
        once(key, () => personDay({ seed, cast, person, day: near })),
        -1,
      )
    }
  }
  for (const service of cast.services) {
    for (const near of [day - 1, day]) {
      const key = `${service.id} ${near}`
      take(
        once(key, () => serviceDay({ seed, cast, service, day: near })),
        -1,
      )
    }
  }
  campaigns.forEach((campaign, i) => {
    for (const near of [day - 1, day, day + 1]) take(campaign.events({ seed, cast, day: near }), i)
  })
  drafts.sort((a, b) => a.draft.time - b.draft.time)
  return number(drafts, day, randomOf(seed, 'ids', day))
}

/**
 * Each producer numbers its records of a day from 1, as an instance does that is started at
 * midnight.
 */
function number(
  drafts: readonly { readonly draft: Draft; readonly campaign: number }[],
  day: number,
  random: Random,
): readonly Made[] {
  const text = dateText(day)
  const last = new Map<string, number>()
  return drafts.map(({ draft, campaign }) => {
    const producer = `${draft.producer}@${text}`
    const producerSeq = (last.get(producer) ?? 0) + 1
    last.set(producer, producerSeq)
    const id = uuidV7(draft.time, random)
    return { campaign, event: { id, ...draft, producer, producerSeq } }
  })
}

/** UUIDv7 (RFC 9562 §5.7) whose random part is the world's. */
function uuidV7(timeMs: number, random: Random): string {
  const time = timeMs.toString(16).padStart(12, '0')
  const rest = random.hex(18)
  const variant = '89ab'[random.int(0, 3)]
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-${variant}${rest.slice(3, 6)}-${rest.slice(6)}`
}

/** Index of the first event at or after a time. */
function firstAt(made: readonly Made[], timeMs: number): number {
  let low = 0
  let high = made.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((made[middle]?.event.time ?? 0) < timeMs) low = middle + 1
    else high = middle
  }
  return low
}

function labelsOf(campaigns: readonly Campaign[], made: Iterable<Made>): readonly Label[] {
  const found = Map.groupBy(made, one => one.campaign)
  return campaigns.flatMap((campaign, i) => {
    const events = found.get(i)?.map(one => one.event) ?? []
    const [first] = events
    const last = events.at(-1)
    if (!first || !last) return []
    const { name, kind, strength } = campaign
    const entities = [...new Set(events.map(event => event.actor.id))]
    const eventIds = events.flatMap(event => (event.id === undefined ? [] : [event.id]))
    return [
      { campaign: name, kind, strength, entities, eventIds, start: first.time, end: last.time },
    ]
  })
}
