// The head of a group in the list: whose alerts follow, or of which rule, and how many.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { entityPath, Go } from '../address/address.tsx'
import { ask } from '../api/api.ts'
import { Spark } from '../chart/chart.tsx'
import { count, visible } from '../value/value.tsx'
import type { Summary } from './inbox-data.ts'
import type { Grouping, Line } from './lines.ts'

type GroupLine = Extract<Line<Summary>, { readonly kind: 'group' }>

export function GroupRow({
  line,
  row,
  grouping,
}: {
  readonly line: GroupLine
  /** From 1. */
  readonly row: number
  readonly grouping: Grouping
}): ReactNode {
  const { first, isContinued } = line
  const number = line.count === 1 ? '1 alert' : `${count(line.count)} alerts`
  return (
    <div role="row" aria-level={1} aria-rowindex={row} className="group-row">
      <div role="gridcell" className="row">
        {grouping === 'rule' ? (
          <span className="name">{visible(first.title)}</span>
        ) : (
          <Entity entity={first.entity} />
        )}
        <span className="quiet number">
          {number}
          {isContinued ? ', further ones' : ''}
        </span>
      </div>
    </div>
  )
}

function Entity({ entity }: Pick<Summary, 'entity'>): ReactNode {
  const known = useRiskiest().get(`${entity.type}:${entity.id}`)
  return (
    <>
      <span className="quiet">{entity.type}</span>
      <Go to={entityPath(entity)} className="name cut">
        {visible(entity.id)}
      </Go>
      {known && (
        <>
          <span className="quiet">risk {Math.round(known.risk.score)}</span>
          <Spark
            values={known.spark}
            label={`Events per hour of the last 24 h, at most ${count(Math.max(...known.spark))}`}
          />
        </>
      )}
    </>
  )
}

type Riskiest = Awaited<ReturnType<typeof readRiskiest>>
const RISKIEST = 100
const STALE_MS = 60_000

/** Risk and activity of entities, for all groups in one question. */
function useRiskiest(): ReadonlyMap<string, Riskiest['entities'][number]> {
  const { data } = useQuery({
    queryKey: ['entities', RISKIEST],
    queryFn: readRiskiest,
    staleTime: STALE_MS,
    select: ({ entities }: Riskiest) =>
      new Map(entities.map(one => [`${one.entity.type}:${one.entity.id}`, one])),
  })
  return data ?? NONE
}

const NONE: ReadonlyMap<string, Riskiest['entities'][number]> = new Map()

function readRiskiest() {
  return ask('GET /v1/entities', { query: { limit: RISKIEST } })
}
