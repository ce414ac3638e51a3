// One uPlot in React: sized by its box, coloured by tokens, redrawn when colours change. A brush
// across it chooses a time range; arrow keys move a cursor whose value is read out.

import 'uplot/dist/uPlot.min.css'
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import UPlot, { type AlignedData, type Options, type Series } from 'uplot'
import { stamp, type Zone } from '../value/value.tsx'

/** Colours are token names. */
export type Line = {
  readonly name: string
  readonly colour: string
  /** `bars` stand on each other in the order given; `area` fills down to 0. */
  readonly shape: 'line' | 'bars' | 'area' | 'dashed' | 'hidden'
  readonly values: readonly (number | null)[]
}

export type PlotProps = {
  /** Starts of the buckets, ms, ascending. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  /** Indexes of two lines with a band between them. */
  readonly band?: { readonly upper: number; readonly lower: number; readonly colour: string }
  readonly height: number
  readonly zone: Zone
  readonly format: (value: number) => string
  /** What the brush chose, ms. */
  readonly choose?: (fromMs: number, toMs: number) => void
  /** A click on a bucket, or Enter at the cursor: its span, ms. */
  readonly pick?: (fromMs: number, toMs: number) => void
  /** Counted things: the axis has no halves. */
  readonly isWhole?: boolean
  /** A span to be marked. */
  readonly marked?: { readonly fromMs: number; readonly toMs: number } | null
}

export function Plot(props: PlotProps): ReactNode {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | null>(null)
  const latest = useRef(props)
  latest.current = props
  const [at, setAt] = useState<number | null>(null)
  const { times, lines, height, zone, format } = props
  const shape = lines.map(line => `${line.name} ${line.shape} ${line.colour}`).join('|')

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew when its kind changes
  useEffect(() => {
    const element = box.current
    if (!element) return
    const make = () => {
      plot.current?.destroy()
      const width = Math.max(element.clientWidth, 50)
      plot.current = new UPlot(optionsOf(latest, width, setAt), dataOf(latest.current), element)
    }
    make()
    const sized = new ResizeObserver(() => {
      const width = element.clientWidth
      if (width > 0) plot.current?.setSize({ width, height: latest.current.height })
    })
    sized.observe(element)
    const dressed = new MutationObserver(make)
    const attributeFilter = ['data-mantine-color-scheme', 'data-contrast']
    dressed.observe(document.documentElement, { attributeFilter })
    return () => {
      sized.disconnect()
      dressed.disconnect()
      plot.current?.destroy()
      plot.current = null
    }
  }, [shape, height, zone])

  useEffect(() => {
    plot.current?.setData(dataOf({ times, lines }))
  }, [times, lines])

  const step = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && at !== null) picked(props, at)
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by === undefined || times.length === 0) return
    event.preventDefault()
    const next = Math.max(0, Math.min(times.length - 1, (at ?? times.length - 1) + by))
    setAt(next)
    const left = plot.current?.valToPos((times[next] ?? 0) / 1000, 'x') ?? 0
    plot.current?.setCursor({ left, top: height / 2 }, false)
  }
  const reading = at === null ? null : readingAt(props, at)
  return (
    <div className="plot" style={{ height }}>
      <div ref={box} />
      <div
        className="plot-keys"
        role="slider"
        tabIndex={0}
        aria-label={`${lines.map(line => line.name).join(', ')}: arrow keys read the values`}
        aria-valuemin={0}
        aria-valuemax={Math.max(times.length - 1, 0)}
        aria-valuenow={at ?? Math.max(times.length - 1, 0)}
        aria-valuetext={reading ?? 'no bucket chosen'}
        onKeyDown={step}
        onBlur={() => setAt(null)}
      />
      {at !== null && <Tip props={props} at={at} format={format} zone={zone} />}
    </div>
  )
}

