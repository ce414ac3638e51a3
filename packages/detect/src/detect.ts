// The detection core: one event in, findings out, and a state that goes to bytes and back with the
// same future. Pure: no clock, no chance, no platform; the same events in the same order give the
// same findings everywhere. It never throws on an event.
//
// An event is tested against the rules for its kind; each match goes to the correlations that count
// it, in the group it belongs to; a group belongs to an entity. The engine decides what is common to
// all detectors: what is late, when an entity is under suspicion and teaches nothing, which repeat
// says nothing new. What is unusual, detectors decide (detector.ts).

import type { Sha256 } from '@tocsin/sdk/crypto'
import type { SealedEvent } from '@tocsin/sdk/event'
import type { BaselineView, BuildDetector, Detector, Hit } from './detector.ts'
import { buildDetector } from './detectors.ts'
import { loadEngine, matchGroup, type State, saveEngine } from './engine-state.ts'
import { type Entity, type EntityTable, type Group, LIMITS, type Limits } from './entity-table.ts'
import { keysOf, type ReadField, readField } from './field-value.ts'
import {
  ENTITY_TYPES,
  type EntityRef,
  type EntityType,
  entityKey,
  type Finding,
} from './finding.ts'
import { makeFinding, matchHit, scoreOf } from './make-finding.ts'
import { type CorrelationRule, DAY_MS, HOUR_MS, type MatchRule, type Rule } from './rule.ts'

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
  /** Time has come to `nowMs`, with or without events: what should have come and did not is found. */
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

type Correlation = {
  readonly rule: CorrelationRule
  readonly number: number
  readonly detector: Detector<unknown, unknown>
  readonly entityType: EntityType
  readonly readEntity: ReadField
  /** What else it groups by. */
  readonly readRest: readonly ReadField[]
}

type Feeding = { readonly rule: MatchRule; readonly feeds: readonly Correlation[] }

