// Normal beside now: what the heaviest finding measured, hour by hour, with what is usual at each
// hour, and where the alert lies.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { type Answer, ask } from '../api/api.ts'
import { UsualChart } from '../chart/chart.tsx'
import { Bone, Loaded } from '../states/states.tsx'

type Chart = NonNullable<Answer<'GET /v1/alerts/{id}/chart'>>

export function NormalNow({
  id,
  lastMs,
}: {
  readonly id: string
  /** Of the newest finding: another one may have another chart. */
  readonly lastMs: number
}): ReactNode {
  const result = useQuery({
    queryKey: ['alert-chart', id, lastMs],
    placeholderData: (before: Chart | null | undefined, query) =>
      query?.queryKey[1] === id ? before : undefined,
    queryFn: async ({ signal }) => ask('GET /v1/alerts/{id}/chart', { params: { id }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
  return (
    <section className="part" aria-label="Normal and now">
      <Loaded
        result={result}
        skeleton={<Bone height={252} />}
        empty={chart =>
          chart === null ? (
            <p className="quiet">
              Nothing of this entity can be counted over time, so there is no chart of it.
            </p>
          ) : null
        }
      >
        {chart => chart && <Shown chart={chart} />}
      </Loaded>
    </section>
  )
}

function Shown({ chart }: { readonly chart: Chart }): ReactNode {
  const { zone, go } = useAddress()
  const { label, unit, sentence, points, window, query } = chart
  const openEvents = (fromMs: number, toMs: number) =>
    go('/events', { q: query, from: String(fromMs), to: String(toMs) })
  return (
    <>
      <UsualChart
        title={label}
        sentence={sentence}
        points={points}
        unit={unit}
        zone={zone}
        height={190}
        marked={window}
        choose={openEvents}
      />
      <p className="quiet small">
        The shaded stretch is what was found. Drag across the chart, or{' '}
        <Go to="/events" changes={{ q: query, from: String(chart.from), to: String(chart.to) }}>
          open all events of the chart
        </Go>
        .
      </p>
    </>
  )
}
