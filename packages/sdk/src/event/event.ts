// The event: the one vocabulary for every access to an AI system (shape.ts, fields.ts, kinds.ts).
// This door is the only way from untrusted bytes or values to a wire event, driven by the field
// catalogue: a trie of the paths says what may stand where. What comes back is plain data in the
// order of the input, so that the same bytes sent again give the same bytes. Every refusal names
// the field. This runs for every event, so it looks only at what is there.

import { type ErrorCode, TocsinError } from '../errors.ts'
import { FIELDS, type Field, TEXT_BYTES_MAX } from './fields.ts'
import { findKind } from './kinds.ts'
import type { Json, WireEvent } from './shape.ts'

export {
  ACTOR_TYPES,
  FIELD_BY_NAME,
  FIELDS,
  type Field,
  type FieldGroup,
  type FieldType,
  OUTCOMES,
  RETENTION_CLASSES,
} from './fields.ts'
export { findKind, KINDS, type Kind, typeUid } from './kinds.ts'
export type {
  Actor,
  ActorType,
  DelegationLink,
  Json,
  Outcome,
  Resource,
  RetentionClass,
  SealedEvent,
  VerifiedBy,
  WireEvent,
} from './shape.ts'

/** Longest event a producer may send, in bytes of JSON. */
export const EVENT_BYTES_MAX: number = 512 * 1024
export const EVENT_DEPTH_MAX = 32
const JSON_NODES_MAX = 10_000
const LIST_ITEMS_MAX = 256
/**
 * 2000-01-01: an older time is a unit mistake (seconds for milliseconds) more often than the truth.
 */
const TIME_MIN_MS = 946_684_800_000
/** How far ahead of the receiver's clock an event's time may be. */
const TIME_AHEAD_MAX_MS = 10 * 60_000

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/
const SHA256_HEX = /^[0-9a-f]{64}$/
const IP_TEXT = /^[0-9a-fA-F:.*]{2,45}$/
const MAPPED_IPV4 = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i
const LISTS_OF_OBJECTS = new Set(['resource', 'onBehalfOf'])

type Branch = {
  readonly path: string
  readonly children: Map<string, Branch>
  /** Its children stand in a list of objects, where a many-valued field has one value each. */
  readonly listOfObjects: boolean
  readonly inList: boolean
  field: Field | null
}

const ROOT = buildTrie()
const REQUIRED = FIELDS.filter(f => f.required).map(f => ({ field: f, keys: f.path.split('.') }))

/** One line of NDJSON, as text; otherwise as `parseEvent`. */
export function parseEventLine(line: string, nowMs: number, by: Sender = 'producer'): WireEvent {
  if (line.length > EVENT_BYTES_MAX) {
    refuse('event.too_large', '', `the event is longer than ${EVENT_BYTES_MAX} bytes; send less`)
  }
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new TocsinError('event.not_json', { public: `not JSON: ${message(cause)}`, cause })
  }
  return parseEvent(value, nowMs, by)
}

/** The server itself may use the kinds that are refused from a producer. */
export type Sender = 'producer' | 'server'

/**
 * Takes `input` over, which must be data as `JSON.parse` makes it: it is put right where it stands
 * and comes back. `nowMs` is the receiver's clock. Refuses with the field's name what is unknown,
 * missing, of the wrong type, too long or set by the server alone. Accepts for a time integer
 * milliseconds or RFC 3339 text with an offset.
 */
export function parseEvent(input: unknown, nowMs: number, by: Sender = 'producer'): WireEvent {
  const out = parseObject(input, ROOT, 1)
  for (const { field, keys } of REQUIRED) requirePath(out, field, keys)
  checkKind(out, by)
  checkTime(out, nowMs)
  checkHash(out, 'inputHash')
  checkHash(out, 'outputHash')
  return out as WireEvent
}

type Members = { [key: string]: unknown }

/** Looks at each member where it stands: a copy of the whole costs as much as reading its JSON. */
function parseObject(input: unknown, branch: Branch, depth: number): Members {
  if (!isObject(input)) {
    refuse('event.wrong_type', branch.path, `${name(branch.path)} must be an object`)
  }
  for (const key of Object.keys(input)) {
    const child = branch.children.get(key)
    if (!child) refuseUnknown(branch.path, key)
    const value = input[key]
    const parsed = value === null ? undefined : parseValue(value, child, depth)
    if (parsed === undefined) delete input[key]
    else if (!Object.is(parsed, value)) input[key] = parsed
  }
  return input
}

