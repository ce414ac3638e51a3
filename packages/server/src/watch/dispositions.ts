// What people say of alerts and entities, as events: an alert is acknowledged, resolved (true,
// benign or false, with cause and what was prevented), reopened or assigned, or the last of these
// is undone; an entity is more or less critical. An alert's state is the fold of its dispositions,
// which are numbered: the id of an event comes from alert and number, so the log itself refuses
// that two people decide at once.

import { hash } from 'node:crypto'
import { CAUSES, type Cause, DISPOSITIONS, type DispositionKind } from '@tocsin/detect/alert'
import { type EntityRef, parseEntityType } from '@tocsin/detect/finding'
import { CRITICALITY, type Criticality } from '@tocsin/detect/risk'
import { TocsinError } from '@tocsin/sdk/errors'
import type { SealedEvent, WireEvent } from '@tocsin/sdk/event'
import { OWN_VIA } from '../query/query.ts'
import { eventIdOf } from './found.ts'

export type Action = 'acknowledged' | DispositionKind | 'assigned' | 'undone'
export const ACTIONS: readonly Action[] = ['acknowledged', ...DISPOSITIONS, 'assigned', 'undone']
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
  /** With `assigned`: to whom; null for nobody. */
  readonly assignee?: string | null
  /** With `undone`: the revision that is taken back, and with it nothing else. */
  readonly undoes?: number | null
  /** What was said of many alerts at once, and can be undone at once. */
  readonly batch?: string | null
}

/** A disposition as the log has it: by whom, when, in which event. */
export type Disposed = Required<Disposition> & {
  readonly by: string
  readonly timeMs: number
  readonly eventId: string
}

/** Who decides, as the log names them, with which key, in which session of a browser. */
export type Decider = {
  readonly principal: string
  readonly keyId: string
  readonly session?: string | null
}

export const NOTE_CHARS_MAX = 1000
export const NOTHING_PREVENTED: Prevented = { rows: null, costMicros: null }

const OPERATIONS: { readonly [action in Action]: string } = {
  acknowledged: 'alert.acknowledge',
  true: 'alert.resolve',
  benign: 'alert.resolve',
  false: 'alert.resolve',
  reopened: 'alert.reopen',
  assigned: 'alert.assign',
  undone: 'alert.undo',
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

export function ownEvent(operation: string, by: Decider, timeMs: number): WireEvent {
  const { principal: id, keyId: credential, session } = by
  return {
    kind: 'tocsin.disposition',
    time: timeMs,
    outcome: 'success',
    actor: { type: 'human', id, credential, ...(session ? { session } : {}) },
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
    assignee: said.assignee ?? null,
    undoes: said.undoes ?? null,
    batch: said.batch ?? null,
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
  /** What made the state. */
  readonly last: Disposition | null
  readonly assignee: string | null
} {
  const standing = standingOf(history)
  const assignee = standing.findLast(({ action }) => action === 'assigned')?.assignee ?? null
  const last = standing.findLast(({ action }) => action !== 'assigned') ?? null
  if (!last || last.action === 'reopened') return { state: 'open', last, assignee }
  const state = last.action === 'acknowledged' ? 'acknowledged' : 'resolved'
  return { state, last, assignee }
}

/** What was said and not undone. */
function standingOf<D extends Disposition>(history: readonly D[]): readonly D[] {
  const undone = new Set(history.map(({ undoes }) => undoes ?? null))
  return history.filter(({ action, revision }) => action !== 'undone' && !undone.has(revision))
}

/** Throws `alert.state` where the action says nothing new, naming who said it. */
export function checkAction(
  action: Exclude<Action, 'assigned' | 'undone'>,
  history: readonly Disposed[],
): void {
  const { state } = stateAfter(history)
  const before = standingOf(history).findLast(one => one.action !== 'assigned')
  const fits =
    action === 'reopened'
      ? state !== 'open'
      : action === 'acknowledged'
        ? state === 'open'
        : state !== 'resolved'
  if (fits) return
  const who = before ? ` ${byWhom(before)}` : ''
  const now = state === 'resolved' && before ? `resolved as ${before.action}` : state
  const next = state === 'open' ? 'there is nothing to take back' : 'reopen it first'
  throw new TocsinError('alert.state', { public: `the alert is ${now}${who}; ${next}` })
}

/** Throws `alert.state` where it is so already. */
export function checkAssignee(assignee: string | null, history: readonly Disposed[]): void {
  if (stateAfter(history).assignee !== assignee) return
  const whose = assignee === null ? 'nobody has the alert' : 'they have the alert already'
  throw new TocsinError('alert.state', { public: `${whose}; assign it to somebody else` })
}

/** Throws `alert.state` where something was said since, or it is undone already. */
export function checkUndo(revision: number, history: readonly Disposed[]): void {
  const last = standingOf(history).at(-1)
  if (last?.revision === revision) return
  const why =
    last && last.revision > revision
      ? `it was ${last.action} ${byWhom(last)} since`
      : 'it is undone already'
  throw new TocsinError('alert.state', { public: `${why}; look at the alert by itself` })
}

function byWhom({ by, timeMs }: Disposed): string {
  return `by ${by} on ${new Date(timeMs).toISOString()}`
}
