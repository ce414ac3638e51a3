// Signing in: by the one-time link that the server printed (its token stands behind `#`, where no
// server log sees it), or by an API key.

import { Button, PasswordInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { ask, Problem } from '../api/api.ts'
import mark from '../mark/tocsin.svg'

export function SignIn(): ReactNode {
  const [key, setKey] = useState('')
  const [wrong, setWrong] = useState<string | null>(null)
  const token = useRef(new URLSearchParams(location.hash.slice(1)).get('token'))
  const enter = async (body: { readonly token: string } | { readonly key: string }) => {
    try {
      await ask('POST /v1/session', { body })
      location.replace(location.pathname === '/sign-in' ? '/' : location.href)
    } catch (error) {
      setWrong(error instanceof Problem ? error.message : String(error))
    }
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: a token is used once
  useEffect(() => {
    const used = token.current
    token.current = null
    if (used === null) return
    history.replaceState(null, '', location.pathname)
    void enter({ token: used })
  }, [])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void enter({ key: key.trim() })
  }
  return (
    <main className="sign-in">
      <form onSubmit={submit} className="sheet stack">
        <div className="row">
          <img src={mark} alt="" width="32" height="32" />
          <h1>Tocsin</h1>
        </div>
        <p>
          Open the sign-in link that the server printed when it started, or make a new one on its
          machine: <span className="id">tocsin sign-in</span>
        </p>
        <PasswordInput
          label="Or an API key"
          value={key}
          error={wrong}
          onChange={event => setKey(event.currentTarget.value)}
          autoComplete="off"
        />
        <Button type="submit" variant="filled" disabled={key.trim() === ''}>
          Sign in
        </Button>
      </form>
    </main>
  )
}
