// Who is in which story and when: one table, so that no two stories happen to the same person and
// none to somebody who is in a benign campaign meanwhile.

import { DAY_MS } from '../calendar.ts'
import type { Person, Team } from '../cast.ts'
import { onCall, type Stay, staysOf, tripOn } from '../presence.ts'
import { type Random, randomOf } from '../random.ts'
import type { Stage } from '../stage.ts'
import { checkerOn } from './release-day.ts'
import { workdayBack } from './story.ts'

export type Role =
  | 'stolen-key'
  | 'model-extraction'
  | 'boundary-probing'
  | 'cost-harvest'
  | 'canary-touch'
  | 'guardrail-off'
  | 'weights-download'
  | 'denied-recon'

type Part = { readonly back: number; readonly teams: readonly Team[] }

/** Days before now, and the teams somebody is chosen from. Those with the fewest come first. */
const PARTS: { readonly [role in Role]: Part } = {
  'canary-touch': { back: 2, teams: ['data-science', 'security'] },
  'stolen-key': { back: 6, teams: ['data-science', 'research'] },
  'model-extraction': { back: 14, teams: ['data-science', 'research'] },
  'boundary-probing': { back: 10, teams: ['data-science', 'research'] },
  'cost-harvest': { back: 4, teams: ['data-science', 'research', 'sales'] },
  'weights-download': { back: 5, teams: ['sales', 'security', 'support'] },
  'guardrail-off': { back: 3, teams: ['sales', 'support', 'research', 'data-science'] },
  'denied-recon': { back: 8, teams: ['support', 'sales'] },
}
const ROLES: readonly Role[] = [
  'canary-touch',
  'stolen-key',
  'model-extraction',
  'boundary-probing',
  'cost-harvest',
  'weights-download',
  'guardrail-off',
  'denied-recon',
]

/** First day of a story. */
export function dayOfRole(role: Role, nowMs: number): number {
  return workdayBack(Math.floor(nowMs / DAY_MS), PARTS[role].back)
}

/** Local and UTC day are taken as one here: people are at work around noon. */
export function castRole(stage: Stage, role: Role, nowDay: number): Person {
  const busy = inBenignCampaigns(stage, nowDay)
  const random = randomOf(stage.seed, 'story cast', nowDay)
  const people = shuffled(stage.cast.people, random).filter(p => !busy.has(p) && p.crew === null)
  const taken = new Set<Person>()
  for (const next of ROLES) {
    const { teams } = PARTS[next]
    const free = people.filter(p => teams.includes(p.team) && !taken.has(p))
    const day = dayOfRole(next, nowDay * DAY_MS)
    const person = free.find(p => workOn(stage, p, day)) ?? free[0]
    if (!person) throw new RangeError(`nobody is left for ${next}`)
    if (next === role) return person
    taken.add(person)
  }
  throw new RangeError(`${role} is in no story`)
}

/** Their stretch of work on a day; null where they are free. */
export function workOn(stage: Stage, person: Person, day: number): Stay | null {
  return staysOf({ stage, person, day }).find(stay => stay.kind === 'work') ?? null
}

/** As `workOn`, but on a free day (a whole office has holidays) some hours at noon. */
export function hoursOn(stage: Stage, person: Person, day: number): Stay {
  const work = workOn(stage, person, day)
  if (work) return work
  const startMs = day * DAY_MS + DAY_MS / 2
  const { office: place, browser: userAgent } = person
  return { kind: 'work', startMs, endMs: startMs + DAY_MS / 4, place, userAgent }
}

const DAYS_BACK = 24

function inBenignCampaigns(stage: Stage, nowDay: number): ReadonlySet<Person> {
  const busy = new Set<Person>()
  for (let day = nowDay - DAYS_BACK; day <= nowDay; day++) {
    busy.add(onCall(stage, day))
    for (const traveller of tripOn(stage, day)?.travellers ?? []) busy.add(traveller)
    if (stage.releasesOn(day).length === 0) continue
    const checker = checkerOn({ stage, day })
    if (checker) busy.add(checker.person)
  }
  return busy
}

/** Fisher and Yates. */
export function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const left = [...items]
  return items.flatMap(() => left.splice(random.int(0, left.length - 1), 1))
}
