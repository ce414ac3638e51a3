// Where it stands among its like over the newest 24 hours, in words and on a line.

import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { amountOf } from '../chart/chart.tsx'
import { Panel } from '../panel/panel.tsx'
import { Bone, Empty, Loaded } from '../states/states.tsx'
import { count, visible } from '../value/value.tsx'
import type { Metric } from './answer.ts'
import { type Activity, METRIC_WORDS } from './asked.ts'

export function Peers({
  result,
  metric,
}: {
  readonly result: UseQueryResult<Activity>
  readonly metric: Metric
}): ReactNode {
  const { unit, many } = METRIC_WORDS[metric]
  const shown = (value: number) =>
    `${amountOf(unit, value, true)} ${metric === 'cost' ? 'spent' : many}`
  return (
    <Panel title="Among its like" note="newest 24 hours" className="peers">
      <Loaded
        result={result}
        skeleton={<Bone height={86} />}
        empty={({ peers }) =>
          peers === null ? (
            <Empty title="Nobody to compare it with">
              <p className="quiet">
                It did nothing in 24 hours, or fewer than three others are like it.
              </p>
            </Empty>
          ) : null
        }
      >
        {({ peers }) =>
          peers && (
            <div className="stack">
              <p>
                <strong>
                  {ordinal(peers.rank)} of {count(peers.of)} {visible(peers.cohort)}
                </strong>
                : {shown(peers.value)}, where the median is {shown(peers.median)}.
              </p>
              <div className="percentile" aria-hidden="true">
                <span className="median" />
                <span className="place" style={{ left: `${peers.percentile}%` }} />
              </div>
              <p className="quiet">{placeWords(peers.percentile)}</p>
            </div>
          )
        }
      </Loaded>
    </Panel>
  )
}

function placeWords(percentile: number): string {
  if (percentile >= 100) return 'All others have less.'
  return percentile <= 0
    ? 'All others have more.'
    : `${Math.round(percentile)} % of the others have less.`
}

function ordinal(rank: number): string {
  const tens = rank % 100
  const ones = rank % 10
  const isTeen = tens > 10 && tens < 14
  const ending = isTeen ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' }[ones] ?? 'th')
  return `${count(rank)}${ending}`
}
