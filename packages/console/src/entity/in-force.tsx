// What is in force against it, with a way back, and what a person can do by hand. Decisions are
// about accounts and sessions; of anything else the page says whose they would be.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { entityPath, Go } from '../address/address.tsx'
import { ask } from '../api/api.ts'
import { Decisions, type DecisionsProps } from '../decisions/decisions.tsx'
import { Panel } from '../panel/panel.tsx'
import { aboutEntity } from '../question/question.ts'
import { Bones, Empty, Loaded } from '../states/states.tsx'
import { Plain } from '../value/value.tsx'
import type { Page, Ref } from './asked.ts'

type Props = { readonly entity: Ref; readonly page: Page; readonly className: string }

export function InForce({ entity, page, className }: Props): ReactNode {
  const sentence = page.findings[0]?.sentence ?? ''
  const newestSession = page.identity.sessions[0]?.values[0] ?? null
  return (
    <Panel title="In force" note="ends by itself, can be undone" className={className}>
      {entity.type === 'actor' ? (
        <Decisions
          actor={entity.id}
          session={newestSession}
          isShown={one => isRecent(one, page.nowMs)}
          reason={sentence}
        />
      ) : entity.type === 'session' ? (
        <OfSession entity={entity} reason={sentence} nowMs={page.nowMs} />
      ) : (
        <OfOthers entity={entity} />
      )}
    </Panel>
  )
}

const RECENT_MS = 86_400_000

type Lasting = Parameters<NonNullable<DecisionsProps['isShown']>>[0]

/** In force, or until yesterday: what was undone is seen to be undone. */
function isRecent({ state, until, undone }: Lasting, nowMs: number): boolean {
  if (state === 'in_force' || state === 'dry_run') return true
  return (undone?.at ?? until) > nowMs - RECENT_MS
}

/** Accounts that it was used by, the busiest first. */
function useActors(entity: Ref) {
  const query = { q: aboutEntity(entity), from: 'now-30d', fields: 'actor.id', top: 5 }
  return useQuery({
    queryKey: ['entity', entity.type, entity.id, 'actors'],
    queryFn: ({ signal }) => ask('GET /v1/facets', { query, signal }),
  })
}

function OfSession({
  entity,
  reason,
  nowMs,
}: {
  readonly entity: Ref
  readonly reason: string
  readonly nowMs: number
}): ReactNode {
  const result = useActors(entity)
  return (
    <Loaded result={result} skeleton={<Bones rows={2} />}>
      {({ facets }) => {
        const actor = facets[0]?.top[0]?.value
        return actor === undefined ? (
          <Empty title="Nobody used this session in 30 days" />
        ) : (
          <Decisions
            actor={actor}
            session={entity.id}
            isShown={one =>
              (one.session === entity.id || one.session === null) && isRecent(one, nowMs)
            }
            reason={reason}
          />
        )
      }}
    </Loaded>
  )
}

function OfOthers({ entity }: { readonly entity: Ref }): ReactNode {
  const result = useActors(entity)
  return (
    <Loaded result={result} skeleton={<Bones rows={3} />}>
      {({ facets }) => {
        const top = facets[0]?.top ?? []
        return (
          <div className="stack">
            <p className="quiet">
              Decisions are about accounts and their sessions.
              {top.length > 0 && ' These accounts used it most in 30 days:'}
            </p>
            <ul className="plain-list">
              {top.map(({ value }) => (
                <li key={value}>
                  <Go to={entityPath({ type: 'actor', id: value })}>
                    <Plain text={value} isOneLine charsMax={80} />
                  </Go>
                </li>
              ))}
            </ul>
          </div>
        )
      }}
    </Loaded>
  )
}
