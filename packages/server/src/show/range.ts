// The time range of a question: RFC 3339, whole milliseconds, or a time relative to now. The
// default is everything up to the sender clocks that are allowed to be ahead; answers always say
// which range it was.

import { TocsinError } from '@tocsin/sdk/errors'
import { type TOptional, type TString, Type } from 'typebox'
import type { TimeRange } from '../query/query.ts'

/** What every question takes in its query string; `parseRange` reads the last two. */
export const RANGE: {
  readonly q: TOptional<TString>
  readonly from: TOptional<TString>
  readonly to: TOptional<TString>
} = {
  q: Type.Optional(Type.String({ description: 'Query; docs/spec/query.md. Default: everything' })),
  from: Type.Optional(Type.String({ description: 'RFC 3339, ms, or now-24h' })),
  to: Type.Optional(Type.String({ description: 'As `from`; exclusive' })),
}

const UNIT_MS: { readonly [unit: string]: number } = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}
const AHEAD_MS = 3_600_000

export type RangeQuery = { readonly from?: string; readonly to?: string }

export function parseRange({ from, to }: RangeQuery, nowMs: number): TimeRange {
  const fromMs = from === undefined ? 0 : parseMoment(from, 'from', nowMs)
  const toMs = to === undefined ? nowMs + AHEAD_MS : parseMoment(to, 'to', nowMs)
  if (fromMs < toMs) return { fromMs, toMs }
  throw new TocsinError('http.bad_request', {
    public: 'the time range is empty: `from` must lie before `to`',
    field: 'from',
  })
}

export function parseMoment(text: string, name: string, nowMs: number): number {
  const relative = /^now(?:-(\d{1,6})([smhdw]))?$/.exec(text)
  if (relative) return nowMs - Number(relative[1] ?? 0) * (UNIT_MS[relative[2] ?? 's'] ?? 0)
  if (/^\d{10,16}$/.test(text)) return Number(text)
  const isDate =
    /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/i.test(text)
  // A time without an offset is UTC, as everywhere in Tocsin.
  const hasOffset = /(?:Z|[+-]\d\d:\d\d)$/i.test(text) || !/[T ]/.test(text)
  const ms = isDate ? Date.parse(hasOffset ? text : `${text}Z`) : Number.NaN
  if (Number.isFinite(ms)) return ms
  throw new TocsinError('http.bad_request', {
    public:
      `${name} is ${JSON.stringify(text.slice(0, 40))}; ` +
      'write it as 2026-11-24T08:00Z, as milliseconds, or as now-24h',
    field: name,
  })
}
