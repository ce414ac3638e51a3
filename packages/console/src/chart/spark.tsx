// A line the size of a word, and a heat map of the hours of a week: small enough to be drawn by
// hand.

import type { ReactNode } from 'react'

const WIDTH = 96
const HEIGHT = 22

/** `label` says in words what the line shows. */
export function Spark({
  values,
  label,
  colour = 'accent',
}: {
  readonly values: readonly number[]
  readonly label: string
  readonly colour?: string
}): ReactNode {
  const most = Math.max(...values, 1)
  const step = WIDTH / Math.max(values.length - 1, 1)
  const points = values.map((value, i) => {
    const y = HEIGHT - 1 - (value / most) * (HEIGHT - 3)
    return `${(i * step).toFixed(1)},${y.toFixed(1)}`
  })
  return (
    <svg
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      <polyline
        points={`0,${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`}
        fill={`var(--${colour}-wash)`}
        stroke="none"
      />
      <polyline
        points={points.join(' ')}
        fill="none"
        stroke={`var(--${colour})`}
        strokeWidth="1.5"
      />
    </svg>
  )
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const

export function dayAndHour(hourOfWeek: number): string {
  const hour = String(hourOfWeek % 24).padStart(2, '0')
  return `${DAYS[Math.floor(hourOfWeek / 24)]} ${hour}:00`
}

/**
 * 168 values, Monday 00 UTC first, null where nothing is known; `most` is what full colour means, so
 * that two maps compare.
 */
export function WeekHeat({
  values,
  most,
  format,
}: {
  readonly values: readonly (number | null)[]
  readonly most: number
  readonly format: (value: number) => string
}): ReactNode {
  return (
    <div className="heat" aria-hidden="true">
      <span />
      {Array.from({ length: 24 }, (_, hour) => (
        <span key={hour} className="hour">
          {hour % 6 === 0 ? String(hour).padStart(2, '0') : ''}
        </span>
      ))}
      {DAYS.map((day, d) => [
        <span key={day} className="hour">
          {day}
        </span>,
        ...values
          .slice(d * 24, d * 24 + 24)
          .map((value, hour) => (
            <span
              key={`${day} ${hour}`}
              className={value === null ? 'cell is-unknown' : 'cell'}
              title={`${dayAndHour(d * 24 + hour)} UTC: ${value === null ? 'not known' : format(value)}`}
              style={{ background: heatOf(value, most) }}
            />
          )),
      ])}
    </div>
  )
}

/** By the root, so that a few are told from none while a thousand stand beside them. */
function heatOf(value: number | null, most: number): string {
  if (value === null) return 'transparent'
  if (value <= 0 || most <= 0) return 'var(--well)'
  const strength = 0.15 + 0.85 * Math.sqrt(Math.min(value / most, 1))
  return `rgb(var(--heat) / ${(strength * 100).toFixed(0)}%)`
}
