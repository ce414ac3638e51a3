// What people do with AI, team by team. An act is what somebody does in one go, a few seconds to
// half an hour: a conversation, a look into data, a run of an agent.

import {
  changeKey,
  changeSetting,
  judge,
  openPage,
  readDataset,
  readFeatures,
  readWeights,
  searchIndex,
  writeDataset,
} from './accesses.ts'
import { runAgent } from './agents.ts'
import { MINUTE_MS } from './calendar.ts'
import type { Person, Team } from './cast.ts'
import { OWN_MODELS } from './casting.ts'
import { asPerson, asScript, type Draft, type Session, type Who } from './draft.ts'
import { type Call, callModel, callUntilDone } from './model-call.ts'
import type { Random, Weighted } from './random.ts'
import type { Stage } from './stage.ts'

export type Scene = {
  readonly stage: Stage
  readonly person: Person
  /** In the browser, and through a notebook or script. */
  readonly who: Who
  readonly script: Who
  readonly random: Random
}

export function sceneOf(stage: Stage, session: Session, random: Random): Scene {
  const { person } = session
  return { stage, person, who: asPerson(session), script: asScript(session), random }
}

type Act = (scene: Scene, fromMs: number) => readonly Draft[]

/** A conversation: each turn carries all before it. */
const talk: Act = (scene, fromMs) => converse(scene, fromMs, 0)

function converse(scene: Scene, fromMs: number, grounding: number): readonly Draft[] {
  const { stage, person, who, random } = scene
  const model = random.weighted(person.habits.llms)
  const conversation = `conv-${random.hex(12)}`
  const drafts: Draft[] = []
  let timeMs = fromMs
  let context = grounding + 180
  for (let turns = 1 + random.poisson(1.3); turns > 0; turns--) {
    const tokensIn = context + Math.ceil(random.logNormal(130, 1))
    const call: Call = {
      model,
      who,
      timeMs,
      interface: 'chat',
      tokensIn,
      cachedRead: drafts.length > 0 ? context : 0,
      stream: true,
      temperature: person.habits.temperature,
      maxTokens: 2048,
      conversation,
    }
    const turn = judged(call, stage, random)
    drafts.push(...turn)
    const answer = turn.at(-1)
    context = tokensIn + (answer?.usage?.out ?? 0)
    timeMs += (answer?.durationMs ?? 0) + random.logNormal(45_000, 0.8)
  }
  return drafts
}

/** Once in seventy turns a guardrail has something to say; once in four of those it says no. */
function judged(call: Call, stage: Stage, random: Random): readonly Draft[] {
  if (!random.chance(1 / 70)) return [callModel(stage, call, random)]
  const decision = random.weighted([
    [2, 'deny'],
    [3, 'observe'],
    [3, 'modify'],
  ] as const)
  const id = random.weighted([
    [6, 'guard-pii'],
    [3, 'guard-topic'],
    [1, 'guard-injection'],
  ] as const)
  const { conversation = '' } = call
  const moment = { who: call.who, timeMs: call.timeMs, random }
  const verdict = judge(moment, { id, decision }, { conversation })
  const later = { ...call, timeMs: call.timeMs + 30 }
  const end = { outcome: 'denied', status: 403, reasonCode: id } as const
  return [verdict, callModel(stage, decision === 'deny' ? { ...later, end } : later, random)]
}

/** A question that is looked up before it is answered. */
const askKnowledge: Act = (scene, fromMs) => {
  const { person, who, random } = scene
  const found = searchIndex({ who, timeMs: fromMs, random }, person.habits.index)
  return [found, ...converse(scene, found.time + 120, (found.rows ?? 0) * 260)]
}

/** A notebook: some data, some features, a model tried on a few records. */
const explore: Act = ({ stage, person, script, random }, fromMs) => {
  const { habits } = person
  const drafts: Draft[] = []
  let timeMs = fromMs
  const later = () => {
    timeMs += random.logNormal(50_000, 1)
    return { who: script, timeMs, random }
  }
  for (let reads = 1 + random.poisson(1); reads > 0; reads--) {
    drafts.push(readDataset(later(), random.weighted(habits.datasets), random.logNormal(1400, 1.2)))
  }
  if (random.chance(0.4)) {
    const rows = random.logNormal(120, 1)
    drafts.push(readFeatures(later(), random.pick(habits.featureViews), rows))
  }
  const tries = random.chance(0.6) ? 1 + random.poisson(4) : 0
  const model = random.chance(0.85) ? habits.ownModel : random.pick(OWN_MODELS)
  for (let i = 0; i < tries; i++) {
    const rows = random.int(1, 64)
    drafts.push(callModel(stage, { model, rows, ...later() }, random))
  }
  return drafts
}

/** A script over a list: many calls in a row, each tried again when it fails. */
const sweep: Act = ({ stage, person, script, random }, fromMs) => {
  const model = random.weighted(person.habits.llms)
  const drafts: Draft[] = []
  let timeMs = fromMs
  for (let left = random.int(8, 40); left > 0; left--) {
    const call = { model, who: script, timeMs, temperature: 0, maxTokens: 512 }
    const done = callUntilDone(stage, call, random)
    drafts.push(...done)
    const last = done.at(-1)
    timeMs = (last?.time ?? timeMs) + (last?.durationMs ?? 0) + random.int(50, 400)
  }
  return drafts
}

