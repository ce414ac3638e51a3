// Who it is by what its events say: how that was proved, groups, credentials, sessions, addresses,
// countries. Each leads on.

import type { ReactNode } from 'react'
import { entityPath, Go, useAddress } from '../address/address.tsx'
import { Panel } from '../panel/panel.tsx'
import { fieldIs } from '../question/question.ts'
import { Empty } from '../states/states.tsx'
import { count, Plain, Proof, When } from '../value/value.tsx'
import type { Page } from './asked.ts'

type Seen = Page['identity']['proofs'][number]
const SHOWN = 5

export function Identity({
  page: { identity },
  className,
}: {
  readonly page: Page
  readonly className: string
}): ReactNode {
  const isEmpty = Object.values(identity).every(seen => seen.length === 0)
  return (
    <Panel
      title="Identity"
      note="sessions and addresses of 30 days, the rest of the newest 1,000 events"
      className={className}
    >
      {isEmpty ? (
        <Empty title="No event of 30 days says who it is" />
      ) : (
        <div className="identity">
          <Part title="Proof" seen={identity.proofs} show={proofOf} />
          <Part title="Groups" seen={identity.groups} show={plainOf} />
          <Part title="Credentials" seen={identity.credentials} show={linked('credential')} />
          <Part title="Addresses" seen={identity.addresses} show={linked('source')} />
          <Part title="Countries" seen={identity.countries} show={countryOf} />
          <Part title="Sessions" seen={identity.sessions} show={linked('session')} />
        </div>
      )}
    </Panel>
  )
}

function Part({
  title,
  seen,
  show,
}: {
  readonly title: string
  readonly seen: readonly Seen[]
  readonly show: (seen: Seen) => ReactNode
}): ReactNode {
  const { zone } = useAddress()
  if (seen.length === 0) return null
  const more = seen.length - SHOWN
  return (
    <section className="identity-part">
      <h3>{title}</h3>
      <ul>
        {seen.slice(0, SHOWN).map(one => (
          <li key={one.values.join(' ')}>
            <span className="cut grow">{show(one)}</span>
            <span className="quiet">
              {count(one.requests)} · <When ms={one.lastMs} zone={zone} isRelative />
            </span>
          </li>
        ))}
        {more > 0 && <li className="quiet">and {count(more)} more</li>}
      </ul>
    </section>
  )
}

function proofOf({ values: [type, verified, claimed] }: Seen): ReactNode {
  return (
    <>
      {type} <Proof verified={verified} />
      {claimed && (
        <>
          {' · states to be '}
          <Plain text={claimed} isOneLine charsMax={80} /> <Proof verified={null} />
        </>
      )}
    </>
  )
}

function plainOf({ values: [value] }: Seen): ReactNode {
  return <Plain text={value ?? ''} isOneLine charsMax={100} />
}

function linked(type: string): (seen: Seen) => ReactNode {
  return ({ values: [value, other] }) => (
    <>
      <Go to={entityPath({ type, id: value ?? '' })}>
        <Plain text={value ?? ''} isOneLine charsMax={80} />
      </Go>
      {other && (
        <span className="quiet">
          {' '}
          <Plain text={other} isOneLine charsMax={80} />
        </span>
      )}
    </>
  )
}

function countryOf({ values: [country, ip] }: Seen): ReactNode {
  return (
    <>
      <Go to="/events" changes={{ q: fieldIs('source.geo.country', country ?? '') }}>
        <Plain text={country ?? ''} isOneLine charsMax={20} />
      </Go>
      {ip && (
        <span className="quiet">
          {' '}
          <Plain text={ip} isOneLine charsMax={60} />
        </span>
      )}
    </>
  )
}
