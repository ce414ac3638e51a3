// How often it was so over time, by outcome. A brush across the bars is the next time range.

import { memo, type ReactNode, useMemo } from 'react'
import { type Line, TimeChart } from '../chart/chart.tsx'
import { Bone, Loaded } from '../states/states.tsx'
import { count, percent, span } from '../value/value.tsx'
import { refusalOf, type Series, useSeries } from './asking.ts'
import { useExplored } from './explored.ts'

const HEIGHT_PX = 92
const LINES = [
  { name: 'success', colour: 'success' },
  { name: 'failure', colour: 'failure' },
  { name: 'denied', colour: 'denied' },
  { name: 'unknown', colour: 'unknown' },
] as const

export const Histogram: React.MemoExoticComponent<() => ReactNode> = memo(function Histogram() {
  const result = useSeries(useExplored())
  return (
    <section
      className="explore-chart sheet"
      aria-busy={result.isPlaceholderData}
      data-stale={result.isPlaceholderData}
    >
      {refusalOf(result.error) === null ? (
        <Loaded result={result} skeleton={<Bone height={HEIGHT_PX + 32} />}>
          {series => <Bars series={series} />}
        </Loaded>
      ) : (
        <p className="explore-unasked quiet">The chart waits for a question that can be asked.</p>
      )}
    </section>
  )
})

function Bars({ series }: { readonly series: Series }): ReactNode {
  const { run, zone, acts } = useExplored()
  const { buckets, stepMs, totals } = series
  const choose = (fromMs: number, toMs: number) => {
    // Whole bars, so that the next chart counts what was seen in this one.
    const from = Math.max(Math.floor(fromMs / stepMs) * stepMs, series.from)
    const to = Math.min(Math.ceil(toMs / stepMs) * stepMs, series.to)
    acts.set({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), sel: null })
  }
  const bad = totals.failure + totals.denied
  const sentence =
    totals.events === 0
      ? 'No event'
      : `${count(totals.events)} events, ${percent(bad, totals.events)} failed or denied; a bar is ${span(stepMs)}`
  // The same arrays while the answer is the same: a plot is drawn anew when they change.
  const times = useMemo(() => buckets.map(({ t }) => t), [buckets])
  const lines = useMemo(() => linesOf(series), [series])
  return (
    <TimeChart
      key={run.q}
      title="Over time"
      sentence={sentence}
      times={times}
      lines={lines}
      zone={zone}
      height={HEIGHT_PX}
      choose={choose}
      pick={choose}
      isWhole
    />
  )
}

/** What never happened has no colour to be explained. */
function linesOf({ buckets, totals }: Series): readonly Line[] {
  return LINES.filter(({ name }) => name === 'success' || totals[name] > 0).map(
    ({ name, colour }) => ({
      ...{ name, colour, shape: 'bars' },
      values: buckets.map(bucket => bucket[name]),
    }),
  )
}
