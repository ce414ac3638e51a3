// How risk looks: its band as colour, word and shape. `unknown` is a score below 20: too little to
// say anything.

import type { ReactNode } from 'react'
import type { Answer } from '../api/api.ts'

export type Risk = Answer<'GET /v1/entities/{type}/{id}'>['risk']

const BANDS: {
  readonly [band in Risk['band']]: readonly [word: string, colour: string, path: string]
} = {
  critical: ['Critical', 'critical', 'M3.6 0h4.8L12 3.6v4.8L8.4 12H3.6L0 8.4V3.6Z'],
  high: ['High', 'high', 'M6 .5 12 11.5H0Z'],
  moderate: ['Moderate', 'medium', 'M6 0l6 6-6 6-6-6Z'],
  low: ['Low', 'low', 'M1 1h10v10H1Z'],
  unknown: ['Hardly any', 'informational', 'M6 .5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11Z'],
}

export function Band({ band }: { readonly band: Risk['band'] }): ReactNode {
  const [word, colour, path] = BANDS[band]
  const style = { color: `var(--${colour})`, background: `var(--${colour}-wash)` }
  return (
    <span className="severity" style={style}>
      <svg viewBox="0 0 12 12" aria-hidden="true" fill="currentColor">
        <path d={path} />
      </svg>
      {word}
    </span>
  )
}
