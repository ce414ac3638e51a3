// What a campaign is.

import type { Cast } from '../cast.ts'
import type { Draft } from '../draft.ts'

export type CampaignDay = {
  readonly seed: number
  readonly cast: Cast
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
  /** What it adds to this day; nothing on most days. A function of the day alone. */
  readonly events: (at: CampaignDay) => readonly Draft[]
}
