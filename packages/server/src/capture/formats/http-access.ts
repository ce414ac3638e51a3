// One web request as an access log tells it, and the event that it becomes. Every format of access
// log fills the same record, so that the same request gives the same event whichever server wrote
// the line. What is too long is cut, never refused: a client must not keep itself out of the record
// by sending a long header.

import { type Json, parseEvent, type WireEvent } from '@tocsin/sdk/event'
import {
  ADDRESS_ACTOR_PREFIX,
  HOST_ACTOR_PREFIX,
  missingFields,
  UNKNOWN_ACTOR,
} from '../audit-ready.ts'
import { type AiRoute, matchAiRoute } from './ai-routes.ts'
import { fitText, pathOf } from './escapes.ts'
import { type LineContext, type ParsedLine, refusalOf, refused } from './line-format.ts'

/** undefined: the line does not tell. Texts are decoded, but of any length. */
export type HttpAccess = {
  readonly timeMs: number | undefined
  readonly method: string | undefined
  /** The request target with its query string; only its path is ever kept. */
  readonly target: string | undefined
  readonly status: number | undefined
  readonly address: string | undefined
  readonly user: string | undefined
  readonly session?: string | undefined
  readonly credential?: string | undefined
  readonly requestId?: string | undefined
  readonly traceparent?: string | undefined
  readonly userAgent: string | undefined
  readonly system?: string | undefined
  readonly kind?: string | undefined
  readonly operation?: string | undefined
  readonly modelRequested?: string | undefined
  readonly modelServed?: string | undefined
  readonly modelVersion?: string | undefined
  readonly modelDigest?: string | undefined
  readonly inputHash?: string | undefined
  readonly outputHash?: string | undefined
  readonly tlsPrint?: string | undefined
  readonly bytesIn?: number | undefined
  readonly bytesOut: number | undefined
  readonly tokensIn?: number | undefined
  readonly tokensOut?: number | undefined
  readonly rows?: number | undefined
  readonly durationMs?: number | undefined
  readonly ttftMs?: number | undefined
  /** False when the server says that the answer was not sent to its end. */
  readonly completed?: boolean | undefined
  readonly ext: { readonly [dialect: string]: Json } | undefined
}

const TEXT_BYTES_MAX = 1024
const LONG_TEXT_BYTES_MAX = 4096
const CLIENT_CLOSED = 499
const TOO_MANY = 429
const UNAUTHENTICATED = 401
const FORBIDDEN = 403
const RESERVED_ID = /^(?:ip:|host:|user:|unknown$)/
/** IPv4, also with its end masked, or IPv6. */
const ADDRESS =
  /^(?:\d{1,3}\.\d{1,3}\.(?:\d{1,3}|\*{1,3})\.(?:\d{1,3}|\*{1,3})|(?=.*:)[0-9a-fA-F:.]{2,45})$/
const ADDRESS_AND_PORT = /^(?:\[([^\]]*)\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5})$/
const MAPPED_V4 = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i
const SHA256_HEX = /^[0-9a-f]{64}$/
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/
const NO_TRACE = /^0+$/
const VERBS: ReadonlyMap<string, string> = new Map([
  ['GET', 'read'],
  ['HEAD', 'read'],
  ['OPTIONS', 'read'],
  ['DELETE', 'delete'],
])

/** The event of one request; `notes` says what the format already had to repair. Never throws. */
export function eventOfAccess(
  access: HttpAccess,
  notes: string[],
  context: LineContext,
): ParsedLine {
  if (access.timeMs === undefined) {
    return refused('event.missing', 'the line has no time that can be read', 'time')
  }
  try {
    const event = parseEvent(build(access, access.timeMs, notes), context.nowMs)
    return { kind: 'event', event, missing: missingFields(event), notes }
  } catch (error) {
    return refusalOf(error)
  }
}

