// Looking is an event (`tocsin.read`), durable before the answer leaves: who looked at what is part
// of the record.

import type { RouteDeps } from './app.ts'
import type { Caller } from './gate.ts'

export type Look = {
  /** `alert.list`, `entity.open` … */
  readonly operation: string
  /** What was asked for and how much came back. */
  readonly what: { readonly [member: string]: string | number }
}

export async function recordLook(
  { record, clock }: Pick<RouteDeps, 'record' | 'clock'>,
  caller: Caller,
  { operation, what }: Look,
): Promise<void> {
  await record({
    kind: 'tocsin.read',
    time: clock.nowMs(),
    outcome: 'success',
    actor: {
      type: 'human',
      id: caller.principal,
      credential: caller.keyId,
      ...(caller.session === null ? {} : { session: caller.session }),
    },
    operation,
    system: 'tocsin',
    ext: { tocsin: what },
  })
}
