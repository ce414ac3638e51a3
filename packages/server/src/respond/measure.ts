// A measure: what is done about an actor or a session, why, until when and by whom. Each one, its
// undoing and each release by an owner is a `tocsin.response` event; the decision table is a
// projection of those events. The schemas here are what such an event must hold to be believed.

import { ACTOR_TYPES, type ActorType, type Json, type WireEvent } from '@tocsin/sdk/event'
import { type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'

/** In rising strictness: of two that hold at once the later one here is answered. */
export const DECISIONS = [
  'throttle',
  'approval_required',
  'step_up',
  'deny',
  'end_session',
] as const
export type DecisionKind = (typeof DECISIONS)[number]

/** Longest life of any measure: who is locked out by mistake is not so for longer than a day. */
export const DURATION_MAX_MS: number = 24 * 3_600_000
export const ACTOR_CHARS_MAX = 1024
export const REASON_CHARS_MAX = 500
const FINDING_IDS_MAX = 20

/** One or more characters without spaces and quotes, as RFC 9470 wants them in `acr_values`. */
export const ACR_PATTERN = '^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,200}$'

export type Action =
  | {
      readonly kind: 'throttle'
      readonly requestsPerMinute: number | null
      readonly rowsPerMinute: number | null
    }
  | {
      readonly kind: 'step_up'
      readonly acrValues: readonly string[]
      readonly maxAgeSeconds: number
    }
  | { readonly kind: 'approval_required'; readonly bulkRows: number }
  | { readonly kind: 'end_session' }
  | { readonly kind: 'deny' }

export type Measure = {
  /** `d_` and 16 hex digits. */
  readonly id: string
  readonly actor: string
  /** As its events say; `unknown` for what a person named. */
  readonly actorType: ActorType
  /** null is every session of the actor. */
  readonly session: string | null
  readonly action: Action
  readonly mode: 'enforce' | 'dry_run'
  readonly sinceMs: number
  readonly untilMs: number
  readonly reason: string
  /** POLICY or the person. */
  readonly by: string
  readonly rule: string | null
  readonly policyVersion: string | null
  readonly findingIds: readonly string[]
  readonly alertId: string | null
  readonly risk: number | null
  /** Why a rule that is enforced was not. */
  readonly heldBack: string | null
}

export type Undone = { readonly by: string; readonly timeMs: number; readonly reason: string }

/** What an owner let through: so many rows until then. */
export type Release = {
  readonly by: string
  readonly sinceMs: number
  readonly untilMs: number
  readonly rows: number
}

/** What a `tocsin.response` event carries in `ext.tocsin.decision`. */
export type Change =
  | { readonly action: 'taken'; readonly measure: Measure }
  | { readonly action: 'undone'; readonly id: string; readonly undone: Undone }
  | { readonly action: 'released'; readonly id: string; readonly release: Release }
  | { readonly action: 'used_up'; readonly id: string; readonly timeMs: number }

const count = Type.Integer({ minimum: 1, maximum: 1_000_000_000 })
const time = Type.Integer({ minimum: 0 })
const text = Type.String({ maxLength: ACTOR_CHARS_MAX })
const reason = Type.String({ maxLength: REASON_CHARS_MAX })
const orNull = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()])

/** What a person or a policy may ask for. */
export const ACTION: TSchema = Type.Union([
  Type.Object({
    kind: Type.Literal('throttle'),
    requestsPerMinute: orNull(count),
    rowsPerMinute: orNull(count),
  }),
  Type.Object({
    kind: Type.Literal('step_up'),
    acrValues: Type.Array(Type.String({ pattern: ACR_PATTERN }), { minItems: 1, maxItems: 8 }),
    maxAgeSeconds: Type.Integer({ minimum: 0, maximum: 86_400 }),
  }),
  Type.Object({ kind: Type.Literal('approval_required'), bulkRows: count }),
  Type.Object({ kind: Type.Literal('end_session') }),
  Type.Object({ kind: Type.Literal('deny') }),
])

const MEASURE = Type.Object({
  id: Type.String({ pattern: '^d_[0-9a-f]{16}$' }),
  actor: text,
  actorType: Type.Enum([...ACTOR_TYPES]),
  session: orNull(text),
  action: ACTION,
  mode: Type.Union([Type.Literal('enforce'), Type.Literal('dry_run')]),
  sinceMs: time,
  untilMs: time,
  reason,
  by: text,
  rule: orNull(text),
  policyVersion: orNull(text),
  findingIds: Type.Array(Type.String({ maxLength: 64 }), { maxItems: FINDING_IDS_MAX }),
  alertId: orNull(Type.String({ maxLength: 64 })),
  risk: orNull(Type.Number()),
  heldBack: orNull(reason),
})

