// Somebody looks for the edge at which one of the company's models changes its mind: one record
// after the other, all but alike, one field a little further each time, evenly, for three days.

import { asScript, type Draft, type End } from '../draft.ts'
import { callModel } from '../model-call.ts'
import { randomOf } from '../random.ts'
import type { Campaign } from './campaign.ts'
import { type Anchor, isModelCall, limit, ownADay, storyOf, type Telling } from './story.ts'
import { castRole, dayOfRole, hoursOn } from './story-cast.ts'

const DAYS = 3
const CALLS_A_DAY_MAX = 1500
const TARGETS = ['fraud', 'pricing', 'lead-score', 'churn']
/** A field beyond what the model takes. */
const BEYOND: End = { outcome: 'failure', status: 422, reasonCode: 'invalid_features' }

export function boundaryProbing(anchor: Anchor): Campaign {
  const firstDay = (nowMs: number) => dayOfRole('boundary-probing', nowMs)
  const plot = { name: 'boundary-probing', kind: 'T0042', firstDay, days: DAYS }
  return storyOf({ ...plot, tell }, anchor)
}

function tell(at: Telling): readonly Draft[] {
  const { stage, day, firstDay, nowDay, times, random } = at
  const person = castRole(stage, 'boundary-probing', nowDay)
  const { place, startMs, userAgent } = hoursOn(stage, person, day)
  const who = asScript({ person, place, userAgent, id: '', logonMs: 0 })
  const targets = stage.cast.models.filter(m => TARGETS.includes(m.name))
  const model = randomOf(stage.seed, 'probed', firstDay).pick(targets)
  const own = ownADay({ stage, day: firstDay }, person, d => (isModelCall(d) ? 1 : 0))
  const calls = Math.round(limit(times * own, 12 * times, CALLS_A_DAY_MAX))
  const recordBytes = 700 + random.int(0, 90)
  let timeMs = startMs + random.int(20, 90) * 60_000
  return Array.from({ length: calls }, () => {
    timeMs += random.int(2000, 3200)
    const end = random.chance(0.08) ? { end: BEYOND } : {}
    const draft = callModel(stage, { model, who, timeMs, rows: 1, ...end }, random)
    return { ...draft, bytes: { out: 137, ...draft.bytes, in: recordBytes + random.int(0, 3) } }
  })
}
