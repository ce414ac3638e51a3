// What would explain it: the hours it usually works, jobs that somebody declared, releases and
// settings of the two days before. Who knows of a job declares it here.

import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Act } from '../act/act.tsx'
import { Go, useAddress } from '../address/address.tsx'
import { ask, Problem } from '../api/api.ts'
import { Panel } from '../panel/panel.tsx'
import { fieldIs } from '../question/question.ts'
import { useWhyNot } from '../session/session.tsx'
import { bytes, count, visible, When } from '../value/value.tsx'
import type { Investigation } from './asked.ts'
import { DeclareJob } from './declare-job.tsx'

const CHANGES_SHOWN = 5

export function Explains({ found }: { readonly found: Investigation }): ReactNode {
  return (
    <Panel title="What would explain it">
      <div className="stack">
        {found.habit && <Habit habit={found.habit} />}
        <Jobs found={found} />
        <Changes found={found} />
      </div>
    </Panel>
  )
}

function Habit({ habit }: { readonly habit: NonNullable<Investigation['habit']> }): ReactNode {
  const { kind, days, weeks, usual, now } = habit
  const words = {
    none: 'It was never at work at this hour in the four weeks before.',
    always: `It works around the clock: at this hour on ${days} of 28 days before.`,
    daily: `At work at this hour on ${days} of 28 days before.`,
    weekly: `At work at this hour on this weekday in ${weeks} of 4 weeks before.`,
    sometimes: `At work at this hour on only ${days} of 28 days before.`,
  }[kind]
  return (
    <section>
      <h3>Its hours</h3>
      <p>
        {words}
        {usual && (
          <>
            {' '}
            Then {count(usual.requests)} requests and {bytes(usual.bytesOut)}, now{' '}
            {count(now.requests)} and {bytes(now.bytesOut)}.
          </>
        )}
      </p>
    </section>
  )
}

function Jobs({ found }: { readonly found: Investigation }): ReactNode {
  const client = useQueryClient()
  const whyNot = useWhyNot('triage')
  const [isOpen, setOpen] = useState(false)
  const [wrong, setWrong] = useState<string | null>(null)
  const { jobs, actor } = found
  const changed = () => client.invalidateQueries({ queryKey: ['investigation'] })
  const remove = async (id: string) => {
    try {
      await ask('DELETE /v1/jobs/{id}', { params: { id } })
      await changed()
    } catch (error) {
      setWrong(error instanceof Problem ? error.message : String(error))
    }
  }
  return (
    <section>
      <h3>Declared jobs</h3>
      {jobs.length === 0 && (
        <p>
          {actor === null
            ? 'No account is known behind it, so no job can explain it.'
            : `No job of ${visible(actor)} is declared.`}
        </p>
      )}
      <ul className="facts">
        {jobs.map(fit => (
          <li key={fit.job.id}>
            <span>{fitWords(fit)}</span>{' '}
            <Act
              whyNot={whyNot}
              run={() => void remove(fit.job.id)}
              variant="subtle"
              label={`Take back the job ${fit.job.schedule}`}
            >
              Take back
            </Act>
          </li>
        ))}
      </ul>
      {wrong !== null && (
        <p className="wrong" role="alert">
          {wrong}
        </p>
      )}
      {actor !== null && !isOpen && (
        <Act whyNot={whyNot} run={() => setOpen(true)} isExpanded={false}>
          Declare a job
        </Act>
      )}
      {actor !== null && isOpen && (
        <DeclareJob
          actor={actor}
          found={found}
          close={() => setOpen(false)}
          declared={() => void changed()}
        />
      )}
    </section>
  )
}

function fitWords({
  job,
  isTime,
  isResource,
  isOver,
  rows,
}: Investigation['jobs'][number]): string {
  const what = job.resource === null ? 'anything' : visible(job.resource)
  const most = rows === null ? '' : `, ${count(rows.seen)} of at most ${count(rows.most)} rows`
  const fits = !isTime
    ? 'does not fit the time'
    : !isResource
      ? 'does not fit what was reached'
      : isOver
        ? 'fits, but was declared for less'
        : 'fits'
  return `${visible(job.schedule)}, ${what}${most}, by ${visible(job.by)}: ${fits}`
}

function Changes({ found }: { readonly found: Investigation }): ReactNode {
  const { zone } = useAddress()
  const [isAll, setAll] = useState(false)
  const ordered = found.changes.toSorted((a, b) => Number(b.isRelated) - Number(a.isRelated))
  const shown = isAll ? ordered : ordered.slice(0, CHANGES_SHOWN)
  return (
    <section>
      <h3>Releases and settings of the two days before</h3>
      {ordered.length === 0 && <p>None.</p>}
      <ul className="facts">
        {shown.map(({ timeMs, by, kind, operation, target, isRelated }) => (
          <li key={`${timeMs} ${operation} ${target}`}>
            <When ms={timeMs} zone={zone} />{' '}
            <Go
              to="/events"
              changes={{
                q: `${fieldIs('kind', kind)} ${fieldIs('operation', operation)}`,
                from: String(timeMs),
                to: String(timeMs + 1),
              }}
            >
              {visible(operation)}
            </Go>{' '}
            {target !== '' && <>of {visible(target)} </>}by {visible(by)}
            {isRelated && <strong>, which it uses</strong>}
          </li>
        ))}
      </ul>
      {ordered.length > shown.length && (
        <button type="button" className="link-button" onClick={() => setAll(true)}>
          {count(ordered.length - shown.length)} more
        </button>
      )}
    </section>
  )
}
