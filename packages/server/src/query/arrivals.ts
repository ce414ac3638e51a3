// What came from each receiver (`via`): how much, how lately, and how late the newest was.

import type { Row, Statement } from './store.ts'

export type Arrival = {
  readonly via: string
  readonly events: number
  /** Events of the newest part of the range. */
  readonly recentEvents: number
  /** When the newest event happened. */
  readonly newestMs: number
  /** How long after that it was logged. */
  readonly lagMs: number
}

export type ArrivalsRequest = {
  readonly fromMs: number
  readonly recentMs: number
  readonly toMs: number
}

export function arrivalsStatement({ fromMs, recentMs, toMs }: ArrivalsRequest): Statement {
  return {
    columns: `via, count(*) AS events, count(*) FILTER ("time" >= ${Math.floor(recentMs)}) AS recent,
      max("time") AS newest, arg_max(observed, "time") AS logged`,
    where: { sql: 'via IS NOT NULL', params: [] },
    tail: { sql: 'GROUP BY via ORDER BY via', params: [] },
    range: { fromMs, toMs },
  }
}

export function toArrival(row: Row): Arrival {
  const newestMs = Number(row.newest)
  return {
    via: String(row.via),
    events: Number(row.events),
    recentEvents: Number(row.recent),
    newestMs,
    lagMs: Math.max(0, Number(row.logged) - newestMs),
  }
}