const CHANGE = Type.Union([
  Type.Object({ action: Type.Literal('taken'), measure: MEASURE }),
  Type.Object({
    action: Type.Literal('undone'),
    id: text,
    undone: Type.Object({ by: text, timeMs: time, reason }),
  }),
  Type.Object({
    action: Type.Literal('released'),
    id: text,
    release: Type.Object({ by: text, sinceMs: time, untilMs: time, rows: count }),
  }),
  Type.Object({ action: Type.Literal('used_up'), id: text, timeMs: time }),
])

/** null for what no version of Tocsin that this one can read has written. */
export function parseChange(value: unknown): Change | null {
  return Value.Check(CHANGE, value) ? (value as Change) : null
}

export function parseMeasure(value: unknown): Measure | null {
  return Value.Check(MEASURE, value) ? (value as Measure) : null
}

/** Same check for what a person asks for over HTTP. */
export function parseAction(value: unknown): Action | null {
  return Value.Check(ACTION, value) ? (value as Action) : null
}

export function strictness({ action }: Measure): number {
  return DECISIONS.indexOf(action.kind)
}

/** Whether it keeps a person from working at all until somebody or something lifts it. */
export function isLockOut({ kind }: Action): boolean {
  return kind === 'deny' || kind === 'end_session' || kind === 'step_up'
}

/** Value for `WWW-Authenticate` (RFC 9470 §3). It says nothing of what was noticed. */
export function challengeOf({ acrValues, maxAgeSeconds }: Action & { kind: 'step_up' }): string {
  return (
    'Bearer error="insufficient_user_authentication", ' +
    'error_description="A more recent or stronger authentication is required", ' +
    `acr_values="${acrValues.join(' ')}", max_age="${maxAgeSeconds}"`
  )
}

/** Fit to be stored and shown: control characters become spaces, what is too long is cut. */
export function plainReason(sentence: string): string {
  const plain = sentence
    .toWellFormed()
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/g, ' ')
  if (plain.length <= REASON_CHARS_MAX) return plain
  return `${plain.slice(0, REASON_CHARS_MAX - 1)}…`.toWellFormed()
}

const VERBS = {
  taken: 'response.take',
  undone: 'response.undo',
  released: 'approval.grant',
  used_up: 'approval.used_up',
} as const

/**
 * The event that makes a change part of the log; `measure` is what it is about. Its actor is the
 * person who decided, or, where the policy did, the one it is about, as with a finding: what is
 * erased of somebody is erased here, too.
 */
export function responseEvent(change: Change, measure: Measure, timeMs: number): WireEvent {
  const { actor, actorType, session, rule, policyVersion, mode, risk, action } = measure
  const by = authorOf(change)
  const subject = { type: actorType, id: actor, ...(session === null ? {} : { session }) }
  const version = policyVersion === null ? {} : { version: policyVersion }
  const decision = mode === 'dry_run' ? 'observe' : 'modify'
  return {
    kind: 'tocsin.response',
    time: timeMs,
    outcome: 'success',
    actor: by === POLICY ? subject : { type: 'human', id: by },
    operation: VERBS[change.action],
    system: 'tocsin',
    reasonCode: mode === 'dry_run' ? `${action.kind}.dry_run` : action.kind,
    resource: [{ type: 'actor', id: actor }],
    ...(rule === null ? {} : { policy: { id: rule, ...version, decision } }),
    ...(risk === null ? {} : { risk: { score: Math.round(Math.max(0, risk)) } }),
    ext: { tocsin: { decision: parsePlain(change) } },
  }
}

/** Through text, so that it is plain data of the event's own kind. */
function parsePlain(change: Change): Json {
  return JSON.parse(JSON.stringify(change)) as Json
}

/** Who a measure of the policy is `by`. */
export const POLICY = 'policy'

function authorOf(change: Change): string {
  switch (change.action) {
    case 'taken':
      return change.measure.by
    case 'undone':
      return change.undone.by
    case 'released':
      return change.release.by
    default:
      return POLICY
  }
}
