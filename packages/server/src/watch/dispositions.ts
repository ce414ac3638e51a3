// What people say of alerts and entities, as events: an alert is acknowledged, resolved (true,
// benign or false, with cause and what was prevented) or reopened; an entity is more or less
// critical. An alert's state is the fold of its dispositions, which are numbered: the id of an
// event comes from alert and number, so the log itself refuses that two people decide at once.

import { hash } from 'node:crypto'
import { CAUSES, type Cause, DISPOSITIONS, type DispositionKind } from '@tocsin/detect/alert'
import { type EntityRef, parseEntityType } from '@tocsin/detect/finding'
import { CRITICALITY, type Criticality } from '@tocsin/detect/risk'
import { TocsinError } from '@tocsin/sdk/errors'
import type { SealedEvent, WireEvent } from '@tocsin/sdk/event'
import { OWN_VIA } from '../query/query.ts'
import { eventIdOf } from './found.ts'

export type Action = 'acknowledged' | DispositionKind
export const ACTIONS: readonly Action[] = ['acknowledged', ...DISPOSITIONS]
export const ALERT_STATES = ['open', 'acknowledged', 'resolved'] as const
export type AlertState = (typeof ALERT_STATES)[number]

/** What did not happen because of the alert; null where nobody says. */
export type Prevented = { readonly rows: number | null; readonly costMicros: number | null }

export type Disposition = {
  readonly alertId: string
  readonly entity: EntityRef
  /** 1 for the first of an alert, then one more each. */
  readonly revision: number
  readonly action: Action
  /** Only with `true`, `benign`, `false`. */
  readonly cause: Cause | null
  readonly prevented: Prevented
  readonly note: string | null
}

/** A disposition as the log has it: by whom, when, in which event. */
export type Disposed = Disposition & {
  readonly by: string
  readonly timeMs: number
  readonly eventId: string
}

/** Who decides, as the log names them, with which key. */
export type Decider = { readonly principal: string; readonly keyId: string }

export const NOTE_CHARS_MAX = 1000
export const NOTHING_PREVENTED: Prevented = { rows: null, costMicros: null }

const OPERATIONS: { readonly [action in Action]: string } = {
  acknowledged: 'alert.acknowledge',
  true: 'alert.resolve',
  benign: 'alert.resolve',
  false: 'alert.resolve',
  reopened: 'alert.reopen',
}

export function dispositionEvent(said: Disposition, by: Decider, timeMs: number): WireEvent {
  const digest = hash('sha256', `disposition ${said.alertId} ${said.revision}`)
  return {
    id: eventIdOf(digest.slice(0, 32)),
    ...ownEvent(OPERATIONS[said.action], by, timeMs),
    ext: { tocsin: { disposition: { ...said, entity: { ...said.entity } } } },
  }
}

export function criticalityEvent(
  { entity, level }: { readonly entity: EntityRef; readonly level: Criticality },
  by: Decider,
  timeMs: number,
): WireEvent {
  return {
    ...ownEvent('entity.criticality', by, timeMs),
    ext: { tocsin: { criticality: { entity: { ...entity }, level } } },
  }
}

function ownEvent(operation: string, by: Decider, timeMs: number): WireEvent {
  return {
    kind: 'tocsin.disposition',
    time: timeMs,
    outcome: 'success',
    actor: { type: 'human', id: by.principal, credential: by.keyId },
    operation,
    system: 'tocsin',
  }
}

/** An event of Tocsin's own, before or after it was sealed. */
export type OwnEvent = Pick<WireEvent, 'id' | 'kind' | 'time' | 'actor' | 'ext'>

/** null unless the server itself wrote the event: `via` is set by nobody else. */
export function parseDisposition(
  event: SealedEvent,
): (Disposed & { readonly isFinal: boolean; readonly isNormal: boolean }) | null {
  const said = event.via === OWN_VIA ? parseDisposed(event) : null
  return said && { ...said, isFinal: isFinal(said.action), isNormal: isNormal(said) }
}

function isFinal(action: Action): boolean {
  return action === 'true' || action === 'benign' || action === 'false'
}

/** A fault in the data is no alarm, and still nothing to be learnt as the entity's own way. */
function isNormal({ action, cause }: Disposition): boolean {
  return (action === 'benign' || action === 'false') && cause !== 'data_fault'
}

/** Of an event that is known to be the server's own. */
export function parseDisposed(event: OwnEvent): Disposed | null {
  if (event.kind !== 'tocsin.disposition') return null
  const carried = event.ext?.tocsin as unknown as { disposition?: Partial<Disposition> } | undefined
  const said = carried?.disposition
  const action = ACTIONS.find(name => name === said?.action)
  if (!said?.entity || !action || typeof said.alertId !== 'string') return null
  return {
    alertId: said.alertId,
    entity: { type: parseEntityType(said.entity.type), id: String(said.entity.id) },
    revision: Number(said.revision),
    action,
    cause: CAUSES.find(name => name === said.cause) ?? null,
    prevented: said.prevented ?? NOTHING_PREVENTED,
    note: said.note ?? null,
    by: event.actor.id,
    timeMs: event.time,
    eventId: event.id ?? '',
  }
}

/** Of an event that is known to be the server's own. */
export function parseCriticality(
  event: OwnEvent,
): { readonly entity: EntityRef; readonly level: Criticality } | null {
  if (event.kind !== 'tocsin.disposition') return null
  const carried = event.ext?.tocsin as unknown as
    | { criticality?: { entity?: EntityRef; level?: string } }
    | undefined
  const { entity, level } = carried?.criticality ?? {}
  if (!entity || !isCriticality(level)) return null
  return { entity: { type: parseEntityType(entity.type), id: String(entity.id) }, level }
}

export function isCriticality(text: string | undefined): text is Criticality {
  return text !== undefined && Object.hasOwn(CRITICALITY, text)
}

/** Where an alert stands after what was said of it, oldest first. */
export function stateAfter(history: readonly Disposition[]): {
  readonly state: AlertState
  readonly last: Disposition | null
} {
  const last = history.at(-1) ?? null
  if (!last || last.action === 'reopened') return { state: 'open', last }
  return { state: last.action === 'acknowledged' ? 'acknowledged' : 'resolved', last }
}

/** Throws `alert.state` where the action says nothing new, naming who said it. */
export function checkAction(action: Action, history: readonly Disposed[]): void {
  const { state } = stateAfter(history)
  const before = history.at(-1)
  const fits =
    action === 'reopened'
      ? state !== 'open'
      : action === 'acknowledged'
        ? state === 'open'
        : state !== 'resolved'
  if (fits) return
  const who = before ? ` by ${before.by} on ${new Date(before.timeMs).toISOString()}` : ''
  const now = state === 'resolved' && before ? `resolved as ${before.action}` : state
  const next = state === 'open' ? 'there is nothing to take back' : 'reopen it first'
  throw new TocsinError('alert.state', { public: `the alert is ${now}${who}; ${next}` })
}
