// What every chart stands in: its title, one sentence that says what it shows, and the same numbers
// as a table. Who cannot see the picture misses nothing.

import './chart.css'
import { type ReactNode, useState } from 'react'
import { visible } from '../value/value.tsx'

export type TableData = {
  readonly head: readonly string[]
  readonly rows: readonly (readonly ReactNode[])[]
}

/** Title and sentence may name what strangers named. */
export function Figure({
  title: named,
  sentence: told,
  table,
  children,
}: {
  readonly title: string
  readonly sentence: string
  /** Made when somebody wants to see it. */
  readonly table: () => TableData
  readonly children: ReactNode
}): ReactNode {
  const [asTable, setAsTable] = useState(false)
  const [title, sentence] = [visible(named), visible(told)]
  return (
    <figure className="chart" aria-label={`${title}. ${sentence}`}>
      <figcaption>
        <h2>{title}</h2>
        <span className="sentence">{sentence}</span>
        <button type="button" className="as-table" onClick={() => setAsTable(!asTable)}>
          {asTable ? 'As a chart' : 'As a table'}
          <span className="unseen">: {title}</span>
        </button>
      </figcaption>
      {asTable ? <Numbers {...table()} title={title} /> : children}
    </figure>
  )
}

function Numbers({ head, rows, title }: TableData & { readonly title: string }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys
    <section className="table" aria-label={`${title}, as a table`} tabIndex={0}>
      <table className="plain">
        <thead>
          <tr>
            {head.map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, i) => (
            <tr key={i}>
              {cells.map((cell, j) => (
                <td key={j} className={j === 0 ? undefined : 'number'}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

export function Legend({
  items,
}: {
  readonly items: readonly { readonly name: string; readonly colour: string }[]
}): ReactNode {
  return (
    <div className="legend" aria-hidden="true">
      {items.map(({ name, colour }) => (
        <span key={name}>
          <i style={{ background: `var(--${colour})` }} />
          {name}
        </span>
      ))}
    </div>
  )
}
