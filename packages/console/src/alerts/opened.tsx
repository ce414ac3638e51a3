// An alert, open beside the list: what happened in one sentence, now beside usual, the evidence,
// what was done and said, and what can be done. The list stays in sight.

import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Act, Letter } from '../act/act.tsx'
import { entityPath, Go, useAddress } from '../address/address.tsx'
import { urlOf } from '../api/api.ts'
import { Decisions } from '../decisions/decisions.tsx'
import { type Table, TakeAlong } from '../download/download.tsx'
import { useWhyNot } from '../session/session.tsx'
import { Bone, Bones, Loaded } from '../states/states.tsx'
import { Id, Plain, Proof, Severity, visible, When } from '../value/value.tsx'
import { Actions, type ActionsProps } from './actions.tsx'
import { stateWords } from './alert-row.tsx'
import { lift } from './changes.ts'
import { Evidence } from './evidence.tsx'
import { History } from './history.tsx'
import { type Detail, type Summary, useAlert } from './inbox-data.ts'
import { NormalNow } from './normal-now.tsx'

export type OpenedProps = Omit<ActionsProps, 'alert'> & {
  readonly id: string
  readonly listed: Summary | null
  /** `3 of 132`. */
  readonly place: string
  readonly previous: (() => void) | null
  readonly next: (() => void) | null
  readonly close: () => void
}

export function Opened(props: OpenedProps): ReactNode {
  const { id, listed, place, previous, next, close } = props
  const result = useAlert(id, listed)
  const pane = useRef<HTMLElement>(null)
  useFocusOnNext(pane, id, result.data !== undefined)
  return (
    <section className="opened" aria-label="Alert" ref={pane}>
      <div className="opened-bar row">
        <button type="button" className="plain-button" onClick={close} aria-keyshortcuts="Escape">
          <span aria-hidden="true">✕</span>
          <span className="unseen">Close the alert</span>
        </button>
        <span className="quiet">{place}</span>
        <span className="grow" />
        {result.data && <Take alert={result.data} />}
        <Step name="Previous" press="k" run={previous} />
        <Step name="Next" press="j" run={next} />
      </div>
      <div className="opened-body">
        <Loaded result={result} skeleton={<OpenedBones />}>
          {alert => <Body {...props} alert={alert} />}
        </Loaded>
      </div>
    </section>
  )
}

function Step({
  name,
  press,
  run,
}: {
  readonly name: string
  readonly press: string
  readonly run: (() => void) | null
}): ReactNode {
  return (
    <button
      type="button"
      className="plain-button"
      aria-disabled={run === null}
      onClick={() => run?.()}
      aria-keyshortcuts={press}
    >
      {name} <Letter press={press} />
    </button>
  )
}

/** Who opens an alert reads it, and the next one after it: the focus moves to its sentence. */
function useFocusOnNext(
  pane: { readonly current: HTMLElement | null },
  id: string,
  isThere: boolean,
): void {
  const before = useRef<string | null>(null)
  const wasInside = useRef(false)
  if (before.current !== id) {
    const focused = document.activeElement
    // Opened from its row: that is where the focus comes from.
    const isFromRow = before.current === null && focused?.closest(`[data-alert="${id}"]`) != null
    wasInside.current = isFromRow || (pane.current?.contains(focused) ?? false)
  }
  useEffect(() => {
    if (!isThere || before.current === id) return
    const isLost = document.activeElement === document.body && before.current !== null
    before.current = id
    // Who pressed a key before it was there is in its form already.
    if (document.activeElement?.closest('form')) return
    if (wasInside.current || isLost) pane.current?.querySelector<HTMLElement>('h2')?.focus()
  }, [id, isThere, pane])
}

function OpenedBones(): ReactNode {
  return (
    <div className="stack">
      <Bone height={20} width="40%" />
      <Bone height={52} />
      <Bone height={30} width="70%" />
      <Bone height={240} />
      <Bones rows={6} />
    </div>
  )
}

