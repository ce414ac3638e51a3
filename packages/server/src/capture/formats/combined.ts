// The access log of Apache and nginx as they come: common, combined, combined with the virtual host
// in front, and nginx's `main`, which adds the forwarded address. Read from the time outwards: a
// user name may hold spaces and brackets, but both servers escape quotes in it, so the first
// `[time] "` is the real one and nothing that a client sends can move it.

import type { Json } from '@tocsin/sdk/event'
import { unescapeText, withoutQuery } from './escapes.ts'
import { eventOfAccess, type HttpAccess } from './http-access.ts'
import { type LineContext, type LineFormat, type ParsedLine, refused } from './line-format.ts'
import { CLF_TIME_CHARS, parseClfTime } from './log-time.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const REQUEST = /^([A-Za-z][A-Za-z0-9_-]{0,31}) (.*?)(?: (HTTP\/\d(?:\.\d)?))?$/s
const VIRTUAL_HOST = /^[A-Za-z0-9._-]+:\d{1,5}$/
const FORWARDED = /^ "([0-9a-fA-F.:, ]{2,256})"$/
const GARBAGE_CHARS_MAX = 256
const REFERER_CHARS_MAX = 512

/** What fills which path, in the names of nginx and Apache: for `origins`. */
const ORIGINS: ReadonlyMap<string, string> = new Map([
  ['time', 'time ($time_local, %t)'],
  ['outcome', 'status ($status, %>s)'],
  ['actor.id', 'user ($remote_user, %u), else client ($remote_addr, %h)'],
  ['actor.claimed', 'user ($remote_user, %u)'],
  ['operation', 'request ($request, %r)'],
  ['kind', 'request ($request, %r)'],
  ['endpoint', 'request ($request, %r)'],
  ['model.requested', 'request ($request, %r)'],
  ['model.version', 'request ($request, %r)'],
  ['resource', 'request ($request, %r)'],
  ['source.ip', 'client ($remote_addr, %h)'],
  ['source.userAgent', 'user agent ($http_user_agent, %{User-Agent}i)'],
  ['status', 'status ($status, %>s)'],
  ['reasonCode', 'status ($status, %>s)'],
  ['aborted', 'status ($status, %>s)'],
  ['bytes.out', 'size ($body_bytes_sent, %b)'],
])

export const combined: LineFormat = {
  name: 'combined',
  help: 'Apache and nginx access log, common or combined format',
  invalidUtf8: 'escape',
  parseLine(line: string, context: LineContext): ParsedLine {
    const notes: string[] = []
    const read = readLine(line, notes)
    if (typeof read === 'string') return refused('line.malformed', read)
    return eventOfAccess(read, notes, context)
  },
  origins(line: string): ReadonlyMap<string, string> {
    return typeof readLine(line, []) === 'string' ? new Map() : ORIGINS
  },
}

/** The request of the line, or why it cannot be read. */
function readLine(line: string, notes: string[]): HttpAccess | string {
  const mark = findTime(line)
  if (mark === null) return 'the line has no [day/month/year:time zone] before a quoted request'
  const client = readClient(line.slice(0, mark.at - 1))
  if (client === null) return 'the line does not begin with client, identity and user'
  const requestEnd = closingQuote(line, mark.quote + 1)
  if (requestEnd < 0) return 'the request has no closing quote'
  const status = readCount(line, requestEnd + 2)
  if (status === null || line.charCodeAt(requestEnd + 1) !== SPACE || Number(status.value) > 999) {
    return 'no status follows the request'
  }
  const size = readCount(line, status.end + 1)
  if (size === null) return 'no size follows the status'
  const request = readRequest(line.slice(mark.quote + 1, requestEnd), notes)
  const rest = readRest(line, size.end, notes)
  return {
    timeMs: mark.timeMs,
    method: request.method,
    target: request.target,
    status: status.value !== undefined && status.value >= 100 ? status.value : undefined,
    address: client.address,
    user: client.user,
    userAgent: rest.userAgent,
    // CLF writes `-` for a size of zero.
    bytesOut: size.value ?? 0,
    ext: extOf({ ...request, ...rest, ...client }),
  }
}

type TimeMark = {
  readonly timeMs: number
  /** Index of the opening bracket. */
  readonly at: number
  /** Index of the quote that opens the request. */
  readonly quote: number
}

function findTime(line: string): TimeMark | null {
  for (let end = line.indexOf('] "'); end >= 0; end = line.indexOf('] "', end + 1)) {
    const at = end - CLF_TIME_CHARS - 1
    const timeMs = line.charAt(at) === '[' ? parseClfTime(line, at + 1) : null
    if (timeMs !== null) return { timeMs, at, quote: end + 2 }
  }
  return null
}

type Client = {
  readonly address: string | undefined
  readonly user: string | undefined
  readonly virtualHost: string | undefined
}

