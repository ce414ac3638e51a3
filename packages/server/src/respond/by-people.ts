// What people decide themselves: take a measure, undo one, grant an approval. Each is an event with
// their name; nobody decides in their own case.

import { TocsinError } from '@tocsin/sdk/errors'
import { type Approval, type Shown, toShown } from './answers.ts'
import { type Action, DURATION_MAX_MS, isLockOut, type Measure, plainReason } from './measure.ts'
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

export interface People {
  list(): readonly Shown[]
  take(request: TakeRequest, by: string): Promise<Shown>
  undo(id: string, by: string, reason: string): Promise<Shown>
  approvals(): readonly Approval[]
  grant(id: string, request: GrantRequest, by: string): Promise<Approval>
}

export function byPeople(parts: Parts): People {
  const { keeper, deps } = parts
  const { table } = keeper
  const { clock } = deps
  return {
    list() {
      tick(parts)
      return table.list().map(standing => toShown(standing, clock.nowMs()))
    },
    async take(request, by) {
      tick(parts)
      const { session, action, actor } = request
      if (isLockOut(action) && session === null) checkLastAdmin(parts, actor)
      const measure = measureOf(request, by, parts)
      await change(parts, { action: 'taken', measure }, measure)
      return shown(parts, measure.id)
    },
    async undo(id, by, reason) {
      const { measure } = findOpen(parts, id, by)
      const undone = { by, timeMs: clock.nowMs(), reason: plainReason(reason) }
      await change(parts, { action: 'undone', id, undone }, measure)
      parts.buckets.forget(id)
      return shown(parts, id)
    },
    approvals() {
      tick(parts)
      return table.list().flatMap(standing => {
        const isAsked = standing.measure.action.kind === 'approval_required'
        return isAsked && table.isInForce(standing) ? [approvalOf(parts, standing)] : []
      })
    },
    async grant(id, { rows, minutes }, by) {
      const { measure } = findOpen(parts, id, by)
      const isAsked = measure.action.kind === 'approval_required' && measure.mode === 'enforce'
      if (!isAsked) throw notInForce(id, 'needs no approval')
      const sinceMs = clock.nowMs()
      const release = { by, sinceMs, untilMs: sinceMs + minutes * 60_000, rows }
      await change(parts, { action: 'released', id, release }, measure)
      return approvalOf(parts, findOpen(parts, id, by))
    },
  }
}

function measureOf(request: TakeRequest, by: string, { deps }: Parts): Measure {
  const { actor, session, action, durationMs, reason } = request
  const sinceMs = deps.clock.nowMs()
  return {
    id: `d_${Buffer.from(deps.entropy.bytes(8)).toString('hex')}`,
    actor,
    actorType: 'unknown',
    session,
    action,
    mode: 'enforce',
    sinceMs,
    untilMs: sinceMs + Math.min(durationMs, DURATION_MAX_MS),
    reason: plainReason(reason),
    by,
    rule: null,
    policyVersion: null,
    findingIds: [],
    alertId: null,
    risk: null,
    heldBack: null,
  }
}

/** Not ended, and not the case of whoever decides. */
function findOpen(parts: Parts, id: string, by: string): Standing {
  tick(parts)
  const standing = parts.keeper.table.get(id)
  if (!standing) {
    throw new TocsinError('respond.unknown', { public: `there is no response ${quoted(id)}` })
  }
  const { measure, undone } = standing
  if (undone || measure.untilMs <= parts.deps.clock.nowMs()) throw notInForce(id, 'has ended')
  if (measure.actor !== by) return standing
  throw new TocsinError('respond.own_case', {
    public: `${quoted(id)} is about ${quoted(by)}, who cannot decide about it; ask somebody else`,
  })
}

function shown({ keeper, deps }: Parts, id: string): Shown {
  const standing = keeper.table.get(id)
  if (standing) return toShown(standing, deps.clock.nowMs())
  throw new TocsinError('internal.bug', { public: `${quoted(id)} was recorded and is not there` })
}

function approvalOf({ keeper, deps }: Parts, { measure, release }: Standing): Approval {
  const { id, actor, sinceMs, untilMs, reason, action, findingIds, alertId } = measure
  const nowMs = deps.clock.nowMs()
  const left = keeper.releases.left(id, nowMs)
  const holds = release !== null && release.untilMs > nowMs
  return {
    id,
    actor,
    since: sinceMs,
    until: untilMs,
    reason,
    findingIds,
    alertId,
    bulkRows: action.kind === 'approval_required' ? action.bulkRows : 0,
    granted: holds ? { by: release.by, rows: release.rows, left, until: release.untilMs } : null,
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
