// Somebody tries every door: within minutes a person's script asks for each dataset, view, index,
// model and page of administration, and nearly all of it is refused.

import { readDataset, readFeatures, readWeights, searchIndex } from '../accesses.ts'
import { asScript, type Draft, FORBIDDEN, makeEvent, type Who } from '../draft.ts'
import { callModel } from '../model-call.ts'
import type { Campaign } from './campaign.ts'
import { type Anchor, storyOf, type Telling } from './story.ts'
import { castRole, dayOfRole, hoursOn, shuffled } from './story-cast.ts'

const PAGES = ['routes', 'quotas', 'keys', 'audit', 'guardrails', 'health', 'users', 'export']

export function deniedRecon(anchor: Anchor): Campaign {
  const firstDay = (nowMs: number) => dayOfRole('denied-recon', nowMs)
  return storyOf({ name: 'denied-recon', kind: 'T0075', firstDay, days: 1, tell }, anchor)
}

function tell(at: Telling): readonly Draft[] {
  const { stage, day, nowDay, times, random } = at
  const person = castRole(stage, 'denied-recon', nowDay)
  const { place, userAgent, startMs, endMs } = hoursOn(stage, person, day)
  const who = asScript({ person, place, userAgent, id: '', logonMs: 0 })
  const doors = shuffled(doorsOf(at, who), random)
  let timeMs = startMs + (0.2 + 0.5 * random.next()) * (endMs - startMs)
  return Array.from({ length: 3 * times }, (_, i) => {
    timeMs += random.logNormal(5000, 0.6)
    return doors[i % doors.length]?.(timeMs) ?? []
  }).flat()
}

type Door = (timeMs: number) => Draft

function doorsOf({ stage, random }: Telling, who: Who): readonly Door[] {
  const { datasets, featureViews, indexes, models } = stage.cast
  const refused = { ...FORBIDDEN, rows: 0, bytes: { in: 402, out: 187 } }
  const at = (timeMs: number) => ({ who, timeMs, random })
  const end = FORBIDDEN
  return [
    // Some datasets are for everybody, and so is `documents`.
    ...datasets.map(
      (d): Door =>
        timeMs =>
          readDataset(at(timeMs), d, 20),
    ),
    ...featureViews.map(
      (v): Door =>
        timeMs =>
          readFeatures(at(timeMs), v, 1, refused),
    ),
    ...indexes.map(
      (i): Door =>
        timeMs =>
          searchIndex(at(timeMs), i, refused),
    ),
    ...models.map(
      (model): Door =>
        timeMs =>
          callModel(stage, { model, who, timeMs, end }, random),
    ),
    ...models
      .filter(m => m.isOwn)
      .map(
        (m): Door =>
          timeMs =>
            readWeights(at(timeMs), m, 'open', refused),
      ),
    ...PAGES.map(
      (page): Door =>
        timeMs =>
          refusedPage(who, timeMs, `GET /admin/${page}`),
    ),
  ]
}

function refusedPage(who: Who, timeMs: number, endpoint: string): Draft {
  const about = { system: 'portal', producer: 'portal', protocol: 'http', endpoint } as const
  return makeEvent(who, timeMs, { kind: 'http.request', operation: 'read', ...about, ...FORBIDDEN })
}