export function createEngine(config: EngineConfig): Engine {
  const { rules, sha256, limits = LIMITS, build = buildDetector } = config
  const correlations = compileCorrelations(rules, build)
  const feeding = compileFeeding(rules, correlations)
  const byKind = new Map<string, readonly Feeding[]>()
  const ticking = correlations.filter(({ detector }) => detector.tick !== undefined)

  function rulesFor(kind: string): readonly Feeding[] {
    const known = byKind.get(kind)
    if (known) return known
    // Tocsin's own events are looked at only by rules that name them.
    const isOwn = kind.startsWith('tocsin.')
    const fitting = feeding.filter(({ rule: { kinds } }) =>
      kinds === null ? !isOwn : kinds.includes(kind),
    )
    // Kinds are a small set, but a hostile sender may invent `host.…` ones.
    if (byKind.size < KINDS_KEPT) byKind.set(kind, fitting)
    return fitting
  }

  function stepEvent(state: State, event: SealedEvent): Stepped {
    const findings: Finding[] = []
    const take = (found: Candidate) => settle(state, found, findings)
    const timeMs = event.time
    state.events += 1
    if (timeMs > state.newestMs) {
      if (ticking.length > 0 && timeMs - state.tickMs >= TICK_MS) tickAll(state, timeMs, findings)
      state.newestMs = timeMs
    }
    for (const { rule, feeds } of rulesFor(event.kind)) {
      if (!rule.matches(event)) continue
      if (rule.findsByItself) takeMatch(state, { rule, event }, take)
      for (const correlation of feeds) {
        stepCorrelation(state, { correlation, event }, take)
      }
    }
    return { state, findings: findings.length === 0 ? NO_FINDINGS : findings }
  }

  function takeMatch(state: State, { rule, event }: Matched, take: Take): void {
    const entity = touchActor(state.entities, event)
    const group = state.entities.groupOf(entity, matchGroup(rule.id), () => null)
    const hit = matchHit(event, event.time)
    take({ rule, entity, group, rest: '', hit, timeMs: event.time, event })
  }

  function stepCorrelation(state: State, { correlation, event }: Correlated, take: Take): void {
    const { entityType: type, number } = correlation
    for (const id of keysOf(correlation.readEntity(event))) {
      const cohort = cohortOf(event, type)
      const key = `${type}:${id}`
      const before = state.entities.find(key)?.newestMs ?? event.time
      const entity = state.entities.touch(key, { type, id, event, cohort })
      const isLate = event.time < before - LATENESS_MS
      if (isLate) state.late += 1
      for (const rest of restsOf(correlation.readRest, event)) {
        const name = rest === '' ? String(number) : `${number}|${rest}`
        const open = () => correlation.detector.openGroup()
        const group = state.entities.groupOf(entity, name, open)
        if (correlation.detector.tick) state.expected.set(key, entity)
        const pool = cohortState(state, correlation, entity.cohort)
        const mayLearn = event.time >= entity.frozenMs
        const at = { event, timeMs: event.time, mayLearn, isLate, firstMs: entity.firstMs }
        const hit = correlation.detector.step(group.state, pool, at)
        if (!hit) continue
        take({ rule: correlation.rule, entity, group, rest, hit, timeMs: event.time, event })
      }
    }
  }

  function settle(state: State, found: Candidate, findings: Finding[]): void {
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
    findings.push(makeFinding(sha256, { rule, entity: ref, rest, hit, timeMs, event }))
  }

  function tickAll(state: State, nowMs: number, findings: Finding[]): void {
    state.tickMs = nowMs
    for (const [key, entity] of state.expected) {
      if (state.entities.find(key) !== entity) state.expected.delete(key)
      else
        for (const one of ticking) tickEntity(state, { entity, correlation: one, nowMs }, findings)
    }
  }

  function tickEntity(state: State, at: Ticking, findings: Finding[]): void {
    const { entity, correlation, nowMs } = at
    const { rule, number, detector } = correlation
    const pool = cohortState(state, correlation, entity.cohort)
    for (const [name, group] of entity.groups) {
      if (Number.parseInt(name, 10) !== number) continue
      const hit = detector.tick?.(group.state, pool, nowMs) ?? null
      if (!hit) continue
      const event = absentEvent(entity, hit, nowMs)
      const found = { rule, entity, group, rest: restOf(name), hit, timeMs: nowMs, event }
      settle(state, found, findings)
    }
  }

  return {
    begin: () => loadEngine(null, { correlations, limits }),
    step: stepEvent,
    tick(state, nowMs) {
      const findings: Finding[] = []
      if (ticking.length > 0 && nowMs > state.tickMs) tickAll(state, nowMs, findings)
      return { state, findings }
    },
    dispose(state, entity, isNormal) {
      const known = state.entities.find(entityKey(entity))
      if (!known) return state
      known.suspectMs = 0
      known.frozenMs = 0
      for (const [name, group] of known.groups) {
        const correlation = correlations[Number.parseInt(name, 10)]
        if (isNormal && correlation) correlation.detector.accept?.(group.state)
      }
      return state
    },
    save: state => saveEngine(state, correlations),
    load: bytes => loadEngine(bytes, { correlations, limits }),
    describe: (state, entity, nowMs) => describeEntity(state, { entity, nowMs }, correlations),
  }
}

const NO_FINDINGS: readonly Finding[] = []
const KINDS_KEPT = 500

type Matched = { readonly rule: MatchRule; readonly event: SealedEvent }
type Correlated = { readonly correlation: Correlation; readonly event: SealedEvent }

type Candidate = {
  readonly rule: Rule
  readonly entity: Entity
  readonly group: Group
  readonly rest: string
  readonly hit: Hit
  readonly timeMs: number
  readonly event: SealedEvent
}

type Ticking = {
  readonly entity: Entity
  readonly correlation: Correlation
  readonly nowMs: number
}

type Take = (found: Candidate) => void

export function compileCorrelations(
  rules: readonly Rule[],
  build: BuildDetector,
): readonly Correlation[] {
  return rules
    .filter(rule => rule.kind === 'correlation')
    .map((rule, number) => {
      const field = entityField(rule.groupBy)
      return {
        rule,
        number,
        detector: build(rule),
        entityType: ENTITY_TYPES[field],
        readEntity: readField(field),
        readRest: rule.groupBy.filter(path => path !== field).map(readField),
      }
    })
}

