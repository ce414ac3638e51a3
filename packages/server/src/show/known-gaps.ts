// Gaps as objects: what is known to be lost or perhaps lost, from whom, when and how much. Most are
// events of kind audit.gap, written by followed files and by senders; gaps of the log itself are
// entries of its own (seal-history.ts).

import type { LogGap } from '../log/log.ts'
import type { FoundEvent } from '../query/query.ts'
import type { RouteDeps } from './app.ts'

export type KnownGap = {
  readonly index: number
  readonly fromMs: number
  readonly toMs: number
  /** Who lost it: `file:access.log`, a sender's name, `log`. */
  readonly source: string
  /** By which way it would have come. */
  readonly via: string
  /** Events; null where nobody could count them. */
  readonly lost: number | null
  readonly lostBytes: number | null
  readonly reason: string
  readonly detail: string | null
  /** null for a gap of the log itself. */
  readonly eventId: string | null
}

export const GAPS_SHOWN_MAX = 200

/** Newest first, one more than are shown. */
export async function findGaps(
  { query, seals, clock }: Pick<RouteDeps, 'query' | 'seals' | 'clock'>,
  backMs: number,
): Promise<readonly KnownGap[]> {
  const nowMs = clock.nowMs()
  const range = { fromMs: nowMs - backMs, toMs: nowMs + AHEAD_MS }
  const limit = GAPS_SHOWN_MAX + 1
  const { events } = await query.search({ text: 'kind:audit.gap', range, limit })
  const ofLog = seals.gaps().filter(({ timeMs }) => timeMs >= range.fromMs)
  const all = [...events.map(parseGap), ...ofLog.map(gapOfLog)]
  return all.sort((a, b) => b.toMs - a.toMs).slice(0, limit)
}

const AHEAD_MS = 3_600_000

/** Under ext.<dialect>: the Python sender writes the first three, followed files the others. */
type Told = {
  readonly count?: unknown
  readonly firstTime?: unknown
  readonly lastTime?: unknown
  readonly bytes?: unknown
  readonly detail?: unknown
}

type GapEvent = {
  readonly id: string
  readonly time: number
  readonly via: string
  readonly actor: { readonly id: string; readonly claimed?: string }
  readonly reasonCode?: string
  readonly ext?: { readonly [dialect: string]: Told }
}

function parseGap({ index, json }: FoundEvent): KnownGap {
  const { id, time, via, actor, reasonCode, ext } = JSON.parse(json) as GapEvent
  const told = Object.assign({}, ...Object.values(ext ?? {})) as Told
  const isFile = /^file:/.test(actor.id)
  return {
    index,
    fromMs: count(told.firstTime) ?? time,
    toMs: count(told.lastTime) ?? time,
    source: actor.claimed ?? actor.id,
    via: isFile ? 'file' : via,
    lost: count(told.count),
    lostBytes: count(told.bytes),
    reason: reasonCode ?? 'unknown',
    detail: typeof told.detail === 'string' ? told.detail : null,
    eventId: id,
  }
}

function count(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

function gapOfLog({ index, timeMs, reason }: LogGap): KnownGap {
  const unknown = { lost: null, lostBytes: null, detail: null, eventId: null }
  return { index, fromMs: timeMs, toMs: timeMs, source: 'log', via: 'log', reason, ...unknown }
}