function build(access: HttpAccess, time: number, notes: string[]): WireEvent {
  const path = access.target === undefined ? undefined : pathOf(access.target)
  const route = path === undefined ? null : matchAiRoute(access.method ?? '', path)
  const end = outcomeOf(access.status, access.completed)
  const address = parseAddress(access.address, notes)
  const model = modelOf(access, route)
  const trace = traceOf(access.traceparent, notes)
  // Written out field by field: spreading a dozen optional parts costs three times as much.
  const event: Writable<WireEvent> = {
    kind: access.kind ?? route?.kind ?? (model ? 'ai.invoke' : 'http.request'),
    time,
    outcome: end.outcome,
    actor: actorOf(access, address, notes),
    operation: operationOf(access, route, model !== undefined, notes),
  }
  if (access.requestId) event.requestId = fit(access.requestId, 'requestId', notes)
  if (access.system) event.system = fit(access.system, 'system', notes)
  if (model) event.model = model
  if (route?.resource) event.resource = [fitResource(route.resource)]
  const source = sourceOf(access, address.ip, notes)
  if (source) event.source = source
  event.protocol = route?.protocol ?? 'http'
  const endpoint = endpointOf(access.method, route?.path ?? path, notes)
  if (endpoint) event.endpoint = endpoint
  if (trace) {
    event.trace = { id: trace.traceId }
    event.span = { id: trace.spanId }
  }
  if (end.reasonCode) event.reasonCode = end.reasonCode
  if (access.status !== undefined) event.status = access.status
  if (end.aborted) event.aborted = true
  addVolume(event, access)
  addHashes(event, access, notes)
  const ext = extOf(access.ext, route?.label)
  if (ext) event.ext = ext
  return event
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

type End = {
  readonly outcome: WireEvent['outcome']
  readonly reasonCode?: string
  readonly aborted: boolean
}

/** From the HTTP status; nginx's 499 and an incomplete answer mean that the client went away. */
export function outcomeOf(status: number | undefined, completed: boolean | undefined): End {
  const aborted = completed === false || status === CLIENT_CLOSED
  if (status === undefined) {
    return { outcome: 'unknown', aborted, ...(aborted ? { reasonCode: 'client_abort' } : {}) }
  }
  if (status < 400) {
    return { outcome: 'success', aborted, ...(aborted ? { reasonCode: 'client_abort' } : {}) }
  }
  const reasonCode = status === TOO_MANY ? 'rate_limited' : `http_${status}`
  const outcome = status === UNAUTHENTICATED || status === FORBIDDEN ? 'denied' : 'failure'
  return { outcome, reasonCode, aborted }
}

function operationOf(
  access: HttpAccess,
  route: AiRoute | null,
  namesModel: boolean,
  notes: string[],
): string {
  if (access.operation) return fit(access.operation, 'operation', notes)
  if (route) return route.operation
  if (namesModel) return 'invoke'
  if (access.method === undefined) return 'unknown'
  return VERBS.get(access.method) ?? 'write'
}

type Address = { readonly ip: string | undefined; readonly host: string | undefined }

/** An address, or the host name that a server with reverse look-ups writes in its place. */
function parseAddress(text: string | undefined, notes: string[]): Address {
  if (!text || text.startsWith('unix:')) return { ip: undefined, host: undefined }
  const zone = text.indexOf('%')
  const bare = withoutPort(zone < 0 ? text : text.slice(0, zone))
  if (ADDRESS.test(bare)) {
    const mapped = MAPPED_V4.exec(bare)
    return { ip: mapped?.[1] ?? bare.toLowerCase(), host: undefined }
  }
  notes.push('the client is a host name, not an address: turn off reverse look-ups')
  return { ip: undefined, host: text }
}

function withoutPort(address: string): string {
  if (ADDRESS.test(address)) return address
  const [, bracketed, v4] = ADDRESS_AND_PORT.exec(address) ?? []
  return bracketed ?? v4 ?? address
}

/**
 * The user where one was let in. Under 401 the server did not believe the name (Apache's manual
 * calls it "bogus" then), so it is a claim, and whoever tried is known by the address alone.
 */
function actorOf(access: HttpAccess, address: Address, notes: string[]): WireEvent['actor'] {
  const user = access.user ? fit(userId(access.user), 'actor.id', notes) : undefined
  const refusedUser = user !== undefined && access.status === UNAUTHENTICATED
  const id = user === undefined || refusedUser ? machineId(address, notes) : user
  const actor: Writable<WireEvent['actor']> = { type: 'unknown', id }
  if (refusedUser) actor.claimed = user
  if (access.session) actor.session = fit(access.session, 'actor.session', notes)
  if (access.credential) actor.credential = fit(access.credential, 'actor.credential', notes)
  return actor
}

/** A user cannot take the id of an address by choosing a name that looks like one. */
function userId(user: string): string {
  return RESERVED_ID.test(user) ? `user:${user}` : user
}

function machineId(address: Address, notes: string[]): string {
  if (address.ip !== undefined) return `${ADDRESS_ACTOR_PREFIX}${address.ip}`
  if (address.host === undefined) return UNKNOWN_ACTOR
  return fit(`${HOST_ACTOR_PREFIX}${address.host}`, 'actor.id', notes)
}

function modelOf(access: HttpAccess, route: AiRoute | null): WireEvent['model'] | undefined {
  const model: Writable<NonNullable<WireEvent['model']>> = {}
  const requested = access.modelRequested ?? route?.model
  const version = access.modelVersion ?? route?.version
  if (requested) model.requested = fitText(requested, TEXT_BYTES_MAX)
  if (access.modelServed) model.served = fitText(access.modelServed, TEXT_BYTES_MAX)
  if (version) model.version = fitText(version, TEXT_BYTES_MAX)
  if (access.modelDigest) model.digest = fitText(access.modelDigest, TEXT_BYTES_MAX)
  return Object.keys(model).length === 0 ? undefined : model
}

function sourceOf(
  access: HttpAccess,
  ip: string | undefined,
  notes: string[],
): WireEvent['source'] | undefined {
  if (ip === undefined && !access.userAgent && !access.tlsPrint) return undefined
  const source: Writable<NonNullable<WireEvent['source']>> = {}
  if (ip !== undefined) source.ip = ip
  if (access.userAgent) {
    source.userAgent = fit(access.userAgent, 'source.userAgent', notes, LONG_TEXT_BYTES_MAX)
  }
  if (access.tlsPrint) source.tls = fit(access.tlsPrint, 'source.tls', notes)
  return source
}

function endpointOf(
  method: string | undefined,
  path: string | undefined,
  notes: string[],
): string | undefined {
  if (path === undefined) return undefined
  const endpoint = method === undefined ? path : `${method} ${path}`
  return fit(endpoint, 'endpoint', notes, LONG_TEXT_BYTES_MAX)
}

function traceOf(
  text: string | undefined,
  notes: string[],
): { readonly traceId: string; readonly spanId: string } | undefined {
  if (!text) return undefined
  const [, traceId, spanId] = TRACEPARENT.exec(text) ?? []
  if (traceId && spanId && !NO_TRACE.test(traceId) && !NO_TRACE.test(spanId)) {
    return { traceId, spanId }
  }
  notes.push('the traceparent is not one of W3C Trace Context')
  return undefined
}

function addVolume(event: Writable<WireEvent>, access: HttpAccess): void {
  if (access.tokensIn !== undefined || access.tokensOut !== undefined) {
    event.usage = {
      ...(access.tokensIn === undefined ? {} : { in: access.tokensIn }),
      ...(access.tokensOut === undefined ? {} : { out: access.tokensOut }),
    }
  }
  if (access.bytesIn !== undefined || access.bytesOut !== undefined) {
    event.bytes = {
      ...(access.bytesIn === undefined ? {} : { in: access.bytesIn }),
      ...(access.bytesOut === undefined ? {} : { out: access.bytesOut }),
    }
  }
  if (access.rows !== undefined) event.rows = access.rows
  if (access.durationMs !== undefined) event.durationMs = access.durationMs
  if (access.ttftMs !== undefined) event.ttftMs = access.ttftMs
}

function addHashes(event: Writable<WireEvent>, access: HttpAccess, notes: string[]): void {
  for (const name of ['inputHash', 'outputHash'] as const) {
    const value = access[name]?.toLowerCase()
    if (!value) continue
    if (SHA256_HEX.test(value)) event[name] = value
    else notes.push(`${name} is not a SHA-256 in hex`)
  }
}

function extOf(ext: HttpAccess['ext'], label: string | undefined): HttpAccess['ext'] {
  if (label === undefined) return ext
  return { ...ext, route: { modelLabel: fitText(label, TEXT_BYTES_MAX) } }
}

function fitResource(resource: { readonly type?: string; readonly id?: string }): {
  readonly type?: string
  readonly id?: string
} {
  return { ...resource, id: fitText(resource.id ?? '', TEXT_BYTES_MAX) }
}

function fit(
  text: string,
  path: string,
  notes: string[],
  bytesMax: number = TEXT_BYTES_MAX,
): string {
  const fitted = fitText(text, bytesMax)
  if (fitted !== text) notes.push(`${path} was longer than ${bytesMax} bytes and is cut`)
  return fitted
}
