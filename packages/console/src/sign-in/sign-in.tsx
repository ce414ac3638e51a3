// Signing in: by a one-time link (its token stands behind `#`, where no server log sees it), or by
// an API key. Says how to get a link, why one did not work, and afterwards goes where somebody
// wanted to go before.

import './sign-in.css'
import { Button, PasswordInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { type Answer, ask, Problem } from '../api/api.ts'
import { nowMs } from '../clock/clock.ts'
import { CopyLine } from '../copy-line/copy-line.tsx'
import mark from '../mark/tocsin.svg'
import { rememberAsked, takeAsked } from './asked-address.ts'
import { type Refusal, refusalOf } from './refusal.ts'

const SIGN_IN = '/sign-in'

type State =
  | { readonly kind: 'asking' }
  /** A link or key is being tried, or a session is looked for. */
  | { readonly kind: 'entering'; readonly by: 'link' | 'key' }
  | { readonly kind: 'refused'; readonly by: 'link' | 'key'; readonly refusal: Refusal }

export function SignIn(): ReactNode {
  const { state, signIn, signedInAs } = useSigningIn()
  useEffect(() => {
    document.title = 'Sign in · Tocsin'
    rememberAsked(nowMs())
  }, [])
  return (
    <main className="sign-in">
      <div className="sheet sign-in-sheet">
        <div className="row">
          <img src={mark} alt="" width="32" height="32" />
          <h1>Tocsin</h1>
        </div>
        {state.kind === 'entering' && state.by === 'link' ? (
          <p role="status" className="entering">
            Signing you in …
          </p>
        ) : (
          <>
            {state.kind === 'refused' && state.by === 'link' && <Refused {...state.refusal} />}
            {signedInAs === null ? (
              <>
                <ByLink isRefused={state.kind === 'refused' && state.refusal.needsLink} />
                <ByKey state={state} signIn={signIn} />
              </>
            ) : (
              <Already principal={signedInAs} />
            )}
          </>
        )}
      </div>
    </main>
  )
}

type Secret = { readonly token: string } | { readonly key: string }

function useSigningIn(): {
  readonly state: State
  readonly signIn: (secret: Secret) => Promise<void>
  readonly signedInAs: string | null
} {
  const token = useRef(new URLSearchParams(location.hash.slice(1)).get('token'))
  const isOwnPage = location.pathname === SIGN_IN
  const [state, setState] = useState<State>(
    isOwnPage ? { kind: 'entering', by: 'link' } : { kind: 'asking' },
  )
  const [signedInAs, setSignedInAs] = useState<string | null>(null)
  const signIn = async (secret: Secret) => {
    const by = 'token' in secret ? 'link' : 'key'
    setState({ kind: 'entering', by })
    try {
      await ask('POST /v1/session', { body: secret })
      leave()
    } catch (error) {
      setState({ kind: 'refused', by, refusal: refusalOf(problemOf(error)) })
      // Who opens their link a second time is often signed in by the first.
      if (by === 'link') setSignedInAs((await findSession())?.principal ?? null)
    }
  }
  const lookForSession = async () => {
    if (await findSession()) leave()
    else setState(now => (now.kind === 'entering' ? { kind: 'asking' } : now))
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: a token is used once
  useEffect(() => {
    const used = token.current
    token.current = null
    if (used !== null) {
      history.replaceState(null, '', location.pathname)
      void signIn({ token: used })
    } else if (isOwnPage) void lookForSession()
    // The link may be opened in another tab: this one follows when somebody comes back to it.
    const follow = () => void lookForSession()
    window.addEventListener('focus', follow)
    return () => window.removeEventListener('focus', follow)
  }, [])
  return { state, signIn, signedInAs }
}

async function findSession(): Promise<Answer<'GET /v1/session'> | null> {
  try {
    return await ask('GET /v1/session')
  } catch {
    return null
  }
}

/** The page is loaded anew, so that nothing of whoever was signed in before is left in it. */
function leave(): void {
  const address = takeAsked(nowMs())
  if (location.pathname === SIGN_IN) location.replace(address)
  else location.reload()
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem({
    status: 0,
    code: 'console.unexpected',
    title: 'The console made a mistake',
    detail: String(error),
    help: '',
    requestId: null,
  })
}

function Refused({ title, text }: Refusal): ReactNode {
  return (
    <div role="alert" className="refused">
      <h2>{title}</h2>
      <p>{text}</p>
    </div>
  )
}

function Already({ principal }: { readonly principal: string }): ReactNode {
  return (
    <div className="stack">
      <p>You are signed in as {principal}, so you do not need it.</p>
      <div>
        <Button variant="filled" onClick={leave}>
          Open Tocsin
        </Button>
      </div>
    </div>
  )
}

function ByLink({ isRefused }: { readonly isRefused: boolean }): ReactNode {
  return (
    <section className="stack" aria-label="With a link">
      {!isRefused && (
        <p>
          Tocsin prints a sign-in link when it starts for the first time, and the demo each time. It
          works once, for 15 minutes.
        </p>
      )}
      <p>{isRefused ? 'Make' : 'To get'} a new one, on the server’s machine:</p>
      <CopyLine text="tocsin sign-in" what="command" />
      <p className="quiet">
        With a data directory of its own, as the demo has: add <code className="id">--data</code>{' '}
        and the directory.
      </p>
    </section>
  )
}

function ByKey({
  state,
  signIn,
}: {
  readonly state: State
  readonly signIn: (secret: Secret) => Promise<void>
}): ReactNode {
  const [key, setKey] = useState('')
  const refusal = state.kind === 'refused' && state.by === 'key' ? state.refusal : null
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (key.trim() !== '') void signIn({ key: key.trim() })
  }
  return (
    <form onSubmit={submit} className="stack by-key">
      <PasswordInput
        label="Or with an API key"
        description="It needs the scope read. What the key may do, you may do here."
        value={key}
        error={
          refusal && (
            <span role="alert">
              {refusal.title}. {refusal.text}
            </span>
          )
        }
        onChange={event => setKey(event.currentTarget.value)}
        aria-invalid={refusal !== null}
        visibilityToggleFocusable
        autoComplete="off"
        spellCheck={false}
        size="sm"
      />
      <div>
        <Button
          type="submit"
          variant="filled"
          disabled={key.trim() === ''}
          loading={state.kind === 'entering'}
        >
          Sign in
        </Button>
      </div>
    </form>
  )
}