function readingAt({ times, lines, zone, format }: PlotProps, at: number): string {
  const values = lines.map(({ name, values: all }) => {
    const value = all[at]
    return `${name} ${value === null || value === undefined ? 'none' : format(value)}`
  })
  return `${stamp(times[at] ?? 0, zone)}: ${values.join(', ')}`
}

function Tip({
  props,
  at,
  format,
  zone,
}: {
  readonly props: PlotProps
  readonly at: number
  readonly format: (value: number) => string
  readonly zone: Zone
}): ReactNode {
  const { times, lines } = props
  const isLeft = at > times.length / 2
  return (
    <div className="plot-tip" style={isLeft ? { left: 52 } : { right: 8 }} aria-hidden="true">
      <div>{stamp(times[at] ?? 0, zone)}</div>
      {lines
        .filter(line => line.shape !== 'hidden')
        .map(({ name, colour, values }) => {
          const value = values[at]
          return (
            <div key={name}>
              <span style={{ color: `var(--${colour})` }}>■</span> {name}{' '}
              {value === null || value === undefined ? '–' : format(value)}
            </div>
          )
        })}
    </div>
  )
}

/** uPlot takes seconds, and bars that stand on each other as sums. */
function dataOf({ times, lines }: Pick<PlotProps, 'times' | 'lines'>): AlignedData {
  const seconds = times.map(ms => ms / 1000)
  let below: readonly number[] = times.map(() => 0)
  const values = lines.map(line => {
    if (line.shape !== 'bars') return [...line.values]
    const base = below
    below = line.values.map((value, i) => (value ?? 0) + (base[i] ?? 0))
    return [...below]
  })
  // The tallest is drawn first, and the others over it.
  const firstBar = lines.findIndex(line => line.shape === 'bars')
  const bars = lines.filter(line => line.shape === 'bars').length
  if (firstBar !== -1) {
    const sums = values.slice(firstBar, firstBar + bars).reverse()
    values.splice(firstBar, bars, ...sums)
  }
  return [seconds, ...values] as AlignedData
}

function drawnLines(lines: readonly Line[]): readonly Line[] {
  const bars = lines.filter(line => line.shape === 'bars').reverse()
  const first = lines.findIndex(line => line.shape === 'bars')
  if (first === -1) return lines
  const drawn = [...lines]
  drawn.splice(first, bars.length, ...bars)
  return drawn
}

function optionsOf(
  latest: { readonly current: PlotProps },
  width: number,
  setAt: (at: number | null) => void,
): Options {
  const { lines, height, zone, band, isWhole = false } = latest.current
  const token = (name: string) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
  const font = '11px "Inter Variable", sans-serif'
  const axis = { font, stroke: token('ink-soft'), ticks: { show: false } }
  const grid = { stroke: token('line'), width: 1 }
  return {
    width,
    height,
    ms: 1e-3,
    tzDate: seconds => zoned(seconds * 1000, zone),
    padding: [8, 18, 0, 0],
    cursor: {
      points: { show: false },
      y: false,
      drag: { x: latest.current.choose !== undefined, y: false, setScale: false },
    },
    legend: { show: false },
    scales: {
      x: { range: (_plot, min, max) => [min, max + lastBarS(latest.current)] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.06 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 24,
        values: (_plot, splits, _axis, _space, stepS) =>
          splits.map(seconds => tickWords(zoned(seconds * 1000, zone), stepS)),
      },
      {
        ...axis,
        grid,
        size: 52,
        ...(isWhole ? { incrs: WHOLE_STEPS, space: 22 } : {}),
        values: (_plot, splits) => splits.map(value => latest.current.format(value)),
      },
    ],
    series: [{}, ...drawnLines(lines).map(line => seriesOf(line, token))],
    ...(band
      ? {
          bands: [
            {
              series: [band.upper + 1, band.lower + 1] as [number, number],
              fill: token(band.colour),
            },
          ],
        }
      : {}),
    hooks: {
      setCursor: [plot => setAt(plot.cursor.idx ?? null)],
      init: [plot => listenToClicks(plot, latest)],
      setSelect: [plot => brushed(plot, latest.current.choose)],
      drawClear: [plot => mark(plot, latest.current.marked ?? null, token('accent-wash'))],
    },
  }
}

