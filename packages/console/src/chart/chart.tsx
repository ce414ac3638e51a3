// Charts as screens use them: a figure with its title, its sentence and its table, and in it a
// plot, bars, a heat map. Colours are names of tokens.

import type { ReactNode } from 'react'
import { count, short, stamp, type Zone } from '../value/value.tsx'
import { Figure, Legend } from './figure.tsx'
import { type Line, Plot } from './plot.tsx'

export { Figure, Legend, type TableData } from './figure.tsx'
export { type Line, Plot, type PlotProps } from './plot.tsx'
export { dayAndHour, Spark, WeekHeat } from './spark.tsx'
export { amountOf, type Unit, UsualChart, type UsualPoint } from './usual.tsx'

export type TimeChartProps = {
  readonly title: string
  readonly sentence: string
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  readonly zone: Zone
  readonly height?: number
  readonly format?: (value: number) => string
  readonly choose?: (fromMs: number, toMs: number) => void
  readonly pick?: (fromMs: number, toMs: number) => void
  readonly isWhole?: boolean
}

/** Values over time, with legend and table. */
export function TimeChart(props: TimeChartProps): ReactNode {
  const { title, sentence, times, lines, zone, height = 160, format = short } = props
  const { choose, pick, isWhole = false } = props
  const table = () => ({
    head: [`Time (${zone === 'utc' ? 'UTC' : 'local'})`, ...lines.map(line => line.name)],
    rows: times.map((ms, i) => [
      stamp(ms, zone),
      ...lines.map(({ values }) => {
        const value = values[i]
        return value === null || value === undefined ? '–' : format(value)
      }),
    ]),
  })
  return (
    <Figure title={title} sentence={sentence} table={table}>
      <Plot
        times={times}
        lines={lines}
        height={height}
        zone={zone}
        format={format}
        isWhole={isWhole}
        {...(choose ? { choose } : {})}
        {...(pick ? { pick } : {})}
      />
      {lines.length > 1 && <Legend items={lines} />}
    </Figure>
  )
}

export type Bar = {
  readonly name: string
  readonly label: ReactNode
  readonly value: number
  readonly pick?: () => void
}

/** A ranking: the longest first, as they come. Each with an action when there is one. */
export function Bars({
  bars,
  format = count,
}: {
  readonly bars: readonly Bar[]
  readonly format?: (value: number) => string
}): ReactNode {
  const most = Math.max(...bars.map(bar => bar.value), 1)
  return (
    <div className="bars">
      {bars.map(({ name, label, value, pick }) => {
        const style = { '--part': `${(value / most) * 100}%` } as Record<string, string>
        const inside = (
          <>
            <span className="cut">{label}</span>
            <span className="number">{format(value)}</span>
          </>
        )
        return pick ? (
          <button key={name} type="button" className="bar" style={style} onClick={pick}>
            {inside}
          </button>
        ) : (
          <div key={name} className="bar" style={style}>
            {inside}
          </div>
        )
      })}
    </div>
  )
}
