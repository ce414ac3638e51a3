// Who is riskiest now, and whether that grew since yesterday. The digits 1 to 9 open them.

import type { ReactNode } from 'react'
import { entityPath, Go, useAddress } from '../address/address.tsx'
import { Spark } from '../chart/chart.tsx'
import { useKeys } from '../keys/keys.ts'
import { Panel } from '../panel/panel.tsx'
import { Band } from '../risk/risk.tsx'
import { Bones, Empty, Loaded } from '../states/states.tsx'
import { count, Plain } from '../value/value.tsx'
import { ENTITIES, type Listed, useRiskiest } from './asked.ts'

export function Riskiest({ className }: { readonly className: string }): ReactNode {
  const { go } = useAddress()
  const result = useRiskiest()
  const listed = result.data?.entities ?? []
  useKeys(
    listed.slice(0, 9).map((one, i) => ({
      press: String(i + 1),
      what: `Open the ${ORDER[i]} riskiest entity`,
      run: () => go(entityPath(one.entity)),
    })),
  )
  return (
    <Panel
      title="Riskiest entities"
      note="by findings of 30 days; spark: events of 24 h"
      className={className}
    >
      <Loaded
        result={result}
        skeleton={<Bones rows={ENTITIES + 1} />}
        empty={({ entities }) =>
          entities.length === 0 ? (
            <Empty title="Nobody stands out">
              <p className="quiet">No rule found anything in the last 30 days.</p>
            </Empty>
          ) : null
        }
      >
        {({ entities }) => (
          <table className="plain">
            <thead>
              <tr>
                <th scope="col" className="key-column">
                  <span className="unseen">Key</span>
                </th>
                <th scope="col">Entity</th>
                <th scope="col" className="unseen-narrow">
                  24 h
                </th>
                <th scope="col" className="number">
                  Score
                </th>
                <th scope="col" className="number">
                  Since yesterday
                </th>
                <th scope="col">Risk</th>
              </tr>
            </thead>
            <tbody>
              {entities.map((one, i) => (
                <Row key={`${one.entity.type}:${one.entity.id}`} listed={one} place={i + 1} />
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </Panel>
  )
}

const ORDER = ['1st', '2nd', '3rd', '4th', '5th', '6th', '7th', '8th', '9th'] as const

function Row({
  listed: { entity, risk, spark, delta },
  place,
}: {
  readonly listed: Listed
  readonly place: number
}): ReactNode {
  const events = spark.reduce((sum, value) => sum + value, 0)
  return (
    <tr>
      <td className="key-column">{place <= 9 && <kbd>{place}</kbd>}</td>
      <td className="cut entity-cell">
        <Go to={entityPath(entity)}>
          <Plain text={entity.id} isOneLine charsMax={80} />
        </Go>{' '}
        <span className="quiet">{entity.type}</span>
      </td>
      <td className="spark-cell">
        <Spark values={spark} label={`${count(events)} events in 24 hours`} />
      </td>
      <td className="number" title={`${risk.score} of 100`}>
        {risk.score.toFixed(1)}
      </td>
      <td className="number" title={String(delta)}>
        {deltaWords(delta)}
      </td>
      <td>
        <Band band={risk.band} />
      </td>
    </tr>
  )
}

function deltaWords(delta: number): string {
  const shown = Math.abs(delta).toFixed(1)
  if (shown === '0.0') return 'as it was'
  return delta > 0 ? `▲ ${shown}` : `▼ ${shown}`
}
