// A person's day: when they come, what their team does with AI, when they go. A day is made from
// the person and the day alone.

import { type Country, dayStartMs, HOUR_MS, isHoliday, isWorkday, weekday } from './calendar.ts'
import type { Cast, Model, Person } from './cast.ts'
import {
  asAgent,
  asPerson,
  type Draft,
  dataRead,
  isReleaseDay,
  modelCall,
  type PersonSession,
  plainEvent,
  type Who,
} from './draft.ts'
import { type Random, randomOf } from './random.ts'

/** Accesses of one ordinary working day. */
const DAY_ACTIONS = 30

export type PersonDay = {
  readonly seed: number
  readonly cast: Cast
  readonly person: Person
  /** Local day of the person's country. */
  readonly day: number
}

export function personDay(at: PersonDay): readonly Draft[] {
  const { seed, person, day } = at
  const random = randomOf(seed, 'day', person.id, day)
  const hours = workingHours(seed, person, day, random)
  if (!hours) return []
  const { startMs, endMs } = hours
  const isHome = random.chance(person.shift === null ? 0.35 : 0.1)
  const ip = isHome ? person.homeIp : person.officeIp
  const session: PersonSession = { person, session: `s-${random.hex(16)}`, ip }
  const drafts: Draft[] = [...logons(session, startMs, random)]
  const count = random.poisson((DAY_ACTIONS * person.energy * (endMs - startMs)) / (8 * HOUR_MS))
  for (let i = 0; i < count; i++) {
    const timeMs = startMs + 60_000 + busyMoment(random) * (endMs - startMs - 120_000)
    drafts.push(...action(at, session, Math.round(timeMs), random))
  }
  if (random.chance(0.8)) drafts.push(logoff(session, endMs))
  return drafts.filter(draft => draft.time <= endMs)
}

type Hours = { readonly startMs: number; readonly endMs: number }

/** null on a day that the person does not work. */
function workingHours(seed: number, person: Person, day: number, random: Random): Hours | null {
  const start = dayStartMs(person.country, day)
  const late = random.normal() * 0.4
  if (person.shift !== null) return shiftHours(person, day, start)
  const isOff = !person.days.includes(weekday(day)) || !isWorkday(person.country, day)
  if (isOff) {
    // Now and then somebody looks in on a free day.
    const looksIn = !isHoliday(person.country, day) && random.chance(0.03)
    if (!looksIn) return null
    const startMs = start + (10 + 8 * random.next()) * HOUR_MS
    return { startMs, endMs: startMs + 0.7 * HOUR_MS }
  }
  if (isOnVacation(seed, person, day)) return null
  const startMs = start + (person.startsAt + late) * HOUR_MS
  return { startMs, endMs: startMs + person.hours * HOUR_MS }
}

/** Three shifts around the clock, five days on and two off, moving on by one shift each week. */
function shiftHours(person: Person, day: number, startOfDay: number): Hours | null {
  const week = Math.floor((day + 3) / 7)
  const offset = person.id.length + (person.shift ?? 0)
  if ((day + offset) % 7 >= 5) return null
  const shift = ((person.shift ?? 0) + week) % 3
  const startMs = startOfDay + (6 + 8 * shift) * HOUR_MS
  return { startMs, endMs: startMs + 8 * HOUR_MS }
}

/** Two weeks a year each, in weeks that the seed chooses. */
function isOnVacation(seed: number, person: Person, day: number): boolean {
  const year = Math.floor(day / 365)
  const random = randomOf(seed, 'vacation', person.id, year)
  const [first, second] = [random.int(0, 51), random.int(0, 51)]
  const week = Math.floor((day % 365) / 7)
  return week === first || week === second
}

/** Work is denser in the middle of morning and afternoon, and nearly stops for lunch. */
function busyMoment(random: Random): number {
  for (;;) {
    const at = random.next()
    const isLunch = at > 0.46 && at < 0.56
    const density = isLunch ? 0.15 : 0.55 + 0.45 * Math.sin(Math.PI * at)
    if (random.chance(density)) return at
  }
}

