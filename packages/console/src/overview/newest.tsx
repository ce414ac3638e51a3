// The newest alerts that nobody has decided on, each with its reason in the row.

import type { ReactNode } from 'react'
import { entityPath, Go, useAddress } from '../address/address.tsx'
import { Panel } from '../panel/panel.tsx'
import { Bones, Empty, Loaded } from '../states/states.tsx'
import { count, Plain, Severity, visible, When } from '../value/value.tsx'
import { type Alert, useOpenAlerts } from './asked.ts'

const SHOWN = 6
const ROW_PX = 46

export function NewestAlerts({ className }: { readonly className: string }): ReactNode {
  const result = useOpenAlerts()
  const open = result.data?.counts.open ?? 0
  return (
    <Panel
      title="Newest alerts"
      note="open ones"
      className={className}
      actions={open > 0 && <Go to="/alerts">All {count(open)} open</Go>}
    >
      <Loaded
        result={result}
        skeleton={<Bones rows={SHOWN} height={ROW_PX} />}
        empty={({ alerts }) =>
          alerts.length === 0 ? (
            <Empty title="All triaged">
              <p className="quiet">No alert is open.</p>
            </Empty>
          ) : null
        }
      >
        {({ alerts }) => (
          <ul className="newest">
            {alerts.slice(0, SHOWN).map(alert => (
              <Row key={alert.id} alert={alert} />
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}

function Row({ alert }: { readonly alert: Alert }): ReactNode {
  const { zone } = useAddress()
  const { id, level, sentence, entity, openedMs, score } = alert
  return (
    <li className="newest-row">
      <span className="newest-level">
        <Severity level={level} />
      </span>
      <div className="grow">
        <Go to="/alerts" changes={{ sel: id }} className="newest-sentence cut">
          <Plain text={sentence} isOneLine charsMax={300} />
        </Go>
        <div className="quiet small cut">
          <Go to={entityPath(entity)}>{visible(entity.id.slice(0, 80))}</Go> · score{' '}
          {score.toFixed(1)}
        </div>
      </div>
      <span className="quiet small">
        <When ms={openedMs} zone={zone} isRelative />
      </span>
    </li>
  )
}
