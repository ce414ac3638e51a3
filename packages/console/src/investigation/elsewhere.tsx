// The same credential and address elsewhere: who else used them, since when, and whether meanwhile.
// And the sessions of the stretch.

import type { ReactNode } from 'react'
import { entityPath, Go, useAddress } from '../address/address.tsx'
import { Panel } from '../panel/panel.tsx'
import { aboutEntity } from '../question/question.ts'
import { count, visible, When } from '../value/value.tsx'
import type { Investigation } from './asked.ts'

type Place = Investigation['elsewhere'][number]
type Use = Place['uses'][number]

export function Elsewhere({ found }: { readonly found: Investigation }): ReactNode {
  const { elsewhere } = found
  return (
    <Panel title="The same credential and address elsewhere">
      {elsewhere.length === 0 && (
        <p className="quiet">Neither a credential nor an address of it is known.</p>
      )}
      <div className="stack">
        {elsewhere.map(place => (
          <Uses key={`${place.kind} ${place.value}`} place={place} found={found} />
        ))}
      </div>
    </Panel>
  )
}

function Uses({
  place,
  found,
}: {
  readonly place: Place
  readonly found: Investigation
}): ReactNode {
  const { zone } = useAddress()
  const { kind, value, uses } = place
  const type = kind === 'credential' ? 'credential' : 'source'
  const first = Math.min(...uses.map(({ firstMs }) => firstMs), found.fromMs)
  return (
    <section>
      <h3>
        {kind === 'credential' ? 'Credential' : 'Address'}{' '}
        <Go to={entityPath({ type, id: value })} className="id">
          {visible(value)}
        </Go>{' '}
        <Go
          to="/events"
          className="small"
          changes={{
            q: aboutEntity({ type, id: value }),
            from: String(first),
            to: String(found.toMs + 1),
          }}
        >
          events
        </Go>
      </h3>
      <div className="uses">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Account</th>
              <th scope="col">{kind === 'credential' ? 'From' : 'Program'}</th>
              <th scope="col" className="number">
                Requests
              </th>
              <th scope="col">First</th>
              <th scope="col">Last</th>
              <th scope="col">
                <span className="unseen">What is notable</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {uses.map(use => (
              <tr key={`${use.actor} ${use.address} ${use.program}`}>
                <td>
                  <Go to={entityPath({ type: 'actor', id: use.actor })}>{visible(use.actor)}</Go>
                </td>
                <td className="target" title={visible(`${use.address} ${use.program}`)}>
                  {kind === 'credential' && <span className="id">{visible(use.address)} </span>}
                  <span className="quiet">{visible(use.program)}</span>
                </td>
                <td className="number">{count(use.requests)}</td>
                <td>
                  <When ms={use.firstMs} zone={zone} />
                </td>
                <td>
                  <When ms={use.lastMs} zone={zone} />
                </td>
                <td>{notable(use, found)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {uses.length === 0 && <p className="quiet">Nobody else used it in four weeks.</p>}
    </section>
  )
}

function notable(use: Use, { actor }: Investigation): ReactNode {
  const isOther = actor !== null && use.actor !== actor
  const words = [
    ...(use.isNew ? ['new'] : []),
    ...(isOther ? ['another account'] : []),
    ...(use.isMeanwhile && (isOther || !use.isNew) ? ['also meanwhile'] : []),
  ]
  return use.isNew || isOther ? <strong>{words.join(', ')}</strong> : words.join(', ')
}

export function Sessions({ found }: { readonly found: Investigation }): ReactNode {
  const { zone } = useAddress()
  return (
    <Panel title="Its sessions in the stretch">
      {found.sessions.length === 0 ? (
        <p className="quiet">Its events name no session.</p>
      ) : (
        <div className="uses">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Session</th>
                <th scope="col">Address</th>
                <th scope="col" className="number">
                  Requests
                </th>
                <th scope="col">First</th>
                <th scope="col">Last</th>
              </tr>
            </thead>
            <tbody>
              {found.sessions.map(({ session, address, requests, firstMs, lastMs }) => (
                <tr key={`${session} ${address}`}>
                  <td>
                    <Go to={entityPath({ type: 'session', id: session })} className="id">
                      {visible(session)}
                    </Go>
                  </td>
                  <td className="id">{visible(address)}</td>
                  <td className="number">{count(requests)}</td>
                  <td>
                    <When ms={firstMs} zone={zone} />
                  </td>
                  <td>
                    <When ms={lastMs} zone={zone} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
