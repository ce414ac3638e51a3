// What the entities of a cohort have in common about a field: how many of them have a value, how
// often one of them meets something new, and how rare that was. Bounded; all of it is of entities
// that are past their first days and not suspected.

import type { StateReader, StateWriter } from '../state-bytes.ts'

const VALUES_KEPT = 4096
const RARITIES_KEPT = 512
/** The rate looks back over so many days of all entities together. */
const DAYS_KEPT = 100_000
/** As many of an entity's days count as much as all of its cohort's. */
const OWN_DAYS = 10
/** As many new values count as much as how rare the value is by itself. */
const PRIOR_VALUES = 10

export type Peers = {
  members: number
  /** Value → how many entities took it; the longest known goes first. */
  readonly users: Map<string, number>
  /** Days of entities, and those on which something was new. */
  days: number
  newDays: number
  /** Of the newest new values, in a ring: share of others that had it. */
  readonly rarities: number[]
  rarityAt: number
}

export function openPeers(): Peers {
  return { members: 0, users: new Map(), days: 0, newDays: 0, rarities: [], rarityAt: 0 }
}

export function usersOf({ users }: Peers, key: string): number {
  return users.get(key) ?? 0
}

/** Share of the cohort that has the value; never 0, since nobody has seen all. */
export function rarityOf({ members, users }: Peers, key: string): number {
  return Math.min(1, ((users.get(key) ?? 0) + 1) / (members + 2))
}

/** Probability that an entity meets something new on a day: its own rate, drawn to its cohort's. */
export function newDayRate(peers: Peers, own: { newDays: number; days: number }): number {
  const all = (peers.newDays + 1) / (peers.days + 2)
  return (own.newDays + OWN_DAYS * all) / (own.days + OWN_DAYS)
}

/** Probability that something new is at least as rare as that. */
export function shareAsRare({ rarities }: Peers, rarity: number): number {
  let asRare = 0
  for (const one of rarities) if (one <= rarity) asRare += 1
  return (PRIOR_VALUES * rarity + asRare + 1) / (PRIOR_VALUES + rarities.length + 1)
}

export function countDays(peers: Peers, days: number): void {
  peers.days += days
  if (peers.days <= DAYS_KEPT) return
  peers.days /= 2
  peers.newDays /= 2
}

export function countNew(peers: Peers, rarity: number): void {
  peers.rarities[peers.rarityAt] = rarity
  peers.rarityAt = (peers.rarityAt + 1) % RARITIES_KEPT
}

export function countUser({ users }: Peers, key: string): void {
  const [oldest] = users.size >= VALUES_KEPT && !users.has(key) ? users.keys() : []
  if (oldest !== undefined) users.delete(oldest)
  users.set(key, (users.get(key) ?? 0) + 1)
}

export function savePeers(peers: Peers, out: StateWriter): void {
  out.count(peers.members)
  out.number(peers.days)
  out.number(peers.newDays)
  out.count(peers.rarityAt)
  out.count(peers.rarities.length)
  for (const rarity of peers.rarities) out.number(rarity)
  out.count(peers.users.size)
  for (const [key, users] of peers.users) {
    out.text(key)
    out.count(users)
  }
}

export function loadPeers(input: StateReader): Peers {
  const peers = openPeers()
  peers.members = input.count()
  peers.days = input.number()
  peers.newDays = input.number()
  peers.rarityAt = input.count()
  for (let left = input.count(); left > 0; left--) peers.rarities.push(input.number())
  for (let left = input.count(); left > 0; left--) peers.users.set(input.text(), input.count())
  return peers
}
