// The one way to the server: every route by its name, typed by the OpenAPI document. The console
// has no rights of its own: what it may do is what the session's scopes allow. Failures come as the
// problem document that the server sent (RFC 9457), with the request's id.

import { rememberServerTime } from '../clock/clock.ts'
import type { Routes } from './api-types.ts'

export type { Routes } from './api-types.ts'

export type Route = keyof Routes
export type Answer<R extends Route> = Routes[R]['answer']

export type Asked<R extends Route> = {
  readonly query?: Routes[R]['query']
  readonly params?: Routes[R]['params']
  readonly body?: Routes[R]['body']
  readonly signal?: AbortSignal
}

/** What went wrong, in words for the person who asked. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: string
  readonly title: string
  readonly help: string
  readonly requestId: string | null

  constructor({ status, code, title, detail, help, requestId }: ProblemParts) {
    super(detail)
    this.status = status
    this.code = code
    this.title = title
    this.help = help
    this.requestId = requestId
  }
}

type ProblemParts = {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly help: string
  readonly requestId: string | null
}

/** Sent with everything that changes something; known once the session is. */
let csrf: string | null = null

export function rememberCsrf(token: string | null): void {
  csrf = token
}

const changeListeners = new Set<(route: Route) => void>()

/** Told of every change that the server took, by the name of its route. */
export function onChanged(listener: (route: Route) => void): () => void {
  changeListeners.add(listener)
  return () => changeListeners.delete(listener)
}

const signedOutListeners = new Set<() => void>()

/** Told when the server says that nobody is signed in any more. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener)
  return () => signedOutListeners.delete(listener)
}

/** Throws `Problem`; also for a server that cannot be reached (status 0). */
export async function ask<R extends Route>(route: R, asked: Asked<R> = {}): Promise<Answer<R>> {
  const response = await openAnswer(route, asked)
  if (!route.startsWith('GET ')) for (const listener of changeListeners) listener(route)
  if (response.status === 204) return parseAnswer<R>(null)
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  return parseAnswer<R>(isJson ? await response.json() : await response.text())
}

/** The same, not read yet: for streams and files. `lastEventId`: go on behind it. */
export async function openAnswer<R extends Route>(
  route: R,
  { lastEventId, ...asked }: Asked<R> & { readonly lastEventId?: string },
): Promise<Response> {
  const [method = 'GET', path] = route.split(' ')
  const resumed = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const response = await send(urlOf(route, asked), {
    method,
    credentials: 'same-origin',
    headers: { ...headersOf(asked.body), ...resumed },
    ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
    ...(asked.signal === undefined ? {} : { signal: asked.signal }),
  })
  rememberServerTime(response.headers.get('date'))
  if (response.ok) return response
  const isSessionRoute = path === '/v1/session'
  if (response.status === 401 && !isSessionRoute) for (const tell of signedOutListeners) tell()
  throw await problemOf(response)
}

/** The address of a route, for downloads and for people who copy it. */
export function urlOf<R extends Route>(
  route: R,
  { query, params }: Pick<Asked<R>, 'query' | 'params'> = {},
): string {
  const [, path = ''] = route.split(' ')
  const filled = Object.entries(params ?? {}).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(String(value))),
    path,
  )
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== '') search.set(name, String(value))
  }
  return search.size === 0 ? filled : `${filled}?${search}`
}

function headersOf(body: unknown): Record<string, string> {
  return {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(csrf === null ? {} : { 'x-tocsin-csrf': csrf }),
  }
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new Problem({
      status: 0,
      code: 'console.unreachable',
      title: 'Tocsin does not answer',
      detail: 'The server could not be reached; it may have been stopped, or the network is down.',
      help: 'See whether it still runs, then try again.',
      requestId: null,
    })
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const requestId = response.headers.get('x-request-id')
  const body: unknown = await response.json().catch(() => null)
  const text = (name: string, otherwise: string) => {
    const value = typeof body === 'object' && body !== null ? Reflect.get(body, name) : null
    return typeof value === 'string' ? value : otherwise
  }
  return new Problem({
    status: response.status,
    code: text('code', 'console.unexpected'),
    title: text('title', `The server answered ${response.status}`),
    detail: text('detail', 'It gave no reason.'),
    help: text('help', ''),
    requestId,
  })
}

/** The server's answers are its own word for what the document says of them. */
function parseAnswer<R extends Route>(value: unknown): Answer<R> {
  return value as Answer<R>
}
