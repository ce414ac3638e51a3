// Somebody else's bill: in the small hours a person's key, from their own address, sends the
// longest prompts to the dearest models for as long as it pays.

import { dayStartMs, HOUR_MS } from '../calendar.ts'
import { asScript, type Draft } from '../draft.ts'
import { callModel } from '../model-call.ts'
import type { Campaign } from './campaign.ts'
import { type Anchor, limit, ownADay, storyOf, type Telling } from './story.ts'
import { castRole, dayOfRole } from './story-cast.ts'

const TOKENS_A_CALL = 11_000
const LENGTH_MS = 3 * HOUR_MS

export function costHarvest(anchor: Anchor): Campaign {
  const firstDay = (nowMs: number) => dayOfRole('cost-harvest', nowMs)
  return storyOf({ name: 'cost-harvest', kind: 'T0034', firstDay, days: 1, tell }, anchor)
}

function tell(at: Telling): readonly Draft[] {
  const { stage, day, nowDay, times, random } = at
  const person = castRole(stage, 'cost-harvest', nowDay)
  const place = person.usesVpn ? person.vpn : person.home
  const who = asScript({ person, place, userAgent: '', id: '', logonMs: 0 })
  const dear = stage.cast.models.filter(m => m.priceOut >= 10_000)
  const own = ownADay(at, person, ({ usage }) => (usage?.in ?? 0) + (usage?.out ?? 0))
  const calls = Math.round(limit((times * own) / TOKENS_A_CALL, 1.5 * times, 600))
  const startMs = dayStartMs(person.country, day) + (0.8 + random.next()) * HOUR_MS
  return Array.from({ length: calls }, (_, i) => {
    const timeMs = startMs + ((i + random.next()) * LENGTH_MS) / calls
    const tokensIn = Math.ceil(random.logNormal(9000, 0.3))
    const size = { tokensIn, tokensOut: random.int(1800, 4000), maxTokens: 4096 }
    return callModel(stage, { model: random.pick(dear), who, timeMs, ...size }, random)
  })
}
