// What is in force against somebody, what was, and by whom: each with its reason and a way back. A
// person takes a decision of their own here, too.

import './decisions.css'
import { TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useRef, useState } from 'react'
import { Act } from '../act/act.tsx'
import { useAddress } from '../address/address.tsx'
import { ask, Problem } from '../api/api.ts'
import { useWhyNot } from '../session/session.tsx'
import { Bones, Loaded } from '../states/states.tsx'
import { Plain, visible, When } from '../value/value.tsx'
import { TakeDecision } from './take-decision.tsx'
import { type Decision, inOrder, STATE_WORDS, whatOf } from './words.ts'

const ASK_MS = 15_000
const ASKED = 200

export type DecisionsProps = {
  readonly actor: string
  /** Offered as what a decision may be about instead of the whole account. */
  readonly session: string | null
  /** Which of the actor's decisions belong here; all where it is left out. */
  readonly isShown?: (decision: Decision) => boolean
  /** Stands in the form of a new decision. */
  readonly reason: string
}

export function Decisions({ actor, session, isShown, reason }: DecisionsProps): ReactNode {
  const client = useQueryClient()
  const result = useQuery({
    queryKey: ['responses', actor],
    queryFn: ({ signal }) => ask('GET /v1/responses', { query: { actor, limit: ASKED }, signal }),
    refetchInterval: ASK_MS,
  })
  const [said, setSaid] = useState('')
  const changed = (words: string) => {
    setSaid(words)
    void client.invalidateQueries({ queryKey: ['responses', actor] })
  }
  return (
    <div className="decisions">
      <Loaded result={result} skeleton={<Bones rows={2} />}>
        {all => {
          const shown = inOrder(isShown ? all.filter(isShown) : all)
          const holds = shown.some(({ state }) => state === 'in_force')
          return (
            <>
              {shown.length === 0 && (
                <p className="quiet">Nothing was done. Nothing slows this account down.</p>
              )}
              {shown.length > 0 && (
                <ul className="decision-list">
                  {shown.map(decision => (
                    <Row key={decision.id} decision={decision} changed={changed} />
                  ))}
                </ul>
              )}
              <TakeDecision
                actor={actor}
                session={session}
                reason={reason}
                isMore={holds}
                taken={decision => changed(`${whatOf(decision)}: in force.`)}
              />
            </>
          )
        }}
      </Loaded>
      <div className="unseen" role="status">
        {said}
      </div>
    </div>
  )
}

function Row({
  decision,
  changed,
}: {
  readonly decision: Decision
  readonly changed: (words: string) => void
}): ReactNode {
  const { zone } = useAddress()
  const whyNot = useWhyNot('triage')
  const [isAsking, setAsking] = useState(false)
  const line = useRef<HTMLLIElement>(null)
  /** The form with the focus goes: the focus stays at the decision. */
  const close = (isUndone: boolean) => {
    setAsking(false)
    requestAnimationFrame(() => {
      const button = isUndone ? null : line.current?.querySelector('button')
      ;(button ?? line.current)?.focus()
    })
  }
  const { state, session, until, since, by, reason, undone, heldBack, rule } = decision
  const holds = state === 'in_force' || state === 'dry_run'
  return (
    <li className={holds ? 'decision' : 'decision is-over'} ref={line} tabIndex={-1}>
      <div className="row">
        <span className={`decision-state is-${state}`}>{STATE_WORDS[state]}</span>
        <strong>{whatOf(decision)}</strong>
        <span className="grow" />
        {holds && !isAsking && (
          <Act whyNot={whyNot} run={() => setAsking(true)} label={`Undo: ${whatOf(decision)}`}>
            Undo
          </Act>
        )}
      </div>
      <div className="quiet">
        {session === null ? 'Every session' : <>Session {visible(session)}</>}
        {' · since '}
        <When ms={since} zone={zone} />
        {holds && (
          <>
            {', until '}
            <When ms={until} zone={zone} />
          </>
        )}
        {' · by '}
        {by === 'policy' ? `the policy's rule ${visible(rule ?? '')}` : visible(by)}
      </div>
      <div className="quiet">
        <Plain text={reason} />
      </div>
      {heldBack !== null && <div className="quiet">Only observed: {visible(heldBack)}</div>}
      {undone && (
        <div className="quiet">
          Undone by {visible(undone.by)} <When ms={undone.at} zone={zone} isRelative />:{' '}
          <Plain text={undone.reason} />
        </div>
      )}
      {isAsking && (
        <Undoing
          decision={decision}
          done={() => {
            close(true)
            changed(`Undone: ${whatOf(decision)}.`)
          }}
          close={() => close(false)}
        />
      )}
    </li>
  )
}

/** The server wants to know why: it stands in the log beside the decision. */
function Undoing({
  decision: { id },
  done,
  close,
}: {
  readonly decision: Decision
  readonly done: () => void
  readonly close: () => void
}): ReactNode {
  const [reason, setReason] = useState('')
  const [wrong, setWrong] = useState<string | null>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      await ask('POST /v1/responses/{id}/undo', { params: { id }, body: { reason } })
      done()
    } catch (error) {
      setWrong(error instanceof Problem ? error.message : String(error))
    }
  }
  return (
    <form
      className="row decision-form"
      onSubmit={event => void submit(event)}
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        close()
      }}
    >
      <TextInput
        className="grow"
        data-autofocus
        autoFocus
        aria-label="Why it is undone"
        placeholder="Why it is undone"
        value={reason}
        error={wrong}
        maxLength={500}
        onChange={event => setReason(event.currentTarget.value)}
      />
      <Act whyNot={reason.trim() === '' ? 'Say why' : null} isSubmit variant="filled">
        Undo it
      </Act>
      <Act whyNot={null} run={close} variant="subtle">
        Cancel
      </Act>
    </form>
  )
}
