// The figures of the range, each beside the same span before. The exact number stands in the
// element (`<data value>`) and in its title; what is read is as short as it can be.

import type { ReactNode } from 'react'
import { momentOf, useAddress } from '../address/address.tsx'
import { serverNowMs } from '../clock/clock.ts'
import { Panel } from '../panel/panel.tsx'
import { Bone, Loaded } from '../states/states.tsx'
import { cost, count, duration, percent, short, span } from '../value/value.tsx'
import { type Series, useBefore, useSeries } from './asked.ts'
import { type Change, changeOf } from './change.ts'
import { StillIndexing } from './still-indexing.tsx'

type Totals = Series['totals']

type Amount = {
  readonly shown: string
  /** As the API says it. */
  readonly exact: number | null
}

type Figure = {
  readonly name: string
  readonly amounts: readonly Amount[]
  readonly change: Change | null
}

export function Figures(): ReactNode {
  const series = useSeries()
  const before = useBefore()
  const against = useBeforeWords()
  return (
    <Panel
      title="Figures"
      note={
        <>
          {against !== '' && `each against ${against}; `}what Tocsin itself records is left out
          {series.data?.complete === false && <StillIndexing />}
        </>
      }
      className="figures"
    >
      <Loaded result={series} skeleton={<FiguresSkeleton />}>
        {({ totals }) => (
          <dl className="figure-row">
            {figuresOf(totals, before.data?.totals ?? null).map(figure => (
              <OneFigure
                key={figure.name}
                figure={figure}
                against={before.isPending ? null : against}
              />
            ))}
          </dl>
        )}
      </Loaded>
    </Panel>
  )
}

function useBeforeWords(): string {
  const { range } = useAddress()
  const [start, end] = [range.from, range.to].map(text => momentOf(text, serverNowMs()))
  if (start === null || start === undefined || end === null || end === undefined) return ''
  return `the ${span(end - start)} before`
}

function OneFigure({
  figure: { name, amounts, change },
  against,
}: {
  readonly figure: Figure
  readonly against: string | null
}): ReactNode {
  return (
    <div className="one-figure">
      <dt>{name}</dt>
      <dd>
        <span className="figure">
          {amounts.map(({ shown, exact }, i) => (
            <span key={i}>
              {i > 0 && <span className="quiet"> / </span>}
              <data value={exact ?? ''} title={exact === null ? 'None' : count(exact)}>
                {shown}
              </data>
            </span>
          ))}
        </span>
        <div className="change">
          {against !== null && <ChangeWords change={change} against={against} />}
        </div>
      </dd>
    </div>
  )
}

function ChangeWords({
  change,
  against,
}: {
  readonly change: Change | null
  readonly against: string
}): ReactNode {
  if (change === null) return <span className="unseen">Nothing to compare in {against}</span>
  return (
    <>
      {change.text}
      <span className="unseen"> against {against}</span>
    </>
  )
}

const whole = (value: number): Amount => ({ shown: short(value), exact: value })
const lasting = (ms: number | null): Amount => ({
  shown: ms === null ? '–' : duration(ms),
  exact: ms,
})
const share = (part: number, all: number): Amount => ({
  shown: percent(part, all),
  exact: all === 0 ? null : part / all,
})

function figuresOf(now: Totals, before: Totals | null): readonly Figure[] {
  const was = (read: (totals: Totals) => number | null) => (before ? read(before) : null)
  const change = (read: (totals: Totals) => number | null) => changeOf(read(now), was(read))
  return [
    { name: 'Events', amounts: [whole(now.events)], change: change(t => t.events) },
    {
      name: 'Failed',
      amounts: [whole(now.failure), share(now.failure, now.events)],
      change: change(t => t.failure),
    },
    {
      name: 'Denied',
      amounts: [whole(now.denied), share(now.denied, now.events)],
      change: change(t => t.denied),
    },
    {
      name: 'Latency p50 / p95',
      amounts: [lasting(now.durationMsP50), lasting(now.durationMsP95)],
      change: change(t => t.durationMsP95),
    },
    {
      name: 'Tokens in / out',
      amounts: [whole(now.tokensIn), whole(now.tokensOut)],
      change: change(t => t.tokensIn + t.tokensOut),
    },
    {
      name: 'Cost',
      amounts: [{ shown: cost(now.costMicros), exact: now.costMicros }],
      change: change(t => t.costMicros),
    },
  ]
}

function FiguresSkeleton(): ReactNode {
  return (
    <div className="figure-row">
      {Array.from({ length: 6 }, (_, i) => (
        <div key={i} className="one-figure">
          <Bone width={60} height={18} />
          <Bone width={90} height={30} />
          <Bone width={130} height={18} />
        </div>
      ))}
    </div>
  )
}