function logons(session: PersonSession, startMs: number, random: Random): readonly Draft[] {
  const who = asPerson(session)
  const login = { system: 'identity', producer: 'identity', endpoint: 'POST /login' } as const
  const drafts: Draft[] = []
  if (random.chance(0.06)) {
    const parts = {
      ...login,
      kind: 'auth.failed',
      operation: 'logon',
      reasonCode: 'wrong_password',
    }
    drafts.push(plainEvent({ ...parts, outcome: 'failure' }, who, Math.round(startMs - 20_000)))
  }
  drafts.push(
    plainEvent({ ...login, kind: 'auth.logon', operation: 'logon' }, who, Math.round(startMs)),
  )
  return drafts
}

function logoff(session: PersonSession, endMs: number): Draft {
  const parts = {
    kind: 'auth.logoff',
    operation: 'logoff',
    system: 'identity',
    producer: 'identity',
  }
  return plainEvent(parts, asPerson(session), Math.round(endMs))
}

type Act = (at: PersonDay, who: Who, timeMs: number, random: Random) => readonly Draft[]

const chat =
  (choose: (models: readonly Model[], random: Random) => Model): Act =>
  (at, who, timeMs, random) => {
    const conversation = `c-${random.hex(12)}`
    const turns = 1 + random.poisson(0.8)
    return Array.from({ length: turns }, (_, i) =>
      modelCall(
        choose(at.cast.models, random),
        { ...who, conversation },
        timeMs + i * random.int(15_000, 90_000),
        random,
      ),
    )
  }
const anyLlm = (models: readonly Model[], random: Random) => random.pick(models.slice(0, 4))
const bigLlm = (models: readonly Model[], random: Random) =>
  random.pick([0, 2].map(i => models[i] ?? anyLlm(models, random)))
const ownModel = (models: readonly Model[], random: Random) => random.pick(models.slice(6))

const read: Act = (at, who, timeMs, random) => {
  const rows = Math.round(random.logNormal(900, 1.1))
  return [dataRead(random.pick(at.cast.datasets), who, { timeMs, random }, rows)]
}

const feature: Act = (at, who, timeMs, random) => [
  plainEvent(
    {
      kind: 'ai.feature',
      operation: 'read',
      system: 'feature-store',
      producer: 'feature-store',
      endpoint: 'POST /get-online-features',
      resource: [{ type: 'feature-view', id: random.pick(at.cast.featureViews) }],
      rows: Math.round(random.logNormal(60, 0.8)),
      durationMs: Math.round(random.logNormal(12, 0.4)),
      status: 200,
    },
    who,
    timeMs,
  ),
]

const weights: Act = (at, who, timeMs, random) => {
  const model = random.pick(at.cast.models.slice(5))
  return [
    plainEvent(
      {
        kind: 'model.read',
        operation: random.chance(0.7) ? 'list' : 'download',
        system: 'registry',
        producer: 'registry',
        resource: [{ type: 'weights', id: `registry/${model.name}` }],
        bytes: { in: 300, out: Math.round(random.logNormal(90_000, 1.5)) },
      },
      who,
      timeMs,
    ),
  ]
}

const search: Act = (_at, who, timeMs, random) => [
  plainEvent(
    {
      kind: 'ai.retrieve',
      operation: 'query',
      system: 'vector-index',
      producer: 'vector-index',
      resource: [{ type: 'index', id: random.pick(['kb-support', 'kb-legal', 'kb-product']) }],
      rows: random.int(3, 12),
      durationMs: Math.round(random.logNormal(35, 0.4)),
      inputHash: random.hex(64),
    },
    who,
    timeMs,
  ),
]

const page: Act = (_at, who, timeMs, random) => [
  plainEvent(
    {
      kind: 'http.request',
      operation: 'read',
      system: 'portal',
      producer: 'portal',
      endpoint: random.pick(['GET /', 'GET /models', 'GET /usage', 'GET /docs', 'GET /settings']),
      status: 200,
      bytes: { in: 500, out: Math.round(random.logNormal(14_000, 0.8)) },
      durationMs: Math.round(random.logNormal(45, 0.5)),
    },
    who,
    timeMs,
  ),
]

const admin: Act = (at, who, timeMs, random) => {
  const isRelease = isReleaseDay(at.day)
  if (isRelease && random.chance(0.6)) {
    const model = random.pick(at.cast.models.slice(6))
    const resource = [{ type: 'model', id: model.name }]
    const parts = {
      kind: 'model.change',
      operation: 'promote',
      system: 'registry',
      producer: 'registry',
    }
    return [plainEvent({ ...parts, resource }, who, timeMs)]
  }
  const what = random.pick(['route.update', 'quota.update', 'key.rotate', 'guardrail.update'])
  const kind = what === 'key.rotate' ? 'auth.key' : 'ai.admin'
  return [
    plainEvent(
      { kind, operation: what, system: 'llm-gateway', producer: 'llm-gateway' },
      who,
      timeMs,
    ),
  ]
}

