// The detection core: one event in, findings out, and a state that goes to bytes and back with the
// same future. Pure: no clock, no chance, no platform; the same events in the same order give the
// same findings everywhere. It never throws on an event.
//
// An event is tested against the rules for its kind; each match goes to the correlations that count
// it, in the group it belongs to; a group belongs to an entity. The engine decides what is common
// to all detectors: what is late, when an entity is under suspicion and teaches nothing, which
// repeat says nothing new. What is unusual, detectors decide (detector.ts).

import type { Sha256 } from '@tocsin/sdk/crypto'
import type { SealedEvent } from '@tocsin/sdk/event'
import {
  ACTOR,
  type CompiledRules,
  type Correlation,
  cohortOf,
  compileRules,
  groupName,
  parseGroupName,
  restsOf,
} from './compiled-rules.ts'
import type { BaselineView, BuildDetector, Hit, Step } from './detector.ts'
import { buildDetector } from './detectors.ts'
import { loadEngine, matchGroup, type State, saveEngine } from './engine-state.ts'
import { type Entity, type Group, LIMITS, type Limits } from './entity-table.ts'
import { keysOf } from './field-value.ts'
import { type EntityRef, entityKey, type Finding } from './finding.ts'
import { absentEvent, makeFinding, matchHit, scoreOf } from './make-finding.ts'
import { DAY_MS, HOUR_MS, type MatchRule, type Rule } from './rule.ts'

export type { BaselineView } from './detector.ts'
export type { State } from './engine-state.ts'
export { LIMITS, type Limits } from './entity-table.ts'

/** Events may come so much behind an entity's newest one and still count in its windows. */
export const LATENESS_MS: number = 15 * 60_000
/** A finding holds back its repeats, unless they weigh so much more. */
export const REPEAT_MS: number = 12 * HOUR_MS
const REPEAT_SCORE = 10
/** Suspicion ends a day after the last finding, at the latest a week after the first. */
const FREEZE_MS = DAY_MS
const FREEZE_MS_MAX: number = 7 * DAY_MS
/** How often absence is looked for, in the time of events. */
const TICK_MS = 60_000

export type EngineConfig = {
  readonly rules: readonly Rule[]
  readonly sha256: Sha256
  readonly limits?: Limits
  /** Other detectors than the built-in ones: for tests. */
  readonly build?: BuildDetector
}

export type Stepped = { readonly state: State; readonly findings: readonly Finding[] }

export interface Engine {
  begin(): State
  /** Takes the state over and gives it back changed. */
  step(state: State, event: SealedEvent): Stepped
  /** Time has come to `nowMs`, with or without events: finds what should have come and did not. */
  tick(state: State, nowMs: number): Stepped
  /** A person decided about what was found: it was normal (and is learnt), or it was not. */
  dispose(state: State, entity: EntityRef, isNormal: boolean): State
  save(state: State): Uint8Array
  /** Throws `detect.bad_state` for bytes of other rules, another version, or damaged ones. */
  load(bytes: Uint8Array): State
  /** What is known of an entity: each baseline of it, by rule. */
  describe(state: State, entity: EntityRef, nowMs: number): EntityView | null
}

export type EntityView = {
  readonly firstMs: number
  readonly newestMs: number
  readonly events: number
  readonly cohort: string
  /** Learning is frozen until then; null while it learns. */
  readonly frozenMs: number | null
  readonly baselines: readonly (BaselineView & { readonly rule: string; readonly group: string })[]
}

export function createEngine(config: EngineConfig): Engine {
  const { rules, sha256, limits = LIMITS, build = buildDetector } = config
  const compiled = compileRules(rules, build)
  const { correlations } = compiled
  const core: Core = { compiled, sha256 }
  return {
    begin: () => loadEngine(null, { correlations, limits }),
    step: (state, event) => stepEvent(core, state, event),
    tick(state, nowMs) {
      const run: Run = { core, state, touched: [], findings: [] }
      if (nowMs > state.tickMs) tickAll(run, nowMs)
      return { state, findings: run.findings }
    },
    dispose(state, entity, isNormal) {
      for (const key of [entityKey(entity), unprovedKey(entity)]) {
        const known = state.entities.find(key)
        if (known) thaw(known, isNormal, correlations)
      }
      return state
    },
    save: state => saveEngine(state, correlations),
    load: bytes => loadEngine(bytes, { correlations, limits }),
    describe(state, entity, nowMs) {
      const known = findEntity(state, entity)
      return known ? describeEntity(core, state, { entity: known, nowMs }) : null
    },
  }
}

