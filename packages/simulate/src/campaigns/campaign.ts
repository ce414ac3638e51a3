// What a campaign is.

import type { Draft } from '../draft.ts'
import type { Stage } from '../stage.ts'

export type CampaignDay = {
  readonly stage: Stage
  /** UTC day. */
  readonly day: number
}

export type Campaign = {
  /** `benign:…` for a hard negative. */
  readonly name: string
  /** Empty for a benign one, else the technique. */
  readonly kind: string
  /** From 0 (hardly to be seen) to 1. */
  readonly strength: number
  /** Which time of its happening this day belongs to: each has a label of its own. */
  readonly episodeOf: (day: number) => number
  /** What it adds to this day; nothing on most days. A function of the day alone. */
  readonly events: (at: CampaignDay) => readonly Draft[]
}
