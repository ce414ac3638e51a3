// nginx's JSON access log. The documented log_format is docs/guides/nginx-log-format.conf; names
// that people use elsewhere are understood too, through one table. What has no field of its own
// goes to `ext.nginx`, except what would carry a query string, a cookie or a secret.

import { hash } from 'node:crypto'
import { findKind, type Json } from '@tocsin/sdk/event'
import { eventOfAccess, type HttpAccess } from './http-access.ts'
import { countKeys, repairJson } from './json-repair.ts'
import { type LineContext, type LineFormat, type ParsedLine, refused } from './line-format.ts'
import { parseLogTime } from './log-time.ts'

/** What a key tells; the keys in the order in which they are believed when a line has several. */
const ALIASES = {
  seconds: ['msec', 'epoch', 'time_epoch'],
  time: ['time', 'time_iso8601', 'timestamp', '@timestamp', 'ts', 'time_local', 'datetime', 'date'],
  address: ['remote_addr', 'client_ip', 'client', 'remote_ip', 'clientip', 'remote', 'ip'],
  user: ['remote_user', 'user', 'user_id', 'username', 'consumer', 'jwt_sub', 'auth_user'],
  session: ['session', 'session_id'],
  keyHash: ['api_key_hash', 'key_hash', 'credential', 'key_id', 'api_key_id'],
  key: ['api_key', 'apikey', 'authorization', 'http_authorization', 'http_x_api_key'],
  method: ['method', 'request_method', 'verb', 'http_method'],
  target: ['uri', 'request_uri', 'path', 'url', 'request_path', 'endpoint'],
  request: ['request', 'request_line'],
  status: ['status', 'status_code', 'response_status', 'http_status', 'code'],
  completion: ['completed', 'request_completion', 'completion'],
  bytesOut: ['bytes_out', 'body_bytes_sent', 'bytes', 'bytes_sent', 'size', 'response_size'],
  bytesIn: ['bytes_in', 'request_length', 'req_len', 'request_size', 'content_length'],
  durationSeconds: ['request_time', 'rt', 'duration_s', 'reqtime'],
  durationMs: ['duration_ms', 'latency_ms', 'request_time_ms'],
  ttftSeconds: ['upstream_header_time', 'uht', 'ttfb'],
  userAgent: ['http_user_agent', 'user_agent', 'ua', 'agent', 'useragent'],
  requestId: ['request_id', 'rid', 'req_id', 'http_x_request_id', 'x_request_id'],
  traceparent: ['traceparent', 'http_traceparent', 'tp'],
  system: ['system', 'service', 'service_name'],
  kind: ['kind'],
  operation: ['operation'],
  modelRequested: ['model_requested', 'http_x_model'],
  modelServed: ['model', 'model_name', 'upstream_http_x_model'],
  modelVersion: ['model_version', 'upstream_http_x_model_version'],
  modelDigest: ['model_digest', 'upstream_http_x_model_digest'],
  inputHash: ['input_hash', 'input_sha256', 'upstream_http_x_input_sha256'],
  outputHash: ['output_hash', 'output_sha256', 'upstream_http_x_output_sha256'],
  tokensIn: ['tokens_in', 'input_tokens', 'prompt_tokens'],
  tokensOut: ['tokens_out', 'output_tokens', 'completion_tokens'],
  rows: ['rows', 'row_count'],
  tlsPrint: ['tls_print', 'ja4', 'ja3', 'ssl_ja4', 'ssl_ja3_hash'],
} as const

type Member = keyof typeof ALIASES
type Alias = { readonly member: Member; readonly at: number; readonly rank: number }

const MEMBERS: readonly Member[] = Object.keys(ALIASES).map(parseMember)
/** Place of each member among the picked values. */
const AT: { readonly [M in Member]: number } = parsePlaces(
  Object.fromEntries(MEMBERS.map((member, at) => [member, at])),
)

