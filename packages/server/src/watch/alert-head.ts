// What is said of an alert in one line, made of its findings and kept beside it, so that an inbox
// need not read them: worst level, rules, tags, sentence and actor of the heaviest, how many
// events.

import type { Alert, Cause } from '@tocsin/detect/alert'
import { type Finding, LEVEL_SCORES, type Level } from '@tocsin/detect/finding'
import type { AlertState } from './dispositions.ts'
import type { Suppressed } from './suppressions.ts'

export type AlertActor = {
  readonly id: string
  readonly type: string
  /** How the identity was proved; `none` for a name that was merely stated. */
  readonly verified: string
  readonly session: string | null
  readonly credential: string | null
  /** An identity that was stated without proof, beside the one that was proved. */
  readonly claimed: string | null
}

export type AlertHead = {
  /** The highest of its findings. */
  readonly level: Level
  readonly rules: readonly string[]
  readonly tags: readonly string[]
  /** Title, sentence and actor of its heaviest finding. */
  readonly title: string
  readonly sentence: string
  readonly actor: AlertActor
  readonly findings: number
  /** Events behind it, each once: at least so many, because a finding keeps 50 ids. */
  readonly eventCount: number
}

export type AlertSummary = Omit<Alert, 'findingIds'> &
  AlertHead & {
    readonly state: AlertState
    /** How it was resolved; null while it is not. */
    readonly disposition: string | null
    readonly cause: Cause | null
    /** Who looks after it. */
    readonly assignee: string | null
    /** Why it is not in the inbox; null where it is. */
    readonly suppressed: Suppressed | null
  }

const NOBODY: Finding['actor'] = {
  id: '',
  type: 'unknown',
  verified: 'none',
  session: null,
  credential: null,
}

export function headOf(findings: readonly Finding[]): AlertHead {
  const first = heaviestOf(findings)
  const { title = '', sentence = '', actor = NOBODY } = first ?? {}
  const { id, type, verified, session, credential, claimed = null } = actor
  return {
    level: highest(findings.map(finding => finding.level)),
    rules: distinct(findings.map(({ rule }) => rule)),
    tags: distinct(findings.flatMap(({ tags }) => tags)),
    title,
    sentence,
    actor: { id, type, verified, session, credential, claimed },
    findings: findings.length,
    eventCount: eventsOf(findings),
  }
}

export function heaviestOf(findings: readonly Finding[]): Finding | null {
  return findings.reduce<Finding | null>((a, b) => (a && a.score >= b.score ? a : b), null)
}

function highest(levels: readonly Level[]): Level {
  return levels.reduce<Level>(
    (a, b) => ((LEVEL_SCORES[a] ?? 0) >= (LEVEL_SCORES[b] ?? 0) ? a : b),
    'informational',
  )
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort()
}

function eventsOf(findings: readonly Finding[]): number {
  const ids = new Set(findings.flatMap(({ eventIds }) => eventIds))
  return Math.max(ids.size, ...findings.map(({ eventCount }) => eventCount))
}
