// What people decide themselves: take a measure, undo one, grant an approval. Each is an event with
// their name; nobody decides in their own case.

import { TocsinError } from '@tocsin/sdk/errors'
import { type Approval, type Shown, toShown } from './answers.ts'
import { type Action, DURATION_MAX_MS, isLockOut, plainReason } from './measure.ts'
import { change, type Parts, tick } from './parts.ts'
import type { Standing } from './table.ts'

export type TakeRequest = {
  readonly actor: string
  readonly session: string | null
  readonly action: Action
  readonly durationMs: number
  readonly reason: string
}

export type GrantRequest = { readonly rows: number; readonly minutes: number }

export function byPeople(parts: Parts): {
  list(): readonly Shown[]
  take(request: TakeRequest, by: string): Promise<Shown>
  undo(id: string, by: string, reason: string): Promise<Shown>
  approvals(): readonly Approval[]
  grant(id: string, request: GrantRequest, by: string): Promise<Approval>
} {
  const { keeper, deps } = parts
  const { table } = keeper
  const nowMs = () => deps.clock.nowMs()

  function open(id: string, by: string): Standing {
    tick(parts)
    const standing = table.get(id)
    if (!standing) {
      throw new TocsinError('respond.unknown', { public: `there is no response ${quoted(id)}` })
    }
    if (standing.undone || standing.measure.untilMs <= nowMs()) throw notInForce(id, 'has ended')
    if (standing.measure.actor === by) {
      throw new TocsinError('respond.own_case', {
        public: `${quoted(id)} is about ${quoted(by)}, who cannot decide about it; ask somebody else`,
      })
    }
    return standing
  }

  function shown(id: string): Shown {
    const standing = table.get(id)
    if (standing) return toShown(standing, nowMs())
    throw new TocsinError('internal.bug', { public: `${quoted(id)} was recorded and is not there` })
  }

  return {
    list() {
      tick(parts)
      return table.list().map(standing => toShown(standing, nowMs()))
    },
    async take({ actor, session, action, durationMs, reason }, by) {
      tick(parts)
      if (isLockOut(action) && session === null) checkLastAdmin(parts, actor)
      const id = `d_${Buffer.from(deps.entropy.bytes(8)).toString('hex')}`
      const sinceMs = nowMs()
      const untilMs = sinceMs + Math.min(durationMs, DURATION_MAX_MS)
      const of = {
        actorType: 'unknown',
        rule: null,
        policyVersion: null,
        findingIds: [],
        alertId: null,
        risk: null,
      } as const
      const what = { id, actor, session, action, mode: 'enforce', sinceMs, untilMs } as const
      const measure = { ...what, ...of, reason: plainReason(reason), by, heldBack: null }
      await change(parts, { action: 'taken', measure }, measure)
      return shown(id)
    },
    async undo(id, by, reason) {
      const { measure } = open(id, by)
      const undone = { by, timeMs: nowMs(), reason: plainReason(reason) }
      await change(parts, { action: 'undone', id, undone }, measure)
      parts.buckets.forget(id)
      return shown(id)
    },
    approvals() {
      tick(parts)
      return table.list().flatMap(standing => {
        const isAsked = standing.measure.action.kind === 'approval_required'
        return isAsked && table.isInForce(standing) ? [approvalOf(standing)] : []
      })
    },
    async grant(id, { rows, minutes }, by) {
      const { measure } = open(id, by)
      if (measure.action.kind !== 'approval_required') throw notInForce(id, 'needs no approval')
      const sinceMs = nowMs()
      const release = { by, sinceMs, untilMs: sinceMs + minutes * 60_000, rows }
      await change(parts, { action: 'released', id, release }, measure)
      return approvalOf(open(id, by))
    },
  }

  function approvalOf({ measure, release }: Standing): Approval {
    const { id, actor, sinceMs, untilMs, reason, action, findingIds, alertId } = measure
    const left = keeper.releases.left(id, nowMs())
    const holds = release !== null && release.untilMs > nowMs()
    return {
      ...{ id, actor, since: sinceMs, until: untilMs, reason, findingIds, alertId },
      bulkRows: action.kind === 'approval_required' ? action.bulkRows : 0,
      granted: holds ? { by: release.by, rows: release.rows, left, until: release.untilMs } : null,
    }
  }
}

/** One admin stays able to work, whoever decides what. */
function checkLastAdmin({ keeper: { table }, deps }: Parts, actor: string): void {
  const { admins } = deps.policy
  if (!admins.includes(actor)) return
  const isFree = (admin: string) => {
    const held = table.find(admin, null)
    return admin !== actor && !held.some(({ measure }) => isLockOut(measure.action))
  }
  if (admins.some(isFree)) return
  throw new TocsinError('respond.last_admin', {
    public: `${quoted(actor)} is the last admin of the policy who is not locked out`,
  })
}

function notInForce(id: string, why: string): TocsinError {
  return new TocsinError('respond.not_in_force', { public: `the response ${quoted(id)} ${why}` })
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 80))
}
