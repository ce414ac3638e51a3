// When and where a person is at work: shifts, part-time, holidays, vacation, sickness, home days,
// evenings, conferences. A function of the person and the local day alone.

import {
  dateOf,
  dayOf,
  dayStartMs,
  HOUR_MS,
  isHoliday,
  isWorkday,
  MINUTE_MS,
  weekday,
  weekOf,
} from './calendar.ts'
import type { Person, Place, Setting } from './cast.ts'
import { type Random, randomOf } from './random.ts'

export type Hours = { readonly startMs: number; readonly endMs: number }

/** A stretch of work from one place; a session or two. */
export type Stay = Hours & {
  readonly kind: 'work' | 'evening' | 'weekend' | 'phone'
  readonly place: Place
  readonly userAgent: string
}

export type PersonDay<S extends Setting = Setting> = {
  readonly stage: S
  readonly person: Person
  /** Local day of the person's country. */
  readonly day: number
}

/** In the order of time; they do not overlap. Empty on a day without work. */
export function staysOf(at: PersonDay): readonly Stay[] {
  const { person } = at
  const random = randomOf(at.stage.seed, 'stays', person.id, at.day)
  const hours = person.crew === null ? dayHours(at, random) : shiftHours(at)
  if (!hours) return freeDay(at, random)
  const isHome = random.chance(person.homeDays.includes(weekday(at.day)) ? 0.88 : 0.04)
  const place = isHome ? fromHome(person) : person.office
  const work: Stay = { ...hours, kind: 'work', place, userAgent: person.browser }
  return [...onTheWay(at, hours, random), work, ...evening(at, hours, random)]
}

function fromHome(person: Person): Place {
  return person.usesVpn ? person.vpn : person.home
}

/** null for a day off. */
function dayHours(at: PersonDay, random: Random): Hours | null {
  const { person, day } = at
  const late = 0.35 * random.normal()
  const long = 0.4 * random.normal()
  if (!person.days.includes(weekday(day)) || !isWorkday(person.country, day)) return null
  if (isAway(at)) return null
  const startMs = dayStartMs(person.country, day) + (person.startsAt + late) * HOUR_MS
  return { startMs, endMs: startMs + (person.hours + long) * HOUR_MS }
}

/**
 * Five crews cover all hours of all days in turns of ten days: two early, two late, two night, four
 * free. Crew members are replaced from outside when they are ill, so a shift is never empty.
 */
function shiftHours({ person, day }: PersonDay): Hours | null {
  const phase = (day + 2 * (person.crew ?? 0)) % 10
  if (phase >= 6) return null
  const startMs = dayStartMs(person.country, day) + (6 + 8 * Math.floor(phase / 2)) * HOUR_MS
  return { startMs, endMs: startMs + 8 * HOUR_MS }
}

/** Now and then somebody looks in on a free day, but hardly on a holiday. */
function freeDay(at: PersonDay, random: Random): readonly Stay[] {
  const { person, day } = at
  const isHolidayToday = isHoliday(person.country, day)
  if (person.crew !== null || isAway(at)) return []
  if (!random.chance(isHolidayToday ? 0.004 : 0.02 + person.eveningShare / 5)) return []
  const startMs = dayStartMs(person.country, day) + (10 + 9 * random.next()) * HOUR_MS
  const endMs = startMs + random.int(25, 110) * MINUTE_MS
  return [{ kind: 'weekend', startMs, endMs, place: fromHome(person), userAgent: person.browser }]
}

/** A few minutes on the phone before work. */
function onTheWay({ person }: PersonDay, { startMs }: Hours, random: Random): readonly Stay[] {
  const share = person.team === 'sales' || person.team === 'platform' ? 0.14 : 0.04
  if (!random.chance(share)) return []
  const from = startMs - random.int(35, 70) * MINUTE_MS
  const { phone: place, phoneBrowser: userAgent } = person
  return [{ kind: 'phone', startMs: from, endMs: from + 9 * MINUTE_MS, place, userAgent }]
}

