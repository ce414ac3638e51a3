// Looking is an event (`tocsin.read`), durable before the answer leaves: who looked at what is part
// of the record.

import { encodeUtf8 } from '@tocsin/sdk/bytes'
import { TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import { sha256 } from '@tocsin/sdk/node'
import type { RouteDeps } from './app.ts'
import type { Caller } from './gate.ts'

export type Look = {
  /** `alert.list`, `entity.open` … */
  readonly operation: string
  /** What was asked for and how much came back. */
  readonly what: { readonly [member: string]: string | number }
  /** Of the request: two looks of one moment are then two events. */
  readonly requestId?: string
  readonly outcome?: 'success' | 'denied'
}

export async function recordLook(
  { record, clock }: Pick<RouteDeps, 'record' | 'clock'>,
  caller: Caller,
  { operation, what, requestId, outcome = 'success' }: Look,
): Promise<void> {
  await recordOwn(record, {
    kind: 'tocsin.read',
    time: clock.nowMs(),
    outcome,
    actor: actorOf(caller),
    operation,
    system: 'tocsin',
    ...(requestId === undefined ? {} : { requestId }),
    ext: { tocsin: Object.fromEntries(Object.entries(what).map(recordedMember)) },
  })
}

export function actorOf({ principal, keyId, session }: Caller): WireEvent['actor'] {
  return {
    type: 'human',
    id: principal,
    credential: keyId,
    ...(session === null ? {} : { session }),
  }
}

/** Longer texts would not fit an event's `ext`, and what was asked could then not be answered. */
const RECORDED_BYTES_MAX = 8 * 1024
const RECORDED_CHARS = 500

/** A text as it can be recorded: whole, or its beginning with the hash of the whole. */
export function recordedText(text: string): string {
  if (Buffer.byteLength(JSON.stringify(text)) <= RECORDED_BYTES_MAX) return text
  const hash = Buffer.from(sha256(encodeUtf8(text))).toString('hex')
  return `${text.slice(0, RECORDED_CHARS).toWellFormed()}… (sha256 of the whole: ${hash})`
}

function recordedMember([name, value]: [string, string | number]): [string, string | number] {
  return [name, typeof value === 'string' ? recordedText(value) : value]
}

/** Durable on return. What cannot be recorded must not happen: throws `internal.bug`. */
export async function recordOwn(record: RouteDeps['record'], event: WireEvent): Promise<void> {
  const { refused, conflict } = await record(event)
  if (refused + conflict === 0) return
  throw new TocsinError('internal.bug', {
    public: `the log did not take the record of ${event.operation}, so it was not done`,
  })
}
