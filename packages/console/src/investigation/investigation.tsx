// Investigation: what it looks like and why, the chain from person to data, what came before and
// after, the same credential elsewhere, what would explain it, and what was done.

import './investigation.css'
import type { ReactNode } from 'react'
import { entityPath, Go, useAddress } from '../address/address.tsx'
import { urlOf } from '../api/api.ts'
import { Decisions } from '../decisions/decisions.tsx'
import { type Table, TakeAlong } from '../download/download.tsx'
import { Panel } from '../panel/panel.tsx'
import { Bone, Bones, Loaded } from '../states/states.tsx'
import { span, stamp, visible } from '../value/value.tsx'
import {
  entityText,
  type Investigation,
  type Subject,
  useInvestigation,
  useSubject,
} from './asked.ts'
import { Chain } from './chain.tsx'
import { Elsewhere, Sessions } from './elsewhere.tsx'
import { Explains } from './explains.tsx'
import { Reading } from './reading.tsx'
import { allRuns } from './run-lines.ts'
import { Start } from './start.tsx'
import { TimeLine } from './time-line.tsx'

export default function Investigate(): ReactNode {
  const subject = useSubject()
  return subject === null ? <Start /> : <Asked subject={subject} />
}

function Asked({ subject }: { readonly subject: Subject }): ReactNode {
  const result = useInvestigation(subject)
  return (
    <Loaded
      result={result}
      skeleton={<LookingAt />}
      missing={({ complete }) =>
        complete ? null : 'The newest events are not indexed yet; what is here may lack them.'
      }
    >
      {found => <Found found={found} subject={subject} />}
    </Loaded>
  )
}

/** It takes a few seconds: what is looked at meanwhile. */
function LookingAt(): ReactNode {
  return (
    <div className="stack" role="status">
      <p className="quiet">
        Looking at four weeks of events: who did it and what they reached, what came before and
        after, the same credential and address elsewhere, the hours it usually works, declared jobs
        and releases.
      </p>
      <div className="two is-wide">
        <div className="sheet panel">
          <Bones rows={8} />
        </div>
        <div className="sheet panel">
          <Bones rows={8} />
        </div>
      </div>
      <div className="sheet panel">
        <Bone height={320} />
      </div>
      <div className="sheet panel">
        <Bones rows={12} />
      </div>
    </div>
  )
}

function Found({
  found,
  subject,
}: {
  readonly found: Investigation
  readonly subject: Subject
}): ReactNode {
  const { actor, alertId } = found
  const isHere = (alert: string | null, since: number) =>
    (alert !== null && alert === alertId) || since >= found.fromMs
  return (
    <div className="stack">
      <Head found={found} subject={subject} />
      <div className="two is-wide">
        <Reading found={found} />
        <Explains found={found} />
      </div>
      <Chain found={found} />
      <TimeLine found={found} />
      <Elsewhere found={found} />
      <div className="two">
        <Panel title="What was done about it">
          {actor === null ? (
            <p className="quiet">No account is known behind it, so nothing can be decided.</p>
          ) : (
            <Decisions
              actor={actor}
              session={found.sessions[0]?.session ?? null}
              reason={`Investigated: reads like ${found.reading}`}
              isShown={one => one.state === 'in_force' || isHere(one.alertId, one.since)}
            />
          )}
        </Panel>
        <Sessions found={found} />
      </div>
    </div>
  )
}

function Head({
  found,
  subject,
}: {
  readonly found: Investigation
  readonly subject: Subject
}): ReactNode {
  const { zone } = useAddress()
  const { entity, actor, alertId, fromMs, toMs } = found
  const isOther = actor !== null && (entity.type !== 'actor' || entity.id !== actor)
  return (
    <div className="row investigated">
      <span className="quiet">{entity.type}</span>
      <Go to={entityPath(entity)} className="name">
        {visible(entity.id)}
      </Go>
      {isOther && (
        <span>
          done by <Go to={entityPath({ type: 'actor', id: actor })}>{visible(actor)}</Go>
        </span>
      )}
      <span className="quiet">
        {stamp(fromMs, zone)} to {stamp(toMs, zone)}
        {toMs > fromMs && `, ${span(toMs - fromMs)}`}
      </span>
      <span className="grow" />
      {alertId !== null && (
        <Go to="/alerts" changes={{ sel: alertId }}>
          Back to the alert
        </Go>
      )}
      <Go to="/investigate">Investigate something else</Go>
      <TakeAlong
        tables={[
          { name: 'Time line', file: 'time-line.csv', table: () => linesOf(found) },
          { name: 'Chain', file: 'chain.csv', table: () => chainOf(found) },
        ]}
        urls={[urlOf('GET /v1/investigations', { query: subject })]}
        commands={[`tocsin investigate ${quoted(alertId ?? entityText(entity))}`]}
      />
    </div>
  )
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w.@:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function linesOf(found: Investigation): Table {
  return {
    head: ['start', 'end', 'kind', 'operation', 'target', 'outcome', 'address', 'events', 'rows'],
    rows: allRuns(found).map(run => [
      new Date(run.fromMs).toISOString(),
      new Date(run.toMs).toISOString(),
      run.kind,
      run.operation,
      run.target,
      run.outcome,
      run.source,
      run.count,
      run.rows,
    ]),
  }
}

const LINKS = ['human', 'actor', 'verified', 'credential', 'source', 'session', 'agent'] as const
const REACHED = ['tool', 'model', 'target', 'count', 'rows', 'bytesOut', 'found'] as const

function chainOf({ chain }: Investigation): Table {
  const head = [...LINKS, ...REACHED]
  return { head, rows: chain.map(path => head.map(name => path[name])) }
}