function parseValue(value: unknown, branch: Branch, depth: number): unknown {
  const { field } = branch
  if (value === undefined) return value
  if (field) return parseField(value, field, branch.inList)
  if (branch.listOfObjects) {
    return list(value, branch.path).map(item => parseObject(item, branch, depth + 1))
  }
  if (typeof value === 'string' && branch.path === 'source.geo') return { country: value }
  return parseObject(value, branch, depth + 1)
}

function parseField(value: unknown, field: Field, inList: boolean): unknown {
  if (field.server) {
    refuse('event.server_field', field.path, `${field.path} is set by the server; leave it out`)
  }
  if (field.type === 'json') return parseJsonField(value, field)
  if (field.many && !inList) {
    return list(value, field.path).map(item => parseScalar(item, field))
  }
  return parseScalar(value, field)
}

function parseScalar(value: unknown, field: Field): unknown {
  switch (field.type) {
    case 'bool':
      if (typeof value === 'boolean') return value
      return wrongType(field, 'true or false')
    case 'int':
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
        return withoutSign(value)
      }
      return wrongType(field, 'a whole number from 0 to 2^53 - 1')
    case 'number':
      if (typeof value === 'number' && Number.isFinite(value)) return withoutSign(value)
      return wrongType(field, 'a number')
    case 'time':
      return parseTime(value, field)
    default:
      return parseText(value, field)
  }
}

function parseText(value: unknown, field: Field): string {
  if (typeof value !== 'string') return wrongType(field, 'text')
  const bytesMax = field.bytesMax ?? TEXT_BYTES_MAX
  if (value.length * 3 > bytesMax && utf8Length(value) > bytesMax) {
    refuse('event.too_large', field.path, `${field.path} is longer than ${bytesMax} bytes`)
  }
  if (field.values && !field.values.includes(value)) {
    refuse(
      'event.wrong_value',
      field.path,
      `${field.path} must be one of ${field.values.join(', ')}`,
    )
  }
  if (field.path === 'id') return parseUuid(value)
  if (field.type === 'ip') return parseIp(value, field)
  if (value === '' && field.required) return wrongType(field, 'text that is not empty')
  return value.isWellFormed() ? value : value.toWellFormed()
}

/** A dual-stack socket shows IPv4 clients as `::ffff:a.b.c.d`; they are the same clients. */
function parseIp(value: string, field: Field): string {
  if (!IP_TEXT.test(value)) return wrongType(field, 'an IP address')
  return MAPPED_IPV4.exec(value)?.[1] ?? value
}

function parseUuid(value: string): string {
  if (!UUID.test(value)) refuse('event.wrong_value', 'id', 'id must be a UUID, or left out')
  return value.toLowerCase()
}

function parseTime(value: unknown, field: Field): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  if (typeof value === 'string' && RFC3339.test(value)) {
    const ms = Date.parse(value.replace(' ', 'T'))
    if (Number.isFinite(ms) && isDay(value.slice(0, 10))) return ms
  }
  return wrongType(field, 'whole milliseconds since 1970 or RFC 3339 text with an offset')
}

/** Date.parse takes 30 February for 2 March. */
function isDay(day: string): boolean {
  return new Date(day).toISOString().startsWith(day)
}

function parseJsonField(value: unknown, field: Field): Json {
  if (field.path === 'ext' && !isObject(value)) return wrongType(field, 'an object')
  const budget = { nodes: JSON_NODES_MAX }
  const copy = copyJson(value, field, 1, budget)
  const bytesMax = field.bytesMax ?? TEXT_BYTES_MAX
  if (utf8Length(JSON.stringify(copy)) > bytesMax) {
    refuse('event.too_large', field.path, `${field.path} is longer than ${bytesMax} bytes`)
  }
  return copy
}

