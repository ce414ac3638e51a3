// The partial state of a figure, in its panel's head: it comes and goes within seconds while data
// arrives, and must not push anything about.

import type { ReactNode } from 'react'

export function StillIndexing(): ReactNode {
  return (
    <span className="still-indexing" role="status" data-state="partial">
      {' · '}still indexing the newest
    </span>
  )
}
