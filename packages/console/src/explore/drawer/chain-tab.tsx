// Who did it, from the person down to what was reached: on whose behalf, by which account and
// credential, through which agent and tool, with which model, to which data.

import type { ReactNode } from 'react'
import { entityPath, Go } from '../../address/address.tsx'
import { count, Plain, Proof } from '../../value/value.tsx'
import type { FoundEvent } from '../asking.ts'
import { textAt, valuesAt } from '../event-values.ts'
import { useExplored } from '../explored.ts'

const NAME_CHARS_MAX = 200
const RESOURCES_SHOWN = 20

type Link = {
  readonly role: string
  readonly id: string
  /** Field by which one asks for it. */
  readonly field: string
  /** null for what has no screen. */
  readonly entity: string | null
  readonly note?: ReactNode
}

export function ChainTab({ event }: { readonly event: FoundEvent }): ReactNode {
  const links = linksOf(event)
  const { actor } = event
  return (
    <>
      <ol className="chain" aria-label="From who asked to what was reached">
        {links.map(link => (
          <ChainLink key={`${link.field} ${link.id}`} link={link} />
        ))}
      </ol>
      <p className="row">
        <Go to="/investigate" changes={{ entity: `actor:${actor.id}` }}>
          Investigate this actor: before, after, elsewhere
        </Go>
      </p>
    </>
  )
}

function ChainLink({ link }: { readonly link: Link }): ReactNode {
  const { acts } = useExplored()
  const { role, id, field, entity, note } = link
  const name = <Plain text={id} charsMax={NAME_CHARS_MAX} />
  return (
    <li>
      <span className="role">{role}</span>
      <span className="name">
        {entity === null ? name : <Go to={entityPath({ type: entity, id })}>{name}</Go>} {note}
      </span>
      <span className="value-acts">
        <button
          type="button"
          aria-label={`Only events of this ${role.toLowerCase()}`}
          onClick={() => acts.filter({ field, value: id, isOut: false })}
        >
          +
        </button>
        <button
          type="button"
          aria-label={`All but events of this ${role.toLowerCase()}`}
          onClick={() => acts.filter({ field, value: id, isOut: true })}
        >
          −
        </button>
      </span>
    </li>
  )
}

function linksOf(event: FoundEvent): readonly Link[] {
  const { actor, onBehalfOf = [] } = event
  const given = (role: string, field: string, entity: string | null, note?: ReactNode) =>
    valuesAt(event, field)
      .slice(0, RESOURCES_SHOWN)
      .map((value): Link => ({ role, id: String(value), field, entity, ...(note ? { note } : {}) }))
  const people = onBehalfOf.flatMap(({ type = 'unknown', id }) =>
    id === undefined
      ? []
      : [{ role: `Asked by (${type})`, id, field: 'onBehalfOf.id', entity: 'actor' }],
  )
  const rows = event.rows === undefined ? null : `${count(event.rows)} rows`
  const claimed = actor.claimed === undefined ? null : <Claimed name={actor.claimed} />
  return [
    ...people,
    ...given(`Account (${actor.type})`, 'actor.id', 'actor', [
      <Proof key="proof" verified={actor.verified} />,
      claimed,
    ]),
    ...given('Credential', 'actor.credential', 'credential'),
    ...given('Session', 'actor.session', 'session'),
    ...given('From', 'source.ip', 'source', <Place event={event} />),
    ...given('Agent', 'agent.id', 'agent'),
    ...given('Tool', 'tool.name', 'tool'),
    ...given('Model', event.model?.served ? 'model.served' : 'model.requested', 'model'),
    ...given('Data', 'resource.id', 'resource', rows),
    ...given('At', 'endpoint', null),
  ]
}

function Claimed({ name }: { readonly name: string }): ReactNode {
  return (
    <span className="proof is-claimed">
      says <Plain isOneLine text={name} charsMax={NAME_CHARS_MAX} />
    </span>
  )
}

function Place({ event }: { readonly event: FoundEvent }): ReactNode {
  const parts = ['source.geo.city', 'source.geo.country', 'source.zone']
    .map(path => textAt(event, path))
    .filter(text => text !== null)
  return parts.length === 0 ? null : <Plain text={parts.join(', ')} charsMax={NAME_CHARS_MAX} />
}