/** A bar stands behind its time: the newest would lie beyond the end. */
function lastBarS({ times, lines }: PlotProps): number {
  if (!lines.some(({ shape }) => shape === 'bars')) return 0
  return times.length > 1 ? ((times.at(-1) ?? 0) - (times.at(-2) ?? 0)) / 1000 : 1
}

const DAY_S = 86_400
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** 14:00, or the day where one begins; whatever the reader's language, as everywhere else. */
function tickWords(date: Date, stepS: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()]
  const isMidnight = hours + minutes + seconds === 0
  if (stepS >= DAY_S || isMidnight) return `${date.getDate()} ${MONTHS[date.getMonth()]}`
  const time = `${two(hours)}:${two(minutes)}`
  return stepS < 60 ? `${time}:${two(seconds)}` : time
}

/** 1, 2, 5, 10 … */
const WHOLE_STEPS = Array.from({ length: 16 }, (_, power) =>
  [1, 2, 5].map(n => n * 10 ** power),
).flat()

function zoned(ms: number, zone: Zone): Date {
  const date = new Date(ms)
  return zone === 'utc' ? UPlot.tzDate(date, 'Etc/UTC') : date
}

function seriesOf({ colour, shape }: Line, token: (name: string) => string): Series {
  const stroke = token(colour)
  if (shape === 'hidden') return { stroke: 'transparent', points: { show: false } }
  if (shape === 'bars') {
    const paths = UPlot.paths.bars?.({ size: [0.9, 60], align: 1 })
    return { stroke, fill: stroke, width: 0, points: { show: false }, ...(paths ? { paths } : {}) }
  }
  return {
    stroke,
    width: shape === 'dashed' ? 1.2 : 1.6,
    points: { show: false },
    ...(shape === 'dashed' ? { dash: [5, 4] } : {}),
    ...(shape === 'area' ? { fill: `${stroke}22` } : {}),
  }
}

const BRUSH_PX_MIN = 4

function brushed(plot: UPlot, choose: PlotProps['choose']): void {
  const { left, width } = plot.select
  if (width < BRUSH_PX_MIN || !choose) return
  const from = plot.posToVal(left, 'x') * 1000
  const to = plot.posToVal(left + width, 'x') * 1000
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  choose(Math.floor(from), Math.ceil(to))
}

/** The end of a brush is a click, too; it has moved. */
function listenToClicks(plot: UPlot, latest: { readonly current: PlotProps }): void {
  let downAtPx = 0
  plot.over.addEventListener('mousedown', event => {
    downAtPx = event.clientX
  })
  plot.over.addEventListener('click', event => {
    const { idx } = plot.cursor
    const isStill = Math.abs(event.clientX - downAtPx) < BRUSH_PX_MIN
    if (isStill && idx !== null && idx !== undefined) picked(latest.current, idx)
  })
}

function picked({ times, pick }: PlotProps, at: number): void {
  const start = times[at]
  const stepMs = (times[1] ?? 0) - (times[0] ?? 0)
  if (start !== undefined && stepMs > 0) pick?.(start, start + stepMs)
}

function mark(plot: UPlot, span: PlotProps['marked'], colour: string): void {
  if (!span) return
  const left = plot.valToPos(span.fromMs / 1000, 'x', true)
  const right = plot.valToPos(span.toMs / 1000, 'x', true)
  plot.ctx.save()
  plot.ctx.fillStyle = colour
  plot.ctx.fillRect(left, plot.bbox.top, Math.max(right - left, 2), plot.bbox.height)
  plot.ctx.restore()
}