const lookAtModels: Act = ({ person, who, script, random }, fromMs) => {
  const drafts: Draft[] = []
  let timeMs = fromMs
  const model = () => (random.chance(0.7) ? person.habits.ownModel : random.pick(OWN_MODELS))
  drafts.push(readWeights({ who, timeMs, random }, model(), 'list'))
  for (let left = random.poisson(1.5); left > 0; left--) {
    timeMs += random.logNormal(40_000, 0.7)
    drafts.push(readWeights({ who, timeMs, random }, model(), 'open'))
  }
  if (random.chance(0.1)) {
    timeMs += 60_000
    drafts.push(readWeights({ who: script, timeMs, random }, person.habits.ownModel, 'download'))
  }
  return drafts
}

const label: Act = ({ person, who, random }, fromMs) => {
  const dataset = person.habits.datasets[0]?.[1]
  if (!dataset?.teams.includes(person.team)) return []
  const rows = random.int(20, 120)
  const read = readDataset({ who, timeMs: fromMs, random }, dataset, rows)
  const written: Draft[] = []
  for (let at = fromMs, left = random.int(2, 6); left > 0; left--) {
    at += random.logNormal(4 * MINUTE_MS, 0.4)
    written.push(writeDataset({ who, timeMs: at, random }, dataset, random.int(5, 25)))
  }
  return [read, ...written]
}

const PAGES: readonly Weighted<string>[] = [
  [4, 'GET /'],
  [4, 'GET /chat'],
  [2, 'GET /models'],
  [2, 'GET /usage'],
  [2, 'GET /docs/{page}'],
  [1, 'GET /settings'],
]

const browse: Act = ({ who, random }, fromMs) => pages(who, fromMs, random, PAGES)

function pages(
  who: Who,
  fromMs: number,
  random: Random,
  of: readonly Weighted<string>[],
): readonly Draft[] {
  const count = 1 + random.poisson(1.6)
  let timeMs = fromMs
  return Array.from({ length: count }, () => {
    timeMs += random.logNormal(14_000, 0.9)
    return openPage({ who, timeMs, random }, random.weighted(of))
  })
}

const delegate: Act = ({ stage, person, who, random }, fromMs) => {
  const own = stage.cast.agents.filter(a => a.owner === person.team)
  const agent = random.pick(random.chance(0.92) ? own : stage.cast.agents)
  return runAgent({ stage, agent, asker: { person, who }, timeMs: fromMs, random })
}

const CONSOLE: readonly Weighted<string>[] = [
  [4, 'GET /admin/routes'],
  [3, 'GET /admin/quotas'],
  [4, 'GET /admin/health'],
  [1, 'GET /admin/keys'],
]
const SETTINGS = ['route.update', 'quota.update', 'guardrail.update', 'model.alias.update'] as const

/** The platform team's console: mostly looked at, sometimes something is changed. */
const operate: Act = ({ stage, who, random }, fromMs) => {
  const seen = pages(who, fromMs, random, CONSOLE)
  const timeMs = (seen.at(-1)?.time ?? fromMs) + random.int(8000, 60_000)
  const moment = { who, timeMs, random }
  if (random.chance(0.16)) {
    const id = random.pick(stage.cast.models).name
    return [...seen, changeSetting(moment, random.pick(SETTINGS), id)]
  }
  if (random.chance(0.04)) {
    return [...seen, changeKey(moment, 'create', random.pick(stage.cast.people).apiKey)]
  }
  return seen
}

const AUDIT: readonly Weighted<string>[] = [
  [4, 'GET /admin/audit'],
  [2, 'GET /admin/keys'],
  [2, 'GET /admin/guardrails'],
]

const review: Act = ({ stage, person, who, script, random }, fromMs) => {
  const seen = pages(who, fromMs, random, AUDIT)
  const timeMs = (seen.at(-1)?.time ?? fromMs) + random.int(8000, 60_000)
  const moment = { who, timeMs, random }
  if (random.chance(0.03)) {
    return [...seen, changeKey(moment, 'revoke', random.pick(stage.cast.people).apiKey)]
  }
  if (random.chance(0.05)) return [...seen, changeSetting(moment, 'guardrail.update', 'guard-pii')]
  if (random.chance(0.4)) {
    const dataset = random.weighted(person.habits.datasets)
    const read = { ...moment, who: script }
    return [...seen, readDataset(read, dataset, random.logNormal(4000, 0.8))]
  }
  return seen
}

/** What a team does; an act counts as often as its weight says. */
const TEAM_ACTS: { readonly [team in Team]: readonly Weighted<Act>[] } = {
  'data-science': [
    [5, explore],
    [3, talk],
    [0.4, sweep],
    [1, lookAtModels],
    [0.6, label],
    [1, delegate],
    [1, browse],
  ],
  support: [
    [6, askKnowledge],
    [2, talk],
    [2.2, delegate],
    [1.5, browse],
    [0.3, label],
  ],
  sales: [
    [5, talk],
    [2, delegate],
    [1.5, browse],
    [1, askKnowledge],
  ],
  platform: [
    [4, operate],
    [3, talk],
    [0.7, lookAtModels],
    [1, delegate],
    [1, browse],
  ],
  security: [
    [4, review],
    [2, talk],
    [1.5, delegate],
    [1, browse],
  ],
  research: [
    [4, talk],
    [2, askKnowledge],
    [1.5, explore],
    [0.6, sweep],
    [1, lookAtModels],
    [1.5, delegate],
  ],
}

/** One thing that a member of their team would do. */
export function actOf(scene: Scene, fromMs: number): readonly Draft[] {
  return scene.random.weighted(TEAM_ACTS[scene.person.team])(scene, fromMs)
}

/** What one can do on a phone. */
export function actOnPhone(scene: Scene, fromMs: number): readonly Draft[] {
  return scene.random.chance(0.7) ? talk(scene, fromMs) : browse(scene, fromMs)
}
