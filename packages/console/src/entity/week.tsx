// The hours of its week, the newest seven days beside the usual ones, in one scale: where there is
// colour in one and none in the other, it works when it never does.

import type { UseQueryResult } from '@tanstack/react-query'
import { type ReactNode, useMemo } from 'react'
import { amountOf, dayAndHour, Figure, WeekHeat } from '../chart/chart.tsx'
import { Sheet } from '../panel/panel.tsx'
import { Bone, Loaded } from '../states/states.tsx'
import type { Metric } from './answer.ts'
import { type Activity, METRIC_WORDS } from './asked.ts'
import { unusualHours } from './week-words.ts'

const HEIGHT = 142

export function Week({
  result,
  metric,
}: {
  readonly result: UseQueryResult<Activity>
  readonly metric: Metric
}): ReactNode {
  return (
    <Sheet>
      <Loaded
        result={result}
        skeleton={
          <>
            <Bone width="50%" height={23} />
            <Bone height={HEIGHT + 24} />
          </>
        }
      >
        {({ week }) => <Heats week={week} metric={metric} />}
      </Loaded>
    </Sheet>
  )
}

function Heats({
  week: { now, usual },
  metric,
}: {
  readonly week: Activity['week']
  readonly metric: Metric
}): ReactNode {
  const { unit, many } = METRIC_WORDS[metric]
  const most = useMemo(() => Math.max(...now, ...usual.map(value => value ?? 0)), [now, usual])
  const format = (value: number) => amountOf(unit, value, true)
  const table = () => ({
    head: ['Hour of the week (UTC)', 'Newest 7 days', 'Usual'],
    rows: now.map((value, hour) => {
      const was = usual[hour] ?? null
      return [dayAndHour(hour), format(value), was === null ? 'not known' : format(was)]
    }),
  })
  return (
    <Figure title="Hours of the week" sentence={unusualHours(now, usual, many)} table={table}>
      <div className="two-heats">
        <div>
          <h3>Newest 7 days</h3>
          <WeekHeat values={now} most={most} format={format} />
        </div>
        <div>
          <h3>Usual</h3>
          <WeekHeat values={usual} most={most} format={format} />
        </div>
      </div>
    </Figure>
  )
}
