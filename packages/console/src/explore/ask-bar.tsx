// The question: written in the box, or taken apart into its parts, each of which can be turned
// round or taken out. Beside it what one does with a whole question: follow it live, keep it, take
// it along.

import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { FIELDS } from '@tocsin/sdk/event'
import { printPattern } from '@tocsin/sdk/query'
import { memo, type ReactNode } from 'react'
import { ask } from '../api/api.ts'
import { useKeys } from '../keys/keys.ts'
import { type Offer, QueryBox } from '../query-box/query-box.tsx'
import { count, visible } from '../value/value.tsx'
import { refusalOf, usePages } from './asking.ts'
import { shownParts, withoutPart, withPartFlipped } from './clauses.ts'
import { useExplored } from './explored.ts'
import { ExportMenu } from './export-menu.tsx'
import { readHistory, rememberQuestion } from './kept.ts'
import { isCounted } from './view.ts'
import { ViewsMenu } from './views-menu.tsx'

const VALUES_OFFERED = 20
const OFFERS_MS = 60_000

export const AskBar: React.MemoExoticComponent<() => ReactNode> = memo(function AskBar() {
  const { run, acts, isLive } = useExplored()
  const client = useQueryClient()
  const { error } = usePages(run)
  const turnLive = () => acts.set({ live: isLive ? null : '1' })
  useKeys([{ press: 'l', what: isLive ? 'Stop the live view' : 'Follow live', run: turnLive }])
  const valuesOf = async (path: string): Promise<readonly Offer[]> => {
    const field = FIELDS.find(one => one.path === path)
    if (!field || !isCounted(field)) return []
    const query = { from: run.from, to: run.to, fields: path, top: VALUES_OFFERED }
    const { facets } = await client.fetchQuery({
      queryKey: ['offers', query],
      queryFn: () => ask('GET /v1/facets', { query }),
      staleTime: OFFERS_MS,
    })
    return (facets[0]?.top ?? []).map(({ value, events }) => ({
      label: value,
      insert: printPattern([value]),
      detail: `${count(events)} events`,
    }))
  }
  const askTyped = (text: string) => {
    rememberQuestion(text)
    acts.ask(text)
  }
  return (
    <div className="ask-bar">
      <div className="row">
        <QueryBox
          label="Question on events"
          placeholder="outcome:denied and actor.id:svc-*   – or any word"
          text={run.q}
          fields={FIELDS}
          ask={askTyped}
          valuesOf={valuesOf}
          valuesOver={`${run.from} ${run.to}`}
          recent={readHistory()}
          refusal={refusalOf(error)}
        />
        <Button
          variant={isLive ? 'filled' : 'default'}
          aria-pressed={isLive}
          title="Follow what arrives (l)"
          onClick={turnLive}
        >
          Live
        </Button>
        <ViewsMenu />
        <ExportMenu />
      </div>
      <Parts />
    </div>
  )
})

function Parts(): ReactNode {
  const { run, acts } = useExplored()
  const parts = shownParts(run.q)
  if (parts.length === 0) return null
  const change = (next: string | null) => {
    if (next !== null) acts.ask(next)
  }
  return (
    <ul className="parts" aria-label="Parts of the question: all must hold">
      {parts.map(({ text, span, isOut }) => {
        const shown = visible(text)
        return (
          <li key={`${span.start} ${text}`} className={isOut ? 'part is-out' : 'part'}>
            <button
              type="button"
              className="turn"
              aria-label={isOut ? `not: ask for ${shown} instead` : `is: ask for all but ${shown}`}
              title={isOut ? 'Ask for these instead' : 'Ask for all but these'}
              onClick={() => change(withPartFlipped(run.q, span))}
            >
              {isOut ? 'not' : 'is'}
            </button>
            <span className="id cut" title={shown}>
              {shown}
            </span>
            <button
              type="button"
              className="out"
              aria-label={`Take out ${shown}`}
              onClick={() => change(withoutPart(run.q, span))}
            >
              ×
            </button>
          </li>
        )
      })}
    </ul>
  )
}
