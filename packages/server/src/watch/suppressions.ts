// Suppressions: somebody said, with a reason and until when, that findings of a rule, of an entity,
// or of both together are not to be shown in the inbox. They hide and do nothing else: findings and
// alerts are made, sealed, counted and weighed as ever, and are back when the suppression ends or
// is lifted. Each is an event in the log (`tocsin.disposition`, `suppression.create`,
// `suppression.lift`).

import { type EntityRef, entityKey, parseEntityType } from '@tocsin/detect/finding'
import { TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import { type Decider, type OwnEvent, ownEvent } from './dispositions.ts'

export type SuppressionPlan = {
  /** null for any rule; one of the two is given. */
  readonly rule: string | null
  /** null for any entity. */
  readonly entity: EntityRef | null
  readonly untilMs: number
  readonly reason: string
}

export type Suppression = SuppressionPlan & {
  readonly id: string
  readonly by: string
  readonly createdMs: number
}

export type Lifted = { readonly id: string; readonly by: string; readonly timeMs: number }

export type SuppressionState = 'in_force' | 'ended' | 'lifted'

export type ShownSuppression = Suppression & {
  readonly state: SuppressionState
  readonly lifted: Omit<Lifted, 'id'> | null
}

/** Why an alert is not in the inbox. */
export type Suppressed = {
  /** When the first of its findings is shown again. */
  readonly untilMs: number
  readonly reason: string
  readonly by: string
  readonly suppressionId: string
}

export const SUPPRESSION_MS_MAX: number = 90 * 86_400_000
export const REASON_CHARS_MAX = 500
export const RULE_CHARS_MAX = 200

/** Throws `http.bad_request`, naming what is wrong. */
export function checkSuppression(plan: SuppressionPlan, nowMs: number): void {
  const { rule, entity, untilMs, reason } = plan
  if (rule === null && entity === null) {
    refuse('rule', 'name a rule, an entity, or both: a suppression of everything hides everything')
  }
  if (reason.trim() === '') refuse('reason', 'say why: whoever misses the alert will ask')
  if (untilMs <= nowMs) refuse('until', 'until lies in the past; give a time that is to come')
  if (untilMs > nowMs + SUPPRESSION_MS_MAX) {
    const most = SUPPRESSION_MS_MAX / 86_400_000
    refuse('until', `a suppression lasts at most ${most} days; give an earlier time`)
  }
}

function refuse(field: string, text: string): never {
  throw new TocsinError('http.bad_request', { public: text, field })
}

export function suppressionEvent(
  { id, rule, entity, untilMs, reason }: Omit<Suppression, 'by' | 'createdMs'>,
  by: Decider,
  timeMs: number,
): WireEvent {
  const suppression = { id, rule, entity: entity && { ...entity }, untilMs, reason }
  return { ...ownEvent('suppression.create', by, timeMs), ext: { tocsin: { suppression } } }
}

export function liftEvent(id: string, by: Decider, timeMs: number): WireEvent {
  return { ...ownEvent('suppression.lift', by, timeMs), ext: { tocsin: { lifts: { id } } } }
}

type Carried = {
  readonly suppression?: Partial<SuppressionPlan> & { readonly id?: unknown }
  readonly lifts?: { readonly id?: unknown }
}

/** Of an event that is known to be the server's own. */
export function parseSuppression(event: OwnEvent): Suppression | null {
  const said = parseCarried(event)?.suppression
  if (!said || typeof said.id !== 'string' || typeof said.untilMs !== 'number') return null
  const { entity, rule, reason, id, untilMs } = said
  return {
    id,
    rule: typeof rule === 'string' ? rule : null,
    entity: entity ? { type: parseEntityType(entity.type), id: String(entity.id) } : null,
    untilMs,
    reason: String(reason ?? ''),
    by: event.actor.id,
    createdMs: event.time,
  }
}

/** Of an event that is known to be the server's own. */
export function parseLift(event: OwnEvent): Lifted | null {
  const id = parseCarried(event)?.lifts?.id
  return typeof id === 'string' ? { id, by: event.actor.id, timeMs: event.time } : null
}

function parseCarried({ kind, ext }: OwnEvent): Carried | undefined {
  if (kind !== 'tocsin.disposition') return undefined
  return (ext?.tocsin ?? undefined) as Carried | undefined
}

export function stateOf(
  { untilMs }: Pick<Suppression, 'untilMs'>,
  lifted: Lifted | null,
  nowMs: number,
): SuppressionState {
  if (lifted) return 'lifted'
  return untilMs > nowMs ? 'in_force' : 'ended'
}

export type SuppressedTest = (rules: readonly string[], entity: EntityRef) => Suppressed | null

/** null for an alert of which at least one finding is to be seen. */
export function suppressedTest(inForce: readonly Suppression[]): SuppressedTest {
  if (inForce.length === 0) return () => null
  const byEntity = Map.groupBy(inForce, ({ entity }) => entity && entityKey(entity))
  const everywhere = byEntity.get(null) ?? []
  return (rules, entity) => {
    const among = [...(byEntity.get(entityKey(entity)) ?? []), ...everywhere]
    let first: Suppression | null = null
    for (const rule of rules) {
      const longest = longestFor(rule, among)
      if (!longest) return null
      if (!first || longest.untilMs < first.untilMs) first = longest
    }
    if (!first) return null
    const { untilMs, reason, by, id } = first
    return { untilMs, reason, by, suppressionId: id }
  }
}

function longestFor(rule: string, among: readonly Suppression[]): Suppression | null {
  return among
    .filter(one => one.rule === null || one.rule === rule)
    .reduce<Suppression | null>((a, b) => (a && a.untilMs >= b.untilMs ? a : b), null)
}
