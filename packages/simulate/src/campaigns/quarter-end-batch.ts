// In the last three days of a month the report writer reads whole datasets, ten times its usual
// rows, over the evening. Looks like a bulk copy; it is the closing of the books.

import { DAY_MS, dateOf, HOUR_MS } from '../calendar.ts'
import { asService, dataRead } from '../draft.ts'
import { randomOf } from '../random.ts'
import type { Campaign } from './campaign.ts'

const READS = 120

export const quarterEndBatch: Campaign = {
  name: 'benign:quarter-end-batch',
  kind: '',
  strength: 0.7,
  events({ seed, cast, day }) {
    const isEnd = dateOf(day + 3).month !== dateOf(day).month
    const service = cast.services.find(s => s.id === 'svc-report-writer')
    if (!isEnd || !service) return []
    const random = randomOf(seed, 'closing', day)
    const who = asService(service)
    const startMs = day * DAY_MS + 18 * HOUR_MS
    return Array.from({ length: READS }, (_, i) => {
      const timeMs = startMs + i * 90_000 + random.int(0, 20_000)
      const rows = Math.round(random.logNormal(20_000, 0.2))
      return dataRead(random.pick(cast.datasets), who, { timeMs, random }, rows)
    })
  },
}
