// What happened around findings, event by event: the burst of activity that they lie in, a time
// line of runs of equal operations, and the paths from a person to what was reached.

import type { SealedEvent } from '@tocsin/sdk/event'
import type { PageCursor, Query, TimeRange } from '../query/query.ts'

export type Activity = {
  /** Oldest first. */
  readonly events: readonly SealedEvent[]
  /** There were more, older ones. */
  readonly isCut: boolean
}

const PAGE = 1000

/** The newest `most` events of a range. */
export async function fetchActivity(
  query: Pick<Query, 'search'>,
  {
    text,
    range,
    most,
  }: { readonly text: string; readonly range: TimeRange; readonly most: number },
): Promise<Activity> {
  const events: SealedEvent[] = []
  let after: PageCursor | null = null
  do {
    const limit = Math.min(PAGE, most - events.length)
    const page = await query.search({ text, range, limit, ...(after ? { after } : {}) })
    events.push(...page.events.map(({ json }) => parseSealed(json)))
    after = page.next
  } while (after && events.length < most)
  return { events: events.reverse(), isCut: after !== null }
}

/** What the index holds was checked before it was sealed. */
function parseSealed(text: string): SealedEvent {
  return JSON.parse(text) as SealedEvent
}

/** Activity without a pause of this length belongs together. */
const PAUSE_MS = 30 * 60_000

/** The stretch of activity around `fromMs` to `toMs`, as far as no pause ends it. */
export function burstAround(events: readonly SealedEvent[], at: TimeRange): TimeRange {
  const times = events.map(({ time }) => time).sort((a, b) => a - b)
  let { fromMs, toMs } = at
  for (const time of times.toReversed()) {
    if (time < fromMs && fromMs - time <= PAUSE_MS) fromMs = time
  }
  for (const time of times) if (time > toMs && time - toMs <= PAUSE_MS) toMs = time
  return { fromMs, toMs }
}

/** Equal operations in a row, as one line. */
export type Run = {
  readonly fromMs: number
  readonly toMs: number
  readonly kind: string
  readonly operation: string
  readonly target: string
  readonly outcome: string
  readonly source: string
  readonly count: number
  readonly rows: number
  readonly bytesOut: number
  /** How many of them a finding rests on. */
  readonly found: number
  readonly firstId: string
}

/** Runs of one kind that lie apart no more than this are one, whatever lies between. */
const RUN_GAP_MS = 10 * 60_000

/** In the order of their beginnings. */
export function foldRuns(
  events: readonly SealedEvent[],
  found: ReadonlySet<string>,
): readonly Run[] {
  const runs: { -readonly [K in keyof Run]: Run[K] }[] = []
  const open = new Map<string, (typeof runs)[number]>()
  for (const event of events) {
    const { kind, operation, outcome, source, time, rows = 0, bytes, id } = event
    const target = targetOf(event)
    const address = source?.ip ?? ''
    const key = JSON.stringify([kind, operation, target, outcome, address])
    const last = open.get(key)
    const isSame = last !== undefined && time - last.toMs <= RUN_GAP_MS
    const run = isSame
      ? last
      : {
          fromMs: time,
          toMs: time,
          kind,
          operation,
          target,
          outcome,
          source: address,
          ...EMPTY,
          firstId: id,
        }
    if (!isSame) {
      runs.push(run)
      open.set(key, run)
    }
    run.toMs = Math.max(run.toMs, time)
    run.count += 1
    run.rows += rows
    run.bytesOut += bytes?.out ?? 0
    run.found += found.has(id) ? 1 : 0
  }
  return runs
}

const EMPTY = { count: 0, rows: 0, bytesOut: 0, found: 0 } as const
const RESOURCES_SHOWN = 2

/** What an event reached, in a few words. */
export function targetOf({ resource, model, tool, endpoint }: SealedEvent): string {
  const ids = (resource ?? []).map(({ id }) => id ?? '').filter(id => id !== '')
  if (ids.length > RESOURCES_SHOWN) return `${ids[0]} and ${ids.length - 1} more`
  if (ids.length > 0) return ids.join(', ')
  return model?.served ?? model?.requested ?? tool?.name ?? endpoint ?? ''
}

/** One way from a person to what was reached; empty text where a link is not there. */
export type ChainPath = {
  /** Who asked: the person behind it, or the account itself where it is a person. */
  readonly human: string
  readonly actor: string
  readonly actorType: string
  /** How the identity was proved; `none` for a name that was merely stated. */
  readonly verified: string
  readonly claimed: string
  readonly credential: string
  readonly session: string
  readonly agent: string
  readonly tool: string
  /** The one that answered, else the one that was asked for. */
  readonly model: string
  readonly target: string
  readonly source: string
  readonly count: number
  readonly rows: number
  readonly bytesOut: number
  /** How many of them a finding rests on. */
  readonly found: number
}

/** Those that findings rest on first, then those with most events; at most `most`. */
export function chainPaths(
  events: readonly SealedEvent[],
  found: ReadonlySet<string>,
  most: number,
): readonly ChainPath[] {
  const paths = new Map<string, { -readonly [K in keyof ChainPath]: ChainPath[K] }>()
  for (const event of events) {
    const links = linksOf(event)
    const key = JSON.stringify(links)
    const path = paths.get(key) ?? { ...links, ...EMPTY }
    paths.set(key, path)
    path.count += 1
    path.rows += event.rows ?? 0
    path.bytesOut += event.bytes?.out ?? 0
    path.found += found.has(event.id) ? 1 : 0
  }
  return [...paths.values()].sort((a, b) => b.found - a.found || b.count - a.count).slice(0, most)
}

function linksOf(event: SealedEvent): Omit<ChainPath, keyof typeof EMPTY> {
  const { actor, onBehalfOf, agent, tool, model, source } = event
  const people = (onBehalfOf ?? []).filter(({ type }) => type === undefined || type === 'human')
  return {
    human: people.at(0)?.id ?? (actor.type === 'human' ? actor.id : ''),
    actor: actor.id,
    actorType: actor.type,
    verified: actor.verified,
    claimed: actor.claimed ?? '',
    credential: actor.credential ?? '',
    session: actor.session ?? '',
    agent: agent?.id ?? '',
    tool: tool?.name ?? '',
    model: model?.served ?? model?.requested ?? '',
    target: targetOf(event),
    source: source?.ip ?? '',
  }
}