/** `addr ident user`, with the virtual host before it in Debian's vhost_combined. */
function readClient(head: string): Client | null {
  const first = head.indexOf(' ')
  if (first <= 0) return null
  const one = head.slice(0, first)
  if (VIRTUAL_HOST.test(one)) {
    const rest = readClient(head.slice(first + 1))
    if (rest) return { ...rest, virtualHost: one.slice(0, one.lastIndexOf(':')) }
  }
  const second = head.indexOf(' ', first + 1)
  if (second < 0) return null
  const user = head.slice(second + 1)
  return {
    address: said(one),
    user: user === '""' ? undefined : said(unescapeText(user)),
    virtualHost: undefined,
  }
}

function said(text: string): string | undefined {
  return text === '-' || text === '' ? undefined : text
}

/** Index of the first quote from `at` on that no backslash escapes, or -1. */
function closingQuote(line: string, at: number): number {
  for (let end = line.indexOf('"', at); end >= 0; end = line.indexOf('"', end + 1)) {
    let slashes = 0
    while (end - slashes > at && line.charCodeAt(end - slashes - 1) === BACKSLASH) slashes += 1
    if (slashes % 2 === 0) return end
  }
  return -1
}

/** A whole number or `-`, followed by a space or the end of the line. */
function readCount(line: string, at: number): { value: number | undefined; end: number } | null {
  const space = line.indexOf(' ', at)
  const end = space < 0 ? line.length : space
  if (end === at + 1 && line.charAt(at) === '-') return { value: undefined, end }
  if (end <= at || end - at > 15) return null
  let value = 0
  for (let i = at; i < end; i++) {
    const digit = line.charCodeAt(i) - 48
    if (!(digit >= 0 && digit <= 9)) return null
    value = value * 10 + digit
  }
  return { value, end }
}

type Request = {
  readonly method: string | undefined
  readonly target: string | undefined
  /** What was sent where HTTP was expected: an attack or a TLS greeting, worth a look. */
  readonly garbage: string | undefined
}

function readRequest(raw: string, notes: string[]): Request {
  if (raw === '-' || raw === '') {
    return { method: undefined, target: undefined, garbage: undefined }
  }
  const [, method, target, version] = REQUEST.exec(raw) ?? []
  // HTTP/0.9 has no version, and no method but GET.
  if (method && target && (version || method === 'GET')) {
    return { method, target: unescapeText(target), garbage: undefined }
  }
  notes.push('the request is not HTTP')
  const garbage = withoutQuery(raw).slice(0, GARBAGE_CHARS_MAX)
  return { method: undefined, target: undefined, garbage }
}

type Rest = {
  readonly referer: string | undefined
  readonly userAgent: string | undefined
  readonly forwarded: string | undefined
}

function readRest(line: string, at: number, notes: string[]): Rest {
  const referer = readQuoted(line, at, notes)
  const userAgent = referer && readQuoted(line, referer.end, notes)
  const end = userAgent?.end ?? referer?.end ?? at
  const forwarded = end < line.length ? FORWARDED.exec(line.slice(end))?.[1] : undefined
  if (
    forwarded === undefined &&
    line.slice(end).trim() !== '' &&
    !/^ "-?"$/.test(line.slice(end))
  ) {
    notes.push('what follows the user agent is not understood: use the JSON format for more fields')
  }
  return { referer: referer?.text, userAgent: userAgent?.text, forwarded }
}

type Quoted = { readonly text: string | undefined; readonly end: number }

/** ` "…"` at `at`; a line that was cut off inside it gives what is there. */
function readQuoted(line: string, at: number, notes: string[]): Quoted | undefined {
  if (line.charCodeAt(at) !== SPACE || line.charCodeAt(at + 1) !== QUOTE) return undefined
  let end = closingQuote(line, at + 2)
  // Servers that escape no quotes: the text ends at a quote that a space or the end follows.
  while (end >= 0 && end + 1 < line.length && line.charCodeAt(end + 1) !== SPACE) {
    end = closingQuote(line, end + 1)
  }
  if (end < 0) notes.push('the line ends inside a quoted value')
  const raw = line.slice(at + 2, end < 0 ? line.length : end)
  return { text: said(unescapeText(raw)), end: end < 0 ? line.length : end + 1 }
}

type Homeless = {
  readonly garbage: string | undefined
  readonly referer: string | undefined
  readonly forwarded: string | undefined
  readonly virtualHost: string | undefined
}

/** What has no field of its own. */
function extOf({ garbage, referer, forwarded, virtualHost }: Homeless): HttpAccess['ext'] {
  const http: { [key: string]: Json } = {}
  if (virtualHost !== undefined) http.virtualHost = virtualHost
  if (garbage !== undefined) http.request = garbage
  if (referer !== undefined) http.referer = withoutQuery(referer).slice(0, REFERER_CHARS_MAX)
  // A claim of the client's: the address of the connection stays source.ip.
  if (forwarded !== undefined) http.forwardedFor = forwarded
  return Object.keys(http).length === 0 ? undefined : { http }
}