/** Which paths of the event each member fills: for `origins`. */
const PATHS: { readonly [M in Member]: readonly string[] } = {
  seconds: ['time'],
  time: ['time'],
  address: ['source.ip', 'actor.id'],
  user: ['actor.id', 'actor.claimed'],
  session: ['actor.session'],
  keyHash: ['actor.credential'],
  key: ['actor.credential'],
  method: ['endpoint', 'operation'],
  target: ['endpoint', 'operation', 'kind', 'model.requested', 'model.version', 'resource'],
  request: ['endpoint', 'operation', 'kind', 'model.requested', 'model.version', 'resource'],
  status: ['status', 'outcome', 'reasonCode', 'aborted'],
  completion: ['aborted'],
  bytesOut: ['bytes.out'],
  bytesIn: ['bytes.in'],
  durationSeconds: ['durationMs'],
  durationMs: ['durationMs'],
  ttftSeconds: ['ttftMs'],
  userAgent: ['source.userAgent'],
  requestId: ['requestId'],
  traceparent: ['trace.id', 'span.id'],
  system: ['system'],
  kind: ['kind'],
  operation: ['operation'],
  modelRequested: ['model.requested'],
  modelServed: ['model.served', 'kind'],
  modelVersion: ['model.version', 'kind'],
  modelDigest: ['model.digest'],
  inputHash: ['inputHash'],
  outputHash: ['outputHash'],
  tokensIn: ['usage.in'],
  tokensOut: ['usage.out'],
  rows: ['rows'],
  tlsPrint: ['source.tls'],
}

const ALIAS_BY_KEY: ReadonlyMap<string, Alias> = new Map(
  MEMBERS.flatMap(member =>
    ALIASES[member].map((key, rank) => [key, { member, at: AT[member], rank }] as const),
  ),
)

/** Keys that hold a query string, a cookie, a body or a secret: nothing of them is kept. */
const NEVER_KEPT =
  /(?:^|_)arg(?:s|_|$)|query|cookie|body$|authoriz|passw|secret|token|api_?key|credential|x_key/i
