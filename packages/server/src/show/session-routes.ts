// Signing in and out, for browsers: a one-time link or an API key becomes a session, held by a
// cookie that no script can read and no other site can use. Each time is an event in the log,
// durable before the answer; failures are, too, up to a rate.

import { TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { SESSION_MS_MAX } from '../base/limits.ts'
import { SCOPES, type Scope } from '../query/query.ts'
import type { App, RouteDeps } from './app.ts'
import { buildFailedAttempts, type FailedAttempts } from './failed-attempts.ts'
import { COOKIE, refuseOtherSites, type SignedIn } from './gate.ts'
import { recordOwn } from './look.ts'
import { PROBLEMS } from './schemas.ts'
import { csrfOf, type Holder, type Session } from './sessions.ts'
import { makeLink } from './sign-in.ts'
import { printLink } from './sign-in-links.ts'

const SIGN_IN_BYTES_MAX = 4096
const SECRET_CHARS_MAX = 256
const USER_AGENT_CHARS_MAX = 256

const SECRET = Type.String({ minLength: 1, maxLength: SECRET_CHARS_MAX })
const SIGN_IN = Type.Object({
  token: Type.Optional(SECRET),
  key: Type.Optional(SECRET),
})

const SESSION = Type.Object({
  principal: Type.String({ description: 'Who is signed in, as the log names them' }),
  keyId: Type.String({
    description: 'The key that the session stands for; `local` is the operator',
  }),
  scopes: Type.Array(Type.Enum([...SCOPES])),
  csrf: Type.String({ description: 'To be sent as x-tocsin-csrf with every change' }),
  expiresMs: Type.Integer({ description: 'When it ends unless it is used before, ms since 1970' }),
  demo: Type.Boolean({ description: 'The events are made up' }),
  version: Type.String(),
})

const LINK = Type.Object({
  url: Type.String({ description: 'Signs in whoever opens it first' }),
  expiresMs: Type.Integer({ description: 'ms since 1970' }),
})

export function sessionRoutes(app: App, deps: RouteDeps): void {
  const failures = buildFailedAttempts(deps.clock)
  signInRoute(app, deps, failures)
  app.get(
    '/v1/session',
    { schema: { summary: 'Who is signed in', response: { 200: SESSION, ...PROBLEMS } } },
    async request => answerOf(deps.gate.session(request), deps),
  )
  app.delete(
    '/v1/session',
    { schema: { summary: 'Sign out', response: { 204: Type.Null(), ...PROBLEMS } } },
    async (request, reply) => {
      await signOut(request, deps, deps.gate.session(request))
      return setCookie(reply, '', 0).code(204).send(null)
    },
  )
  app.post(
    '/v1/session/links',
    {
      schema: {
        summary: 'Make a link that signs in whoever opens it first',
        description: 'As whoever makes it, for fifteen minutes.',
        response: { 200: LINK, ...PROBLEMS },
      },
    },
    async request => {
      const caller = deps.gate.admit(request, 'admin')
      readable(caller.scopes)
      const { token, expiresMs } = await makeLink(deps, caller)
      return { url: printLink(`${request.protocol}://${request.host}`, token), expiresMs }
    },
  )
}

function signInRoute(app: App, deps: RouteDeps, failures: FailedAttempts): void {
  const schema = {
    summary: 'Sign in with a one-time link or an API key',
    description: 'Give `token` or `key`. The answer sets the cookie __Host-tocsin.',
    body: SIGN_IN,
    response: { 200: SESSION, ...PROBLEMS },
    security: [],
  }
  app.post('/v1/session', { schema, bodyLimit: SIGN_IN_BYTES_MAX }, async (request, reply) => {
    refuseOtherSites(request)
    refusePlainHttp(request)
    const grant = await identify(request, deps, failures)
    const { cookie, session } = deps.sessions.open(grant.holder)
    try {
      await endOldSession(request, deps)
      await recordOwn(deps.record, logonEvent(request, deps, session, grant.by))
    } catch (error) {
      deps.sessions.end(cookie)
      grant.giveBack()
      throw error
    }
    setCookie(reply, cookie, SESSION_MS_MAX / 1000)
    return answerOf({ cookie, session, scopes: grant.scopes }, deps)
  })
}

type Identified = {
  readonly holder: Holder
  readonly scopes: readonly Scope[]
  readonly by: 'link' | 'key'
  readonly giveBack: () => void
}

/** Whom the link or key stands for. What is refused is recorded before it is said. */
async function identify(
  request: FastifyRequest<{ Body: Static<typeof SIGN_IN> }>,
  deps: RouteDeps,
  failures: FailedAttempts,
): Promise<Identified> {
  const { token, key } = request.body
  if ((token === undefined) === (key === undefined)) {
    throw new TocsinError('http.bad_request', { public: 'give either `token` or `key`, not both' })
  }
  try {
    return token === undefined ? byKey(deps, key ?? '') : byLink(deps, token)
  } catch (error) {
    if (error instanceof TocsinError) await recordFailure(request, deps, { failures, error })
    throw error
  }
}

function byLink({ links, gate }: RouteDeps, token: string): Identified {
  const grant = links.take(token)
  const scopes = grant && gate.scopesOf(grant.holder)
  if (scopes) return { ...grant, scopes: readable(scopes), by: 'link' }
  throw new TocsinError('auth.link', {
    public: 'this sign-in link was used, is older than fifteen minutes, or is of an earlier start',
  })
}

function byKey({ gate }: RouteDeps, key: string): Identified {
  const holder = gate.byKey(key)
  const scopes = readable(gate.scopesOf(holder) ?? [])
  return { holder, scopes, by: 'key', giveBack: () => undefined }
}

function readable(scopes: readonly Scope[]): readonly Scope[] {
  if (scopes.includes('read')) return scopes
  throw new TocsinError('auth.scope', {
    public: 'signing in needs the scope read, which this key has not',
  })
}

/**
 * A browser throws such a cookie away without a word, and the secret would pass in clear. Behind a
 * proxy that does TLS the browser's own word is https.
 */
function refusePlainHttp({ headers }: FastifyRequest): void {
  const origin = URL.parse(headers.origin ?? '')
  if (origin?.protocol !== 'http:' || LOOPBACK.test(origin.hostname)) return
  throw new TocsinError('auth.plain_http', {
    public: `${origin.origin} is plain HTTP from another machine, over which a browser keeps no session`,
  })
}

const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/

type Failure = { readonly failures: FailedAttempts; readonly error: TocsinError }

async function recordFailure(
  request: FastifyRequest,
  deps: RouteDeps,
  { failures, error }: Failure,
): Promise<void> {
  const recorded = failures.take(request.ip)
  if (!recorded) {
    throw new TocsinError('auth.too_many', {
      public:
        'too many sign-ins failed; wait a minute, then try again with a new link or a right key',
    })
  }
  await recordOwn(deps.record, {
    ...authEvent(request, deps),
    kind: 'auth.failed',
    outcome: 'failure',
    actor: { type: 'unknown', id: 'unknown' },
    operation: 'session.open',
    reasonCode: error.code,
    ext: { tocsin: { passedOver: recorded.passedOver } },
  })
}

/** A new cookie each time: one that somebody planted before is worth nothing afterwards. */
async function endOldSession(request: FastifyRequest, deps: RouteDeps): Promise<void> {
  const old = deps.gate.findSession(request)
  if (old) await signOut(request, deps, old)
}

async function signOut(
  request: FastifyRequest,
  deps: RouteDeps,
  { cookie, session }: SignedIn,
): Promise<void> {
  deps.sessions.end(cookie)
  await recordOwn(deps.record, {
    ...authEvent(request, deps),
    kind: 'auth.logoff',
    outcome: 'success',
    actor: actorOf(session),
    operation: 'session.close',
  })
}

function logonEvent(
  request: FastifyRequest,
  deps: RouteDeps,
  session: Session,
  by: string,
): WireEvent {
  return {
    ...authEvent(request, deps),
    kind: 'auth.logon',
    outcome: 'success',
    actor: actorOf(session),
    operation: 'session.open',
    ext: { tocsin: { by, expiresMs: session.expiresMs } },
  }
}

function actorOf({ principal, keyId, id }: Session): WireEvent['actor'] {
  return { type: 'human', id: principal, credential: keyId, session: id }
}

function authEvent({ id, ip, headers }: FastifyRequest, { clock }: RouteDeps) {
  const agent = headers['user-agent']?.slice(0, USER_AGENT_CHARS_MAX)
  const userAgent = agent ? { userAgent: agent } : {}
  return {
    requestId: String(id),
    time: clock.nowMs(),
    system: 'tocsin',
    source: { ip: ip.replace(/^::ffff:(?=[\d.]+$)/, ''), ...userAgent },
  }
}

type Answered = {
  readonly cookie: string
  readonly session: Session
  readonly scopes: readonly Scope[]
}

function answerOf({ cookie, session, scopes }: Answered, { isDemo, version }: RouteDeps) {
  const { principal, keyId, expiresMs } = session
  return {
    principal,
    keyId,
    scopes: [...scopes],
    csrf: csrfOf(cookie),
    expiresMs,
    demo: isDemo,
    version,
  }
}

/** `__Host-`: only over TLS or on this machine, for this host alone, never set by another one. */
function setCookie(reply: FastifyReply, value: string, seconds: number): FastifyReply {
  const attributes = `Path=/; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Lax`
  return reply.header('set-cookie', `${COOKIE}=${value}; ${attributes}`)
}
