// The stories: attacks with a known answer, for the demo, the tests and evaluation. They are in no
// world that does not ask for them. A story is one file and one line here.

import { boundaryProbing } from './boundary-probing.ts'
import type { Campaign } from './campaign.ts'
import { canaryTouch } from './canary-touch.ts'
import { costHarvest } from './cost-harvest.ts'
import { deniedRecon } from './denied-recon.ts'
import { liveTheft, weekendTheft } from './feature-store-theft.ts'
import { guardrailOff } from './guardrail-off.ts'
import { modelExtraction } from './model-extraction.ts'
import { slowClimb } from './slow-climb.ts'
import { stolenKey } from './stolen-key.ts'
import type { Anchor, Strength } from './story.ts'
import { weightsDownload } from './weights-download.ts'

export type StoriesConfig = {
  /** The end of the history: each story has its place in the three weeks before it. */
  readonly nowMs: number
  /** `strong` where it is left out. */
  readonly strength?: Strength
  /**
   * Moments after which a theft begins live, `nowMs` where it is left out. A stream that is started
   * again on the same history keeps its `nowMs` and the moments before, and adds one.
   */
  readonly liveMs?: readonly number[]
}

export const STORIES: readonly ((anchor: Anchor) => Campaign)[] = [
  weekendTheft,
  stolenKey,
  guardrailOff,
  weightsDownload,
  slowClimb,
  modelExtraction,
  boundaryProbing,
  costHarvest,
  deniedRecon,
  canaryTouch,
]

export function storiesAt(config: StoriesConfig): readonly Campaign[] {
  const { nowMs, strength = 'strong', liveMs = [nowMs] } = config
  const anchor: Anchor = { nowMs, strength }
  return [
    ...STORIES.map(story => story(anchor)),
    ...liveMs.map(startMs => liveTheft(anchor, startMs)),
  ]
}

export type { Strength } from './story.ts'