type Core = { readonly compiled: CompiledRules; readonly sha256: Sha256 }

/** An entity that the event is about, and what a detector is told of the event. */
type Touched = { readonly key: string; readonly entity: Entity; readonly at: Step }

/** One step on its way: whom it is about, where that was asked, and what it has found so far. */
type Run = {
  readonly core: Core
  readonly state: State
  readonly touched: (readonly Touched[] | undefined)[]
  readonly findings: Finding[]
}

const NO_FINDINGS: readonly Finding[] = []

function stepEvent(core: Core, state: State, event: SealedEvent): Stepped {
  const run: Run = { core, state, touched: [], findings: [] }
  state.events += 1
  if (event.time > state.newestMs) {
    if (event.time - state.tickMs >= TICK_MS) tickAll(run, event.time)
    state.newestMs = event.time
  }
  for (const { rule, feeds } of core.compiled.feedingFor(event.kind)) {
    if (!rule.matches(event)) continue
    if (rule.findsByItself) takeMatch(run, rule, event)
    for (const correlation of feeds) stepCorrelation(run, correlation, event)
  }
  return { state, findings: run.findings.length === 0 ? NO_FINDINGS : run.findings }
}

function takeMatch(run: Run, rule: MatchRule, event: SealedEvent): void {
  for (const { entity } of touch(run, ACTOR, event)) {
    const group = run.state.entities.groupOf(entity, matchGroup(rule.id), () => null)
    const hit = matchHit(event, event.time)
    settle(run, { rule, entity, group, rest: '', hit, timeMs: event.time, event })
  }
}

function stepCorrelation(run: Run, correlation: Correlation, event: SealedEvent): void {
  const { state } = run
  const { number, name, detector, rule } = correlation
  for (const { key: entityName, entity, at } of touch(run, correlation.subject, event)) {
    if (detector.tick) state.expected.set(entityName, entity)
    const pool = cohortState(state, correlation, entity.cohort)
    for (const rest of restsOf(correlation, event)) {
      const key = rest === '' ? name : groupName(number, rest)
      const group = state.entities.groupOf(entity, key, detector.openGroup)
      const hit = detector.step(group.state, pool, at)
      if (hit) settle(run, { rule, entity, group, rest, hit, timeMs: event.time, event })
    }
  }
}

/** The entities that an event names in one way, each counted once for it. */
function touch(run: Run, subject: number, event: SealedEvent): readonly Touched[] {
  const before = run.touched[subject]
  if (before) return before
  const { read, type = 'actor' } = run.core.compiled.subjects[subject] ?? {}
  const touched = keysOf(read?.(event)).map(id => touchOne(run.state, { type, id }, event))
  run.touched[subject] = touched
  return touched
}

function touchOne(state: State, { type, id }: EntityRef, event: SealedEvent): Touched {
  const { time: timeMs } = event
  const isProved = type !== 'actor' || event.actor.verified !== 'none'
  const key = isProved ? `${type}:${id}` : unprovedKey({ type, id })
  const cohort = cohortOf(event, type)
  const newestMs = state.entities.find(key)?.newestMs ?? timeMs
  const entity = state.entities.touch(key, { type, id, timeMs, cohort })
  const isLate = timeMs < newestMs - LATENESS_MS
  if (isLate) state.late += 1
  const mayLearn = timeMs >= entity.frozenMs
  return { key, entity, at: { event, timeMs, mayLearn, isLate, firstMs: entity.firstMs } }
}

/**
 * An actor whom nobody proved has a state apart from the proved one of that name: who misbehaves in
 * somebody's name makes neither their past nor a finding of theirs.
 */
function unprovedKey(entity: EntityRef): string {
  return `?${entityKey(entity)}`
}

/** The state of an entity, of the proved one first. */
function findEntity({ entities }: State, entity: EntityRef): Entity | undefined {
  return entities.find(entityKey(entity)) ?? entities.find(unprovedKey(entity))
}

