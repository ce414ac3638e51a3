// What is used most. Each bar opens the events it counts.

import type { ReactNode } from 'react'
import { useAddress } from '../address/address.tsx'
import { Bars } from '../chart/chart.tsx'
import { Panel } from '../panel/panel.tsx'
import { allOf, fieldIs } from '../question/question.ts'
import { Bones, Empty, Loaded } from '../states/states.tsx'
import { count, Plain } from '../value/value.tsx'
import { RANKED, type RANKED_FIELDS, TRAFFIC, useRanked } from './asked.ts'

export function Ranking({
  field,
  title,
  many,
  className,
}: {
  readonly field: (typeof RANKED_FIELDS)[number]
  readonly title: string
  readonly many: string
  readonly className: string
}): ReactNode {
  const { go } = useAddress()
  const result = useRanked()
  const found = result.data?.facets.find(one => one.field === field)
  const note = found
    ? `${found.distinctIsExact ? '' : 'about '}${count(found.distinct)} ${many}`
    : ''
  return (
    <Panel title={title} note={note} className={className}>
      <Loaded
        result={result}
        skeleton={<Bones rows={RANKED} />}
        empty={() =>
          (found?.top.length ?? 0) === 0 ? (
            <Empty title={`No event of this time range has one`}>
              <p className="quiet">Choose a longer time range above.</p>
            </Empty>
          ) : null
        }
      >
        {() => (
          <Bars
            bars={(found?.top ?? []).map(({ value, events }) => ({
              name: value,
              label: <Plain text={value} isOneLine charsMax={120} />,
              value: events,
              pick: () => go('/events', { q: allOf(TRAFFIC, fieldIs(field, value)) }),
            }))}
          />
        )}
      </Loaded>
    </Panel>
  )
}
