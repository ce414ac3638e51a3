// What one entity has had of a field: at most 64 values with the times they were first and last
// seen, of which the longest unseen goes first (that is counted), and the days on which something
// was new. What is met under suspicion waits apart, for a person's word.

import { DAY_MS } from '../rule.ts'
import type { StateReader, StateWriter } from '../state-bytes.ts'

export const VALUES_KEPT = 64
const FRESH_MAX = 64
const REFUSED_MAX = 64
/** How far back days with something new are remembered. */
export const MEMORY_DAYS = 60

type Span = { readonly firstMs: number; lastMs: number }
export type Met = { readonly key: string; readonly timeMs: number }
export type Fresh = Met & { readonly id: string }

export type Known = {
  /** When the entity was first seen; 0 before its first event. */
  firstMs: number
  readonly values: Map<string, Span>
  evicted: number
  /** UTC day of the first value, from which on another one is a change. */
  startDay: number
  /** UTC day of the newest event, and whether there was no value before it. */
  day: number
  wasEmpty: boolean
  /** What was new on that day. */
  fresh: Fresh[]
  /** Days on which something was new, ascending, of the last MEMORY_DAYS. */
  newDays: number[]
  refused: Met[]
  /** The newest field as it came, when it held one known value: it mostly comes again. Unsaved. */
  last: { readonly raw: unknown; readonly span: Span } | null
}

export function openKnown(): Known {
  return {
    firstMs: 0,
    values: new Map(),
    evicted: 0,
    startDay: 0,
    day: 0,
    wasEmpty: true,
    fresh: [],
    newDays: [],
    refused: [],
    last: null,
  }
}

export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS)
}

/** True when the value is known; then it has been seen now. */
export function touch(known: Known, key: string, timeMs: number): boolean {
  const span = known.values.get(key)
  if (span === undefined) return false
  if (timeMs > span.lastMs) span.lastMs = timeMs
  return true
}

/** The short way for a field that is just what it was in the event before. */
export function touchAgain({ last }: Known, raw: unknown, timeMs: number): boolean {
  if (last === null || last.raw !== raw) return false
  if (timeMs > last.span.lastMs) last.span.lastMs = timeMs
  return true
}

export function remember(known: Known, raw: unknown, asKeys: (raw: unknown) => Keys): void {
  if (typeof raw === 'object') return
  const [key = ''] = asKeys(raw)
  const span = known.values.get(key)
  known.last = span ? { raw, span } : null
}

type Keys = readonly string[]

/** False when it has been met before: today, or under suspicion. */
export function meet({ fresh, refused }: Known, met: Fresh): boolean {
  const isSame = ({ key }: Met) => key === met.key
  if (fresh.some(isSame) || refused.some(isSame)) return false
  if (fresh.length < FRESH_MAX) fresh.push(met)
  return true
}

export function take(known: Known, { key, timeMs }: Met): void {
  const { values } = known
  if (values.has(key)) return
  if (values.size === 0) known.startDay = dayOf(timeMs)
  if (values.size >= VALUES_KEPT) evict(known)
  values.set(key, { firstMs: timeMs, lastMs: timeMs })
  markDay(known, dayOf(timeMs))
}

export function refuse({ refused }: Known, met: Met): void {
  if (refused.length < REFUSED_MAX && !refused.some(({ key }) => key === met.key)) {
    refused.push(met)
  }
}

function evict(known: Known): void {
  let [oldest, oldestMs] = ['', Number.POSITIVE_INFINITY]
  for (const [key, { lastMs }] of known.values) {
    if (lastMs < oldestMs) [oldest, oldestMs] = [key, lastMs]
  }
  known.values.delete(oldest)
  known.last = null
  known.evicted += 1
}

function markDay({ newDays }: Known, day: number): void {
  const last = newDays.at(-1)
  if (last === day || newDays.includes(day)) return
  newDays.push(day)
  if (last !== undefined && last > day) newDays.sort((a, b) => a - b)
  if (newDays.length > MEMORY_DAYS) newDays.shift()
}

/** Of the days after `fromDay`, up to the day before today's. */
export function newDaysSince({ newDays, day }: Known, fromDay: number): number {
  return newDays.filter(d => d >= Math.max(fromDay, day - MEMORY_DAYS) && d < day).length
}

export function saveKnown(known: Known, out: StateWriter): void {
  out.number(known.firstMs)
  out.number(known.startDay)
  out.number(known.day)
  out.count(known.wasEmpty ? 1 : 0)
  out.count(known.evicted)
  out.count(known.values.size)
  for (const [key, { firstMs, lastMs }] of known.values) {
    out.text(key)
    out.number(firstMs)
    out.number(lastMs)
  }
  out.count(known.fresh.length)
  for (const { key, timeMs, id } of known.fresh) {
    out.text(key)
    out.number(timeMs)
    out.text(id)
  }
  out.count(known.newDays.length)
  for (const day of known.newDays) out.number(day)
  out.count(known.refused.length)
  for (const { key, timeMs } of known.refused) {
    out.text(key)
    out.number(timeMs)
  }
}

export function loadKnown(input: StateReader): Known {
  const known = openKnown()
  known.firstMs = input.number()
  known.startDay = input.number()
  known.day = input.number()
  known.wasEmpty = input.count() === 1
  known.evicted = input.count()
  for (let left = input.count(); left > 0; left--) {
    known.values.set(input.text(), { firstMs: input.number(), lastMs: input.number() })
  }
  for (let left = input.count(); left > 0; left--) {
    known.fresh.push({ key: input.text(), timeMs: input.number(), id: input.text() })
  }
  for (let left = input.count(); left > 0; left--) known.newDays.push(input.number())
  for (let left = input.count(); left > 0; left--) {
    known.refused.push({ key: input.text(), timeMs: input.number() })
  }
  return known
}
