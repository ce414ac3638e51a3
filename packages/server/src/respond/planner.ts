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
}

const HOUR_MS = 3_600_000
/** Rules × actors that are remembered; beyond it those that ended first are forgotten. */
const CLAIMS_MAX = 50_000

type Claim = { readonly againMs: number; readonly endMs: number }

export function createPlanner(policy: Policy): Planner {
  const claims = new Map<string, Claim>()
  /** When policy locked somebody out, by measure. */
  const lockOuts = new Map<string, number>()

  function isDue(key: string, nowMs: number): boolean {
    const claim = claims.get(key)
    // Begun in the future: the clock was set back, and what it says of then is not known.
    return !claim || nowMs >= claim.againMs || claim.endMs - nowMs > 2 * 24 * HOUR_MS
  }

  function hold(key: string, claim: Claim, nowMs: number): void {
    if (claims.size >= CLAIMS_MAX) {
      for (const [old, { endMs }] of claims) if (endMs <= nowMs) claims.delete(old)
      const [first] = claims.keys()
      if (claims.size >= CLAIMS_MAX && first !== undefined) claims.delete(first)
    }
    claims.set(key, claim)
  }

  function lockOutsWithinHour(nowMs: number): number {
    for (const [key, atMs] of lockOuts) if (nowMs - atMs >= HOUR_MS) lockOuts.delete(key)
    return lockOuts.size
  }

  function draftOf(
    rule: PolicyRule,
    { finding, alertId, risk }: FindingInput,
    nowMs: number,
  ): Draft {
    const { action, session } = fitAction(rule, policy, finding.actor)
    const wantsLock = rule.mode === 'enforce' && isLockOut(action)
    const isHeld = wantsLock && lockOutsWithinHour(nowMs) >= policy.lockOutsPerHour
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

  return {
    plan(input, nowMs) {
      const drafts: Draft[] = []
      for (const rule of policy.rules) {
        if (!meets(rule, input.finding, input.risk)) continue
        const draft = draftOf(rule, input, nowMs)
        const key = claimKey(draft)
        if (!isDue(key, nowMs)) continue
        hold(key, claimOf(draft, null), nowMs)
        if (countsAsLockOut(draft)) lockOuts.set(lockOutKey(draft), nowMs)
        drafts.push(draft)
      }
      return drafts
    },
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
      hold(key, { againMs, endMs: Math.max(claim.endMs, known?.endMs ?? 0) }, measure.sinceMs)
      if (countsAsLockOut(measure)) lockOuts.set(lockOutKey(measure), measure.sinceMs)
    },
  }
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
