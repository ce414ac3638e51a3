// A dataset that is there only to be touched by nobody is read by somebody who looked around: a
// few ordinary reads, then the one with `canary` in its name and class.

import { readDataset } from '../accesses.ts'
import { asScript, type Draft } from '../draft.ts'
import type { Campaign } from './campaign.ts'
import { type Anchor, storyOf, type Telling } from './story.ts'
import { castRole, dayOfRole, hoursOn } from './story-cast.ts'

export const CANARY = { type: 'dataset', id: 's3://lake/canary_customers', class: 'canary' }

export function canaryTouch(anchor: Anchor): Campaign {
  const firstDay = (nowMs: number) => dayOfRole('canary-touch', nowMs)
  return storyOf({ name: 'canary-touch', kind: 'T0085', firstDay, days: 1, tell }, anchor)
}

/** One to six reads of it; each is one too many. */
function tell({ stage, day, nowDay, times, random }: Telling): readonly Draft[] {
  const person = castRole(stage, 'canary-touch', nowDay)
  const { place, userAgent, startMs, endMs } = hoursOn(stage, person, day)
  const who = asScript({ person, place, userAgent, id: '', logonMs: 0 })
  const allowed = stage.cast.datasets.filter(d => d.teams.includes(person.team))
  let timeMs = startMs + (0.2 + 0.5 * random.next()) * (endMs - startMs)
  const next = () => {
    timeMs += random.logNormal(30_000, 0.5)
    return { who, timeMs, random }
  }
  const touches = Math.ceil(times / 5)
  return [false, false, ...Array.from({ length: touches }, () => true)].map(isCanary => {
    const dataset = random.pick(allowed)
    const extra = isCanary ? { resource: [CANARY] } : {}
    return readDataset(next(), dataset, random.int(50, 400), extra)
  })
}