/** An agent works for the person: it thinks with a model and uses tools in between. */
const delegate: Act = (at, who, timeMs, random) => {
  const { person, cast } = at
  const own = cast.agents.filter(a => a.owner === person.team)
  const agent = random.pick(own.length > 0 ? own : cast.agents)
  const worker = asAgent(agent, person, `c-${random.hex(12)}`)
  const drafts: Draft[] = [...chat(bigLlm)(at, who, timeMs, random).slice(0, 1)]
  const steps = 1 + random.poisson(2)
  for (let i = 0; i < steps; i++) {
    const stepMs = timeMs + (i + 1) * random.int(3000, 12_000)
    drafts.push(modelCall(bigLlm(cast.models, random), worker, stepMs, random))
    const tool = {
      name: random.pick(agent.tools),
      callId: `call-${random.hex(10)}`,
      server: `mcp-${agent.owner}`,
    }
    const parts = {
      kind: 'ai.tool',
      operation: 'call',
      system: 'agents',
      producer: 'agents',
      protocol: 'mcp',
    }
    drafts.push(
      plainEvent({ ...parts, tool, durationMs: random.int(20, 900) }, worker, stepMs + 1500),
    )
  }
  if (random.chance(0.2)) {
    const parts = {
      kind: 'agent.action',
      operation: 'hand-over',
      system: 'agents',
      producer: 'agents',
    }
    drafts.push(plainEvent(parts, worker, timeMs + (steps + 2) * 12_000))
  }
  return drafts
}

const guarded: Act = (_at, who, timeMs, random) => {
  const isDenied = random.chance(0.3)
  const policy = { id: 'guard-pii', version: '7', decision: isDenied ? 'deny' : 'observe' } as const
  const parts = {
    kind: 'ai.policy',
    operation: 'evaluate',
    system: 'llm-gateway',
    producer: 'llm-gateway',
  }
  return [
    plainEvent(
      { ...parts, policy, outcome: isDenied ? 'denied' : 'success', rows: random.int(1, 3) },
      who,
      timeMs,
    ),
  ]
}

/** What a team does, with weights. */
const TEAM_ACTS: { readonly [team in Person['team']]: readonly (readonly [number, Act])[] } = {
  'data-science': [
    [4, read],
    [3, feature],
    [3, chat(ownModel)],
    [2, chat(anyLlm)],
    [1, weights],
    [1, delegate],
    [1, page],
  ],
  support: [
    [5, chat(anyLlm)],
    [4, search],
    [2, delegate],
    [2, page],
    [0.3, guarded],
  ],
  sales: [
    [4, chat(anyLlm)],
    [2, delegate],
    [2, page],
    [1, search],
  ],
  platform: [
    [2, page],
    [1.5, admin],
    [2, chat(anyLlm)],
    [1, weights],
    [1, delegate],
  ],
  security: [
    [3, read],
    [2, page],
    [1, guarded],
    [1, chat(anyLlm)],
    [1, delegate],
  ],
  research: [
    [4, chat(bigLlm)],
    [2, weights],
    [2, read],
    [2, search],
    [1, delegate],
  ],
}

function action(
  at: PersonDay,
  session: PersonSession,
  timeMs: number,
  random: Random,
): readonly Draft[] {
  const acts = TEAM_ACTS[at.person.team]
  let left = random.next() * acts.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, act] of acts) {
    left -= weight
    if (left < 0) return act(at, asPerson(session), timeMs, random)
  }
  return []
}

/** A day's work of one person somewhere else, for campaigns. */
export function workAway(at: PersonDay, session: PersonSession, hours: Hours): readonly Draft[] {
  const random = randomOf(at.seed, 'away', at.person.id, at.day)
  const drafts = [...logons(session, hours.startMs, random)]
  for (let i = 0; i < 8; i++) {
    const timeMs = hours.startMs + random.next() * (hours.endMs - hours.startMs)
    drafts.push(...action(at, session, Math.round(timeMs), random))
  }
  return drafts
}

export type { Country, Hours }
