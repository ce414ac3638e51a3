// Nothing is named yet: the newest alerts and the riskiest entities, and a field for any other.

import { TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Act } from '../act/act.tsx'
import { Go, useAddress } from '../address/address.tsx'
import { ask } from '../api/api.ts'
import { Panel } from '../panel/panel.tsx'
import { Bones, Empty, Loaded } from '../states/states.tsx'
import { Plain, Severity, visible, When } from '../value/value.tsx'
import { entityText } from './asked.ts'

const SHOWN = 12

export function Start(): ReactNode {
  const { go } = useAddress()
  const [text, setText] = useState('')
  return (
    <div className="stack">
      <form
        className="row start-form"
        onSubmit={event => {
          event.preventDefault()
          if (text.trim() !== '') go('/investigate', { entity: text.trim() })
        }}
      >
        <TextInput
          className="grow"
          aria-label="An entity to investigate"
          placeholder="An account, or type:id, as in credential:key-42, session:s-1, source:10.0.0.7"
          value={text}
          onChange={event => setText(event.currentTarget.value)}
        />
        <Act
          whyNot={text.trim() === '' ? 'Name what is to be investigated' : null}
          isSubmit
          variant="filled"
        >
          Investigate
        </Act>
      </form>
      <div className="two">
        <NewestAlerts />
        <Riskiest />
      </div>
    </div>
  )
}

function NewestAlerts(): ReactNode {
  const { zone } = useAddress()
  const result = useQuery({
    queryKey: ['newest-alerts', SHOWN],
    queryFn: ({ signal }) => ask('GET /v1/alerts', { query: { limit: SHOWN }, signal }),
  })
  return (
    <Panel title="Newest alerts" actions={<Go to="/alerts">All alerts</Go>}>
      <Loaded
        result={result}
        skeleton={<Bones rows={SHOWN} />}
        empty={({ alerts }) =>
          alerts.length === 0 ? (
            <Empty title="No alert yet">
              <p>Alerts come as soon as something is unlike what is usual for somebody.</p>
            </Empty>
          ) : null
        }
      >
        {({ alerts }) => (
          <ul className="choose">
            {alerts.map(({ id, level, sentence, openedMs }) => (
              <li key={id}>
                <Severity level={level} />
                <Go to="/investigate" changes={{ alert: id }}>
                  <Plain text={sentence} />
                </Go>
                <span className="quiet">
                  <When ms={openedMs} zone={zone} isRelative />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}

function Riskiest(): ReactNode {
  const result = useQuery({
    queryKey: ['entities', SHOWN],
    queryFn: ({ signal }) => ask('GET /v1/entities', { query: { limit: SHOWN }, signal }),
  })
  return (
    <Panel title="Riskiest entities">
      <Loaded
        result={result}
        skeleton={<Bones rows={SHOWN} />}
        empty={({ entities }) =>
          entities.length === 0 ? (
            <Empty title="Nobody stands out">
              <p>No finding of the last 30 days counts against anybody.</p>
            </Empty>
          ) : null
        }
      >
        {({ entities }) => (
          <ul className="choose">
            {entities.map(({ entity, risk, newest }) => (
              <li key={entityText(entity)}>
                <strong className="number">{Math.round(risk.score)}</strong>
                <Go to="/investigate" changes={{ entity: entityText(entity) }}>
                  {visible(entity.id)}
                </Go>
                <span className="quiet cut">{visible(newest.title)}</span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}
