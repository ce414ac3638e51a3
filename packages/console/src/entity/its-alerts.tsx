// Its alerts, the newest first, each with what was decided.

import type { ReactNode } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { Panel } from '../panel/panel.tsx'
import { allOf, fieldIs } from '../question/question.ts'
import { Empty } from '../states/states.tsx'
import { Plain, Severity, When } from '../value/value.tsx'
import type { Page, Ref } from './asked.ts'

const SHOWN = 5
const STATES = { open: 'open', acknowledged: 'acknowledged', resolved: 'resolved' } as const

export function ItsAlerts({
  entity,
  page: { alerts },
}: {
  readonly entity: Ref
  readonly page: Page
}): ReactNode {
  const aq = allOf(fieldIs('entity.type', entity.type), fieldIs('entity.id', entity.id))
  return (
    <Panel
      title="Its alerts"
      actions={
        alerts.length > 0 && (
          <Go to="/alerts" changes={{ aq }}>
            All of them
          </Go>
        )
      }
    >
      {alerts.length === 0 ? (
        <Empty title="It never made an alert" />
      ) : (
        <ul className="plain-list">
          {alerts.slice(0, SHOWN).map(alert => (
            <Row key={alert.id} alert={alert} aq={aq} />
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Row({
  alert: { id, level, sentence, state, openedMs, suppressed },
  aq,
}: {
  readonly alert: Page['alerts'][number]
  readonly aq: string
}): ReactNode {
  const { zone } = useAddress()
  return (
    <li className="its-alert">
      <Severity level={level} />
      <div className="grow">
        <Go to="/alerts" changes={{ aq, sel: id }} className="alert-sentence">
          <Plain text={sentence} charsMax={200} />
        </Go>
        <div className="quiet small">
          {suppressed === null ? STATES[state] : 'suppressed'} ·{' '}
          <When ms={openedMs} zone={zone} isRelative />
        </div>
      </div>
    </li>
  )
}