type Candidate = {
  readonly rule: Rule
  readonly entity: Entity
  readonly group: Group
  readonly rest: string
  readonly hit: Hit
  readonly timeMs: number
  readonly event: SealedEvent
}

/** A claim becomes a finding, unless it says again what was just said. */
function settle({ core, state, findings }: Run, found: Candidate): void {
  const { rule, entity, group, rest, hit, timeMs, event } = found
  const score = scoreOf(rule, hit)
  const isRepeat = group.foundMs !== 0 && Math.abs(timeMs - group.foundMs) < REPEAT_MS
  if (isRepeat && score < group.foundScore + REPEAT_SCORE) {
    state.repeats += 1
    return
  }
  group.foundMs = timeMs
  group.foundScore = score
  suspect(entity, rule, timeMs)
  const ref = { type: entity.type, id: entity.id }
  findings.push(makeFinding(core.sha256, { rule, entity: ref, rest, hit, timeMs, event }))
}

function tickAll(run: Run, nowMs: number): void {
  const { core, state } = run
  state.tickMs = nowMs
  for (const [key, entity] of state.expected) {
    if (state.entities.find(key) !== entity) state.expected.delete(key)
    else for (const one of core.compiled.ticking) tickEntity(run, one, { entity, nowMs })
  }
}

type Moment = { readonly entity: Entity; readonly nowMs: number }

function tickEntity(run: Run, correlation: Correlation, { entity, nowMs }: Moment): void {
  const { rule, detector } = correlation
  const pool = cohortState(run.state, correlation, entity.cohort)
  for (const [name, group] of entity.groups) {
    const { number, rest } = parseGroupName(name)
    if (number !== correlation.number) continue
    const hit = detector.tick?.(group.state, pool, nowMs) ?? null
    if (!hit) continue
    const event = absentEvent(entity, hit, nowMs)
    settle(run, { rule, entity, group, rest, hit, timeMs: nowMs, event })
  }
}

function cohortState(state: State, { number, detector }: Correlation, cohort: string): unknown {
  const pools = state.cohorts[number] ?? new Map<string, unknown>()
  state.cohorts[number] = pools
  const found = pools.get(cohort)
  if (found !== undefined) return found
  const made = detector.openCohort()
  pools.set(cohort, made)
  return made
}

/** From the first finding that weighs something, an entity teaches nothing. */
function suspect(entity: Entity, rule: Rule, timeMs: number): void {
  if (rule.level === 'informational' || rule.level === 'low') return
  if (entity.suspectMs === 0 || timeMs > entity.suspectMs + FREEZE_MS_MAX + FREEZE_MS) {
    entity.suspectMs = timeMs
  }
  const endMs = Math.min(timeMs + FREEZE_MS, entity.suspectMs + FREEZE_MS_MAX)
  entity.frozenMs = Math.max(entity.frozenMs, endMs)
}

function thaw(entity: Entity, isNormal: boolean, correlations: readonly Correlation[]): void {
  entity.suspectMs = 0
  entity.frozenMs = 0
  for (const [name, group] of entity.groups) {
    const detector = correlations[parseGroupName(name).number]?.detector
    if (isNormal) detector?.accept?.(group.state)
    else {
      detector?.reject?.(group.state)
      // What goes on after it was called an attack is said again at once, and learnt by nobody.
      group.foundMs = 0
    }
  }
}

function describeEntity(core: Core, state: State, { entity, nowMs }: Moment): EntityView {
  const baselines = [...entity.groups].flatMap(([name, group]) => {
    const { number, rest } = parseGroupName(name)
    const correlation = core.compiled.correlations[number]
    if (!correlation) return []
    const pool = cohortState(state, correlation, entity.cohort)
    const view = correlation.detector.describe(group.state, pool, nowMs)
    return view ? [{ ...view, rule: correlation.rule.id, group: rest }] : []
  })
  const { firstMs, newestMs, events, cohort, frozenMs } = entity
  const frozen = frozenMs > nowMs ? frozenMs : null
  return { firstMs, newestMs, events, cohort, frozenMs: frozen, baselines }
}
