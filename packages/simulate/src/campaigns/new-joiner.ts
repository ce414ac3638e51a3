// A trainee's first days: besides first steps at work, a tour of every dataset and model. All of it
// is new, and some of it is refused. Looks like reconnaissance.

import { readDataset, readWeights } from '../accesses.ts'
import { dateOf, MINUTE_MS } from '../calendar.ts'
import { asScript, type Draft } from '../draft.ts'
import { callModel } from '../model-call.ts'
import { personDay } from '../person-day.ts'
import { staysOf } from '../presence.ts'
import { randomOf } from '../random.ts'
import type { Stage } from '../stage.ts'
import { isNew, type Trainee, traineeOn } from '../trainees.ts'
import type { Campaign } from './campaign.ts'

/** Each thing is looked at on one of the first five days. */
const TOUR_DAYS = 5

export const newJoiner: Campaign = {
  name: 'benign:new-joiner',
  kind: '',
  strength: 0.5,
  episodeOf(day) {
    // The first days of a month and no others.
    const { year, month } = dateOf(day)
    return 12 * year + month
  },
  events({ stage, day }) {
    const trainee = traineeOn(stage, day)
    if (!isNew(trainee, day)) return []
    const { person } = trainee
    return [...personDay({ stage, person, day }), ...tour(stage, trainee, day)]
  },
}

function tour(stage: Stage, { person, firstDay }: Trainee, day: number): readonly Draft[] {
  const stay = staysOf({ stage, person, day }).find(s => s.kind === 'work')
  if (!stay || day - firstDay >= TOUR_DAYS) return []
  const random = randomOf(stage.seed, 'tour', day)
  const { place, userAgent } = stay
  const script = asScript({ person, place, userAgent, id: '', logonMs: 0 })
  const drafts: Draft[] = []
  let timeMs = stay.startMs + 20 * MINUTE_MS
  const isToday = (i: number) => i % TOUR_DAYS === day - firstDay
  for (const dataset of stage.cast.datasets.filter((_, i) => isToday(i))) {
    timeMs += random.logNormal(9 * MINUTE_MS, 0.5)
    drafts.push(readDataset({ who: script, timeMs, random }, dataset, random.int(50, 400)))
  }
  for (const model of stage.cast.models.filter((_, i) => isToday(i))) {
    timeMs += random.logNormal(12 * MINUTE_MS, 0.5)
    drafts.push(callModel(stage, { model, who: script, timeMs }, random))
    if (model.isOwn)
      drafts.push(readWeights({ who: script, timeMs: timeMs + 3000, random }, model, 'open'))
  }
  return drafts
}
