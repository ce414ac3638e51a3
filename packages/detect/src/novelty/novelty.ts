// What an entity never did: values (here), hours of the week, orders of things. The door of this
// folder.
//
// A value the entity never had: a country, a network, a model, a dataset. Not every first is a
// surprise. p = how often this entity meets something new on a day (Good–Turing's estimate of
// what has not been seen yet, drawn to the rate of its cohort while its own history is short) ×
// how rare this value is among others, held against how rare new values have been. Somebody who
// travels or changes keys each week is expected to do so again; a model that half of the team
// uses surprises less than a country nobody was ever in.
//
// Addresses are compared by their network. With `min_count`, so many values must be new on one
// day.

import type { BaselineView, Detector, Hit, Step } from '../detector.ts'
import { keysOf, type ReadField, readField } from '../field-value.ts'
import { EVENT_IDS_MAX } from '../finding.ts'
import { countWords, numberWords } from '../plain-words.ts'
import { type CorrelationRule, DAY_MS } from '../rule.ts'
import {
  dayOf,
  type Known,
  loadKnown,
  MEMORY_DAYS,
  meet,
  newDaysSince,
  openKnown,
  refuse,
  remember,
  saveKnown,
  take,
  touch,
  touchAgain,
} from './known-values.ts'
import { networkOf } from './network.ts'
import {
  countDays,
  countNew,
  countUser,
  loadPeers,
  type Novelties,
  newDayRate,
  openPeers,
  type Peers,
  rarityOf,
  savePeers,
  shareAsRare,
  usersOf,
} from './peers.ts'

export { buildUnusualHour, type HourGroup } from './unusual-hour.ts'
export {
  buildUnusualSequence,
  type SequenceCohort,
  type SequenceGroup,
} from './unusual-sequence.ts'
export type { Known, Peers }

/** Everything is new in the first days: they count for nothing. */
const DAYS_MIN = 3
const DAYS_FULL = 7
/** Values of an entity that people are shown. */
const SHOWN_MAX = 20

export function buildFirstSeen(rule: CorrelationRule): Detector<Known, Peers> {
  const { read, asKeys } = readerOf(rule)
  const what = rule.field ?? rule.groupBy.slice(1).join(' with ')
  const valuesMin = Math.max(1, rule.minCount)

  function step(known: Known, peers: Peers, at: Step): Hit | null {
    beginDay(known, peers, at)
    const raw = read(at.event)
    if (raw === undefined || touchAgain(known, raw, at.timeMs)) return null
    let hit: Hit | null = null
    for (const key of asKeys(raw)) {
      if (touch(known, key, at.timeMs)) continue
      const isNew = !at.isLate && meet(known, { key, timeMs: at.timeMs, id: at.event.id })
      const found = isNew ? judge(known, peers, key, at.timeMs) : null
      if (found !== null && (hit === null || (found.p ?? 1) < (hit.p ?? 1))) hit = found
      learn(known, peers, key, at)
    }
    remember(known, raw, asKeys)
    return hit
  }

  function judge(known: Known, peers: Peers, key: string, timeMs: number): Hit | null {
    const days = (timeMs - known.firstMs) / DAY_MS
    if (days < DAYS_MIN || known.fresh.length < valuesMin) return null
    const own = ownRate(known)
    const novelties = noveltiesOf(known, peers)
    const rate = newDayRate(novelties, own)
    const p = rate * shareAsRare(novelties, rarityOf(peers, key))
    if (p > rule.pMax) return null
    const users = usersOf(peers, key)
    return claimOf(known, { what, key, days, newDays: own.newDays, rate, p, users, peers })
  }

  return {
    openGroup: openKnown,
    openCohort: openPeers,
    step,
    accept(known) {
      for (const met of known.refused) take(known, met)
      known.refused = []
    },
    reject(known) {
      known.refused = []
    },
    saveGroup: saveKnown,
    loadGroup: loadKnown,
    saveCohort: savePeers,
    loadCohort: loadPeers,
    describe: viewOf,
  }
}

type Reader = {
  readonly read: ReadField
  readonly asKeys: (raw: unknown) => readonly string[]
}

/** The rule's field, else all that it groups by beyond the entity, as one value. */
function readerOf({ field, groupBy }: CorrelationRule): Reader {
  if (field === 'source.ip') {
    const asKeys = (raw: unknown) => keysOf(raw).map(key => networkOf(wellFormed(key)))
    return { read: readField(field), asKeys }
  }
  const asKeys = (raw: unknown) => keysOf(raw).map(wellFormed)
  if (field !== null) return { read: readField(field), asKeys }
  const reads = groupBy.slice(1).map(readField)
  const read = (event: Step['event']) => {
    const parts = reads.map(one => keysOf(one(event)).join(','))
    return parts.length === 0 || parts.includes('') ? undefined : parts.join(' · ')
  }
  return { read, asKeys }
}

