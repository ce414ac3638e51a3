// The made-up company: a pure function from (seed, time range) to events, with labels for what is
// special in them. Any two ranges agree where they overlap, down to the bytes, and any range can be
// asked for at any time. docs/spec/simulation.md describes the world, the numbering and the labels.

import type { WireEvent } from '@tocsin/sdk/event'
import { DAY_MS } from './calendar.ts'
import { CAMPAIGNS, type Campaign, type StoriesConfig, storiesAt } from './campaigns/campaigns.ts'
import type { Cast } from './cast.ts'
import { type Made, makeDays } from './days.ts'
import { makeStage } from './stage.ts'

export {
  CAMPAIGNS,
  type Campaign,
  STORIES,
  type StoriesConfig,
  type Strength,
  storiesAt,
} from './campaigns/campaigns.ts'
export type { Agent, Cast, Dataset, Model, Person, Place, Service, Team } from './cast.ts'

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
  /**
   * Events with `fromMs` ≤ time < `toMs`, in the order of time. Reading it makes the days it needs,
   * so the first event of a day takes longest.
   */
  events(fromMs: number, toMs: number): Generator<WireEvent>
  /**
   * One label for each time a campaign happens in the range, with the events that lie in the range,
   * in the order of campaigns and then of time.
   */
  labels(fromMs: number, toMs: number): readonly Label[]
}

export type WorldConfig = {
  readonly seed: number
  /** What happens on top of everyday life: the benign ones where it is left out. */
  readonly campaigns?: readonly Campaign[]
  /** Attacks too, in the history before a "now" and live after it. None where it is left out. */
  readonly stories?: StoriesConfig
}

export function createWorld(config: WorldConfig): World {
  const { seed, stories, campaigns: usual = CAMPAIGNS } = config
  const campaigns = stories ? [...usual, ...storiesAt(stories)] : usual
  const stage = makeStage(seed)
  const days = makeDays(stage, campaigns)

  function* made(fromMs: number, toMs: number): Generator<Made> {
    for (let day = Math.floor(fromMs / DAY_MS); day * DAY_MS < toMs; day++) {
      const all = days.day(day)
      for (let i = firstAt(all, fromMs); i < all.length; i++) {
        const one = all[i]
        if (!one || one.event.time >= toMs) break
        yield one
      }
    }
  }

  return {
    cast: stage.cast,
    *events(fromMs, toMs) {
      for (const { event } of made(fromMs, toMs)) yield event
    },
    labels: (fromMs, toMs) => labelsOf(campaigns, made(fromMs, toMs)),
  }
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
  const all = [...made]
  return campaigns.flatMap(campaign => {
    const own = all.filter(({ episode }) => episode?.campaign === campaign)
    const episodes = Map.groupBy(own, ({ episode }) => episode?.number ?? 0)
    return [...episodes.values()].flatMap(part => labelOf(campaign, part))
  })
}

function labelOf({ name, kind, strength }: Campaign, made: readonly Made[]): readonly Label[] {
  const events = made.map(({ event }) => event)
  const [first] = events
  const last = events.at(-1)
  if (!first || !last) return []
  const entities = [...new Set(events.map(event => event.actor.id))]
  const eventIds = events.flatMap(event => (event.id === undefined ? [] : [event.id]))
  return [{ campaign: name, kind, strength, entities, eventIds, start: first.time, end: last.time }]
}
