// The same as the chain over time: what came before, the stretch in question, what came after, as
// runs of equal operations. What findings rest on is marked; each line leads to its events.

import { SegmentedControl } from '@mantine/core'
import { Fragment, type ReactNode, useState } from 'react'
import { Go, useAddress } from '../address/address.tsx'
import { Panel } from '../panel/panel.tsx'
import { aboutEntity, allOf, fieldIs } from '../question/question.ts'
import { bytes, count, OutcomeMark, span, stamp, visible, When } from '../value/value.tsx'
import type { Investigation, Run } from './asked.ts'
import { type Axis, axisOf, type Part, placeOn, shownRuns, zoomOf } from './run-lines.ts'

const LINES: { readonly [part in Part]: number } = { before: 10, during: 40, after: 10 }
const LINES_MORE = 200

export function TimeLine({ found }: { readonly found: Investigation }): ReactNode {
  const { search, set, zone } = useAddress()
  const zoom = zoomOf(search.zoom)
  const axis = axisOf(found, zoom)
  const parts: readonly Part[] = zoom === 'stretch' ? ['during'] : ['before', 'during', 'after']
  const { fromMs, toMs } = axis
  return (
    <Panel
      title="Time line"
      note={`${stamp(fromMs, zone)} to ${stamp(toMs, zone)}, ${span(toMs - fromMs)}`}
      actions={
        <>
          <Go
            to="/events"
            changes={{ q: question(found), from: String(fromMs), to: String(toMs + 1) }}
          >
            All its events
          </Go>
          <SegmentedControl
            aria-label="How much of the time line"
            value={zoom}
            onChange={value => set({ zoom: value === 'whole' ? null : value }, { replace: true })}
            data={[
              { value: 'whole', label: 'Before and after' },
              { value: 'stretch', label: 'The stretch' },
            ]}
          />
        </>
      }
    >
      <div className="time-line">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">What</th>
              <th scope="col">To what</th>
              <th scope="col">Outcome</th>
              <th scope="col" className="number">
                Events
              </th>
              <th scope="col" className="number">
                Rows
              </th>
              <th scope="col" className="number">
                Bytes out
              </th>
              <th scope="col">Address</th>
              <th scope="col" className="when">
                <span className="ends">
                  <span>{stamp(fromMs, zone).slice(5, 16)}</span>
                  <span>{stamp(toMs, zone).slice(5, 16)}</span>
                </span>
              </th>
            </tr>
          </thead>
          {parts.map(part => (
            <PartLines key={part} part={part} found={found} axis={axis} />
          ))}
        </table>
      </div>
      {found.isCut && (
        <p className="quiet">
          There were more events than a time line holds: the newest of each part are here.
        </p>
      )}
    </Panel>
  )
}

const PART_NAMES: { readonly [part in Part]: string } = {
  before: 'Before',
  during: 'The stretch in question',
  after: 'After',
}

function PartLines({
  part,
  found,
  axis,
}: {
  readonly part: Part
  readonly found: Investigation
  readonly axis: Axis
}): ReactNode {
  const [most, setMost] = useState(LINES[part])
  const runs = found[part]
  const shown = shownRuns(runs, most, part)
  const left = runs.length - shown.length
  return (
    <tbody>
      <tr className="part-head">
        <th scope="rowgroup" colSpan={9}>
          {PART_NAMES[part]}
          <span className="quiet"> {wordsOf(runs)}</span>
        </th>
      </tr>
      {shown.map((run, i) => (
        <Fragment key={`${run.firstId} ${i}`}>
          <RunLine run={run} part={part} found={found} axis={axis} />
        </Fragment>
      ))}
      {left > 0 && (
        <tr>
          <td colSpan={9}>
            <button
              type="button"
              className="link-button"
              onClick={() => setMost(most + LINES_MORE)}
            >
              {count(left)} further lines
            </button>
          </td>
        </tr>
      )}
    </tbody>
  )
}

function wordsOf(runs: readonly Run[]): string {
  if (runs.length === 0) return 'nothing'
  const events = runs.reduce((sum, run) => sum + run.count, 0)
  const rows = runs.reduce((sum, run) => sum + run.rows, 0)
  const found = runs.reduce((sum, run) => sum + run.found, 0)
  const marked = found > 0 ? `, ${count(found)} in findings` : ''
  return `${count(events)} events, ${count(rows)} rows${marked}`
}

function RunLine({
  run,
  part,
  found,
  axis,
}: {
  readonly run: Run
  readonly part: Part
  readonly found: Investigation
  readonly axis: Axis
}): ReactNode {
  const { zone } = useAddress()
  const { left, width } = placeOn(axis, run)
  const style = { '--left': `${left}%`, '--width': `${width}%` } as Record<string, string>
  const isOne = run.count === 1
  return (
    <tr className={run.found > 0 ? 'run is-found' : 'run'}>
      <td>
        <When ms={run.fromMs} zone={zone} />
      </td>
      <td>
        <Go
          to="/events"
          changes={{
            q: allOf(
              question(found),
              fieldIs('kind', run.kind),
              fieldIs('operation', run.operation),
            ),
            from: String(run.fromMs),
            to: String(run.toMs + 1),
            sel: isOne ? run.firstId : null,
          }}
          label={visible(`${run.kind} ${run.operation}: its events`)}
        >
          {visible(run.operation)}
        </Go>{' '}
        <span className="quiet">{visible(run.kind)}</span>
      </td>
      <td className="target" title={visible(run.target)}>
        {visible(run.target)}
      </td>
      <td>
        <OutcomeMark outcome={run.outcome} />
      </td>
      <td className="number">{count(run.count)}</td>
      <td className="number">{run.rows === 0 ? '' : count(run.rows)}</td>
      <td className="number">{run.bytesOut === 0 ? '' : bytes(run.bytesOut)}</td>
      <td className="id">{visible(run.source)}</td>
      <td className="when">
        <span className={`strip is-${part}`} style={style} aria-hidden="true" />
        <span className="unseen">
          {isOne ? '' : `until ${stamp(run.toMs, zone)}`}
          {run.found > 0 ? `, ${count(run.found)} in findings` : ''}
        </span>
      </td>
    </tr>
  )
}

function question({ entity }: Investigation): string {
  return aboutEntity(entity)
}
