// A finding: one detector's claim that something is not as it should be, with what was expected,
// what was seen and the events behind it. What a finding says is a function of events alone, so a
// replay makes the same bytes.

import type { SealedEvent } from '@tocsin/sdk/event'

/** Sigma's levels and what one finding of each weighs on the risk scale of 0 to 100. */
export const LEVEL_SCORES = {
  informational: 5,
  low: 20,
  medium: 45,
  high: 70,
  critical: 95,
} as const

export type Level = keyof typeof LEVEL_SCORES

/** Field of an event → the type of entity it names. Rules group by these; alerts are about them. */
export const ENTITY_TYPES = {
  'actor.id': 'actor',
  'actor.credential': 'credential',
  'actor.session': 'session',
  'agent.id': 'agent',
  'source.ip': 'source',
  'model.served': 'model',
  'resource.id': 'resource',
  'tool.name': 'tool',
  system: 'system',
  producer: 'producer',
} as const

export type EntityType = (typeof ENTITY_TYPES)[keyof typeof ENTITY_TYPES]

export type EntityRef = { readonly type: EntityType; readonly id: string }

/** `actor:svc-feast-nightly`: the spelling of an entity in state, API and command line. */
export function entityKey({ type, id }: EntityRef): string {
  return `${type}:${id}`
}

const TYPE_NAMES: readonly EntityType[] = Object.values(ENTITY_TYPES)

/** `actor:svc-a` or, for short, `svc-a`, which is an actor. */
export function parseEntityKey(text: string): EntityRef {
  const colon = text.indexOf(':')
  const type = TYPE_NAMES.find(name => name === text.slice(0, colon))
  return type ? { type, id: text.slice(colon + 1) } : { type: 'actor', id: text }
}

export function parseEntityType(text: string): EntityType {
  return TYPE_NAMES.find(name => name === text) ?? 'actor'
}

/** One thing that made the score. The parts of a finding's features add up to its score. */
export type Feature = {
  /** In words: `reads in 2 h`, `hour of the week`, `country`. */
  readonly name: string
  readonly expected: number | string
  readonly seen: number | string
  readonly part: number
}

export type Finding = {
  /** 32 hex digits, from (rule, entity, window, first event): the same in every replay. */
  readonly id: string
  readonly rule: string
  readonly title: string
  /** Kind of detector: `match`, `event_count`, `baseline_ratio` … */
  readonly detector: string
  readonly level: Level
  readonly tags: readonly string[]
  readonly entity: EntityRef
  /** Time of the event that made it, ms. */
  readonly timeMs: number
  /** Where its window begins; equal to `timeMs` for a single event. */
  readonly startMs: number
  /** 0 to 100. */
  readonly score: number
  /** 0 to 1: low before a baseline is mature. */
  readonly confidence: number
  /** Upper-tail probability under the baseline; null where none is claimed. */
  readonly p: number | null
  readonly expected: number | string | null
  readonly seen: number | string | null
  /** Who did what to what, and why that is unlike them. */
  readonly sentence: string
  readonly features: readonly Feature[]
  /** Newest last, at most EVENT_IDS_MAX; `eventCount` says how many there were. */
  readonly eventIds: readonly string[]
  readonly eventCount: number
  /** Days of baseline behind it, of those wanted; null for what needs none. */
  readonly learning: { readonly days: number; readonly of: number } | null
  /** Of the event that made it: what a response acts on. */
  readonly actor: {
    readonly id: string
    readonly type: string
    readonly verified: string
    readonly session: string | null
    readonly credential: string | null
    /** Stated without proof, beside who it was proved to be; left out where nothing was. */
    readonly claimed?: string
  }
}

export const EVENT_IDS_MAX = 50

/** The actor part of a finding. */
export function actorOf({ actor }: SealedEvent): Finding['actor'] {
  return {
    id: actor.id,
    type: actor.type,
    verified: actor.verified,
    session: actor.session ?? null,
    credential: actor.credential ?? null,
    ...(actor.claimed === undefined ? {} : { claimed: actor.claimed }),
  }
}
