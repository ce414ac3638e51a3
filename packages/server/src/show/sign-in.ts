// What signing in stands on, opened once and closed with the server: sessions and one-time links.

import type { RouteDeps, ShowDeps } from './app.ts'
import { recordOwn } from './look.ts'
import { type Holder, openSessions } from './sessions.ts'
import { buildSignInLinks } from './sign-in-links.ts'

export type SignIn = Pick<RouteDeps, 'sessions' | 'links'>

export function openSignIn({ log, clock, entropy, telemetry }: ShowDeps): SignIn {
  return {
    sessions: openSessions({ directory: log.paths.state, clock, entropy, telemetry }),
    links: buildSignInLinks({ clock, entropy }),
  }
}

/** A link of theirs; that it was made is in the log before anybody can open it. */
export async function makeLink(
  { links, record, clock }: Pick<RouteDeps, 'links' | 'record' | 'clock'>,
  { principal, keyId }: Holder,
): Promise<{ readonly token: string; readonly expiresMs: number }> {
  const { token, expiresMs } = links.make({ principal, keyId })
  await recordOwn(record, {
    kind: 'tocsin.key',
    time: clock.nowMs(),
    outcome: 'success',
    actor: { type: 'human', id: principal, credential: keyId },
    operation: 'link.create',
    system: 'tocsin',
    ext: { tocsin: { expiresMs } },
  })
  return { token, expiresMs }
}