/** A group is about the actor where it has one, else about the first thing that can be an entity. */
function entityField(groupBy: readonly string[]): keyof typeof ENTITY_TYPES {
  if (groupBy.includes('actor.id')) return 'actor.id'
  const fields = Object.keys(ENTITY_TYPES).filter(isEntityField)
  return fields.find(field => groupBy.includes(field)) ?? 'actor.id'
}

function isEntityField(path: string): path is keyof typeof ENTITY_TYPES {
  return Object.hasOwn(ENTITY_TYPES, path)
}

function compileFeeding(
  rules: readonly Rule[],
  correlations: readonly Correlation[],
): readonly Feeding[] {
  return rules
    .filter(rule => rule.kind === 'match')
    .map(rule => ({ rule, feeds: correlations.filter(c => c.rule.rules.includes(rule.id)) }))
    .filter(({ rule, feeds }) => rule.findsByItself || feeds.length > 0)
}

function touchActor(entities: EntityTable, event: SealedEvent): Entity {
  const [id = ''] = keysOf(event.actor.id)
  const cohort = cohortOf(event, 'actor')
  return entities.touch(`actor:${id}`, { type: 'actor', id, event, cohort })
}

/** Whose pooled residuals and shapes it shares: people, services and agents live differently. */
function cohortOf({ actor }: SealedEvent, type: EntityType): string {
  return type === 'actor' ? actor.type : type
}

/** Combinations of the other fields; an event that lacks one of them is in no group. */
function restsOf(reads: readonly ReadField[], event: SealedEvent): readonly string[] {
  if (reads.length === 0) return ONE_REST
  const parts = reads.map(read => keysOf(read(event)))
  return parts.reduce<readonly string[]>(
    (heads, values) => heads.flatMap(head => values.map(v => (head ? `${head}|${v}` : v))),
    ONE_REST,
  )
}

const ONE_REST: readonly string[] = ['']

function cohortState(state: State, { number, detector }: Correlation, cohort: string): unknown {
  const key = `${number}|${cohort}`
  const found = state.cohorts.get(key)
  if (found !== undefined) return found
  const made = detector.openCohort()
  state.cohorts.set(key, made)
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

/** Stands for the event that did not come: named by what came last, so that a replay agrees. */
function absentEvent({ type, id }: Entity, { startMs }: Hit, nowMs: number): SealedEvent {
  const isActor = type === 'actor'
  return {
    v: 1,
    id: `absent-${startMs}`,
    tenant: '',
    observed: nowMs,
    via: '',
    retention: 'r13m',
    kind: 'audit.gap',
    time: nowMs,
    outcome: 'unknown',
    operation: 'absence',
    system: type === 'system' ? id : '',
    actor: { type: 'unknown', id: isActor ? id : '', verified: 'none' },
  }
}

function restOf(name: string): string {
  return name.includes('|') ? name.slice(name.indexOf('|') + 1) : ''
}

type Asked = { readonly entity: EntityRef; readonly nowMs: number }

function describeEntity(
  state: State,
  { entity, nowMs }: Asked,
  correlations: readonly Correlation[],
): EntityView | null {
  const known = state.entities.find(entityKey(entity))
  if (!known) return null
  const baselines = [...known.groups].flatMap(([name, group]) => {
    const correlation = correlations[Number.parseInt(name, 10)]
    if (!correlation) return []
    const pool = cohortState(state, correlation, known.cohort)
    const view = correlation.detector.describe(group.state, pool, nowMs)
    return view ? [{ ...view, rule: correlation.rule.id, group: restOf(name) }] : []
  })
  const { firstMs, newestMs, events, cohort, frozenMs } = known
  const frozen = frozenMs > nowMs ? frozenMs : null
  return { firstMs, newestMs, events, cohort, frozenMs: frozen, baselines }
}
