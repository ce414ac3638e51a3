// Things that happen on top of everyday life and have a label. Benign ones look like attacks and
// are none: whoever raises an alarm on them is wrong. A campaign is one file and one line here.

import { batchAfterRelease } from './batch-after-release.ts'
import type { Campaign } from './campaign.ts'
import { conferenceTravel } from './conference-travel.ts'
import { newJoiner } from './new-joiner.ts'
import { onCallWeek } from './on-call-week.ts'
import { quarterEndBatch } from './quarter-end-batch.ts'
import { releaseDay } from './release-day.ts'
import { retryStorm } from './retry-storm.ts'

export const CAMPAIGNS: readonly Campaign[] = [
  releaseDay,
  onCallWeek,
  quarterEndBatch,
  newJoiner,
  conferenceTravel,
  batchAfterRelease,
  retryStorm,
]

export type { Campaign, CampaignDay } from './campaign.ts'
export { STORIES, type StoriesConfig, type Strength, storiesAt } from './stories.ts'
