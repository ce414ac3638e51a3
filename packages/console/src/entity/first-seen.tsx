// What it did for the first time, the newest first: models, addresses, countries, tools, resources,
// agents. What came in the newest seven days to somebody who was there before them is marked.

import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { Panel } from '../panel/panel.tsx'
import { aboutEntity, allOf, fieldIs } from '../question/question.ts'
import { Bones, Empty, Loaded } from '../states/states.tsx'
import { count, Plain, When } from '../value/value.tsx'
import type { Activity, Ref } from './asked.ts'

type First = Activity['firstSeen'][number]

const WHAT: { readonly [field in First['field']]: string } = {
  'model.served': 'Model',
  'source.ip': 'Address',
  'source.geo.country': 'Country',
  'tool.name': 'Tool',
  'resource.id': 'Resource',
  'agent.id': 'Agent',
}
const SHOWN = 14

export function FirstSeen({
  entity,
  result,
  className,
}: {
  readonly entity: Ref
  readonly result: UseQueryResult<Activity>
  readonly className: string
}): ReactNode {
  const all = result.data?.firstSeen ?? []
  const news = all.filter(({ isNew }) => isNew).length
  const note = `${count(news)} new in the newest 7 days${
    all.length > SHOWN ? `; the newest ${SHOWN} of ${count(all.length)}` : ''
  }`
  return (
    <Panel title="First seen" note={result.data ? note : undefined} className={className}>
      <Loaded
        result={result}
        skeleton={<Bones rows={8} />}
        empty={({ firstSeen }) =>
          firstSeen.length === 0 ? (
            <Empty title="Nothing is known by name">
              <p className="quiet">
                No event of it names a model, an address, a tool or a resource.
              </p>
            </Empty>
          ) : null
        }
      >
        {({ firstSeen }) => <List entity={entity} firstSeen={firstSeen.slice(0, SHOWN)} />}
      </Loaded>
    </Panel>
  )
}

function List({
  entity,
  firstSeen,
}: {
  readonly entity: Ref
  readonly firstSeen: readonly First[]
}): ReactNode {
  const { zone } = useAddress()
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Which</th>
          <th scope="col">First</th>
          <th scope="col" className="number">
            Events
          </th>
        </tr>
      </thead>
      <tbody>
        {firstSeen.map(({ field, value, firstMs, events, isNew }) => (
          <tr key={`${field} ${value}`} data-new={isNew}>
            <td>{WHAT[field]}</td>
            <td className="cut wide-cell">
              {isNew && <span className="new-mark">New</span>}{' '}
              <Go
                to="/events"
                changes={{
                  q: allOf(aboutEntity(entity), fieldIs(field, value)),
                  from: String(firstMs),
                  to: 'now',
                }}
              >
                <Plain text={value} isOneLine charsMax={120} />
              </Go>
            </td>
            <td>
              <When ms={firstMs} zone={zone} />
            </td>
            <td className="number">{count(events)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
