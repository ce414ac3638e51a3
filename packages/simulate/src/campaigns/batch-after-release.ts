// The night after a release a batch job does its work again with the new version: at its minute, on
// its data, with its key, two and a half to five times as much as ever. Looks like a bulk copy.

import type { Draft } from '../draft.ts'
import { randomOf } from '../random.ts'
import { serviceDay } from '../services.ts'
import { isReleaseDay } from '../stage.ts'
import type { Campaign } from './campaign.ts'

const JOBS = ['svc-report-writer', 'svc-invoice-extract'] as const

export const batchAfterRelease: Campaign = {
  name: 'benign:batch-after-release',
  kind: '',
  strength: 0.6,
  episodeOf: day => day,
  events({ stage, day }) {
    if (!isReleaseDay(day - 1)) return []
    const random = randomOf(stage.seed, 'batch again', day)
    const id = random.pick(JOBS)
    const service = stage.cast.services.find(s => s.id === id)
    if (!service) return []
    const run = serviceDay({ stage, service, day }).filter(draft => draft.kind !== 'auth.key')
    const endMs = Math.max(...run.map(draft => draft.time))
    const startMs = Math.min(...run.map(draft => draft.time))
    const lengthMs = endMs - startMs + 30_000
    // So much on top of the ordinary run.
    const times = 1.5 + 2.5 * random.next()
    const workers = Math.ceil(times)
    return Array.from({ length: workers }, (_, worker) => {
      const share = Math.min(1, times - worker)
      const part = run.filter(draft => draft.time <= startMs + share * (endMs - startMs))
      return part.map((draft): Draft => {
        const time = draft.time + (worker + 1) * lengthMs
        const inputHash = draft.inputHash === undefined ? {} : { inputHash: random.digest() }
        const requestId =
          draft.requestId === undefined ? {} : { requestId: `req-${random.hex(16)}` }
        return { ...draft, time, ...inputHash, ...requestId }
      })
    }).flat()
  },
}
