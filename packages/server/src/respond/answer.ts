// Answers whoever lets requests through: one request at a time, or everything that changed.

import { ALLOWED, type Approved, printDecided, toEntry } from './answers.ts'
import type { Measure } from './measure.ts'
import { change, type Parts, tick } from './parts.ts'
import type { Standing } from './table.ts'

export type DecideRequest = {
  readonly actor: string
  readonly session?: string | undefined
  readonly operation?: string | undefined
  readonly resource?: string | undefined
  readonly rows?: number | undefined
}

/** What calls itself a read of much and does not say how much is taken for bulk. */
const SAYS_READ = /^(?:read|export|download|copy|scan|dump)/i

type Asked = Pick<DecideRequest, 'rows' | 'operation'>

function isBulk({ rows, operation = '' }: Asked, bulkRows: number): boolean {
  return rows === undefined ? SAYS_READ.test(operation) : rows >= bulkRows
}

export function answering(parts: Parts): {
  decide(request: DecideRequest): string
  follow(after: string | undefined, waitMs: number, signal: AbortSignal): Promise<string>
} {
  const { keeper, followers, deps, epoch } = parts
  const { table, releases } = keeper
  /** Those that wait for the same get the same text, made once. */
  let printed: { readonly after: number | null; readonly version: number; text: string } | null =
    null

  /** The answer, where this measure decides; null where a milder one has to. */
  function answerOf(standing: Standing, { rows, operation }: DecideRequest): string | null {
    const { measure } = standing
    const { action } = measure
    const nowMs = deps.clock.nowMs()
    if (action.kind === 'throttle') {
      const waitS = parts.buckets.take(measure.id, action, rows ?? 0, nowMs)
      return waitS === null ? null : printDecided(standing, { retryAfterSeconds: waitS })
    }
    if (action.kind === 'approval_required') {
      if (!isBulk({ rows, operation }, action.bulkRows)) return null
      if (!releases.ask(measure.id, rows ?? action.bulkRows, nowMs)) {
        return printDecided(standing, { approved: approvedOf(standing) })
      }
      if (releases.left(measure.id, nowMs) === 0) useUp(parts, measure)
      // An owner's word goes before a throttle: what they released is not used up for nothing.
      return ALLOWED
    }
    return printDecided(standing, {})
  }

  function approvedOf({ measure, release }: Standing): Approved | null {
    const isOpen = release && releases.left(measure.id, deps.clock.nowMs()) > 0
    return isOpen ? { rows: release.rows, until: release.untilMs } : null
  }

  function print(after: number | null): string {
    const { version } = table
    if (printed?.after === after && printed.version === version) return printed.text
    const { full, entries } = table.changesAfter(after)
    const shown = entries.map(entry => toEntry(entry, entry.standing && approvedOf(entry.standing)))
    const text = JSON.stringify({ cursor: `${epoch}.${version}`, full, entries: shown })
    // Whole tables are for those who come new; others wait for the same.
    printed = full ? null : { after, version, text }
    return text
  }

  function versionOf(cursor: string | undefined): number | null {
    const [, of, version] = /^([0-9a-f]{12})\.(\d{1,15})$/.exec(cursor ?? '') ?? []
    return of === epoch && Number(version) <= table.version ? Number(version) : null
  }

  return {
    decide(request) {
      tick(parts)
      // A milder measure holds for what a stricter one lets pass: small reads are throttled, too.
      for (const standing of table.find(request.actor, request.session ?? null)) {
        const text = answerOf(standing, request)
        if (text !== null) return text
      }
      return ALLOWED
    },
    async follow(cursor, waitMs, signal) {
      tick(parts)
      const after = versionOf(cursor)
      if (after === table.version) await followers.wait(waitMs, signal)
      return print(after)
    },
  }
}

/** In the log too; the answer does not wait for it. */
export function useUp(parts: Parts, measure: Measure): void {
  const timeMs = parts.deps.clock.nowMs()
  void change(parts, { action: 'used_up', id: measure.id, timeMs }, measure).catch(error => {
    parts.deps.telemetry.report(
      'warn',
      `that a release is used up is not in the log: ${String(error)}`,
    )
  })
}