function Body({ alert, ...props }: OpenedProps & { readonly alert: Detail }): ReactNode {
  const { zone } = useAddress()
  return (
    <article className="stack">
      <header className="stack opened-head">
        <div className="row">
          <Severity level={alert.level} />
          <span title={`Score ${alert.score.toFixed(1)} of 100`}>
            Score <strong>{alert.score.toFixed(1)}</strong>
          </span>
          <span>{stateWords(alert)}</span>
          <span className="quiet">
            opened <When ms={alert.openedMs} zone={zone} isRelative />
          </span>
          <span className="quiet">
            {alert.assignee === null ? 'nobody has it' : `with ${visible(alert.assignee)}`}
          </span>
        </div>
        <h2 tabIndex={-1} className="headline">
          <Plain text={alert.sentence} />
        </h2>
        <Who alert={alert} />
        {alert.suppressed && (
          <HeldBack alert={alert} suppressed={alert.suppressed} act={props.act} />
        )}
      </header>
      <Actions {...props} alert={alert} />
      <NormalNow id={alert.id} lastMs={alert.lastMs} />
      <Evidence alert={alert} />
      <section className="part" aria-label="What was done about it">
        <h2>What was done about it</h2>
        <Decisions
          actor={alert.actor.id}
          session={alert.actor.session}
          reason={alert.sentence}
          isShown={one =>
            one.alertId === alert.id || one.since >= alert.startMs || one.state === 'in_force'
          }
        />
      </section>
      <History alert={alert} />
    </article>
  )
}

function Who({ alert: { entity, actor, id } }: { readonly alert: Detail }): ReactNode {
  const isOther = entity.type !== 'actor' || entity.id !== actor.id
  return (
    <dl className="who">
      <dt>{entity.type}</dt>
      <dd>
        <Go to={entityPath(entity)}>{visible(entity.id)}</Go>
        {!isOther && <Proof verified={actor.verified} />}
      </dd>
      {isOther && (
        <>
          <dt>Done by</dt>
          <dd>
            <Go to={entityPath({ type: 'actor', id: actor.id })}>{visible(actor.id)}</Go>
            <Proof verified={actor.verified} />
          </dd>
        </>
      )}
      {actor.claimed !== null && (
        <>
          <dt>Calls itself</dt>
          <dd>
            {visible(actor.claimed)}
            <Proof verified={null} />
          </dd>
        </>
      )}
      {actor.credential !== null && (
        <>
          <dt>Credential</dt>
          <dd>
            <Go to={entityPath({ type: 'credential', id: actor.credential })} className="id">
              {visible(actor.credential)}
            </Go>
          </dd>
        </>
      )}
      {actor.session !== null && (
        <>
          <dt>Session</dt>
          <dd>
            <Go to={entityPath({ type: 'session', id: actor.session })} className="id">
              {visible(actor.session)}
            </Go>
          </dd>
        </>
      )}
      <dt>Alert</dt>
      <dd>
        <Id text={id} chars={12} />
      </dd>
    </dl>
  )
}

function Take({ alert }: { readonly alert: Detail }): ReactNode {
  const { id, findings } = alert
  const table = (): Table => ({
    head: ['time', 'rule', 'title', 'level', 'score', 'expected', 'seen', 'sentence', 'events'],
    rows: findings.map(finding => [
      new Date(finding.timeMs).toISOString(),
      finding.rule,
      finding.title,
      finding.level,
      finding.score,
      finding.expected,
      finding.seen,
      finding.sentence,
      finding.eventCount,
    ]),
  })
  return (
    <TakeAlong
      tables={[{ name: 'Findings', file: `alert-${id.slice(0, SHORT)}.csv`, table }]}
      urls={[urlOf('GET /v1/alerts/{id}', { params: { id } })]}
      commands={[`tocsin alerts show ${id.slice(0, SHORT)}`]}
    />
  )
}

const SHORT = 12

/** Why it is not in the inbox, and the way back. */
function HeldBack({
  alert,
  suppressed,
  act,
}: {
  readonly alert: Detail
  readonly suppressed: NonNullable<Detail['suppressed']>
  readonly act: ActionsProps['act']
}): ReactNode {
  const { zone } = useAddress()
  const client = useQueryClient()
  const mayNot = useWhyNot('triage')
  const [wrong, setWrong] = useState<string | null>(null)
  const { untilMs, reason, by, suppressionId } = suppressed
  const liftIt = async () => setWrong(await act(() => lift(client, alert, suppressionId)))
  return (
    <div className="row">
      <span>
        Held back until <When ms={untilMs} zone={zone} /> by {visible(by)}: <Plain text={reason} />
      </span>
      <Act whyNot={mayNot} run={() => void liftIt()}>
        Lift it
      </Act>
      {wrong !== null && (
        <span className="wrong" role="alert">
          {wrong}
        </span>
      )}
    </div>
  )
}
