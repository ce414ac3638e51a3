// The entities that are known, each with the state of its groups. Bounded: an entity that has
// hardly been seen waits among the young and goes first, so that a flood of new names pushes out
// other new names. Of those with a history the one not seen for longest goes, so that who is active
// stays, also where somebody lets many names grow old. What goes is counted.

import type { EntityType } from './finding.ts'
import { HOUR_MS } from './rule.ts'

export type Group = {
  state: unknown
  /** When it last made a finding, and how heavy: repeats are held back. */
  foundMs: number
  foundScore: number
}

export type Entity = {
  readonly type: EntityType
  readonly id: string
  readonly firstMs: number
  newestMs: number
  /** When it last moved behind the others: who stands first was not seen for longest. */
  placedMs: number
  events: number
  /** Suspected from `suspectMs` until `frozenMs`: nothing is learnt. Both 0 while it is not. */
  suspectMs: number
  frozenMs: number
  cohort: string
  /** `<rule>` or `<rule>|<rest of the group>` → its state. */
  readonly groups: Map<string, Group>
}

export type Limits = { readonly entities: number; readonly young: number; readonly groups: number }

export const LIMITS: Limits = { entities: 1_000_000, young: 50_000, groups: 64 }

/** Enough of a history to be kept while the young come and go. */
const SETTLED_EVENTS = 20
const SETTLED_AGE_MS = HOUR_MS
/** An order right to the hour is enough, and costs nothing at most events. */
const PLACED_MS = HOUR_MS

export interface EntityTable {
  readonly size: number
  /** Entities, and groups of entities, that were given up for lack of room. */
  evicted: number
  find(key: string): Entity | undefined
  /** Finds or makes it; counts the event. */
  touch(key: string, seen: Seen): Entity
  groupOf(entity: Entity, key: string, open: () => unknown): Group
  all(): Generator<readonly [string, Entity]>
  put(key: string, entity: Entity): void
}

export type Seen = {
  readonly type: EntityType
  readonly id: string
  readonly timeMs: number
  readonly cohort: string
}

type Tables = {
  readonly young: Map<string, Entity>
  readonly settled: Map<string, Entity>
  readonly limits: Limits
  evicted: number
}

export function createEntityTable(limits: Limits = LIMITS): EntityTable {
  const tables: Tables = { young: new Map(), settled: new Map(), limits, evicted: 0 }
  const { young, settled } = tables
  return {
    get evicted() {
      return tables.evicted
    },
    set evicted(count) {
      tables.evicted = count
    },
    get size() {
      return young.size + settled.size
    },
    find: key => settled.get(key) ?? young.get(key),
    touch: (key, seen) => touch(tables, key, seen),
    groupOf(entity, key, open) {
      const found = entity.groups.get(key)
      if (found) return found
      if (entity.groups.size >= limits.groups) evictGroup(tables, entity)
      const made: Group = { state: open(), foundMs: 0, foundScore: 0 }
      entity.groups.set(key, made)
      return made
    },
    *all() {
      yield* young
      yield* settled
    },
    put: (key, entity) => put(tables, key, entity),
  }
}

function touch(tables: Tables, key: string, seen: Seen): Entity {
  const { young, settled } = tables
  const known = settled.get(key)
  const entity = known ?? young.get(key)
  if (!entity) {
    const made = openEntity(seen)
    put(tables, key, made)
    return made
  }
  entity.events += 1
  if (seen.timeMs > entity.newestMs) entity.newestMs = seen.timeMs
  if (!known && isSettled(entity)) {
    young.delete(key)
    put(tables, key, entity)
  } else if (known && seen.timeMs - entity.placedMs >= PLACED_MS) {
    settled.delete(key)
    settled.set(key, entity)
    entity.placedMs = seen.timeMs
  }
  return entity
}

function openEntity({ type, id, timeMs, cohort }: Seen): Entity {
  return {
    type,
    id,
    cohort,
    firstMs: timeMs,
    newestMs: timeMs,
    placedMs: timeMs,
    events: 1,
    suspectMs: 0,
    frozenMs: 0,
    groups: new Map(),
  }
}

function put(tables: Tables, key: string, entity: Entity): void {
  const { young, settled, limits } = tables
  const table = isSettled(entity) ? settled : young
  table.set(key, entity)
  const most = table === settled ? limits.entities : limits.young
  if (table.size > most) evictOne(tables, table)
}

/** Of some of the longest known, the one not seen for longest. */
function evictOne(tables: Tables, table: Map<string, Entity>): void {
  let [worst, worstMs] = ['', Number.POSITIVE_INFINITY]
  let left = CANDIDATES
  for (const [key, { newestMs }] of table) {
    if (newestMs < worstMs) [worst, worstMs] = [key, newestMs]
    left -= 1
    if (left === 0) break
  }
  table.delete(worst)
  tables.evicted += 1
}

/** The oldest group that is one of many of its rule: an entity's own baselines stay. */
function evictGroup(tables: Tables, { groups }: Entity): void {
  for (const name of groups.keys()) {
    if (!name.includes('|')) continue
    groups.delete(name)
    tables.evicted += 1
    return
  }
}

const CANDIDATES = 32

function isSettled({ events, firstMs, newestMs }: Entity): boolean {
  return events >= SETTLED_EVENTS && newestMs - firstMs >= SETTLED_AGE_MS
}
