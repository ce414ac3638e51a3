// An account reads a little more every day, for weeks: five to eight per cent a day on top of the
// day before, in its own hours and of its own data. No day is much above the last.

import { DAY_MS } from '../calendar.ts'
import type { Draft } from '../draft.ts'
import { randomOf } from '../random.ts'
import { serviceDay } from '../services.ts'
import type { Campaign } from './campaign.ts'
import { type Anchor, rowsRead, type Strength, storyOf, type Telling } from './story.ts'
import { shuffled } from './story-cast.ts'

type Climb = { readonly aDay: number; readonly days: number }

const CLIMBS: { readonly [strength in Strength]: Climb } = {
  weak: { aDay: 0.05, days: 14 },
  medium: { aDay: 0.065, days: 17 },
  strong: { aDay: 0.08, days: 20 },
}
/** Accounts that read at all hours: row by row on request, or thousands on schedule. */
const ACCOUNTS = [
  'svc-portal-churn',
  'svc-checkout-fraud',
  'svc-crm-leads',
  'svc-feast-windows',
  'svc-feast-orders',
] as const

export function slowClimb(anchor: Anchor): Campaign {
  const { aDay, days } = CLIMBS[anchor.strength]
  const firstDay = (nowMs: number) => Math.floor(nowMs / DAY_MS) - days
  const plot = { name: 'slow-climb', kind: 'T0036', firstDay, days }
  return storyOf({ ...plot, tell: at => climbOn(at, aDay) }, anchor)
}

/** Some of the day's own reads are done again, as many as the climb has reached. */
function climbOn({ stage, day, firstDay, random }: Telling, aDay: number): readonly Draft[] {
  const [id] = shuffled(ACCOUNTS, randomOf(stage.seed, 'climber', firstDay))
  const service = stage.cast.services.find(s => s.id === id)
  if (!service) return []
  const above = (1 + aDay) ** (day - firstDay + 1) - 1
  const reads = serviceDay({ stage, service, day }).filter(draft => rowsRead(draft) > 0)
  const more = reads.flatMap(read => {
    const again = Math.floor(above) + (random.chance(above % 1) ? 1 : 0)
    return Array.from({ length: again }, () => ({
      ...read,
      time: read.time + random.int(400, 40_000),
      ...(read.trace ? { trace: { id: random.hex(32) } } : {}),
    }))
  })
  // So that the last day ends before now.
  return more.filter(read => read.time < (day + 1) * DAY_MS)
}
