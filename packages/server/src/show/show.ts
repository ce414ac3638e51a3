// The HTTP API: the one way in for senders, people and programs. Every answer is what the log and
// the index say; every change goes through the log. Schemas stand once, in schemas.ts: requests are
// checked by them, answers typed by them, and the OpenAPI document is made from them.

import swagger from '@fastify/swagger'
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import { TocsinError } from '@tocsin/sdk/errors'
import Fastify from 'fastify'
import { hasCode } from '../base/durable.ts'
import type { Telemetry } from '../base/emit.ts'
import { BODY_BYTES_MAX } from '../base/limits.ts'
import { activityRoutes } from './activity-routes.ts'
import { alertRoutes } from './alert-routes.ts'
import type { App, RouteDeps, ShowDeps } from './app.ts'
import { approvalRoutes } from './approval-routes.ts'
import { installBodies } from './bodies.ts'
import { consoleRoutes } from './console-routes.ts'
import { decisionRoutes } from './decision-routes.ts'
import { entityRoutes } from './entity-routes.ts'
import { eventRoutes } from './event-routes.ts'
import { evidenceRoutes } from './evidence-routes.ts'
import { buildGate, COOKIE, localCaller } from './gate.ts'
import { ingestRoutes } from './ingest-routes.ts'
import { investigateRoutes } from './investigate-routes.ts'
import { keyRoutes } from './key-routes.ts'
import { linesRoutes } from './lines-routes.ts'
import { logRoutes } from './log-routes.ts'
import { installProblems } from './problem.ts'
import { installHeaders } from './response-headers.ts'
import { sessionRoutes } from './session-routes.ts'
import { makeLink, openSignIn, type SignIn } from './sign-in.ts'
import { printLink } from './sign-in-links.ts'
import { sourceRoutes } from './source-routes.ts'
import { suppressionRoutes } from './suppression-routes.ts'
import { systemRoutes } from './system-routes.ts'
import { tailRoutes } from './tail-routes.ts'

export type { App, ShowDeps } from './app.ts'
export { parseRange } from './range.ts'

const REQUEST_MS_MAX = 60_000
const PARAM_CHARS_MAX = 3072
/** What a server that listens everywhere names itself; no browser can go there. */
const ANY_ADDRESS = /\/\/(?:0\.0\.0\.0|\[::\])/

export type ListenConfig = {
  readonly host: string
  readonly port: number
  readonly tls: { readonly cert: string; readonly key: string } | null
}

export interface Show {
  /** Where it listens, with the port that was given out. */
  readonly url: string
  /** Nobody ever signed in here. */
  readonly isUnused: boolean
  /** A one-time link that signs in the operator of this machine. */
  makeLink(): Promise<string>
  /** Ends streams, finishes requests that run. */
  close(): Promise<void>
}

/** Throws `config.address_in_use` when another program listens there. */
export async function listen(config: ListenConfig, deps: ShowDeps): Promise<Show> {
  const signIn = openSignIn(deps)
  const app = await buildApp(deps, config.tls, signIn)
  try {
    await app.listen({ host: config.host, port: config.port })
  } catch (cause) {
    await app.close()
    throw listenError(config, cause)
  }
  const address = app.server.address()
  const port = typeof address === 'object' && address ? address.port : config.port
  const host = config.host.includes(':') ? `[${config.host}]` : config.host
  const url = `${config.tls ? 'https' : 'http'}://${host}:${port}`
  return {
    url,
    get isUnused() {
      return signIn.sessions.isUnused
    },
    async makeLink() {
      const holder = localCaller(deps.local?.operator ?? '')
      const { token } = await makeLink({ ...deps, ...signIn }, holder)
      return printLink(url.replace(ANY_ADDRESS, '//127.0.0.1'), token)
    },
    close: () => app.close(),
  }
}

/** The API without a socket; also what the OpenAPI document is made from. */
export async function buildApp(
  deps: ShowDeps,
  tls: ListenConfig['tls'] = null,
  signIn: SignIn = openSignIn(deps),
): Promise<App> {
  const options = {
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    forceCloseConnections: true,
    // An entity's id stands in a path, percent-encoded.
    routerOptions: { maxParamLength: PARAM_CHARS_MAX },
    genReqId: () => Buffer.from(deps.entropy.bytes(9)).toString('base64url'),
    ...(tls ? { https: tls } : {}),
  } as const
  const app: App = Fastify(options) as unknown as App
  app.setValidatorCompiler(TypeBoxValidatorCompiler)
  app.addHook('onClose', async () => signIn.sessions.close())
  installHeaders(app)
  countRequests(app, deps.telemetry)
  installProblems(app, deps.telemetry)
  installBodies(app)
  await app.register(swagger, { openapi: openApiHead(deps.version) })
  const gate = buildGate({ ...deps, sessions: signIn.sessions })
  const routeDeps: RouteDeps = { ...deps, ...signIn, gate }
  await app.register(async scope => {
    for (const routes of [
      systemRoutes,
      ingestRoutes,
      linesRoutes,
      tailRoutes,
      eventRoutes,
      evidenceRoutes,
      alertRoutes,
      activityRoutes,
      suppressionRoutes,
      entityRoutes,
      investigateRoutes,
      decisionRoutes,
      approvalRoutes,
      keyRoutes,
      sessionRoutes,
      sourceRoutes,
      logRoutes,
      consoleRoutes,
    ]) {
      routes(scope, routeDeps)
    }
  })
  await app.ready()
  return app
}

function countRequests(app: App, telemetry: Telemetry): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    telemetry.add('http.requests', 1, { route, status: reply.statusCode })
    telemetry.add('http.request_seconds', reply.elapsedTime / 1000, { route })
  })
}

function openApiHead(version: string): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tocsin',
      version,
      description: 'The flight recorder and alarm of AI systems.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: COOKIE },
      },
    },
    security: [{ key: [] }, { session: [] }],
  }
}

function listenError({ host, port }: ListenConfig, cause: unknown): unknown {
  if (hasCode(cause, 'EADDRINUSE')) {
    return new TocsinError('config.address_in_use', {
      public: `another program listens on ${host}:${port}; stop it, or set TOCSIN_LISTEN to a free port`,
      cause,
    })
  }
  if (hasCode(cause, 'EADDRNOTAVAIL') || hasCode(cause, 'EACCES') || hasCode(cause, 'ENOTFOUND')) {
    return new TocsinError('config.invalid', {
      public: `Tocsin cannot listen on ${host}:${port}; set TOCSIN_LISTEN to an address of this machine`,
      cause,
    })
  }
  return cause
}
