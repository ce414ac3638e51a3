// Somebody copies a model through its interface: for days a script of theirs asks one model
// distinct inputs, evenly around the clock, wants log probabilities, and sweeps the temperature.

import { DAY_MS } from '../calendar.ts'
import { asScript, type Draft } from '../draft.ts'
import { callModel } from '../model-call.ts'
import { randomOf } from '../random.ts'
import type { Campaign } from './campaign.ts'
import { type Anchor, isModelCall, limit, ownADay, storyOf, type Telling } from './story.ts'
import { castRole, dayOfRole } from './story-cast.ts'

const DAYS = 5
const CALLS_A_DAY_MAX = 1200
const TEMPERATURES = [0, 0.3, 0.7, 1]

export function modelExtraction(anchor: Anchor): Campaign {
  const firstDay = (nowMs: number) => dayOfRole('model-extraction', nowMs)
  const plot = { name: 'model-extraction', kind: 'T0024.002', firstDay, days: DAYS }
  return storyOf({ ...plot, tell }, anchor)
}

function tell(at: Telling): readonly Draft[] {
  const { stage, day, firstDay, nowDay, times, random } = at
  const person = castRole(stage, 'model-extraction', nowDay)
  const place = person.usesVpn ? person.vpn : person.home
  const who = asScript({ person, place, userAgent: '', id: '', logonMs: 0 })
  const inHouse = stage.cast.models.filter(m => m.name === 'llama-3-70b' || m.isOwn)
  const model = randomOf(stage.seed, 'extracted', firstDay).pick(inHouse)
  const own = ownADay({ stage, day: firstDay }, person, d => (isModelCall(d) ? 1 : 0))
  const calls = Math.round(limit(times * own, 10 * times, CALLS_A_DAY_MAX))
  const everyMs = DAY_MS / calls
  return Array.from({ length: calls }, (_, i) => {
    const timeMs = day * DAY_MS + (i + 0.8 * random.next()) * everyMs
    const temperature = TEMPERATURES[i % TEMPERATURES.length] ?? 0
    const call = { model, who, timeMs, temperature, rows: 1, maxTokens: 512, tokensOut: 480 }
    const draft = callModel(stage, call, random)
    return { ...draft, params: { ...draft.params, logprobs: true, temperature } }
  })
}
