// The engine's state and its bytes. A saved state names its version and the rules it belongs to;
// one of other rules or of another version is refused, and made again from the log, never guessed.

import { TocsinError } from '@tocsin/sdk/errors'
import type { Detector } from './detector.ts'
import { createEntityTable, type Entity, type EntityTable, type Limits } from './entity-table.ts'
import { parseEntityType } from './finding.ts'
import type { CorrelationRule } from './rule.ts'
import { readState, type StateReader, type StateWriter, writeState } from './state-bytes.ts'

export type State = {
  readonly entities: EntityTable
  /** By number of the correlation, then by cohort: what it knows of all groups of a cohort. */
  readonly cohorts: (Map<string, unknown> | undefined)[]
  /** Entities of whom something is expected, by key: looked at as time passes. */
  readonly expected: Map<string, Entity>
  newestMs: number
  tickMs: number
  events: number
  /** Events too late for a window, and findings held back as repeats. */
  late: number
  repeats: number
}

export type Kept = { readonly rule: CorrelationRule; readonly detector: Detector<unknown, unknown> }

const VERSION = 'tocsin-detect/1'

type Config = { readonly correlations: readonly Kept[]; readonly limits: Limits }

export function saveEngine(state: State, correlations: readonly Kept[]): Uint8Array {
  const out = writeState()
  out.text(VERSION)
  out.count(correlations.length)
  for (const { rule } of correlations) out.text(printOf(rule))
  for (const value of [state.newestMs, state.tickMs]) out.integer(value)
  for (const value of [state.events, state.late, state.repeats]) out.count(value)
  out.count(state.entities.evicted)
  correlations.forEach(({ detector }, number) => {
    const pools = state.cohorts[number] ?? []
    out.count([...pools].length)
    for (const [cohort, pool] of pools) {
      out.text(cohort)
      detector.saveCohort(pool, out)
    }
  })
  out.count(state.entities.size)
  for (const [key, entity] of state.entities.all()) saveEntity(out, { key, entity, correlations })
  return out.finish()
}

/** `null` opens an empty state. */
export function loadEngine(bytes: Uint8Array | null, { correlations, limits }: Config): State {
  const state: State = {
    entities: createEntityTable(limits),
    cohorts: [],
    expected: new Map(),
    newestMs: 0,
    tickMs: 0,
    events: 0,
    late: 0,
    repeats: 0,
  }
  if (bytes === null) return state
  const input = readState(bytes)
  checkHead(input, correlations)
  state.newestMs = input.integer()
  state.tickMs = input.integer()
  state.events = input.count()
  state.late = input.count()
  state.repeats = input.count()
  const evicted = input.count()
  for (const { detector } of correlations) {
    const pools = new Map<string, unknown>()
    for (let left = input.count(); left > 0; left--) {
      pools.set(input.text(), detector.loadCohort(input))
    }
    state.cohorts.push(pools)
  }
  for (let left = input.count(); left > 0; left--) loadEntity(input, state, correlations)
  state.entities.evicted = evicted
  if (!input.atEnd) throw foreign('has more in it than it says')
  return state
}

function checkHead(input: StateReader, correlations: readonly Kept[]): void {
  const version = input.text()
  if (version !== VERSION) throw foreign(`is of version ${version.slice(0, 40)}, not ${VERSION}`)
  const count = input.count()
  if (count !== correlations.length) throw foreign('belongs to other rules')
  for (const { rule } of correlations) {
    if (input.text() !== printOf(rule)) throw foreign(`belongs to another form of ${rule.id}`)
  }
}

function foreign(why: string): TocsinError {
  return new TocsinError('detect.bad_state', {
    public: `the saved state of the detectors ${why}; it is made again from the log`,
  })
}

/** Everything that decides what a state means. */
function printOf(rule: CorrelationRule): string {
  const { id, type, rules, groupBy, timespanMs, condition, field, baselineMs } = rule
  return JSON.stringify([id, type, rules, groupBy, timespanMs, condition, field, baselineMs])
}

type Saving = {
  readonly key: string
  readonly entity: Entity
  readonly correlations: readonly Kept[]
}

function saveEntity(out: StateWriter, { key, entity, correlations }: Saving): void {
  out.text(key)
  out.text(entity.type)
  out.text(entity.id)
  out.text(entity.cohort)
  const { firstMs, newestMs, placedMs, suspectMs, frozenMs } = entity
  for (const value of [firstMs, newestMs, placedMs, suspectMs, frozenMs]) out.integer(value)
  out.count(entity.events)
  out.count(entity.groups.size)
  for (const [name, group] of entity.groups) {
    out.text(name)
    out.integer(group.foundMs)
    out.number(group.foundScore)
    if (!isMatchGroup(name)) kept(correlations, name).detector.saveGroup(group.state, out)
  }
}

function loadEntity(input: StateReader, state: State, correlations: readonly Kept[]): void {
  const key = input.text()
  const type = parseEntityType(input.text())
  const [id, cohort] = [input.text(), input.text()]
  const [firstMs, newestMs, placedMs] = [input.integer(), input.integer(), input.integer()]
  const [suspectMs, frozenMs] = [input.integer(), input.integer()]
  const events = input.count()
  const entity: Entity = {
    type,
    id,
    cohort,
    firstMs,
    newestMs,
    placedMs,
    suspectMs,
    frozenMs,
    events,
    groups: new Map(),
  }
  for (let left = input.count(); left > 0; left--) {
    const name = input.text()
    const foundMs = input.integer()
    const foundScore = input.number()
    const owner = isMatchGroup(name) ? null : kept(correlations, name).detector
    entity.groups.set(name, { state: owner?.loadGroup(input) ?? null, foundMs, foundScore })
    if (owner?.tick) state.expected.set(key, entity)
  }
  state.entities.put(key, entity)
}

/** A rule about single events keeps nothing but when it found something. */
export function matchGroup(ruleId: string): string {
  return `=${ruleId}`
}

function isMatchGroup(name: string): boolean {
  return name.startsWith('=')
}

function kept(correlations: readonly Kept[], name: string): Kept {
  const found = correlations[Number.parseInt(name, 10)]
  if (found) return found
  throw foreign('names a rule that is not there')
}
