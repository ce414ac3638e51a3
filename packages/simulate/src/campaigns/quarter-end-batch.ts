// In the last three days of a month the books are closed: the report writer reads whole datasets
// over the evening, ten times its usual rows, and twice as many of them at the end of a quarter.
// Looks like a bulk copy.

import { readDataset } from '../accesses.ts'
import { DAY_MS, dateOf, HOUR_MS } from '../calendar.ts'
import { asService } from '../draft.ts'
import { randomOf } from '../random.ts'
import type { Campaign } from './campaign.ts'

const READS = 60
const DAYS = 3

export const quarterEndBatch: Campaign = {
  name: 'benign:quarter-end-batch',
  kind: '',
  strength: 0.7,
  episodeOf(day) {
    const { year, month } = dateOf(day)
    return 12 * year + month
  },
  events({ stage, day }) {
    const isEnd = dateOf(day + DAYS).month !== dateOf(day).month
    const service = stage.cast.services.find(s => s.id === 'svc-report-writer')
    if (!isEnd || !service) return []
    const random = randomOf(stage.seed, 'closing', day)
    const isQuarter = dateOf(day).month % 3 === 0
    const who = asService(service, day)
    let timeMs = day * DAY_MS + 18 * HOUR_MS + random.int(0, 5000)
    return Array.from({ length: isQuarter ? 2 * READS : READS }, () => {
      timeMs += random.logNormal(80_000, 0.3)
      const rows = random.logNormal(20_000, 0.3)
      return readDataset({ who, timeMs, random }, random.pick(stage.cast.datasets), rows)
    })
  },
}
