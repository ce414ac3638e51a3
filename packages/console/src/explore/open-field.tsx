// One field with its values: how many events have it, the most frequent values with their share,
// and on each "only these" and "all but these".

import type { UseQueryResult } from '@tanstack/react-query'
import { FIELD_BY_NAME } from '@tocsin/sdk/event'
import { type ReactNode, useState } from 'react'
import type { Answer } from '../api/api.ts'
import { Bones, Loaded } from '../states/states.tsx'
import { count, Plain, percent, visible } from '../value/value.tsx'
import type { Facet } from './asking.ts'
import { ColumnSwitch } from './column-switch.tsx'
import { useExplored } from './explored.ts'

const FEW = 5
const VALUE_PX = 24
const SHOWN_CHARS = 80

type Answered = Answer<'GET /v1/facets'>

export function OpenField({
  path,
  result,
  close,
}: {
  readonly path: string
  readonly result: UseQueryResult<Answered>
  readonly close: () => void
}): ReactNode {
  const facet = result.data?.facets.find(one => one.field === path)
  const about = facet && result.data ? aboutOf(facet, result.data.total) : ''
  return (
    <section
      className="open-field"
      aria-label={path}
      aria-busy={result.isPlaceholderData}
      data-stale={result.isPlaceholderData}
    >
      <h3>
        <button
          type="button"
          className="name"
          aria-expanded
          title={FIELD_BY_NAME.get(path)?.help}
          onClick={close}
        >
          {path}
        </button>
        <span className="quiet" title={about}>
          {facet ? `${facet.distinctIsExact ? '' : '≈ '}${count(facet.distinct)}` : ''}
          <span className="unseen"> values: {about}</span>
        </span>
        <ColumnSwitch path={path} />
      </h3>
      <Loaded result={result} skeleton={<Bones rows={FEW + 2} height={VALUE_PX} />}>
        {({ total }) => (facet ? <Values facet={facet} total={total} /> : null)}
      </Loaded>
    </section>
  )
}

function aboutOf({ present, distinct, distinctIsExact }: Facet, total: number): string {
  const values = `${distinctIsExact ? '' : 'about '}${count(distinct)} values`
  return `${values}; ${percent(present, total)} of the events have it`
}

function Values({ facet, total }: { readonly facet: Facet; readonly total: number }): ReactNode {
  const [isLong, setLong] = useState(false)
  const { field, top, present } = facet
  if (total === 0) return null
  if (present === 0) return <p className="quiet field-none">No event has it.</p>
  const shown = isLong ? top : top.slice(0, FEW)
  const further = top.length - FEW
  return (
    <>
      <ul>
        {shown.map(({ value, events }) => (
          <Value key={value} {...{ field, value, events, total }} />
        ))}
        <Value {...{ field, value: null, events: present, total }} />
      </ul>
      {further > 0 && (
        <button type="button" className="more-values" onClick={() => setLong(!isLong)}>
          {isLong ? 'Fewer values' : `${further} more ${further === 1 ? 'value' : 'values'}`}
          <span className="unseen"> of {field}</span>
        </button>
      )}
    </>
  )
}

/** `null`: whatever the value is. */
function Value({
  field,
  value,
  events,
  total,
}: {
  readonly field: string
  readonly value: string | null
  readonly events: number
  readonly total: number
}): ReactNode {
  const { acts } = useExplored()
  const style = { '--part': `${total > 0 ? (events / total) * 100 : 0}%` }
  const shown = value === null ? 'any value' : visible(value.slice(0, SHOWN_CHARS))
  return (
    <li
      className={value === null ? 'value is-any' : 'value'}
      style={style as Record<string, string>}
      title={`${shown}: ${count(events)} events, ${percent(events, total)}`}
    >
      <span className="cut">
        {value === null ? 'any' : value === '' ? <em>empty</em> : <Text value={value} />}
      </span>
      <span className="number">{count(events)}</span>
      <span className="value-acts">
        <button
          type="button"
          aria-label={`Only ${field} ${shown}`}
          onClick={() => acts.filter({ field, value, isOut: false })}
        >
          +
        </button>
        <button
          type="button"
          aria-label={`All but ${field} ${shown}`}
          onClick={() => acts.filter({ field, value, isOut: true })}
        >
          −
        </button>
      </span>
    </li>
  )
}

function Text({ value }: { readonly value: string }): ReactNode {
  return <Plain isOneLine text={value} charsMax={SHOWN_CHARS} />
}
