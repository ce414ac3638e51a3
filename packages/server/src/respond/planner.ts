// What the policy wants done about a finding. Knows what was done already, so that a rule acts once
// about somebody and not once per finding, does not repeat what a person undid, and locks out no
// more people in an hour than the policy allows. Pure: `tocsin policy simulate` runs it over the
// past.

import type { Finding } from '@tocsin/detect/finding'
import { ACTOR_TYPES } from '@tocsin/sdk/event'
import { isLockOut, type Measure, POLICY, plainReason, type Undone } from './measure.ts'
import { fitAction, meets, type Policy, type PolicyRule } from './policy.ts'

export type FindingInput = {
  readonly finding: Finding
  readonly alertId: string | null
  /** Risk of the finding's entity with this finding, 0 to 100. */
  readonly risk: number
}

/** A measure that has no id yet. */
export type Draft = Omit<Measure, 'id'>

export interface Planner {
  /** What is to be done now. It counts as done, unless it is given to `forget`. */
  plan(input: FindingInput, nowMs: number): readonly Draft[]
  /** Takes back what could not be done. */
  forget(draft: Draft): void
  /** Tells of a measure that stands, for instance after a restart. */
  remember(measure: Measure, undone: Undone | null): void
  /** Forgets all: the clock was set back, and what is remembered is of another time. */
  clear(): void
}

const HOUR_MS = 3_600_000
/** Rules × actors that are remembered; beyond it those that ended first are forgotten. */
const CLAIMS_MAX = 50_000

type Claim = { readonly againMs: number; readonly endMs: number }
type Claims = Map<string, Claim>

export function createPlanner(policy: Policy): Planner {
  const claims: Claims = new Map()
  /** When policy locked somebody out, by measure. */
  const lockOuts = new Map<string, number>()

  function isFull(nowMs: number): boolean {
    for (const [key, atMs] of lockOuts) if (nowMs - atMs >= HOUR_MS) lockOuts.delete(key)
    return lockOuts.size >= policy.lockOutsPerHour
  }

  function draftFor(rule: PolicyRule, input: FindingInput, nowMs: number): Draft | null {
    if (!meets(rule, input.finding, input.risk)) return null
    const draft = draftOf(rule, input, { policy, nowMs, isFull })
    const key = claimKey(draft)
    if (nowMs < (claims.get(key)?.againMs ?? 0)) return null
    hold(claims, key, claimOf(draft, null), nowMs)
    if (countsAsLockOut(draft)) lockOuts.set(lockOutKey(draft), nowMs)
    return draft
  }

  return {
    plan: (input, nowMs) => policy.rules.flatMap(rule => draftFor(rule, input, nowMs) ?? []),
    forget(draft) {
      claims.delete(claimKey(draft))
      lockOuts.delete(lockOutKey(draft))
    },
    remember(measure, undone) {
      if (measure.rule === null) return
      const key = claimKey(measure)
      const claim = claimOf(measure, undone)
      const known = claims.get(key)
      // Two can stand for one rule and actor; it is due when neither holds it back.
      const againMs = Math.max(claim.againMs, known?.againMs ?? 0)
      const endMs = Math.max(claim.endMs, known?.endMs ?? 0)
      hold(claims, key, { againMs, endMs }, measure.sinceMs)
      if (countsAsLockOut(measure)) lockOuts.set(lockOutKey(measure), measure.sinceMs)
    },
    clear() {
      claims.clear()
      lockOuts.clear()
    },
  }
}

type DraftContext = {
  readonly policy: Policy
  readonly nowMs: number
  readonly isFull: (nowMs: number) => boolean
}

function draftOf(rule: PolicyRule, input: FindingInput, context: DraftContext): Draft {
  const { finding, alertId, risk } = input
  const { policy, nowMs, isFull } = context
  const { action, session } = fitAction(rule, policy, finding.actor)
  const isHeld = rule.mode === 'enforce' && isLockOut(action) && isFull(nowMs)
  return {
    actor: finding.actor.id,
    actorType: ACTOR_TYPES.find(type => type === finding.actor.type) ?? 'unknown',
    session,
    action,
    mode: isHeld ? 'dry_run' : rule.mode,
    sinceMs: nowMs,
    untilMs: nowMs + rule.durationMs,
    reason: plainReason(finding.sentence),
    by: POLICY,
    rule: rule.id,
    policyVersion: policy.version,
    findingIds: [finding.id],
    alertId,
    risk,
    heldBack: isHeld ? `the policy locks out ${policy.lockOutsPerHour} an hour at most` : null,
  }
}

function hold(claims: Claims, key: string, claim: Claim, nowMs: number): void {
  if (claims.size >= CLAIMS_MAX) {
    for (const [old, { endMs }] of claims) if (endMs <= nowMs) claims.delete(old)
    const [first] = claims.keys()
    if (claims.size >= CLAIMS_MAX && first !== undefined) claims.delete(first)
  }
  claims.set(key, claim)
}

/** In dry run one event for a rule and an actor says all; enforced, each session counts. */
function claimKey({ rule, actor, session, mode }: Draft): string {
  return JSON.stringify([rule, actor, mode === 'dry_run' ? null : session])
}

/**
 * Findings that go on make a measure go on: after half of its time it is taken anew. What a person
 * undid is left alone until it would have ended.
 */
function claimOf({ sinceMs, untilMs }: Draft, undone: Undone | null): Claim {
  const againMs = undone ? untilMs : sinceMs + Math.ceil((untilMs - sinceMs) / 2)
  return { againMs, endMs: untilMs }
}

function countsAsLockOut({ by, mode, action }: Draft): boolean {
  return by === POLICY && mode === 'enforce' && isLockOut(action)
}

function lockOutKey(draft: Draft): string {
  return `${claimKey(draft)} ${draft.sinceMs}`
}
