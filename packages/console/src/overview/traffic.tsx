// Traffic over the range: how much and how it ended, how long it took, what it used. A brush over
// any of them chooses a new range for the whole page; a click opens the events of a bucket.

import { type ReactNode, useMemo } from 'react'
import { useAddress } from '../address/address.tsx'
import { TimeChart, type TimeChartProps } from '../chart/chart.tsx'
import { Sheet } from '../panel/panel.tsx'
import { Bone, Empty, Loaded } from '../states/states.tsx'
import { cost, count, duration, OUTCOMES, percent, short } from '../value/value.tsx'
import { type Series, TRAFFIC, useSeries } from './asked.ts'

type Kind = 'volume' | 'latency' | 'tokens' | 'cost'
const HEIGHT = 150

export function Traffic({
  kind,
  className,
}: {
  readonly kind: Kind
  readonly className: string
}): ReactNode {
  const result = useSeries()
  return (
    <Sheet className={className}>
      <Loaded
        result={result}
        skeleton={
          <>
            <Bone width="60%" height={23} />
            <Bone height={HEIGHT + 26} />
          </>
        }
        empty={({ totals }) => (totals.events === 0 ? <Nothing kind={kind} /> : null)}
      >
        {series => <Chart series={series} kind={kind} />}
      </Loaded>
    </Sheet>
  )
}

function Nothing({ kind }: { readonly kind: Kind }): ReactNode {
  return (
    <Empty title={TITLES[kind]}>
      <p className="quiet">Nothing happened in this time range; choose a longer one above.</p>
    </Empty>
  )
}

const TITLES: { readonly [kind in Kind]: string } = {
  volume: 'Traffic',
  latency: 'Latency',
  tokens: 'Tokens',
  cost: 'Cost',
}

function Chart({ series, kind }: { readonly series: Series; readonly kind: Kind }): ReactNode {
  const { zone, set, go } = useAddress()
  const times = useMemo(() => series.buckets.map(({ t }) => t), [series])
  const shape = useMemo(() => SHAPES[kind](series), [series, kind])
  return (
    <TimeChart
      title={TITLES[kind]}
      times={times}
      zone={zone}
      height={HEIGHT}
      choose={(from, to) => set({ from: String(from), to: String(to) })}
      pick={(from, to) => go('/events', { q: TRAFFIC, from: String(from), to: String(to) })}
      {...shape}
    />
  )
}

type Shape = Pick<TimeChartProps, 'sentence' | 'lines' | 'format'>

const SHAPES: { readonly [kind in Kind]: (series: Series) => Shape } = {
  volume({ totals, buckets }) {
    const bad = totals.failure + totals.denied
    const share = percent(bad, totals.events)
    return {
      sentence:
        totals.events === 1
          ? '1 event.'
          : `${count(totals.events)} events, of which ${share} failed or were denied.`,
      lines: OUTCOMES.map(outcome => ({
        name: outcome,
        colour: outcome,
        shape: 'bars',
        values: buckets.map(bucket => bucket[outcome]),
      })),
      format: short,
    }
  },
  latency({ totals: { durationMsP50, durationMsP95 }, buckets }) {
    return {
      sentence:
        durationMsP50 === null || durationMsP95 === null
          ? 'No event says how long it took.'
          : `Half took up to ${duration(durationMsP50)}, 19 of 20 up to ${duration(durationMsP95)}.`,
      lines: [
        {
          name: 'p95',
          colour: 'low',
          shape: 'line',
          values: buckets.map(bucket => bucket.durationMsP95),
        },
        {
          name: 'p50',
          colour: 'accent',
          shape: 'line',
          values: buckets.map(bucket => bucket.durationMsP50),
        },
      ],
      format: duration,
    }
  },
  tokens({ totals: { tokensIn, tokensOut }, buckets }) {
    return {
      sentence: `${short(tokensIn)} in, ${short(tokensOut)} out.`,
      lines: [
        {
          name: 'out',
          colour: 'low',
          shape: 'bars',
          values: buckets.map(bucket => bucket.tokensOut),
        },
        {
          name: 'in',
          colour: 'success',
          shape: 'bars',
          values: buckets.map(bucket => bucket.tokensIn),
        },
      ],
      format: short,
    }
  },
  cost({ totals: { costMicros }, buckets }) {
    return {
      sentence: `${cost(costMicros)} spent.`,
      lines: [
        {
          name: 'spent',
          colour: 'accent',
          shape: 'bars',
          values: buckets.map(bucket => bucket.costMicros),
        },
      ],
      format: cost,
    }
  },
}