function copyJson(value: unknown, field: Field, depth: number, budget: { nodes: number }): Json {
  if (depth > EVENT_DEPTH_MAX) {
    refuse('event.too_deep', field.path, `${field.path} nests deeper than ${EVENT_DEPTH_MAX}`)
  }
  budget.nodes -= 1
  if (budget.nodes < 0) {
    refuse('event.too_large', field.path, `${field.path} has more than ${JSON_NODES_MAX} values`)
  }
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed()
  if (typeof value === 'number' && Number.isFinite(value)) return withoutSign(value)
  if (Array.isArray(value)) return value.map(item => copyJson(item, field, depth + 1, budget))
  if (!isObject(value)) return wrongType(field, 'JSON')
  const entries = Object.entries(value).filter(([key]) => key !== '__proto__')
  return Object.fromEntries(
    entries.map(([k, v]) => [k.toWellFormed(), copyJson(v, field, depth + 1, budget)]),
  )
}

/** JSON has no -0, so it must not change an event's bytes on the way. */
function withoutSign(value: number): number {
  return value === 0 ? 0 : value
}

function list(value: unknown, path: string): readonly unknown[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (items.length > LIST_ITEMS_MAX) {
    refuse('event.too_large', path, `${path} has more than ${LIST_ITEMS_MAX} items`)
  }
  return items
}

function requirePath(out: Members, field: Field, keys: readonly string[]): void {
  let value: unknown = out
  for (const key of keys) value = isObject(value) ? value[key] : undefined
  if (value === undefined) refuse('event.missing', field.path, `${field.path} is missing`)
}

function checkKind(out: Members, by: Sender): void {
  const kind = findKind(String(out.kind))
  if (!kind) {
    refuse('event.wrong_value', 'kind', `kind ${quoted(out.kind)} is not in the catalogue of kinds`)
  }
  if (kind.server && by === 'producer') {
    refuse('event.server_field', 'kind', `kind ${quoted(out.kind)} is written by the server alone`)
  }
}

function checkTime(out: Members, nowMs: number): void {
  const time = Number(out.time)
  if (time > nowMs + TIME_AHEAD_MAX_MS) {
    refuse(
      'event.time_ahead',
      'time',
      `time is ${Math.round((time - nowMs) / 1000)} s ahead of the server; check the sender's clock`,
    )
  }
  if (time < TIME_MIN_MS) {
    refuse('event.wrong_value', 'time', 'time is before the year 2000; send milliseconds')
  }
}

function checkHash(out: Members, key: string): void {
  const value = out[key]
  if (value === undefined) return
  if (!SHA256_HEX.test(String(value))) {
    refuse('event.wrong_value', key, `${key} must be a SHA-256 in 64 lower-case hex digits`)
  }
}

function refuseUnknown(parent: string, key: string): never {
  const path = parent === '' ? key : `${parent}.${key}`
  refuse('event.unknown_field', path, `${quoted(path)} is not a field; put it under ext.<dialect>`)
}

function wrongType(field: Field, wanted: string): never {
  refuse('event.wrong_type', field.path, `${field.path} must be ${wanted}`)
}

type Refusal = Extract<ErrorCode, `event.${string}`>

function refuse(code: Refusal, field: string, text: string): never {
  throw new TocsinError(code, { public: text, ...(field === '' ? {} : { field }) })
}

function buildTrie(): Branch {
  const root = newBranch('', false)
  for (const f of FIELDS) {
    let at = root
    for (const key of f.path.split('.')) {
      const path = at.path === '' ? key : `${at.path}.${key}`
      let next = at.children.get(key)
      if (!next) {
        next = newBranch(path, at.listOfObjects)
        at.children.set(key, next)
      }
      at = next
    }
    at.field = f
  }
  return root
}

function newBranch(path: string, inList: boolean): Branch {
  const listOfObjects = LISTS_OF_OBJECTS.has(path)
  return { path, children: new Map(), listOfObjects, inList, field: null }
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function name(path: string): string {
  return path === '' ? 'an event' : path
}

function quoted(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 80))
}

function message(cause: unknown): string {
  return cause instanceof Error ? cause.message.slice(0, 200) : 'unreadable'
}

/** Bytes of the UTF-8 form; a lone surrogate counts as U+FFFD. */
function utf8Length(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes += 1
    else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
      bytes += 2
      i += 1
    } else bytes += 2
  }
  return bytes
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
