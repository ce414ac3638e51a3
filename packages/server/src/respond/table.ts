// The decision table: (actor, session) → what holds. Several measures may stand for one pair; the
// strictest is in force, and when it ends the next one is. Every change of what is in force has a
// number, so that a follower gets what changed after the number it knows.
//
// Time may jump. Forwards, measures end early: nobody is locked out for longer than was decided.
// Backwards, all that stands is moved with it, so that it ends after its own duration.

import { type Measure, type Release, strictness, type Undone } from './measure.ts'

export type Standing = {
  readonly measure: Measure
  readonly undone: Undone | null
  readonly release: Release | null
}

/** What is in force for a pair, or that nothing is any more. */
export type Entry = {
  readonly actor: string
  readonly session: string | null
  readonly standing: Standing | null
}

export type Changes = {
  readonly version: number
  readonly full: boolean
  readonly entries: readonly Entry[]
}

export interface DecisionTable {
  /** Grows with every change of what is in force. */
  readonly version: number
  /** Measures that have not ended. */
  readonly size: number
  put(standing: Standing): void
  get(id: string): Standing | null
  /** What holds for a session of an actor, or for the actor; the strictest first. */
  find(actor: string, session: string | null): readonly Standing[]
  /** Everything that is known, newest first: in force, in dry run, undone, ended a while ago. */
  list(): readonly Standing[]
  isInForce(standing: Standing): boolean
  /** All that is in force when `after` is null or too old to be continued. */
  changesAfter(after: number | null): Changes
  /** Ends what has ended. Measures whose times were moved with the clock are handed back. */
  tick(nowMs: number): readonly Standing[]
}

/** `inForce` has the strictest first: it is what followers are told. */
type Slot = { readonly standings: Map<string, Standing>; inForce: readonly Standing[] }
type Pair = { readonly actor: string; readonly session: string | null }
type ChangedPair = Pair & { readonly version: number }

/** Changes that a follower may be behind before it gets the whole table. */
const CHANGES_KEPT = 10_000
/** Measures that ended, for people to look at. */
const ENDED_KEPT = 1000
/** Clocks are put right by less than this all the time (NTP). */
const STEP_MS = 5000

