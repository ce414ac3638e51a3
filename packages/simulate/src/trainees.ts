// Trainees: each month somebody new begins on its first Monday and stays until the next one comes.
// Their first days are a campaign, benign:new-joiner; afterwards they are like anybody else.

import { dateOf, nthWeekday, weekday } from './calendar.ts'
import type { Person, Setting, Team } from './cast.ts'
import { makePerson } from './casting.ts'
import { randomOf } from './random.ts'
import { FIRST_NAMES, LAST_NAMES } from './roster.ts'

/** Days from the first Monday that count as new; weekends included. */
export const DAYS_NEW = 10

export type Trainee = { readonly person: Person; readonly firstDay: number }

const MONDAY = 1
const TEAMS: readonly Team[] = ['data-science', 'research', 'sales', 'platform']

/** Whoever is the trainee on a local day. */
export function traineeOn({ seed }: Setting, day: number): Trainee {
  const firstDay = firstDayOf(day)
  const random = randomOf(seed, 'trainee', firstDay)
  const country = random.weighted([
    [3, 'DE'],
    [2, 'US'],
    [1, 'JP'],
  ] as const)
  const name = `${random.pick(FIRST_NAMES[country])}.${random.pick(LAST_NAMES[country])}`
  const id = `ext.${name}`
  const person = makePerson({ seed, id, team: random.pick(TEAMS), country, crew: null })
  return { firstDay, person: { ...person, isEverAway: false } }
}

export function isNew({ firstDay }: Trainee, day: number): boolean {
  return day - firstDay < DAYS_NEW
}

function firstDayOf(day: number): number {
  const { year, month } = dateOf(day)
  const first = nthWeekday(year, month, MONDAY, 1)
  if (day >= first) return first
  const before = dateOf(day - 7 - weekday(day))
  return nthWeekday(before.year, before.month, MONDAY, 1)
}
