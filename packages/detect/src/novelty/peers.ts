// What the entities of a cohort have in common about a field: how many of them have a value, how
// often one of them meets something new, and how rare that was. Bounded; all of it is of entities
// that are past their first days and not suspected.

import type { StateReader, StateWriter } from '../state-bytes.ts'

const VALUES_KEPT = 4096
const RARITIES_KEPT = 256
/** The rate looks back over so many days of all entities together. */
const DAYS_KEPT = 100_000
/** As many of an entity's own days count as much as all of its cohort's. */
const OWN_DAYS = 10
/** As many new values count as much as how rare the value is by itself. */
const PRIOR_VALUES = 10

/** How often something new came, and how rare it was. */
export type Novelties = {
  /** Days of entities, and those on which something was new. */
  days: number
  newDays: number
  /** Of the newest new values, in a ring: share of others that had it. */
  readonly rarities: number[]
  rarityAt: number
}

export type Peers = {
  members: number
  /** Value → how many entities took it; the longest known goes first. */
  readonly users: Map<string, number>
  /** Of entities that had values before. */
  readonly more: Novelties
  /** Of those that had none yet: working from home for the first time is another thing. */
  readonly first: Novelties
}

export function openPeers(): Peers {
  return { members: 0, users: new Map(), more: openNovelties(), first: openNovelties() }
}

function openNovelties(): Novelties {
  return { days: 0, newDays: 0, rarities: [], rarityAt: 0 }
}

export function usersOf({ users }: Peers, key: string): number {
  return users.get(key) ?? 0
}

/** Share of the cohort that has the value; never 0, since nobody has seen all. */
export function rarityOf({ members, users }: Peers, key: string): number {
  return Math.min(1, ((users.get(key) ?? 0) + 1) / (members + 2))
}

export type OwnDays = { readonly days: number; readonly newDays: number }

/** Probability that an entity meets something new on a day: its own rate, drawn to its cohort's. */
export function newDayRate({ days, newDays }: Novelties, own: OwnDays): number {
  const all = (newDays + 1) / (days + 2)
  return (own.newDays + OWN_DAYS * all) / (own.days + OWN_DAYS)
}

/** Probability that something new is at least as rare as that. */
export function shareAsRare({ rarities }: Novelties, rarity: number): number {
  let asRare = 0
  for (const one of rarities) if (one <= rarity) asRare += 1
  return (PRIOR_VALUES * rarity + asRare + 1) / (PRIOR_VALUES + rarities.length + 1)
}

export function countDays(novelties: Novelties, days: number): void {
  novelties.days += days
  if (novelties.days <= DAYS_KEPT) return
  novelties.days /= 2
  novelties.newDays /= 2
}

export function countNew(novelties: Novelties, rarity: number): void {
  novelties.rarities[novelties.rarityAt] = rarity
  novelties.rarityAt = (novelties.rarityAt + 1) % RARITIES_KEPT
}

export function countUser({ users }: Peers, key: string): void {
  const [oldest] = users.size >= VALUES_KEPT && !users.has(key) ? users.keys() : []
  if (oldest !== undefined) users.delete(oldest)
  users.set(key, (users.get(key) ?? 0) + 1)
}

export function savePeers({ members, users, more, first }: Peers, out: StateWriter): void {
  out.count(members)
  out.count(users.size)
  for (const [key, count] of users) {
    out.text(key)
    out.count(count)
  }
  for (const { days, newDays, rarities, rarityAt } of [more, first]) {
    out.number(days)
    out.number(newDays)
    out.count(rarityAt)
    out.count(rarities.length)
    for (const rarity of rarities) out.number(rarity)
  }
}

export function loadPeers(input: StateReader): Peers {
  const peers = openPeers()
  peers.members = input.count()
  for (let left = input.count(); left > 0; left--) peers.users.set(input.text(), input.count())
  for (const novelties of [peers.more, peers.first]) {
    novelties.days = input.number()
    novelties.newDays = input.number()
    novelties.rarityAt = input.count()
    for (let left = input.count(); left > 0; left--) novelties.rarities.push(input.number())
  }
  return peers
}
