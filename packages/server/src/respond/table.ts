// The decision table: (actor, session) → what holds. Several measures may stand for one pair; the
// strictest is in force, and when it ends the next one is. Every change of what is in force has a
// number, so that a follower gets what changed after the number it knows.
//
// Time may jump. Forwards, measures end early: nobody is locked out for longer than was decided.
// Backwards, all that stands is moved with it, so that it ends after its own duration.

import { type ChangeLog, createChangeLog, type Pair } from './change-log.ts'
import { type Measure, type Release, strictness, type Undone } from './measure.ts'

export type Standing = {
  readonly measure: Measure
  readonly undone: Undone | null
  readonly release: Release | null
}

/** What is in force for a pair, or that nothing is any more. */
export type Entry = Pair & { readonly standing: Standing | null }

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

type State = {
  readonly byId: Map<string, Standing>
  readonly slots: Map<string, Map<string | null, Slot>>
  readonly log: ChangeLog
  nowMs: number
  /** No later than the first end of what stands. */
  nextEndMs: number
  open: number
}

/** Measures that ended, for people to look at. */
const ENDED_KEPT = 1000
/** Clocks are put right by less than this all the time (NTP). */
const STEP_MS = 5000
const NOTHING: readonly Standing[] = []

export function createTable(startMs: number): DecisionTable {
  const state: State = {
    byId: new Map(),
    slots: new Map(),
    log: createChangeLog(),
    nowMs: startMs,
    nextEndMs: Number.POSITIVE_INFINITY,
    open: 0,
  }
  const { byId, log } = state
  return {
    get version() {
      return log.version
    },
    get size() {
      return state.open
    },
    put: standing => put(state, standing),
    get: id => byId.get(id) ?? null,
    find: (actor, session) => find(state, { actor, session }),
    list: () => [...byId.values()].reverse(),
    isInForce: standing => standing.measure.mode === 'enforce' && !isOver(state, standing),
    changesAfter(after) {
      const { version } = log
      const pairs = log.after(after)
      if (pairs === null) return { version, full: true, entries: allEntries(state) }
      return { version, full: false, entries: pairs.map(pair => entryOf(state, pair)) }
    },
    tick(toMs) {
      const backMs = state.nowMs - toMs
      state.nowMs = backMs > STEP_MS ? toMs : Math.max(state.nowMs, toMs)
      const moved = backMs > STEP_MS ? moveAllBack(state, backMs) : NOTHING
      if (state.nowMs >= state.nextEndMs) endWhatEnded(state)
      return moved
    },
  }
}

function put(state: State, standing: Standing): void {
  const { measure } = standing
  // The newest stands last.
  state.byId.delete(measure.id)
  state.byId.set(measure.id, standing)
  const slot = slotOf(state, measure)
  if (!slot.standings.has(measure.id)) state.open += 1
  slot.standings.set(measure.id, standing)
  if (!isOver(state, standing)) state.nextEndMs = Math.min(state.nextEndMs, measure.untilMs)
  settle(state, measure, slot)
}

function slotOf({ slots }: State, { actor, session }: Pair): Slot {
  const sessions = slots.get(actor) ?? new Map<string | null, Slot>()
  slots.set(actor, sessions)
  const slot = sessions.get(session) ?? { standings: new Map<string, Standing>(), inForce: NOTHING }
  sessions.set(session, slot)
  return slot
}

/** Says anew what is in force for the pair. An end by time alone is known to followers. */
function settle(state: State, pair: Pair, slot: Slot): void {
  for (const [id, standing] of slot.standings) {
    if (!isOver(state, standing)) continue
    slot.standings.delete(id)
    state.open -= 1
  }
  const [before] = slot.inForce
  slot.inForce = [...slot.standings.values()]
    .filter(({ measure }) => measure.mode === 'enforce')
    .sort(byStrictness)
  const [now] = slot.inForce
  const endedByTime = !now && before !== undefined && before.measure.untilMs <= state.nowMs
  if (now !== before && !endedByTime) state.log.note(pair)
  if (slot.standings.size > 0) return
  const sessions = state.slots.get(pair.actor)
  sessions?.delete(pair.session)
  if (sessions?.size === 0) state.slots.delete(pair.actor)
}

function find({ slots, nowMs }: State, { actor, session }: Pair): readonly Standing[] {
  const sessions = slots.get(actor)
  if (!sessions) return NOTHING
  const ofActor = sessions.get(null)?.inForce ?? NOTHING
  const ofSession = session === null ? NOTHING : (sessions.get(session)?.inForce ?? NOTHING)
  return [...ofSession, ...ofActor]
    .filter(({ measure }) => measure.untilMs > nowMs)
    .sort(byStrictness)
}

function isOver({ nowMs }: State, { measure, undone }: Standing): boolean {
  return undone !== null || measure.untilMs <= nowMs
}

function entryOf({ slots }: State, { actor, session }: Pair): Entry {
  return { actor, session, standing: slots.get(actor)?.get(session)?.inForce[0] ?? null }
}

function allEntries(state: State): readonly Entry[] {
  const entries: Entry[] = []
  for (const [actor, sessions] of state.slots) {
    for (const session of sessions.keys()) {
      const entry = entryOf(state, { actor, session })
      if (entry.standing) entries.push(entry)
    }
  }
  return entries
}

function endWhatEnded(state: State): void {
  state.nextEndMs = Number.POSITIVE_INFINITY
  for (const [actor, sessions] of state.slots) {
    for (const [session, slot] of sessions) {
      settle(state, { actor, session }, slot)
      for (const { measure } of slot.standings.values()) {
        state.nextEndMs = Math.min(state.nextEndMs, measure.untilMs)
      }
    }
  }
  forgetOldest(state)
}

function forgetOldest(state: State): void {
  let ended = state.byId.size - state.open
  for (const [id, standing] of state.byId) {
    if (ended <= ENDED_KEPT) return
    if (!isOver(state, standing)) continue
    state.byId.delete(id)
    ended -= 1
  }
}

function moveAllBack(state: State, byMs: number): readonly Standing[] {
  const moved = [...state.byId.values()]
    .filter(standing => !isOver(state, standing))
    .map(standing => movedBack(standing, byMs))
  for (const standing of moved) put(state, standing)
  return moved
}

/** Of two that are as strict, the later one says what was meant last. */
function byStrictness(a: Standing, b: Standing): number {
  return strictness(b.measure) - strictness(a.measure) || b.measure.sinceMs - a.measure.sinceMs
}

/** The same with its own duration, as if it had been taken so much earlier. */
export function movedBack({ measure, release, undone }: Standing, byMs: number): Standing {
  const back = (ms: number) => Math.max(0, ms - byMs)
  const moved = { sinceMs: back(measure.sinceMs), untilMs: back(measure.untilMs) }
  return {
    undone,
    measure: { ...measure, ...moved },
    release: release && {
      ...release,
      sinceMs: back(release.sinceMs),
      untilMs: back(release.untilMs),
    },
  }
}
