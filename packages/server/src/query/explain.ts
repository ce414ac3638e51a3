// Why a question finds what it finds (the SDK's explain.ts), counted by the index: its parts, what
// lies outside its range, and what there is in the range at all. Each part is tested once for each
// event; what is left without a part follows from how many of them fail.

import { type Checked, type ExplainedClause, explainQuery } from '@tocsin/sdk/query'
import { ALL_TIME, type Asking } from './asking.ts'
import { hideOwnReads, namesOwnKinds } from './own-reads.ts'
import type { Row, TimeRange } from './store.ts'

export type ExplainRequest = { readonly text: string; readonly range: TimeRange }

/** Of events; null where there are none. */
export type Extent = {
  readonly events: number
  readonly firstMs: number
  readonly lastMs: number
}

export type Explanation = {
  readonly total: number
  readonly clauses: readonly {
    readonly start: number
    readonly end: number
    readonly text: string
    /** What a search for this part alone finds in the range, and for all others without it. */
    readonly alone: number
    readonly without: number
  }[]
  /** What the question finds before and after the range. */
  readonly outside: Extent | null
  /** All that is in the range. */
  readonly data: Extent | null
}

export async function askExplanation(
  asking: Asking,
  { text, range }: ExplainRequest,
): Promise<Explanation> {
  const asked = asking.check(text)
  const clauses = explainQuery(text, asked)
  const [inside, outside] = await Promise.all([
    countInside(asking, { asked, clauses, range }),
    findOutside(asking, asked, range),
  ])
  const count = (name: string) => Number(inside?.[name] ?? 0)
  return {
    total: count('total'),
    clauses: clauses.map(({ span, text: written }, i) => {
      const { start, end } = span
      return { start, end, text: written, alone: count(`alone${i}`), without: count(`without${i}`) }
    }),
    outside,
    data: toExtent(inside),
  }
}

type Inside = {
  readonly asked: Checked
  readonly clauses: readonly ExplainedClause[]
  readonly range: TimeRange
}

async function countInside(asking: Asking, inside: Inside): Promise<Row | undefined> {
  const { asked, clauses, range } = inside
  const holds = clauses.map((_, i) => `holds${i}`)
  const failing = holds.map(name => `(NOT ${name})::INTEGER`).join(' + ')
  const shown = (question: Checked) => (namesOwnKinds(question) ? 'true' : 'NOT own')
  const counts = clauses.map(
    ({ alone, without }, i) => `
      count(*) FILTER (holds${i} AND ${shown(alone)}) AS alone${i},
      count(*) FILTER ((failing = 0 OR (failing = 1 AND NOT holds${i})) AND ${shown(without)})
        AS without${i}`,
  )
  const [row] = await asking.select({
    columns: `"time", kind = 'tocsin.read' AS own, ${holds.join(', ')}`,
    tests: clauses.map(({ alone }) => alone),
    range,
    over: {
      sql: `SELECT count(*) FILTER (NOT own) AS events, min("time") FILTER (NOT own) AS first_ms,
        max("time") FILTER (NOT own) AS last_ms,
        count(*) FILTER (failing = 0 AND ${shown(asked)}) AS total, ${counts.join(', ')}
        FROM (SELECT *, ${failing} AS failing FROM picked)`,
      params: [],
    },
  })
  return row
}

async function findOutside(
  asking: Asking,
  asked: Checked,
  { fromMs, toMs }: TimeRange,
): Promise<Extent | null> {
  const sides = [
    { fromMs: ALL_TIME.fromMs, toMs: fromMs },
    { fromMs: toMs, toMs: ALL_TIME.toMs },
  ]
  const found = await Promise.all(
    sides.map(async range => {
      const [row] = await asking.select({
        columns: 'count(*) AS events, min("time") AS first_ms, max("time") AS last_ms',
        asked: hideOwnReads(asked),
        range,
      })
      return toExtent(row)
    }),
  )
  const [before, after] = found
  if (!before || !after) return before ?? after ?? null
  return {
    events: before.events + after.events,
    firstMs: before.firstMs,
    lastMs: after.lastMs,
  }
}

function toExtent(row: Row | undefined): Extent | null {
  const events = Number(row?.events ?? 0)
  return events === 0
    ? null
    : { events, firstMs: Number(row?.first_ms), lastMs: Number(row?.last_ms) }
}
