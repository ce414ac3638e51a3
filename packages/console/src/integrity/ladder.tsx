// The way from an entry to the root, drawn as it is computed: the root on top, below it pairs of
// neighbours of which one is on the way, and last the entry. Every hash on the line was computed
// here from what stands under it; those beside the line came from the server, and only the right
// ones fit.

import type { ReactNode } from 'react'
import type { Proved } from '../trust/trust.ts'
import { count, Id } from '../value/value.tsx'

const HASH_CHARS = 10

export function Ladder({
  proved,
  index,
}: {
  readonly proved: Proved
  readonly index: number
}): ReactNode {
  const { steps, leafHash, doubts } = proved
  const isProved = doubts.length === 0
  const own = (i: number) => steps[i - 1]?.hash ?? leafHash
  return (
    <figure className={isProved ? 'ladder is-good' : 'ladder is-bad'}>
      <figcaption className="quiet">
        On the line: computed here. Beside it: the neighbours that the server handed over.
      </figcaption>
      <ol aria-label="From the root down to the entry">
        <li className="rung">
          <Knot
            hash={own(steps.length)}
            name={isProved ? 'root, signed' : 'top, not the root'}
            side="left"
          />
        </li>
        {steps.map((_, i) => {
          const number = steps.length - 1 - i
          const step = steps[number]
          return step ? (
            <li key={number} className="rung">
              <span className={`neighbour is-${step.side}`}>
                <span className="unseen">{step.side} neighbour </span>
                <Id text={step.sibling} chars={HASH_CHARS} />
              </span>
              <Knot
                hash={own(number)}
                name={number === 0 ? `entry ${count(index)}` : null}
                side={step.side === 'left' ? 'right' : 'left'}
              />
            </li>
          ) : null
        })}
      </ol>
    </figure>
  )
}

function Knot({
  hash,
  name,
  side,
}: {
  readonly hash: string
  readonly name: string | null
  /** Where its name stands: not where its neighbour does. */
  readonly side: 'left' | 'right'
}): ReactNode {
  return (
    <span className="knot">
      <Id text={hash} chars={HASH_CHARS} />
      {name !== null && <span className={`name is-${side}`}>{name}</span>}
    </span>
  )
}
