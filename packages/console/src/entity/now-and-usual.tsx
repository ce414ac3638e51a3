// What it does, hour by hour, beside what is usual for the same hour of its weeks before. The
// measure stands in the address.

import { SegmentedControl } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useAddress } from '../address/address.tsx'
import { UsualChart } from '../chart/chart.tsx'
import { Sheet } from '../panel/panel.tsx'
import { Bone, Empty, Loaded } from '../states/states.tsx'
import { METRICS, type Metric, metricNamed } from './answer.ts'
import { type Activity, METRIC_WORDS } from './asked.ts'

const HEIGHT = 210

type Props = {
  readonly result: UseQueryResult<Activity>
  readonly metric: Metric
  readonly className: string
}

export function NowAndUsual({ result, metric, className }: Props): ReactNode {
  const { zone, set } = useAddress()
  const { name, unit } = METRIC_WORDS[metric]
  return (
    <Sheet className={className}>
      <SegmentedControl
        className="metric-switch"
        aria-label="What is measured"
        data={METRICS.map(value => ({ value, label: METRIC_WORDS[value].name }))}
        value={metric}
        onChange={value => set({ metric: metricNamed(value) }, { replace: true })}
      />
      <Loaded
        result={result}
        skeleton={
          <>
            <Bone width="70%" height={40} />
            <Bone height={HEIGHT + 26} />
          </>
        }
        empty={({ points }) =>
          points.length === 0 ? (
            <Empty title="This time range has no hours">
              <p className="quiet">Choose a longer one above.</p>
            </Empty>
          ) : null
        }
      >
        {activity => (
          <UsualChart
            title={`${name} ${stepWords(activity.stepMs)}, now and usually`}
            sentence={activity.sentence}
            points={activity.points}
            unit={unit}
            zone={zone}
            height={HEIGHT}
            choose={(from, to) => set({ from: String(from), to: String(to) })}
          />
        )}
      </Loaded>
    </Sheet>
  )
}

const HOUR_MS = 3_600_000

function stepWords(stepMs: number): string {
  const hours = stepMs / HOUR_MS
  if (hours === 24) return 'by the day'
  return hours === 1 ? 'by the hour' : `in ${hours} hours`
}
