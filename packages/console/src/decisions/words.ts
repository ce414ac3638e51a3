// Decisions in words: what happens to whoever they are about. Pure.

import type { Answer } from '../api/api.ts'
import { count } from '../value/value.tsx'

export type Decision = Answer<'GET /v1/responses'>[number]

export function whatOf({ decision, limits, bulkRows, maxAgeSeconds }: Decision): string {
  switch (decision) {
    case 'throttle':
      return `Slowed down to ${limitWords(limits ?? {})}`
    case 'approval_required':
      return `Reads of ${count(bulkRows ?? 0)} rows or more wait for approval`
    case 'step_up':
      return `Must sign in again if that is older than ${count(maxAgeSeconds ?? 0)} s`
    case 'deny':
      return 'Every request is refused'
    case 'end_session':
      return 'The session was ended'
    default:
      return 'Let through'
  }
}

function limitWords(limits: NonNullable<Decision['limits']>): string {
  const { requestsPerMinute, rowsPerMinute } = limits
  const parts = [
    ...(typeof requestsPerMinute === 'number' ? [`${count(requestsPerMinute)} requests`] : []),
    ...(typeof rowsPerMinute === 'number' ? [`${count(rowsPerMinute)} rows`] : []),
  ]
  return parts.length === 0 ? 'a trickle' : `${parts.join(' and ')} a minute`
}

export const STATE_WORDS: { readonly [state in Decision['state']]: string } = {
  in_force: 'In force',
  dry_run: 'Dry run',
  undone: 'Undone',
  ended: 'Ended',
}

/** Those that hold first, then the newest. */
export function inOrder(decisions: readonly Decision[]): readonly Decision[] {
  const rank = (one: Decision) => (one.state === 'in_force' ? 0 : one.state === 'dry_run' ? 1 : 2)
  return decisions.toSorted((a, b) => rank(a) - rank(b) || b.since - a.since)
}