function evening(at: PersonDay, { endMs: workedUntilMs }: Hours, random: Random): readonly Stay[] {
  const { person, day } = at
  if (person.crew !== null || !random.chance(person.eveningShare)) return []
  const startMs = dayStartMs(person.country, day) + (20.3 + 1.8 * random.next()) * HOUR_MS
  if (startMs < workedUntilMs + HOUR_MS) return []
  const endMs = startMs + random.int(20, 130) * MINUTE_MS
  return [{ kind: 'evening', startMs, endMs, place: fromHome(person), userAgent: person.browser }]
}

function isAway({ stage, person, day }: PersonDay): boolean {
  const { seed } = stage
  if (!person.isEverAway) return false
  if (isOnVacation(seed, person, day) || isIll(seed, person, day)) return true
  return tripOn(stage, day)?.travellers.includes(person) ?? false
}

/** Two weeks in a year, mostly in summer or at its end, one more week and some single days. */
function isOnVacation(seed: number, person: Person, day: number): boolean {
  const { year } = dateOf(day)
  const random = randomOf(seed, 'vacation', person.id, year)
  const at = Math.floor((day - dayOf(year, 1, 1)) / 7)
  const long = random.weighted([
    [5, random.int(25, 34)],
    [2, random.int(49, 50)],
    [3, random.int(1, 48)],
  ])
  const short = random.int(1, 51)
  if (at === long || at === long + 1 || at === short) return true
  return randomOf(seed, 'day off', person.id, day).chance(0.015)
}

/** One to four days of a working week. */
function isIll(seed: number, person: Person, day: number): boolean {
  const random = randomOf(seed, 'ill', person.id, weekOf(day))
  if (!random.chance(0.03)) return false
  const first = random.int(1, 5)
  return weekday(day) >= first && weekday(day) < first + random.int(1, 4)
}

export type Trip = {
  readonly travellers: readonly Person[]
  readonly place: Omit<Place, 'ip'>
  /** First three parts of the hotel's addresses. */
  readonly net: string
  readonly offsetHours: number
}

const VENUES: readonly Omit<Trip, 'travellers'>[] = [
  venue('SG', 'Singapore', { net: '203.0.113', offsetHours: 8, asn: 64510 }),
  venue('CA', 'Montreal', { net: '198.51.100', offsetHours: -5, asn: 64509 }),
  venue('PT', 'Lisbon', { net: '192.0.2', offsetHours: 0, asn: 64508 }),
]

type Where = { readonly net: string; readonly offsetHours: number; readonly asn: number }

function venue(country: string, city: string, where: Where): Omit<Trip, 'travellers'> {
  const { net, offsetHours, asn } = where
  return { place: { zone: 'internet', asn, geo: { country, city } }, net, offsetHours }
}

/**
 * A conference in the first or second week of every three, Tuesday to Thursday; no other month of
 * thirty days passes without one. null on other days.
 */
export function tripOn({ seed, cast }: Setting, day: number): Trip | null {
  const week = weekOf(day)
  const random = randomOf(seed, 'trip', Math.floor(week / 3))
  const isWeek = week % 3 === random.int(0, 1)
  if (!isWeek || weekday(day) < 2 || weekday(day) > 4) return null
  const goers = cast.people.filter(p => p.team === 'research' || p.team === 'data-science')
  const half = Math.floor(goers.length / 2)
  const travellers = [random.pick(goers.slice(0, half)), random.pick(goers.slice(half))]
  return { ...random.pick(VENUES), travellers }
}

/** The person on call from Monday to Sunday. */
export function onCall({ seed, cast }: Setting, day: number): Person {
  const platform = cast.people.filter(p => p.team === 'platform')
  return randomOf(seed, 'on-call', weekOf(day)).pick(platform)
}

export function isWithin({ startMs, endMs }: Hours, timeMs: number): boolean {
  return timeMs >= startMs && timeMs < endMs
}