export function createTable(startMs: number): DecisionTable {
  const byId = new Map<string, Standing>()
  const slots = new Map<string, Map<string | null, Slot>>()
  const changes: ChangedPair[] = []
  let version = 0
  let oldest = 0
  let nowMs = startMs
  let nextEndMs = Number.POSITIVE_INFINITY
  let open = 0

  function slotOf({ actor, session }: Pair): Slot {
    const sessions = slots.get(actor) ?? new Map<string | null, Slot>()
    slots.set(actor, sessions)
    const slot = sessions.get(session) ?? {
      standings: new Map<string, Standing>(),
      inForce: NOTHING,
    }
    sessions.set(session, slot)
    return slot
  }

  /** Says anew what is in force for the pair. An end by time alone is known to followers. */
  function settle(pair: Pair, slot: Slot): void {
    for (const [id, standing] of slot.standings) {
      if (!isOver(standing)) continue
      slot.standings.delete(id)
      open -= 1
    }
    const [before] = slot.inForce
    slot.inForce = [...slot.standings.values()]
      .filter(({ measure }) => measure.mode === 'enforce')
      .sort(byStrictness)
    const [now] = slot.inForce
    const endedByTime = !now && before !== undefined && before.measure.untilMs <= nowMs
    if (now !== before && !endedByTime) note(pair)
    if (slot.standings.size > 0) return
    const sessions = slots.get(pair.actor)
    sessions?.delete(pair.session)
    if (sessions?.size === 0) slots.delete(pair.actor)
  }

  function note({ actor, session }: Pair): void {
    version += 1
    changes.push({ actor, session, version })
    if (changes.length <= 2 * CHANGES_KEPT) return
    oldest = changes.splice(0, CHANGES_KEPT).at(-1)?.version ?? oldest
  }

  function isOver({ measure, undone }: Standing): boolean {
    return undone !== null || measure.untilMs <= nowMs
  }

  function put(standing: Standing): void {
    const { measure } = standing
    byId.delete(measure.id)
    byId.set(measure.id, standing)
    const slot = slotOf(measure)
    if (!slot.standings.has(measure.id)) open += 1
    slot.standings.set(measure.id, standing)
    if (!isOver(standing)) nextEndMs = Math.min(nextEndMs, measure.untilMs)
    settle(measure, slot)
  }

  function stillHolds({ measure }: Standing): boolean {
    return measure.untilMs > nowMs
  }

  function entryOf({ actor, session }: Pair): Entry {
    return { actor, session, standing: slots.get(actor)?.get(session)?.inForce[0] ?? null }
  }

  function allEntries(): readonly Entry[] {
    const entries: Entry[] = []
    for (const [actor, sessions] of slots) {
      for (const [session, { inForce }] of sessions) {
        const [standing] = inForce
        if (standing) entries.push({ actor, session, standing })
      }
    }
    return entries
  }

  function endWhatEnded(): void {
    if (nowMs < nextEndMs) return
    nextEndMs = Number.POSITIVE_INFINITY
    for (const [actor, sessions] of slots) {
      for (const [session, slot] of sessions) {
        settle({ actor, session }, slot)
        for (const { measure } of slot.standings.values())
          nextEndMs = Math.min(nextEndMs, measure.untilMs)
      }
    }
    forgetOldest()
  }

  function forgetOldest(): void {
    let ended = byId.size - open
    for (const [id, standing] of byId) {
      if (ended <= ENDED_KEPT) return
      if (!isOver(standing)) continue
      byId.delete(id)
      ended -= 1
    }
  }

  function moveBack(byMs: number): readonly Standing[] {
    const moved = [...byId.values()]
      .filter(standing => !isOver(standing))
      .map(s => movedBack(s, byMs))
    for (const standing of moved) put(standing)
    return moved
  }

  return {
    get version() {
      return version
    },
    get size() {
      return open
    },
    put,
    get: id => byId.get(id) ?? null,
    find(actor, session) {
      const sessions = slots.get(actor)
      if (!sessions) return NOTHING
      const ofActor = sessions.get(null)?.inForce ?? NOTHING
      const ofSession = session === null ? NOTHING : (sessions.get(session)?.inForce ?? NOTHING)
      return [...ofSession, ...ofActor].filter(stillHolds).sort(byStrictness)
    },
    list: () => [...byId.values()].reverse(),
    isInForce: standing => standing.measure.mode === 'enforce' && !isOver(standing),
    changesAfter(after) {
      if (after === null || after < oldest || after > version) {
        return { version, full: true, entries: allEntries() }
      }
      const pairs = new Map<string, Pair>()
      for (const change of changes.slice(firstAfter(changes, after))) {
        pairs.set(JSON.stringify([change.actor, change.session]), change)
      }
      return { version, full: false, entries: [...pairs.values()].map(entryOf) }
    },
    tick(toMs) {
      const steppedBackMs = nowMs - toMs
      nowMs = steppedBackMs > STEP_MS ? toMs : Math.max(nowMs, toMs)
      const moved = steppedBackMs > STEP_MS ? moveBack(steppedBackMs) : []
      endWhatEnded()
      return moved
    },
  }
}

const NOTHING: readonly Standing[] = []

/** Of two that are as strict, the later one says what was meant last. */
function byStrictness(a: Standing, b: Standing): number {
  return strictness(b.measure) - strictness(a.measure) || b.measure.sinceMs - a.measure.sinceMs
}

/** The same with its own duration, as if it had been taken so much earlier. */
export function movedBack({ measure, release, undone }: Standing, byMs: number): Standing {
  const back = (ms: number) => Math.max(0, ms - byMs)
  return {
    undone,
    measure: { ...measure, sinceMs: back(measure.sinceMs), untilMs: back(measure.untilMs) },
    release: release && {
      ...release,
      sinceMs: back(release.sinceMs),
      untilMs: back(release.untilMs),
    },
  }
}

/** Versions rise, so half of what is left is looked at each time. */
function firstAfter(changes: readonly ChangedPair[], version: number): number {
  let low = 0
  let high = changes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((changes[middle]?.version ?? 0) > version) high = middle
    else low = middle + 1
  }
  return low
}
