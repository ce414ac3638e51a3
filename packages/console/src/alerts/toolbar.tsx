// Above the list: the question, filters that write it, how it is grouped, what goes along.

import { SegmentedControl } from '@mantine/core'
import { ALERT_FIELDS } from '@tocsin/sdk/alert-fields'
import type { ReactNode } from 'react'
import { useAddress } from '../address/address.tsx'
import { urlOf } from '../api/api.ts'
import { type Table, TakeAlong } from '../download/download.tsx'
import { type Offer, QueryBox } from '../query-box/query-box.tsx'
import { useSession } from '../session/session.tsx'
import { count } from '../value/value.tsx'
import type { Inbox, InboxQuestion, Page, Summary } from './inbox-data.ts'
import { groupingOf } from './lines.ts'
import { askedValue, STATES, withValue } from './question.ts'

export function Toolbar({
  question,
  inbox,
}: {
  readonly question: InboxQuestion
  readonly inbox: Inbox
}): ReactNode {
  const { search, set } = useAddress()
  const ask = (text: string) => set({ aq: text === '' ? '*' : text, sel: null })
  const { q, state, from, to } = question
  const url = urlOf('GET /v1/alerts', {
    query: { q, from, to, ...(state === null ? {} : { state }) },
  })
  return (
    <div className="stack toolbar">
      <div className="row">
        <QueryBox
          text={question.text}
          fields={ALERT_FIELDS}
          ask={ask}
          label="Question about alerts"
          placeholder="state:open level:high entity:svc-a"
          valuesOf={async field => valuesIn(inbox.pages.flat(), field)}
        />
        <TakeAlong
          tables={[
            {
              name: 'Alerts of this list',
              file: 'alerts.csv',
              table: () => tableOf(inbox.pages.flat()),
            },
          ]}
          urls={[url]}
        />
      </div>
      <div className="row">
        <Filters text={question.text} head={inbox.head} ask={ask} />
        <span className="grow" />
        <span className="quiet" id="grouping">
          Group by
        </span>
        <SegmentedControl
          aria-labelledby="grouping"
          value={groupingOf(search.group)}
          onChange={value => set({ group: value === 'entity' ? null : value }, { replace: true })}
          data={[
            { value: 'entity', label: 'Entity' },
            { value: 'rule', label: 'Rule' },
            { value: 'none', label: 'Nothing' },
          ]}
        />
      </div>
    </div>
  )
}

const STATE_NAMES = { open: 'Open', acknowledged: 'Acknowledged', resolved: 'Resolved' } as const

/** Each writes the question, so that what is shown always stands in the box. */
function Filters({
  text,
  head,
  ask,
}: {
  readonly text: string
  readonly head: Page | null
  readonly ask: (text: string) => void
}): ReactNode {
  const { principal } = useSession()
  const state = askedValue(text, 'state')
  const isMine = askedValue(text, 'assignee') === principal
  const isSuppressed = askedValue(text, 'suppressed') === 'true'
  return (
    <div className="row filters" role="toolbar" aria-label="Filters">
      {STATES.map(one => (
        <Filter
          key={one}
          name={STATE_NAMES[one]}
          number={head?.counts[one] ?? null}
          isOn={state === one}
          flip={() => ask(withValue(text, 'state', state === one ? null : one))}
        />
      ))}
      <span className="rule" aria-hidden="true" />
      <Filter
        name="Mine"
        number={null}
        isOn={isMine}
        flip={() => ask(withValue(text, 'assignee', isMine ? null : principal))}
      />
      <Filter
        name="Suppressed"
        number={head?.suppressed ?? null}
        isOn={isSuppressed}
        flip={() => ask(withValue(text, 'suppressed', isSuppressed ? null : 'true'))}
      />
    </div>
  )
}

function Filter({
  name,
  number,
  isOn,
  flip,
}: {
  readonly name: string
  readonly number: number | null
  readonly isOn: boolean
  readonly flip: () => void
}): ReactNode {
  return (
    <button type="button" className="filter" aria-pressed={isOn} onClick={flip}>
      {name}
      {number !== null && <span className="number">{count(number)}</span>}
    </button>
  )
}

/** Values of the alerts that are loaded, most frequent first. */
function valuesIn(alerts: readonly Summary[], field: string): readonly Offer[] {
  const read: { readonly [field: string]: (alert: Summary) => readonly string[] } = {
    rule: ({ rules }) => rules,
    tag: ({ tags }) => tags,
    'entity.id': ({ entity }) => [entity.id],
    title: ({ title }) => [title],
    assignee: ({ assignee }) => (assignee === null ? [] : [assignee]),
  }
  const counts = new Map<string, number>()
  for (const value of alerts.flatMap(read[field] ?? (() => []))) {
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([label, number]) => ({
      label,
      insert: withValue('*', 'x', label).slice('x:'.length),
      detail: number === 1 ? '1 alert here' : `${number} alerts here`,
    }))
}

function tableOf(alerts: readonly Summary[]): Table | null {
  if (alerts.length === 0) return null
  return {
    head: [
      ...['id', 'opened', 'level', 'score', 'entity type', 'entity', 'sentence', 'rules'],
      ...['state', 'disposition', 'cause', 'assignee', 'verified', 'events'],
    ],
    rows: alerts.map(alert => [
      alert.id,
      new Date(alert.openedMs).toISOString(),
      alert.level,
      alert.score,
      alert.entity.type,
      alert.entity.id,
      alert.sentence,
      alert.rules.join(' '),
      alert.state,
      alert.disposition,
      alert.cause,
      alert.assignee,
      alert.actor.verified,
      alert.eventCount,
    ]),
  }
}
