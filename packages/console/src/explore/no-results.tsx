// Nothing was found: which part of the question removed everything, and where there would be
// something.

import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { Bones, Empty, Loaded } from '../states/states.tsx'
import { count, stamp, visible } from '../value/value.tsx'
import { type Explanation, useExplanation } from './asking.ts'
import { withoutPart } from './clauses.ts'
import { useExplored } from './explored.ts'

const TEXT_CHARS_MAX = 120

export function NoResults(): ReactNode {
  const { run } = useExplored()
  const result = useExplanation(run)
  return (
    <div className="no-results">
      <Loaded result={result} skeleton={<Bones rows={5} />}>
        {explanation => (
          <Empty title="Nothing matches">
            <Clauses explanation={explanation} />
            <Outside explanation={explanation} />
          </Empty>
        )}
      </Loaded>
    </div>
  )
}

function Clauses({ explanation }: { readonly explanation: Explanation }): ReactNode {
  const { run, acts } = useExplored()
  const { clauses, data } = explanation
  if (data === null) return <p>This range holds no event at all.</p>
  if (clauses.length === 0) return null
  const helpful = clauses.filter(({ without }) => without > 0)
  const ordered = clauses.toSorted((a, b) => b.without - a.without)
  return (
    <>
      <p>
        {`This range holds ${count(data.events)} events. `}
        {helpful.length === 0 && clauses.length > 1
          ? 'No single part of the question removes them all; take out more than one.'
          : 'Take out what removes them:'}
      </p>
      {helpful.length === 0 && clauses.length > 1 && (
        <Button variant="default" onClick={() => acts.ask('')}>
          Ask for everything in this range
        </Button>
      )}
      <ul className="removals">
        {ordered.map(({ start, end, text, alone, without }) => {
          const next = withoutPart(run.q, { start, end })
          return (
            <li key={`${start} ${end}`}>
              <Button
                variant="default"
                disabled={next === null}
                onClick={() => next !== null && acts.ask(next)}
              >
                <span>
                  Remove <span className="id">{visible(text.slice(0, TEXT_CHARS_MAX))}</span> →{' '}
                  <strong>{count(without)}</strong> events
                </span>
              </Button>
              <span className="quiet">
                {alone === 0 ? 'finds nothing by itself' : `alone it finds ${count(alone)}`}
              </span>
            </li>
          )
        })}
      </ul>
    </>
  )
}

function Outside({ explanation }: { readonly explanation: Explanation }): ReactNode {
  const { zone, acts } = useExplored()
  const { outside } = explanation
  if (outside === null) {
    return <p className="quiet">Nor does the question find anything outside this range.</p>
  }
  const { events, firstMs, lastMs } = outside
  const show = () => {
    // Up to and with the last one: the end of a range is not in it.
    const to = new Date(lastMs + 1).toISOString()
    acts.set({ from: new Date(firstMs).toISOString(), to })
  }
  return (
    <p>
      {`Outside this range the same question finds ${count(events)}, from `}
      {`${stamp(firstMs, zone)} to ${stamp(lastMs, zone)}. `}
      <Button variant="default" onClick={show}>
        Show that range
      </Button>
    </p>
  )
}
