// What goes over the wire about a measure (docs/spec/decisions.md), and what people see of it.

import { challengeOf, type Measure, type Undone } from './measure.ts'
import type { Entry, Standing } from './table.ts'

export type Json = { readonly [member: string]: unknown }

/**
 * What an owner released: so many rows until then. Both stay the same as long as it holds, so that
 * a middleware knows it again and goes on counting.
 */
export type Approved = { readonly rows: number; readonly until: number }

/** One entry for followers. */
export function toEntry({ actor, session, standing }: Entry, approved: Approved | null): Json {
  if (!standing) return { actor, session, decision: 'allow' }
  const { id, sinceMs, untilMs, reason, action } = standing.measure
  return {
    id,
    actor,
    session,
    decision: action.kind,
    since: sinceMs,
    until: untilMs,
    reason,
    ...detailsOf(standing.measure, approved),
  }
}

function detailsOf({ action }: Measure, approved: Approved | null): Json {
  switch (action.kind) {
    case 'throttle': {
      const { requestsPerMinute, rowsPerMinute } = action
      const requests = requestsPerMinute === null ? {} : { requestsPerMinute }
      return { limits: { ...requests, ...(rowsPerMinute === null ? {} : { rowsPerMinute }) } }
    }
    case 'step_up': {
      const { acrValues, maxAgeSeconds } = action
      return { acrValues, maxAgeSeconds, challenge: challengeOf(action) }
    }
    case 'approval_required':
      return { bulkRows: action.bulkRows, approved }
    default:
      return {}
  }
}

export const ALLOWED = '{"decision":"allow","reason":null,"until":null}'

/** The answer to one request that is not simply let through. */
export function printDecided({ measure }: Standing, more: Json): string {
  const { id, action, reason, untilMs, sinceMs } = measure
  const head = { decision: action.kind, reason, until: untilMs, id }
  const since = action.kind === 'step_up' ? { since: sinceMs } : {}
  return JSON.stringify({ ...head, ...since, ...detailsOf(measure, null), ...more })
}

/** A measure as people see it. */
export type Shown = Omit<Measure, 'action' | 'sinceMs' | 'untilMs'> & {
  readonly decision: string
  readonly state: 'in_force' | 'dry_run' | 'undone' | 'ended'
  readonly since: number
  readonly until: number
  readonly undone: { readonly by: string; readonly at: number; readonly reason: string } | null
}

export function toShown({ measure, undone }: Standing, nowMs: number): Shown & Json {
  const { action, sinceMs, untilMs, ...rest } = measure
  return {
    ...rest,
    decision: action.kind,
    state: stateOf(measure, undone, nowMs),
    since: sinceMs,
    until: untilMs,
    undone: undone && { by: undone.by, at: undone.timeMs, reason: undone.reason },
    ...detailsOf(measure, null),
  }
}

function stateOf({ mode, untilMs }: Measure, undone: Undone | null, nowMs: number): Shown['state'] {
  if (undone) return 'undone'
  if (untilMs <= nowMs) return 'ended'
  return mode === 'dry_run' ? 'dry_run' : 'in_force'
}

/** An approval that is waited for, or was given. */
export type Approval = {
  readonly id: string
  readonly actor: string
  readonly since: number
  readonly until: number
  readonly reason: string
  readonly bulkRows: number
  readonly findingIds: readonly string[]
  readonly alertId: string | null
  readonly granted: {
    readonly by: string
    readonly rows: number
    readonly left: number
    readonly until: number
  } | null
}
