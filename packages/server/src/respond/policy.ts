// What a policy says, as data, and which of its rules a finding meets. policy-file.ts makes it from
// a file; nothing here is untrusted any more.

import type { Finding } from '@tocsin/detect/finding'
import { LEVEL_SCORES } from '@tocsin/detect/finding'
import { type Action, isLockOut } from './measure.ts'

export type Mode = 'enforce' | 'dry_run'

export type StepUp = { readonly acrValues: readonly string[]; readonly maxAgeSeconds: number }

/** Everything that is named must hold; an empty list or 0 asks for nothing. */
export type Condition = {
  /** Least risk of the finding's entity, 0 to 100. */
  readonly risk: number
  /** Least score of the finding's level (LEVEL_SCORES). */
  readonly levelScore: number
  readonly rules: readonly string[]
  readonly tags: readonly string[]
  readonly actorTypes: readonly string[]
  /** Ids or patterns with `*`; groups of the policy are spelled out here. */
  readonly actors: readonly string[]
}

export type PolicyRule = {
  readonly id: string
  readonly line: number
  readonly when: Condition
  readonly except: readonly string[]
  readonly action: Action
  /** Whether a throttle holds for the session of the finding or for all of the actor. */
  readonly scope: 'session' | 'actor'
  readonly durationMs: number
  readonly mode: Mode
}

export type WebhookTarget = {
  readonly url: string
  readonly secretEnv: string
  readonly events: readonly string[]
}

export type Policy = {
  readonly file: string
  /** First 12 hex digits of the file's SHA-256: which text decided. */
  readonly version: string
  readonly lockOutsPerHour: number
  readonly admins: readonly string[]
  /** What a person is asked for where a rule asks for an approval. */
  readonly stepUp: StepUp
  /** From how many rows on a service needs approval where a rule asks for a step-up. */
  readonly bulkRows: number
  readonly rules: readonly PolicyRule[]
  readonly webhooks: readonly WebhookTarget[]
}

export function isPerson(actorType: string): boolean {
  return actorType === 'human'
}

/**
 * Whether a finding is about the actor whose event made it. One about an address is made by whoever
 * happened to come last from there, for instance the next victim of somebody who tries passwords.
 */
function isAboutActor({ entity: { type, id }, actor }: Finding): boolean {
  if (type === 'actor') return id === actor.id
  if (type === 'session') return id === actor.session
  return type === 'credential' && id === actor.credential
}

export function meets(rule: PolicyRule, finding: Finding, risk: number): boolean {
  const { when, except } = rule
  return (
    isAboutActor(finding) &&
    risk >= when.risk &&
    LEVEL_SCORES[finding.level] >= when.levelScore &&
    isAny(when.rules, [finding.rule]) &&
    isAny(when.tags, finding.tags) &&
    (when.actorTypes.length === 0 || when.actorTypes.includes(finding.actor.type)) &&
    isAny(when.actors, [finding.actor.id]) &&
    !except.some(pattern => matches(pattern, finding.actor.id))
  )
}

function isAny(patterns: readonly string[], values: readonly string[]): boolean {
  return (
    patterns.length === 0 || patterns.some(pattern => values.some(value => matches(pattern, value)))
  )
}

/** `*` stands for any text. Takes time in proportion to the text, whatever the pattern. */
export function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  const [first = '', ...rest] = parts
  if (parts.length === 1) return pattern === text
  const last = rest.pop() ?? ''
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return at <= text.length - last.length
}

/**
 * Services cannot answer a challenge, so they wait for an owner; a person can, so nobody else has
 * to. A session that is not known cannot be ended: then the next milder measure is taken on all of
 * the actor.
 */
export function fitAction(
  rule: PolicyRule,
  policy: Policy,
  actor: { readonly type: string; readonly session: string | null },
): { readonly action: Action; readonly session: string | null } {
  const { action, scope } = rule
  const { acrValues, maxAgeSeconds } = policy.stepUp
  const forPerson = { kind: 'step_up', acrValues: [...acrValues], maxAgeSeconds } as const
  const forService = { kind: 'approval_required', bulkRows: policy.bulkRows } as const
  switch (action.kind) {
    case 'throttle':
      return { action, session: scope === 'session' ? actor.session : null }
    case 'end_session':
      if (actor.session !== null) return { action, session: actor.session }
      return { action: isPerson(actor.type) ? forPerson : forService, session: null }
    case 'step_up':
      return { action: isPerson(actor.type) ? action : forService, session: null }
    case 'approval_required':
      return { action: isPerson(actor.type) ? forPerson : action, session: null }
    default:
      return { action, session: null }
  }
}

/** Whether an enforced rule can keep this person from working. */
export function locksOut(rule: PolicyRule, person: string): boolean {
  const { when, except, action, mode } = rule
  // For a person an approval is a step-up (fitAction).
  const isLock = isLockOut(action) || action.kind === 'approval_required'
  return (
    mode === 'enforce' &&
    isLock &&
    (when.actorTypes.length === 0 || when.actorTypes.some(isPerson)) &&
    isAny(when.actors, [person]) &&
    !except.some(pattern => matches(pattern, person))
  )
}

/** Whether it can lock out any person at all, named or not. */
export function canLockOutPeople(rule: PolicyRule): boolean {
  const { when, action, mode } = rule
  const isLock = isLockOut(action) || action.kind === 'approval_required'
  return (
    mode === 'enforce' && isLock && (when.actorTypes.length === 0 || when.actorTypes.some(isPerson))
  )
}
