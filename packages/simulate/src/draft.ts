// Events before they are numbered, and who appears in them: a person in a session, a person's
// script with its key, a service account, an agent.

import type { Outcome, WireEvent } from '@tocsin/sdk/event'
import { type Country, DAY_MS, dateOf } from './calendar.ts'
import type { Agent, Person, Place, Service } from './cast.ts'

/**
 * An event before its place in the stream gives it an id and a number: both stand in it as blanks,
 * since objects of one shape are copied fastest. `producer` has no day yet.
 */
export type Draft = WireEvent & {
  readonly id: string
  readonly producer: string
  readonly producerSeq: number
}

export const BLANK = { id: '', producerSeq: 0 } as const

export type Who = {
  /** Decides which gateway takes the call. */
  readonly site: Country
  readonly actor: WireEvent['actor']
  readonly source: NonNullable<WireEvent['source']>
  /** The agent and whom it works for. */
  readonly delegation: Pick<WireEvent, 'agent' | 'onBehalfOf'>
}

const NOBODY = {}

/** A login of a person, from one place with one browser. */
export type Session = {
  readonly person: Person
  readonly id: string
  readonly place: Place
  readonly userAgent: string
  readonly logonMs: number
}

export function asPerson({ person, id, place, userAgent, logonMs }: Session): Who {
  const auth = { acr: 'aal2', amr: ['pwd', 'otp'], mfa: true, authTime: logonMs }
  const actor = { type: 'human', id: person.id, session: id, groups: [person.team], auth } as const
  return { site: person.country, actor, source: { ...place, userAgent }, delegation: NOBODY }
}

/** Somebody at the login page, before there is a session. */
export function asStranger({ person, place, userAgent }: Session): Who {
  const actor = { type: 'human', id: person.id } as const
  return { site: person.country, actor, source: { ...place, userAgent }, delegation: NOBODY }
}

/** A notebook or script of theirs, which calls with a key and not with the browser's session. */
export function asScript({ person, place }: Session): Who {
  const groups = [person.team]
  const actor = { type: 'human', id: person.id, credential: person.apiKey, groups } as const
  const source = { ...place, userAgent: person.library }
  return { site: person.country, actor, source, delegation: NOBODY }
}

/** Keys of service accounts change every four weeks. */
export const KEY_DAYS = 28

/** `day` in UTC. */
export function keyOf(service: Service, day: number): string {
  return `${service.id}-key-${Math.floor((day + service.minute) / KEY_DAYS) - 700}`
}

export function asService(service: Service, day: number): Who {
  const { id, ip, userAgent } = service
  const actor = { type: 'service', id, credential: keyOf(service, day) } as const
  const source = { ip, userAgent, zone: 'cluster' }
  return { site: 'DE', actor, source, delegation: NOBODY }
}

/** An agent at work; for a person, unless it woke by itself. */
export function asAgent(agent: Agent, person: Person | null, timeMs: number): Who {
  const { id } = agent
  const { year, month } = dateOf(Math.floor(timeMs / DAY_MS))
  const version = `1.${12 * (year - 2026) + month}`
  // Two instances of each run; which one takes a run depends on its second.
  const instance = `${id}-${Math.floor(timeMs / 1000) % 2}`
  const source = { ip: '10.60.90.4', userAgent: `agent-runtime/${version}`, zone: 'cluster' }
  const actor = { type: 'agent', id, credential: `${id}-key` } as const
  const onBehalfOf = person ? { onBehalfOf: [{ type: 'human', id: person.id } as const] } : {}
  const delegation = { agent: { id, instance, version }, ...onBehalfOf }
  return { site: person?.country ?? 'DE', actor, source, delegation }
}

/** How a request ended. */
export type End = {
  readonly outcome: Outcome
  readonly status: number
  readonly reasonCode?: string
}

export const OK: End = { outcome: 'success', status: 200 }
export const FORBIDDEN: End = { outcome: 'denied', status: 403, reasonCode: 'not_allowed' }

type Required = Pick<Draft, 'kind' | 'operation' | 'system' | 'producer'>

/** An event from its parts: successful unless they say something else. */
export function makeEvent(who: Who, timeMs: number, parts: Required & Partial<Draft>): Draft {
  return {
    ...BLANK,
    time: Math.round(timeMs),
    outcome: 'success',
    actor: who.actor,
    source: who.source,
    ...who.delegation,
    ...parts,
  }
}