/** `a=1&b=2`: a query string under a name that does not say so. */
const QUERY_SHAPE = /^[^=&\s]+=[^&\s]*(?:&[^&\s]*)*$/
const TARGET_SHAPE = /(?:^|[\s"])(?:\/|[a-z][a-z0-9+.-]*:\/\/)/i
const QUERIES = /[?#][^\s"]*/g
const CONTROL = /[\x00-\x1f\x7f]/
const CONTROLS = /[\x00-\x1f\x7f]/g
const EXT_KEYS_MAX = 32
const EXT_KEY_CHARS_MAX = 64
const EXT_VALUE_CHARS_MAX = 512
/** The event allows 16 KiB of ext as JSON; the rest of the budget is for the names. */
const EXT_CHARS_MAX = 4096
const OBJECT_START = /^\s*\{/
const WHOLE = /^\d{1,15}$/
const DECIMAL = /^\d{1,12}(?:\.\d{1,9})?$/
const KEY_SHAPE = /^(?:bearer |basic |sk-|tocsin_)/i
const REQUEST_LINE = /^(\S{1,32}) (.*?)(?: HTTP\/[\d.]+)?$/s
const METHOD = /^[A-Za-z][A-Za-z0-9_-]{0,31}$/
const CREDENTIAL_CHARS = 16

type Record = { readonly [key: string]: unknown }

export const nginxJson: LineFormat = {
  name: 'nginx-json',
  help: 'nginx access log with a JSON log_format (docs/guides/nginx-log-format.conf)',
  invalidUtf8: 'escape',
  parseLine(line: string, context: LineContext): ParsedLine {
    const notes: string[] = []
    const read = readRecord(line, notes)
    if (typeof read === 'string') return refused('line.malformed', read)
    return eventOfAccess(accessOf(read, notes), notes, context)
  },
  origins(line: string): ReadonlyMap<string, string> {
    const read = readRecord(line, [])
    return typeof read === 'string' ? new Map() : originsOf(read)
  },
}

/** The object of the line, or why it is none. */
function readRecord(line: string, notes: string[]): Record | string {
  if (!OBJECT_START.test(line)) return 'the line is not a JSON object; see log_format'
  let text = line
  let value = parseJson(line)
  if (value === undefined) {
    text = repairJson(line)
    value = parseJson(text)
    if (value === undefined) return 'the line is not JSON, not even after repair; see log_format'
    notes.push('the JSON was repaired: write the log_format with escape=json and quote the numbers')
  }
  if (!isRecord(value)) return 'the line is not a JSON object; see log_format'
  if (countKeys(text) !== Object.keys(value).length) {
    return 'a key stands twice in the line: write the log_format with escape=json'
  }
  return value
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One value for each member, undefined where the line does not tell. */
type Picked = readonly unknown[]

function accessOf(record: Record, notes: string[]): HttpAccess {
  const picked: unknown[] = new Array(MEMBERS.length).fill(undefined)
  const ranks: number[] = new Array(MEMBERS.length).fill(Infinity)
  const rest: string[] = []
  for (const key of Object.keys(record)) {
    const alias = ALIAS_BY_KEY.get(key)
    const value = record[key]
    if (!alias) rest.push(key)
    else if (isSaid(value) && alias.rank < (ranks[alias.at] ?? Infinity)) {
      picked[alias.at] = value
      ranks[alias.at] = alias.rank
    }
  }
  const request = requestOf(picked, notes)
  return {
    timeMs: timeOf(picked),
    method: request.method,
    target: request.target,
    status: statusOf(whole(picked, 'status')),
    address: text(picked, 'address'),
    user: text(picked, 'user'),
    session: text(picked, 'session'),
    credential: credentialOf(picked, notes),
    requestId: text(picked, 'requestId'),
    traceparent: text(picked, 'traceparent'),
    userAgent: text(picked, 'userAgent'),
    system: text(picked, 'system'),
    kind: kindOf(text(picked, 'kind'), notes),
    operation: text(picked, 'operation'),
    modelRequested: text(picked, 'modelRequested'),
    modelServed: text(picked, 'modelServed'),
    modelVersion: text(picked, 'modelVersion'),
    modelDigest: text(picked, 'modelDigest'),
    inputHash: text(picked, 'inputHash'),
    outputHash: text(picked, 'outputHash'),
    tlsPrint: text(picked, 'tlsPrint'),
    bytesIn: whole(picked, 'bytesIn'),
    bytesOut: whole(picked, 'bytesOut'),
    tokensIn: whole(picked, 'tokensIn'),
    tokensOut: whole(picked, 'tokensOut'),
    rows: whole(picked, 'rows'),
    durationMs:
      milliseconds(picked, 'durationSeconds', 1000) ?? milliseconds(picked, 'durationMs', 1),
    ttftMs: milliseconds(picked, 'ttftSeconds', 1000),
    completed: completionOf(record),
    ext: extOf(record, rest, queryOf(request.target), notes),
  }
}

function originsOf(record: Record): ReadonlyMap<string, string> {
  const best = new Map<string, { readonly key: string; readonly rank: number }>()
  for (const key of Object.keys(record)) {
    const alias = ALIAS_BY_KEY.get(key)
    if (!alias || !isSaid(record[key])) continue
    if (alias.rank < (best.get(alias.member)?.rank ?? Infinity)) {
      best.set(alias.member, { key, rank: alias.rank })
    }
  }
  const origins = new Map<string, string>()
  for (const member of MEMBERS) {
    const key = best.get(member)?.key
    if (key === undefined) continue
    for (const path of PATHS[member]) {
      const known = origins.get(path)
      origins.set(path, known === undefined ? key : `${known}, ${key}`)
    }
  }
  return origins
}

/** nginx writes `-` or nothing for what it does not have. */
function isSaid(value: unknown): boolean {
  return value !== '' && value !== '-' && value !== null && value !== undefined
}

function text(picked: Picked, member: Member): string | undefined {
  const value = picked[AT[member]]
  if (typeof value === 'string') return spellControls(value)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function spellControls(value: string): string {
  if (!CONTROL.test(value)) return value
  return value.replaceAll(CONTROLS, c => {
    return `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
}

function whole(picked: Picked, member: Member): number | undefined {
  const value = picked[AT[member]]
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  return typeof value === 'string' && WHOLE.test(value) ? Number(value) : undefined
}

/** A single time; several upstreams give `0.002, 0.003`, which is no time of this request's. */
function milliseconds(picked: Picked, member: Member, factor: number): number | undefined {
  const value = picked[AT[member]]
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !(number >= 0) || number > 1e12) return undefined
  return Math.round(number * factor)
}

function statusOf(status: number | undefined): number | undefined {
  return status !== undefined && status >= 100 && status <= 999 ? status : undefined
}

function timeOf(picked: Picked): number | undefined {
  for (const member of ['seconds', 'time'] as const) {
    const value = picked[AT[member]]
    const ms = value === undefined ? null : parseLogTime(value)
    if (ms !== null) return ms
  }
  return undefined
}

function requestOf(picked: Picked, notes: string[]): Pick<HttpAccess, 'method' | 'target'> {
  const method = text(picked, 'method')
  const target = text(picked, 'target')
  if (target !== undefined) return { method: knownMethod(method, notes), target }
  const [, verb, rest] = REQUEST_LINE.exec(text(picked, 'request') ?? '') ?? []
  return { method: knownMethod(method ?? verb, notes), target: rest || undefined }
}

function knownMethod(method: string | undefined, notes: string[]): string | undefined {
  if (method === undefined || METHOD.test(method)) return method
  notes.push('the request is not HTTP')
  return undefined
}

/** `$request_completion` is `OK` or empty, and empty means that the answer was not sent whole. */
function completionOf(record: Record): boolean | undefined {
  for (const key of ALIASES.completion) {
    const value = record[key]
    if (value !== undefined && value !== '-') return value === 'OK' || value === true
  }
  return undefined
}

function kindOf(kind: string | undefined, notes: string[]): string | undefined {
  if (kind === undefined) return undefined
  const known = findKind(kind)
  if (known !== null && !known.server) return kind
  notes.push('kind is not one that a producer may send, and is left out')
  return undefined
}

/** Never a key: what looks like one is replaced by the beginning of its SHA-256. */
function credentialOf(picked: Picked, notes: string[]): string | undefined {
  const stated = text(picked, 'keyHash')
  if (stated !== undefined && !KEY_SHAPE.test(stated)) return stated
  const key = stated ?? text(picked, 'key')
  if (key === undefined) return undefined
  notes.push('the log holds an API key in clear: log a hash of it instead')
  const bare = key.replace(/^(?:bearer|basic) +/i, '')
  return `sha256:${hash('sha256', bare, 'hex').slice(0, CREDENTIAL_CHARS)}`
}

function queryOf(target: string | undefined): string {
  const at = target === undefined ? -1 : target.indexOf('?')
  return target === undefined || at < 0 ? '' : target.slice(at + 1)
}

/** `query` is the query string of the request, whatever key it stands under again. */
function extOf(
  record: Record,
  keys: readonly string[],
  query: string,
  notes: string[],
): HttpAccess['ext'] {
  const out: { [key: string]: Json } = {}
  let left = EXT_CHARS_MAX
  let dropped = 0
  for (const key of keys) {
    const value = record[key]
    if (!isSaid(value)) continue
    const kept = NEVER_KEPT.test(key) ? undefined : keptValue(value, query)
    const size = kept === undefined ? 0 : JSON.stringify(kept).length
    const room = Object.keys(out).length < EXT_KEYS_MAX && key.length <= EXT_KEY_CHARS_MAX
    if (kept === undefined || !room || size > left || key === '__proto__') dropped += 1
    else {
      out[key] = kept
      left -= size
    }
  }
  if (dropped > 0) notes.push(`${dropped} values without a field of their own are not kept`)
  return left === EXT_CHARS_MAX ? undefined : { nginx: out }
}

function keptValue(value: unknown, query: string): Json | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value !== 'string') return undefined
  const isTarget = TARGET_SHAPE.test(value)
  if (!isTarget && QUERY_SHAPE.test(value)) return undefined
  const bare = isTarget ? value.replaceAll(QUERIES, '') : value
  if (query !== '' && bare.includes(query)) return undefined
  return spellControls(bare).slice(0, EXT_VALUE_CHARS_MAX).toWellFormed()
}

function parseMember(name: string): Member {
  return name as Member
}

function parsePlaces(places: { readonly [name: string]: number }): { [M in Member]: number } {
  return places as { [M in Member]: number }
}
