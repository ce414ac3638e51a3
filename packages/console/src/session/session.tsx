// Who is signed in and what they may do, asked of the server once and handed to every screen.

import { useQuery } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect } from 'react'
import { type Answer, ask, onSignedOut, Problem, rememberCsrf } from '../api/api.ts'
import { Failed } from '../states/states.tsx'

export type Session = Answer<'GET /v1/session'>

const SessionContext = createContext<Session | null>(null)

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('a screen was shown to nobody')
  return session
}

/** null where the session may; else why it may not, in a sentence. */
export function useWhyNot(scope: Session['scopes'][number]): string | null {
  const { scopes } = useSession()
  if (scopes.includes(scope)) return null
  return `This session does not have the scope ${scope}, which this needs`
}

/** Shows `children` to who is signed in, `signIn` to the others. */
export function SignedIn({
  children,
  signIn,
}: {
  readonly children: ReactNode
  readonly signIn: ReactNode
}): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['session'],
    queryFn: readSession,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  })
  useEffect(() => onSignedOut(() => void refetch()), [refetch])
  // Also when a session was there before: it ended.
  if (error instanceof Problem && error.status === 401) return signIn
  if (data) return <SessionContext value={data}>{children}</SessionContext>
  return error ? <Failed error={error} retry={refetch} /> : null
}

async function readSession(): Promise<Session> {
  const session = await ask('GET /v1/session')
  rememberCsrf(session.csrf)
  return session
}
