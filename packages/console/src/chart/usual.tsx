// What something does now beside what is usual for it: a line, the expected as a dashed one, and a
// band between which four hours in five lie. The same numbers stand in its table.

import { type ReactNode, useMemo } from 'react'
import { bytes, cost, count, short, stamp, type Zone } from '../value/value.tsx'
import { Figure, Legend, type TableData } from './figure.tsx'
import { type Line, Plot } from './plot.tsx'

export type UsualPoint = {
  readonly t: number
  readonly value: number
  readonly expected: number | null
  readonly lo: number | null
  readonly hi: number | null
}

export type Unit = 'events' | 'rows' | 'bytes' | 'tokens' | 'costMicros'

const AXES: { readonly [unit in Unit]: (value: number) => string } = {
  events: short,
  rows: short,
  tokens: short,
  bytes,
  costMicros: cost,
}
const EXACT: { readonly [unit in Unit]: (value: number) => string } = {
  events: value => count(Math.round(value * 10) / 10),
  rows: value => count(Math.round(value * 10) / 10),
  tokens: value => count(Math.round(value * 10) / 10),
  bytes,
  costMicros: cost,
}

/** An amount in words, as short as an axis needs it, or exact. */
export function amountOf(unit: Unit, value: number, isExact = false): string {
  return (isExact ? EXACT : AXES)[unit](value)
}

export function UsualChart({
  title,
  sentence,
  points,
  unit,
  zone,
  height = 180,
  choose,
  marked = null,
}: {
  readonly title: string
  readonly sentence: string
  readonly points: readonly UsualPoint[]
  readonly unit: Unit
  readonly zone: Zone
  readonly height?: number
  readonly choose?: (fromMs: number, toMs: number) => void
  readonly marked?: { readonly fromMs: number; readonly toMs: number } | null
}): ReactNode {
  const times = useMemo(() => points.map(({ t }) => t), [points])
  const lines = useMemo(() => linesOf(points), [points])
  return (
    <Figure title={title} sentence={sentence} table={() => tableOf(points, unit, zone)}>
      <Plot
        times={times}
        lines={lines}
        band={{ upper: 0, lower: 1, colour: 'usual-band' }}
        height={height}
        zone={zone}
        format={value => amountOf(unit, value)}
        marked={marked}
        {...(choose ? { choose } : {})}
      />
      <Legend
        items={[
          { name: 'Now', colour: 'now' },
          { name: 'Expected', colour: 'usual' },
          { name: 'Usual range', colour: 'usual-band' },
        ]}
      />
    </Figure>
  )
}

function linesOf(points: readonly UsualPoint[]): readonly Line[] {
  return [
    { name: 'Usual, at most', colour: 'usual', shape: 'hidden', values: points.map(p => p.hi) },
    { name: 'Usual, at least', colour: 'usual', shape: 'hidden', values: points.map(p => p.lo) },
    { name: 'Expected', colour: 'usual', shape: 'dashed', values: points.map(p => p.expected) },
    { name: 'Now', colour: 'now', shape: 'line', values: points.map(p => p.value) },
  ]
}

function tableOf(points: readonly UsualPoint[], unit: Unit, zone: Zone): TableData {
  const shown = (value: number | null) => (value === null ? '–' : amountOf(unit, value, true))
  return {
    head: [
      `Time (${zone === 'utc' ? 'UTC' : 'local'})`,
      'Now',
      'Expected',
      'Usual, at least',
      'Usual, at most',
    ],
    rows: points.map(({ t, value, expected, lo, hi }) => [
      stamp(t, zone),
      ...[value, expected, lo, hi].map(shown),
    ]),
  }
}
