// The cast of a seed: people with places and habits, service accounts with their work.

import type { Country } from './calendar.ts'
import type { Cast, Habits, Model, Person, Place, Service, Team } from './cast.ts'
import { type Random, randomOf } from './random.ts'
import {
  AGENTS,
  BROWSERS,
  CREW_SIZE,
  DATASETS,
  FEATURE_VIEWS,
  FIRST_NAMES,
  INDEXES,
  LAST_NAMES,
  LIBRARIES,
  MODELS,
  PHONES,
  SERVICES,
  SHIFT_CREWS,
  SITES,
  TEAMS,
} from './roster.ts'

const CHAT_MODELS = MODELS.filter(m => m.operation === 'chat')
export const OWN_MODELS: readonly Model[] = MODELS.filter(m => m.isOwn)

export function makeCast(seed: number): Cast {
  const names = new Set<string>()
  const people = TEAMS.flatMap(([team, sites]) =>
    (['DE', 'US', 'JP'] as const).flatMap(country =>
      Array.from({ length: sites[country] }, () =>
        makePerson({ seed, id: freshName(seed, country, names), team, country, crew: null }),
      ),
    ),
  )
  for (let crew = 0; crew < SHIFT_CREWS; crew++) {
    for (let i = 0; i < CREW_SIZE; i++) {
      const id = freshName(seed, 'DE', names)
      people.push(makePerson({ seed, id, team: 'support', country: 'DE', crew }))
    }
  }
  return {
    people,
    services: SERVICES.map((row, i) => makeService(seed, row, i)),
    agents: AGENTS,
    models: MODELS,
    datasets: DATASETS,
    featureViews: FEATURE_VIEWS,
    indexes: INDEXES,
  }
}

/** A name that nobody in `taken` has; it is added there. */
export function freshName(seed: number, country: Country, taken: Set<string>): string {
  const random = randomOf(seed, 'name', country, taken.size)
  for (;;) {
    const name = `${random.pick(FIRST_NAMES[country])}.${random.pick(LAST_NAMES[country])}`
    if (taken.has(name)) continue
    taken.add(name)
    return name
  }
}

export type PersonParts = Pick<Person, 'id' | 'team' | 'country' | 'crew'> & {
  readonly seed: number
}

export function makePerson({ seed, id, team, country, crew }: PersonParts): Person {
  const random = randomOf(seed, 'person', id)
  const isPart = crew === null && random.chance(0.15)
  // Early birds, the many, night owls.
  const startsAt = random.weighted([
    [2, 6.5 + random.next()],
    [6, 8 + 1.5 * random.next()],
    [1.5, 10 + 1.5 * random.next()],
  ])
  return {
    id,
    team,
    country,
    crew,
    startsAt,
    hours: isPart ? 4 + random.next() : 8 + random.next(),
    days: isPart && random.chance(0.5) ? [1, 2, 3] : [1, 2, 3, 4, 5],
    homeDays: crew === null ? [1, 2, 3, 4, 5].filter(() => random.chance(0.35)) : [],
    isEverAway: true,
    eveningShare: eveningShare(team, startsAt, random),
    energy: random.logNormal(1, 0.4),
    ...makePlaces(country, random),
    usesVpn: random.chance(0.7),
    browser: random.weighted(BROWSERS),
    phoneBrowser: random.pick(PHONES),
    library: random.pick(LIBRARIES),
    apiKey: `key-${random.hex(8)}`,
    habits: makeHabits(team, random),
  }
}

function eveningShare(team: Team, startsAt: number, random: Random): number {
  const isOwl = startsAt >= 10 || team === 'research'
  return isOwl ? 0.08 + 0.2 * random.next() : 0.04 * random.next()
}

type Places = Pick<Person, 'office' | 'home' | 'phone' | 'vpn'>

function makePlaces(country: Country, random: Random): Places {
  const site = SITES[country]
  const homeGeo = { country, city: random.pick(site.homeCities) }
  const outside = (net: string): Place => {
    const ip = `${net}.${random.int(2, 250)}`
    return { ip, zone: 'internet', asn: random.pick(site.asns), geo: homeGeo }
  }
  return {
    office: {
      ip: `${site.officeNet}.${random.int(1, 6)}.${random.int(10, 240)}`,
      zone: 'office',
    },
    home: outside(random.pick(site.homeNets)),
    phone: outside(`198.18.${{ DE: 200, US: 201, JP: 202 }[country]}`),
    vpn: { ip: `${site.vpnNet}.${random.int(10, 250)}`, zone: 'vpn' },
  }
}

function makeHabits(team: Team, random: Random): Habits {
  const favourite = random.pick(CHAT_MODELS)
  const second = random.pick(CHAT_MODELS)
  const allowed = DATASETS.filter(d => d.teams.includes(team))
  return {
    llms: [
      [0.72, favourite],
      [0.2, second],
      [0.08, random.pick(CHAT_MODELS)],
    ],
    ownModel: random.pick(OWN_MODELS),
    datasets: [
      [0.6, random.pick(allowed)],
      [0.28, random.pick(allowed)],
      [0.1, random.pick(allowed)],
      // A slip, often into something that the team may not read.
      [0.02, random.pick(DATASETS)],
    ],
    featureViews: [random.pick(FEATURE_VIEWS), random.pick(FEATURE_VIEWS)],
    index: team === 'support' ? 'kb-support' : random.pick(INDEXES),
    temperature: random.pick([0, 0.2, 0.2, 0.7, 1]),
  }
}

function makeService(seed: number, row: (typeof SERVICES)[number], at: number): Service {
  const [id, job, [modelName, datasetName, store], extra] = row
  const random = randomOf(seed, 'service', id)
  const model = MODELS.find(m => m.name === modelName)
  const dataset = DATASETS.find(d => d.id.endsWith(`/${datasetName}`))
  if (!model || !dataset) throw new RangeError(`${id} needs a model and a dataset that exist`)
  return {
    id,
    job,
    model,
    dataset,
    store,
    ip: `10.60.${at}.${random.int(2, 250)}`,
    userAgent: random.pick(LIBRARIES.slice(0, 3)),
    minute: random.int(0, 299),
    every: 1440,
    rhythm: 'flat',
    load: 1,
    ...extra,
  }
}
