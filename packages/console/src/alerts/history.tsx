// What people said of an alert, oldest first, each an event of the log.

import type { ReactNode } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { cost, count, Plain, visible, When } from '../value/value.tsx'
import type { Detail } from './inbox-data.ts'

type Said = Detail['history'][number]

export function History({ alert: { history } }: { readonly alert: Detail }): ReactNode {
  return (
    <section className="part" aria-label="What people said">
      <h2>What people said</h2>
      {history.length === 0 ? (
        <p className="quiet">Nobody has said anything of this alert yet.</p>
      ) : (
        <ol className="history">
          {history.map(said => (
            <Line key={said.revision} said={said} />
          ))}
        </ol>
      )}
    </section>
  )
}

function Line({ said }: { readonly said: Said }): ReactNode {
  const { zone } = useAddress()
  return (
    <li>
      <span>
        <strong>{visible(said.by)}</strong> {wordsOf(said)}
        {said.batch !== null && <span className="quiet">, together with others</span>}
      </span>
      <span className="quiet">
        <When ms={said.timeMs} zone={zone} /> ·{' '}
        <Go
          to="/events"
          changes={{
            sel: said.eventId,
            q: `id:${said.eventId}`,
            from: String(said.timeMs),
            to: String(said.timeMs + 1),
          }}
        >
          event
        </Go>
      </span>
      {said.note !== null && <Plain text={said.note} />}
    </li>
  )
}

export const CAUSE_WORDS: { readonly [cause in NonNullable<Said['cause']>]: string } = {
  threat: 'an attack',
  misuse: 'misuse by somebody allowed in',
  batch_job: 'a batch job',
  data_fault: 'a fault in the data',
  other: 'something else',
}

function wordsOf(said: Said): string {
  const { action, cause, prevented, assignee, by } = said
  switch (action) {
    case 'acknowledged':
      return 'looks at it'
    case 'reopened':
      return 'opened it again'
    case 'assigned':
      if (assignee === by) return 'took it'
      return assignee === null ? 'took it from whoever had it' : `gave it to ${visible(assignee)}`
    case 'undone':
      return 'took back what was said before'
    default: {
      const why = cause === null ? '' : `: ${CAUSE_WORDS[cause]}`
      const rows = prevented.rows === null ? '' : `, ${count(prevented.rows)} rows prevented`
      const spent =
        prevented.costMicros === null ? '' : `, cost of ${cost(prevented.costMicros)} prevented`
      return `resolved it as ${action}${why}${rows}${spent}`
    }
  }
}
