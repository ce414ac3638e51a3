// Explore: what happened? A question, how often it was so over time, which values the fields have,
// the events themselves as a table or live, and one of them opened beside it. Each part asks the
// server for itself and about the same run (asking.ts).

import './explore.css'
import type { ReactNode } from 'react'
import { useKeys } from '../keys/keys.ts'
import { AskBar } from './ask-bar.tsx'
import { ExploredContext, useExploring } from './explored.ts'
import { FieldPanel } from './field-panel.tsx'
import { Histogram } from './histogram.tsx'
import { Results } from './results.tsx'

export default function Explore(): ReactNode {
  const { explored, said } = useExploring()
  useKeys([{ press: 'mod+enter', what: 'Ask again', run: () => explored.acts.again() }])
  return (
    <ExploredContext value={explored}>
      <div className="explore">
        <AskBar />
        <Histogram />
        <div className="explore-found sheet">
          <FieldPanel />
          <Results />
        </div>
        <div role="status" className="unseen">
          {said}
        </div>
      </div>
    </ExploredContext>
  )
}
