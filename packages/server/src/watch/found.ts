// A finding on its way into the log and back: the event that carries it (`tocsin.finding`), and
// what a follower of the log reads out of such an event. The event is a function of the finding
// alone, so that a replay sends the same bytes under the same id, and the log stores it once.

import type { Alert } from '@tocsin/detect/alert'
import type { Finding } from '@tocsin/detect/finding'
import type { SealedEvent, WireEvent } from '@tocsin/sdk/event'
import { OWN_VIA } from '../query/query.ts'

/** A finding, and the alert that its entity has after it. */
export type Found = { readonly finding: Finding; readonly alert: Alert | null }

/**
 * The actor is the one the finding is about, so that erasing a person erases what was found of
 * them.
 */
export function findingEvent({ finding, alert }: Found): WireEvent {
  const { actor, timeMs, score, sentence } = finding
  const { session, credential, id, type } = actor
  return {
    id: eventIdOf(finding.id),
    kind: 'tocsin.finding',
    time: timeMs,
    outcome: 'success',
    actor: {
      type: type === 'human' || type === 'service' || type === 'agent' ? type : 'unknown',
      id: id === '' ? OWN_VIA : id,
      ...(session === null ? {} : { session }),
      ...(credential === null ? {} : { credential }),
    },
    operation: finding.rule,
    system: 'tocsin',
    risk: { score: Math.round(score), reasons: [cutText(sentence, REASON_CHARS_MAX)] },
    ext: { tocsin: parseCarried({ finding, alert }) },
  }
}

/** A reason has at most 1,024 bytes, and a unit of UTF-16 at most three of UTF-8. */
const REASON_CHARS_MAX = 341
/** Below what an event may carry in `ext`, with room for the names around it. */
const CARRIED_BYTES_MAX = 15_000
const TEXT_CHARS = [1024, 256, 64, 16] as const
const IDS_KEPT = 20

/** Plain data of the event's own kind. What hostile texts make too long is cut until it fits. */
function parseCarried(found: Found): { readonly [member: string]: never } {
  let text = JSON.stringify(found)
  for (const chars of TEXT_CHARS) {
    if (Buffer.byteLength(text) <= CARRIED_BYTES_MAX) break
    const cut = (key: string, value: unknown) => {
      if (Array.isArray(value) && /Ids$/.test(key)) return value.slice(-IDS_KEPT)
      return typeof value === 'string' ? cutText(value, chars) : value
    }
    text = JSON.stringify(found, cut)
  }
  return JSON.parse(text)
}

/** Ids are told by their form and stay whole. */
function cutText(text: string, chars: number): string {
  const isId = /^[0-9a-f-]{32,36}$/.test(text)
  return isId ? text : text.slice(0, chars).toWellFormed()
}

/** The event id of a finding: its 32 hex digits as UUIDv8 (RFC 9562 §5.8). */
export function eventIdOf(findingId: string): string {
  const id = `${findingId.slice(0, 12)}8${findingId.slice(13, 16)}8${findingId.slice(17)}`
  return [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join(
    '-',
  )
}

/** null unless the server itself wrote the event: `via` is set by nobody else. */
export function parseFound(event: SealedEvent): Found | null {
  if (event.via !== OWN_VIA || event.kind !== 'tocsin.finding') return null
  const carried = event.ext?.tocsin as unknown as Partial<Found> | undefined
  return carried?.finding ? { finding: carried.finding, alert: carried.alert ?? null } : null
}
