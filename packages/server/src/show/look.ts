// Looking is an event (`tocsin.read`), durable before the answer leaves: who looked at what is part
// of the record.

import { TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
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
    actor: {
      type: 'human',
      id: caller.principal,
      credential: caller.keyId,
      ...(caller.session === null ? {} : { session: caller.session }),
    },
    operation,
    system: 'tocsin',
    ...(requestId === undefined ? {} : { requestId }),
    ext: { tocsin: what },
  })
}

/** Durable on return. What cannot be recorded must not happen: throws `internal.bug`. */
export async function recordOwn(record: RouteDeps['record'], event: WireEvent): Promise<void> {
  const { refused, conflict } = await record(event)
  if (refused + conflict === 0) return
  throw new TocsinError('internal.bug', {
    public: `the log did not take the record of ${event.operation}, so it was not done`,
  })
}