/** Half a surrogate would be another text after the state was saved. */
function wellFormed(key: string): string {
  return key.isWellFormed() ? key : key.toWellFormed()
}

/** Closes the days since the newest value; a late event belongs to none that is open. */
function beginDay(known: Known, peers: Peers, { timeMs, firstMs }: Step): void {
  const day = dayOf(timeMs)
  if (known.firstMs === 0) {
    peers.members += 1
    known.firstMs = Math.min(firstMs, timeMs)
    known.day = dayOf(known.firstMs)
  }
  if (day <= known.day) return
  const fromDay = Math.max(known.day, dayOf(known.firstMs) + DAYS_MIN)
  known.wasEmpty = known.values.size === 0
  countDays(noveltiesOf(known, peers), Math.min(MEMORY_DAYS, Math.max(0, day - fromDay)))
  known.day = day
  known.fresh = []
}

function noveltiesOf({ wasEmpty }: Known, { first, more }: Peers): Novelties {
  return wasEmpty ? first : more
}

function isLearning(known: Known, timeMs: number): boolean {
  return timeMs - known.firstMs < DAYS_MIN * DAY_MS
}

function ownRate(known: Known): { newDays: number; days: number } {
  const learntDay = dayOf(known.firstMs) + DAYS_MIN
  const fromDay = known.wasEmpty ? learntDay : Math.max(learntDay, known.startDay + 1)
  const days = Math.min(MEMORY_DAYS, Math.max(0, known.day - fromDay))
  return { newDays: newDaysSince(known, fromDay), days }
}

/** What is new is known from now on, unless the entity is suspected: then it waits. */
function learn(known: Known, peers: Peers, key: string, { timeMs, mayLearn, isLate }: Step): void {
  if (!mayLearn) {
    refuse(known, { key, timeMs })
    return
  }
  if (!isLate && !isLearning(known, timeMs)) {
    const novelties = noveltiesOf(known, peers)
    countNew(novelties, rarityOf(peers, key))
    if (known.newDays.at(-1) !== dayOf(timeMs)) novelties.newDays += 1
  }
  countUser(peers, key)
  take(known, { key, timeMs })
}

type Claim = {
  readonly what: string
  readonly key: string
  readonly days: number
  readonly newDays: number
  readonly rate: number
  readonly p: number
  readonly users: number
  readonly peers: Peers
}

function claimOf(known: Known, claim: Claim): Hit {
  const { what, key, days, newDays, rate, p, users, peers } = claim
  const { fresh } = known
  const more = fresh.length > 1 ? ` and ${countWords(fresh.length - 1, 'other new value')}` : ''
  const others = `${numberWords(users)} of ${numberWords(peers.members - 1)} others`
  const before = knownWords(known)
  const whole = Math.floor(days)
  return {
    confidence: Math.min(1, days / DAYS_FULL),
    p,
    startMs: fresh[0]?.timeMs ?? 0,
    expected: before,
    seen: key,
    says:
      `had ${what} ${key}${more} for the first time in ${whole} days ` +
      `(before: ${before}; new ones on ${countWords(newDays, 'day')}; ${others} had it)`,
    features: [
      { name: `new ${what}`, expected: before, seen: key, weight: -Math.log(rate) },
      { name: 'others who had it', expected: 'most', seen: others, weight: Math.log(rate / p) },
    ],
    eventIds: [...new Set(fresh.map(({ id }) => id))].slice(-EVENT_IDS_MAX),
    eventCount: fresh.length,
    learning: days < DAYS_FULL ? { days: whole, of: DAYS_FULL } : null,
  }
}

/** `DE, US` or `DE, US and 4 more`, what was seen last first. */
function knownWords({ values }: Known): string {
  if (values.size === 0) return 'none'
  const names = [...values].sort(([, a], [, b]) => b.lastMs - a.lastMs).map(([key]) => key)
  const more = names.length > 2 ? ` and ${numberWords(names.length - 2)} more` : ''
  return `${names.slice(0, 2).join(', ')}${more}`
}

function viewOf(known: Known, peers: Peers, nowMs: number): BaselineView | null {
  if (known.firstMs === 0) return null
  const days = Math.max(0, Math.floor((nowMs - known.firstMs) / DAY_MS))
  const values = [...known.values].map(([value, { firstMs }]) => ({ value, timeMs: firstMs }))
  return {
    now: dayOf(nowMs) === known.day ? known.fresh.length : 0,
    expected: newDayRate(noveltiesOf(known, peers), ownRate(known)),
    learning: { days: Math.min(DAYS_FULL, days), of: DAYS_FULL },
    hourOfWeek: [],
    firstSeen: values.sort((a, b) => a.timeMs - b.timeMs).slice(-SHOWN_MAX),
  }
}
