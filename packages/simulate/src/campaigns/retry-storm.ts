// A route to a provider is down for a quarter of an hour, and one service sends each of its
// requests ten times, seconds apart, until it is served or gives up. Looks like denial of wallet
// or probing.

import { DAY_MS, HOUR_MS, MINUTE_MS } from '../calendar.ts'
import { asService, type Draft, type End } from '../draft.ts'
import { callModel } from '../model-call.ts'
import { randomOf } from '../random.ts'
import type { Campaign } from './campaign.ts'

/** A storm in each stretch of days, in its first ones, so that no month is without. */
const EVERY_DAYS = 18
const FIRST_DAYS = 12
const TRIES = 10
const SERVICES = ['svc-support-rag', 'svc-mail-triage'] as const
const DOWN: End = { outcome: 'failure', status: 502, reasonCode: 'upstream_error' }

export const retryStorm: Campaign = {
  name: 'benign:retry-storm',
  kind: '',
  strength: 0.5,
  episodeOf: day => Math.floor(day / EVERY_DAYS),
  events({ stage, day }) {
    const random = randomOf(stage.seed, 'retry storm', Math.floor(day / EVERY_DAYS))
    if (day % EVERY_DAYS !== random.int(0, FIRST_DAYS - 1)) return []
    const id = random.pick(SERVICES)
    const service = stage.cast.services.find(s => s.id === id)
    if (!service) return []
    const who = asService(service, day)
    const startMs = day * DAY_MS + (8 + 7 * random.next()) * HOUR_MS
    const downMs = random.int(12, 25) * MINUTE_MS
    const requests = random.int(30, 60)
    return Array.from({ length: requests }, () => {
      const drafts: Draft[] = []
      const inputHash = random.digest()
      const tokensIn = Math.ceil(random.logNormal(700, 0.5))
      let timeMs = startMs + random.next() * downMs
      for (let i = 0; i < TRIES && drafts.at(-1)?.outcome !== 'success'; i++) {
        const end = timeMs < startMs + downMs ? { end: DOWN } : {}
        const call = { model: service.model, who, timeMs, inputHash, tokensIn, ...end }
        drafts.push(callModel(stage, call, random))
        timeMs += 1500 * 1.35 ** i * (0.7 + 0.6 * random.next())
      }
      return drafts
    }).flat()
  },
}
