// Somebody whose prompts are refused switches the guardrail off, which is for the security team to
// do, sends what would have been refused, and switches it on again.

import { changeSetting, judge, openPage } from '../accesses.ts'
import { MINUTE_MS } from '../calendar.ts'
import { asPerson, type Draft } from '../draft.ts'
import { callModel } from '../model-call.ts'
import { logon } from '../person-day.ts'
import type { Campaign } from './campaign.ts'
import { type Anchor, limit, storyOf, type Telling } from './story.ts'
import { castRole, dayOfRole, hoursOn } from './story-cast.ts'

const GUARD = 'guard-pii'

export function guardrailOff(anchor: Anchor): Campaign {
  const firstDay = (nowMs: number) => dayOfRole('guardrail-off', nowMs)
  return storyOf({ name: 'guardrail-off', kind: 'T0081', firstDay, days: 1, tell }, anchor)
}

function tell({ stage, day, nowDay, times, random }: Telling): readonly Draft[] {
  const person = castRole(stage, 'guardrail-off', nowDay)
  const { startMs, endMs, place, userAgent } = hoursOn(stage, person, day)
  const logonMs = Math.round(startMs + (0.3 + 0.4 * random.next()) * (endMs - startMs))
  const session = { person, place, userAgent, id: `sess-${random.hex(16)}`, logonMs }
  const who = asPerson(session)
  const conversation = `conv-${random.hex(12)}`
  const drafts: Draft[] = [...logon(session, random)]
  let timeMs = logonMs + 30_000
  const say = (decision: 'deny' | 'observe') => {
    timeMs += random.logNormal(20_000, 0.5)
    drafts.push(judge({ who, timeMs, random }, { id: GUARD, decision }, { conversation }))
    const end = { outcome: 'denied', status: 403, reasonCode: GUARD } as const
    const [, model] = random.pick(person.habits.llms)
    const tokensIn = Math.ceil(random.logNormal(1800, 0.5))
    const call = { model, who, timeMs: timeMs + 30, interface: 'chat', tokensIn, conversation }
    const ending = decision === 'deny' ? { end } : {}
    drafts.push(callModel(stage, { ...call, interface: 'chat', ...ending }, random))
  }
  const set = (operation: string) => {
    timeMs += random.logNormal(25_000, 0.4)
    drafts.push(changeSetting({ who, timeMs, random }, operation, GUARD))
  }
  for (let left = random.int(2, 4); left > 0; left--) say('deny')
  timeMs += MINUTE_MS
  drafts.push(openPage({ who, timeMs, random }, 'GET /admin/guardrails'))
  set('guardrail.disable')
  // Off, it only takes note of what it would have refused.
  for (let left = limit(2 * times, 8, 60); left > 0; left--) say('observe')
  set('guardrail.enable')
  return drafts
}
