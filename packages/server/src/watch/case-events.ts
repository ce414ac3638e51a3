// Events from a few lines: what a case of a rule says happened (docs/spec/rules.md). A line is an
// event with defaults filled in, and words that repeat it: every ten minutes, on thirty days, rows
// between 400 and 600. No chance in it: what varies is drawn from a fixed sequence.

import { TocsinError } from '@tocsin/sdk/errors'
import {
  FIELD_BY_NAME,
  findKind,
  parseEvent,
  type RetentionClass,
  type SealedEvent,
  type VerifiedBy,
} from '@tocsin/sdk/event'

/** Events of one case: a busy account's month has fewer. */
export const CASE_EVENTS_MAX = 100_000
const DAY_MS = 86_400_000
const UNIT_MS: { readonly [unit: string]: number } = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
}
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
/** Words of a line that are no fields. */
const WORDS = ['from', 'every', 'count', 'days', 'on', 'jitter', 'growth', 'actor.verified']
const NAMES: ReadonlySet<string> = new Set([...WORDS, ...FIELD_BY_NAME.keys()])
/** A Monday; where no line says otherwise. */
export const CASE_START_MS: number = Date.UTC(2026, 10, 2, 8)

export type Line = { readonly [name: string]: unknown }

/** Events of the lines, in the order of time, numbered from `first`. */
export function eventsOf(lines: readonly Line[], startMs: number, first: number): SealedEvent[] {
  const drafts: { readonly timeMs: number; readonly line: Line; readonly n: number }[] = []
  let atMs = startMs
  for (const line of lines) {
    for (const name of Object.keys(line)) checkName(name)
    const times = timesOf(line, atMs)
    for (const [n, timeMs] of times.entries()) drafts.push({ timeMs, line, n })
    if (drafts.length > CASE_EVENTS_MAX) {
      throw caseFault(`the case has more than ${CASE_EVENTS_MAX} events; repeat less`)
    }
    atMs = (times.at(-1) ?? atMs) + 60_000
  }
  return drafts.sort((a, b) => a.timeMs - b.timeMs).map((draft, i) => eventOf(draft, first + i))
}

/** What is wrong, and with which key of the case. */
export function caseFault(text: string, key?: string): TocsinError {
  return new TocsinError('rule.invalid', { public: text, ...(key ? { field: key } : {}) })
}

function checkName(name: string): void {
  if (NAMES.has(name) || name.startsWith('ext.')) return
  const words = 'from, every, count, days, on, jitter, growth'
  throw caseFault(`${JSON.stringify(name)} is no field of an event and none of ${words}`)
}

/** Occurrences: `count` of them `every` so long, on each of `days` days that are `on`. */
function timesOf(line: Line, atMs: number): readonly number[] {
  const fromMs = line.from === undefined ? atMs : momentOf(line.from)
  const days = wholeOf(line.days ?? 1, 'days')
  const everyMs = spanOf(line.every ?? '1m', 'every')
  const jitterMs = line.jitter === undefined ? 0 : spanOf(line.jitter, 'jitter')
  const growth = line.growth === undefined ? 1 : factorOf(line.growth)
  const on = daysOn(line.on)
  const times: number[] = []
  for (let day = 0; day < days; day++) {
    const dayMs = fromMs + day * DAY_MS
    if (!on.has(new Date(dayMs).getUTCDay())) continue
    const many = wholeOf(drawn(line.count ?? 1, day), 'count')
    const count = line.count === undefined ? 1 : Math.round(many * growth ** day)
    if (times.length + count > CASE_EVENTS_MAX) {
      throw caseFault(`the case has more than ${CASE_EVENTS_MAX} events; repeat less`)
    }
    for (let i = 0; i < count; i++) {
      times.push(Math.round(dayMs + i * everyMs + jitterMs * share(times.length)))
    }
  }
  return times
}

function momentOf(value: unknown): number {
  const text = String(value)
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?Z$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isFinite(ms)) return ms
  throw caseFault(`${JSON.stringify(text)} is no moment; write one like "2026-11-02T08:00Z"`)
}

export function spanOf(value: unknown, name: string): number {
  const [, digits, unit = ''] = /^(\d{1,6})([smhd])$/.exec(String(value)) ?? []
  if (digits !== undefined) return Number(digits) * (UNIT_MS[unit] ?? 0)
  throw caseFault(`${name} is a number and s, m, h or d, like 10m`)
}

