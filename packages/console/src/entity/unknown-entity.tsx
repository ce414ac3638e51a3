// An entity of which nothing is known: says so, and offers names that are near.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { entityPath, Go } from '../address/address.tsx'
import { ask } from '../api/api.ts'
import { fieldHolds, fieldOf } from '../question/question.ts'
import { Bones, Empty, Loaded } from '../states/states.tsx'
import { count, Plain, visible } from '../value/value.tsx'
import { type Ref, typeWord } from './asked.ts'
import { tellingPieces } from './near-names.ts'

const NEAR = 8

export function UnknownEntity({ entity }: { readonly entity: Ref }): ReactNode {
  const { type, id } = entity
  const word = typeWord(type).toLowerCase()
  return (
    <Empty title={`Nothing is known of the ${word} “${visible(id.slice(0, 80))}”`}>
      <p className="quiet">
        No event names it and no rule ever found anything about it. Events may be older than what is
        kept, or the name is written in another way.
      </p>
      <Near entity={entity} />
      <p>
        <Go
          to="/events"
          changes={{ q: fieldHolds(fieldOf(type), id.slice(0, 200)), from: 'now-30d' }}
        >
          Search events of 30 days for it
        </Go>
      </p>
    </Empty>
  )
}

/** Names that have a piece of what was asked for in them. */
function Near({ entity: { type, id } }: { readonly entity: Ref }): ReactNode {
  const field = fieldOf(type)
  const pieces = tellingPieces(id)
  const q = pieces.map(piece => fieldHolds(field, piece)).join(' or ')
  const query = { q, from: 'now-30d', fields: field, top: NEAR }
  const result = useQuery({
    queryKey: ['near', query],
    queryFn: ({ signal }) => ask('GET /v1/facets', { query, signal }),
    enabled: pieces.length > 0,
  })
  if (pieces.length === 0) return null
  return (
    <Loaded result={result} skeleton={<Bones rows={3} />}>
      {({ facets }) => {
        const near = facets[0]?.top ?? []
        if (near.length === 0) return null
        return (
          <>
            <p>Names with {pieces.map(piece => `“${visible(piece)}”`).join(' or ')} in them:</p>
            <ul className="plain-list">
              {near.map(({ value, events }) => (
                <li key={value}>
                  <Go to={entityPath({ type, id: value })}>
                    <Plain text={value} isOneLine charsMax={100} />
                  </Go>{' '}
                  <span className="quiet">{count(events)} events in 30 days</span>
                </li>
              ))}
            </ul>
          </>
        )
      }}
    </Loaded>
  )
}
