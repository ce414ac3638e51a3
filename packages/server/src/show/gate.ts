// Who asks, and may they: every route names the scope it needs. A key is looked up by its hash; the
// operator's own key of this process stands in the data directory, readable by its owner alone; a
// session stands for the key that it was opened with. A request with a key is judged by the key
// alone. A session counts only from the console's own pages, and changes nothing without the token
// that no other page can know.

import { timingSafeEqual } from 'node:crypto'
import { TocsinError } from '@tocsin/sdk/errors'
import type { FastifyRequest } from 'fastify'
import { type ApiKeys, isWellFormedKey, SCOPES, type Scope } from '../query/query.ts'
import { csrfOf, type Holder, type Session, type Sessions } from './sessions.ts'

export type Caller = {
  /** How the log names the caller. */
  readonly principal: string
  readonly keyId: string
  readonly scopes: readonly Scope[]
  /** Id of the session, where a browser asks. */
  readonly session: string | null
}

export interface Gate {
  /** Throws `auth.missing`, `auth.invalid`, `auth.session_ended`, `auth.csrf` or `auth.scope`. */
  admit(request: FastifyRequest, scope: Scope): Caller
  /** As `admit`, for what a page asks by itself: it does not count as somebody being there. */
  admitPoll(request: FastifyRequest, scope: Scope): Caller
  /** The browser's session. Throws as `admit` does; a key alone is no session. */
  session(request: FastifyRequest): SignedIn
  /** The same, or null: judges neither where the request comes from nor what it changes. */
  findSession(request: FastifyRequest): SignedIn | null
  /** Whoever holds this secret. Throws `auth.invalid`. */
  byKey(secret: string): Caller
  /** What a session of this key may do now; null when the key is no more. */
  scopesOf(holder: Holder): readonly Scope[] | null
}

export type SignedIn = {
  readonly cookie: string
  readonly session: Session
  readonly scopes: readonly Scope[]
}

export type LocalKey = { readonly secret: string; readonly operator: string }

export type GateDeps = {
  readonly keys: ApiKeys
  readonly local: LocalKey | null
  readonly sessions: Sessions
}

export const COOKIE = '__Host-tocsin'
export const CSRF_HEADER = 'x-tocsin-csrf'
const LOCAL_KEY_ID = 'local'

const COOKIE_VALUE = /^[\w-]{43}$/
const SAFE_METHODS = new Set(['GET', 'HEAD'])
/** A browser speaks for its user, and never for a program that sends or vouches for events. */
const NOT_FOR_BROWSERS: ReadonlySet<Scope> = new Set<Scope>(['ingest', 'attest'])

export function buildGate(deps: GateDeps): Gate {
  const { keys, local, sessions } = deps

  function byKey(secret: string): Caller {
    if (local && isSame(secret, local.secret)) return localCaller(local.operator)
    const key = keys.find(secret)
    if (key) {
      const { name, keyId, scopes } = key
      return { principal: `key:${name}`, keyId, scopes, session: null }
    }
    throw new TocsinError('auth.invalid', {
      public: isWellFormedKey(secret)
        ? 'this API key is unknown here or was revoked'
        : 'this is not an API key of Tocsin; check that it was copied whole',
    })
  }

  function scopesOf({ keyId }: Holder): readonly Scope[] | null {
    if (keyId === LOCAL_KEY_ID) return local && browserScopes(SCOPES)
    const key = keys.get(keyId)
    return key && browserScopes(key.scopes)
  }

  function find(cookie: string, isPresent: boolean): SignedIn | null {
    const session = sessions.find(cookie, isPresent)
    if (!session) return null
    const scopes = scopesOf(session)
    if (!scopes) sessions.end(cookie)
    return scopes && { cookie, session, scopes }
  }

  function bySession(request: FastifyRequest, isPresent: boolean): SignedIn {
    const cookie = cookieOf(request)
    if (cookie === null) throw missing()
    checkOrigin(request, cookie)
    const found = find(cookie, isPresent)
    if (found) return found
    throw new TocsinError('auth.session_ended', { public: 'the session has ended; sign in again' })
  }

  function callerOf(request: FastifyRequest, isPresent: boolean): Caller {
    const secret = bearer(request)
    if (secret !== null) return byKey(secret)
    const { session, scopes } = bySession(request, isPresent)
    return { principal: session.principal, keyId: session.keyId, scopes, session: session.id }
  }

  return {
    admit: (request, scope) => allowed(callerOf(request, true), scope),
    admitPoll: (request, scope) => allowed(callerOf(request, false), scope),
    session: request => bySession(request, false),
    findSession(request) {
      const cookie = cookieOf(request)
      return cookie === null ? null : find(cookie, false)
    },
    byKey,
    scopesOf,
  }
}

export function localCaller(operator: string): Caller {
  return { principal: operator, keyId: LOCAL_KEY_ID, scopes: SCOPES, session: null }
}

function browserScopes(scopes: readonly Scope[]): readonly Scope[] {
  return scopes.filter(scope => !NOT_FOR_BROWSERS.has(scope))
}

function allowed(caller: Caller, scope: Scope): Caller {
  if (caller.scopes.includes(scope)) return caller
  const what = caller.session === null ? 'key' : 'session'
  throw new TocsinError('auth.scope', {
    public: `this ${what} has the scopes ${caller.scopes.join(', ')}; the request needs ${scope}`,
  })
}

/** null without such a header; one of another form is a mistake, whatever else is sent. */
function bearer(request: FastifyRequest): string | null {
  const header = request.headers.authorization
  if (header === undefined) return null
  const match = /^Bearer +(\S+)$/i.exec(header)
  if (match?.[1]) return match[1]
  throw missing()
}

function missing(): TocsinError {
  return new TocsinError('auth.missing', {
    public: 'the request has no API key; send the header Authorization: Bearer <key>',
  })
}

/** null without the cookie. A browser sends it once; twice is somebody's work, and none. */
function cookieOf({ headers }: FastifyRequest): string | null {
  const pairs = (headers.cookie ?? '').split(';').map(pair => pair.trim())
  const values = pairs.filter(pair => pair.startsWith(`${COOKIE}=`))
  const value = values[0]?.slice(COOKIE.length + 1) ?? ''
  return values.length === 1 && COOKIE_VALUE.test(value) ? value : null
}

function checkOrigin(request: FastifyRequest, cookie: string): void {
  refuseOtherSites(request)
  if (SAFE_METHODS.has(request.method)) return
  if (isSame(String(request.headers[CSRF_HEADER] ?? ''), csrfOf(cookie))) return
  throw new TocsinError('auth.csrf', {
    public: `a change from a browser needs the header ${CSRF_HEADER} with \`csrf\` of GET /v1/session`,
  })
}

/**
 * Fetch Metadata (W3C): who sent the browser here. Another port of this machine is `same-site`, and
 * gets cookies that SameSite=Lax allows. Programs, and what a person typed, send none of it.
 */
export function refuseOtherSites({ headers }: FastifyRequest): void {
  const site = headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return
  throw new TocsinError('auth.csrf', {
    public: 'the request came from a page that is not the console of this server',
  })
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