function wholeOf(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
  throw caseFault(`${name} is a whole number above 0`)
}

/** `2%` a day. */
function factorOf(value: unknown): number {
  const [, percent] = /^(\d{1,3}(?:\.\d+)?)%$/.exec(String(value)) ?? []
  if (percent !== undefined) return 1 + Number(percent) / 100
  throw caseFault('growth is a percentage a day, like 4%')
}

function daysOn(value: unknown): ReadonlySet<number> {
  if (value === undefined) return new Set([0, 1, 2, 3, 4, 5, 6])
  if (value === 'weekdays') return new Set([1, 2, 3, 4, 5])
  const names: readonly unknown[] = Array.isArray(value) ? value : [value]
  return new Set(
    names.map(name => {
      const day = WEEKDAYS.indexOf(String(name))
      if (day >= 0) return day
      throw caseFault('on is weekdays, or a list of mon, tue, wed, thu, fri, sat, sun')
    }),
  )
}

/** The golden ratio's multiples fill the interval evenly, and never repeat. */
function share(n: number): number {
  return (n * 0.618_033_988_75) % 1
}

/** `400..600`: a number in between; `{n}`: which occurrence; `one of a, b`: in turns. */
function drawn(value: unknown, n: number): unknown {
  if (typeof value !== 'string') return value
  const [, low, high] = /^(\d{1,12})\.\.(\d{1,12})$/.exec(value) ?? []
  if (low !== undefined && high !== undefined) {
    return Math.round(Number(low) + share(n + 1) * (Number(high) - Number(low)))
  }
  const [, choices] = /^one of (.+)$/.exec(value) ?? []
  if (value === '{hash}') return (n + 1).toString(16).padStart(64, '0')
  if (choices === undefined) return value.replaceAll('{n}', String(n + 1))
  const list = choices.split(',').map(choice => choice.trim())
  return list[n % list.length]
}

type Occurrence = { readonly timeMs: number; readonly line: Line; readonly n: number }

const DEFAULTS: Line = {
  kind: 'ai.invoke',
  outcome: 'success',
  operation: 'read',
  system: 'test-system',
  'actor.type': 'service',
  'actor.id': 'svc-test',
}

function eventOf({ timeMs, line, n }: Occurrence, number: number): SealedEvent {
  const wire: { [key: string]: unknown } = { time: timeMs }
  for (const [name, value] of Object.entries({ ...DEFAULTS, ...line })) {
    if (!WORDS.includes(name)) put(wire, FIELD_BY_NAME.get(name)?.path ?? name, drawn(value, n))
  }
  return parseSealed(wire, line['actor.verified'] ?? 'key', number)
}

const LISTS_OF_OBJECTS = ['resource', 'onBehalfOf']

/** `resource.id: a` is `{resource: [{id: a}]}`, `actor.id: a` is `{actor: {id: a}}`. */
function put(wire: { [key: string]: unknown }, path: string, value: unknown): void {
  const [first = '', ...rest] = path.split('.')
  if (rest.length === 0) {
    wire[first] = value
    return
  }
  const isList = LISTS_OF_OBJECTS.includes(first)
  const values: readonly unknown[] = isList && Array.isArray(value) ? value : [value]
  const held = wire[first]
  const items: readonly unknown[] = isList && Array.isArray(held) ? held : [held]
  const filled = values.map((one, i) => {
    const below = isMembers(items[i]) ? { ...items[i] } : {}
    put(below, rest.join('.'), one)
    return below
  })
  wire[first] = isList ? [...filled, ...items.slice(filled.length).filter(isMembers)] : filled[0]
}

function isMembers(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** As the server would seal it. Throws `event.*` with the field that is wrong. */
function parseSealed(wire: unknown, verified: unknown, number: number): SealedEvent {
  const event = parseEvent(wire, Number.MAX_SAFE_INTEGER, 'server')
  const { time, kind, actor } = event
  const retention: RetentionClass = findKind(kind)?.retention ?? 'r6m'
  const sealed = {
    ...event,
    v: 1 as const,
    id: `00000000-0000-8000-8000-${String(number).padStart(12, '0')}`,
    tenant: 'test',
    observed: time,
    via: 'test',
    retention,
    system: event.system ?? '',
    actor: { ...actor, verified: verified as VerifiedBy },
  }
  const { content: _, ...rest } = sealed
  return rest
}
