// A person's own decision about an account or one of its sessions: slow it down, ask for approval
// or a second factor, end the session, refuse everything. What locks somebody out is confirmed
// first.

import { Checkbox, NumberInput, Select, Textarea } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Act } from '../act/act.tsx'
import { ask, Problem, type Routes } from '../api/api.ts'
import { useWhyNot } from '../session/session.tsx'
import { visible } from '../value/value.tsx'
import type { Decision } from './words.ts'

type Action = Routes['POST /v1/responses']['body']['action']
type Kind = Action['kind']

const KINDS: readonly { readonly value: Kind; readonly label: string }[] = [
  { value: 'throttle', label: 'Slow it down' },
  { value: 'approval_required', label: 'Large reads wait for approval' },
  { value: 'step_up', label: 'Ask for a second factor' },
  { value: 'end_session', label: 'End the session' },
  { value: 'deny', label: 'Refuse every request' },
]
const LOCKS_OUT: ReadonlySet<Kind> = new Set(['step_up', 'end_session', 'deny'])
const MINUTES = [15, 60, 240, 1440] as const
const REASON_CHARS_MAX = 500
/** As a policy that names none asks for it (docs/spec/policy.md). */
const SECOND_FACTOR = { acrValues: ['phr', 'phrh'], maxAgeSeconds: 300 }

type Draft = {
  readonly kind: Kind
  readonly requests: number
  readonly rows: number
  readonly minutes: number
  readonly isSession: boolean
  readonly reason: string
  readonly isSure: boolean
}

export type TakeDecisionProps = {
  readonly actor: string
  readonly session: string | null
  readonly reason: string
  /** Something is in force already. */
  readonly isMore: boolean
  readonly taken: (decision: Decision) => void
}

export function TakeDecision(props: TakeDecisionProps): ReactNode {
  const whyNot = useWhyNot('triage')
  const [isOpen, setOpen] = useState(false)
  return (
    <div>
      {!isOpen && (
        <Act whyNot={whyNot} run={() => setOpen(true)} isExpanded={false}>
          {props.isMore ? 'Do something else' : 'Slow it down'}
        </Act>
      )}
      {isOpen && <Form {...props} close={() => setOpen(false)} />}
    </div>
  )
}

function Form(props: TakeDecisionProps & { readonly close: () => void }): ReactNode {
  const { actor, session, reason, taken, close } = props
  const [draft, setDraft] = useState<Draft>({
    kind: 'throttle',
    requests: 6,
    rows: 1000,
    minutes: 60,
    isSession: false,
    reason: reason.slice(0, REASON_CHARS_MAX),
    isSure: false,
  })
  const [wrong, setWrong] = useState<string | null>(null)
  const change = (changes: Partial<Draft>) => setDraft({ ...draft, ...changes })
  const isForSession = draft.isSession || draft.kind === 'end_session'
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    try {
      const body = {
        actor,
        session: isForSession ? session : null,
        action: actionOf(draft),
        minutes: draft.minutes,
        reason: draft.reason,
      }
      const decision = await ask('POST /v1/responses', { body })
      close()
      taken(decision)
    } catch (error) {
      setWrong(error instanceof Problem ? error.message : String(error))
    }
  }
  return (
    <form
      className="stack decision-form"
      aria-label={`Decide about ${visible(actor)}`}
      onSubmit={event => void submit(event)}
      onKeyDown={event => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        event.stopPropagation()
        close()
      }}
    >
      <Fields draft={draft} change={change} session={session} isForSession={isForSession} />
      <Textarea
        label="Reason, for the log and for whoever asks"
        value={draft.reason}
        maxLength={REASON_CHARS_MAX}
        autosize={false}
        rows={2}
        error={wrong}
        onChange={event => change({ reason: event.currentTarget.value })}
      />
      {LOCKS_OUT.has(draft.kind) && (
        <Checkbox
          label="This keeps them from working until it ends or somebody undoes it"
          checked={draft.isSure}
          onChange={event => change({ isSure: event.currentTarget.checked })}
        />
      )}
      <div className="row">
        <Act whyNot={hindranceOf(draft)} isSubmit variant="filled">
          {KINDS.find(({ value }) => value === draft.kind)?.label} for {minutesOf(draft.minutes)}
        </Act>
        <Act whyNot={null} run={close} variant="subtle">
          Cancel
        </Act>
      </div>
    </form>
  )
}

function Fields({
  draft,
  change,
  session,
  isForSession,
}: {
  readonly draft: Draft
  readonly change: (changes: Partial<Draft>) => void
  readonly session: string | null
  readonly isForSession: boolean
}): ReactNode {
  const number = (value: string | number) => (typeof value === 'number' ? value : 1)
  return (
    <div className="decision-fields">
      <Select
        label="What is done"
        data-autofocus
        autoFocus
        comboboxProps={{ withinPortal: true }}
        data={KINDS.filter(({ value }) => value !== 'end_session' || session !== null)}
        value={draft.kind}
        onChange={value =>
          change({ kind: KINDS.find(k => k.value === value)?.value ?? 'throttle' })
        }
      />
      <Select
        label="For how long"
        data={MINUTES.map(value => ({ value: String(value), label: minutesOf(value) }))}
        value={String(draft.minutes)}
        onChange={value => change({ minutes: Number(value ?? 60) })}
      />
      {draft.kind === 'throttle' && (
        <NumberInput
          label="Requests a minute"
          min={1}
          value={draft.requests}
          hideControls
          onChange={value => change({ requests: number(value) })}
        />
      )}
      {(draft.kind === 'throttle' || draft.kind === 'approval_required') && (
        <NumberInput
          label={draft.kind === 'throttle' ? 'Rows a minute' : 'Rows from which on'}
          min={1}
          value={draft.rows}
          hideControls
          onChange={value => change({ rows: number(value) })}
        />
      )}
      {session !== null && (
        <Select
          label="Whom"
          data={[
            { value: 'all', label: 'Every session of the account' },
            { value: 'session', label: `Only session ${visible(session)}` },
          ]}
          value={isForSession ? 'session' : 'all'}
          disabled={draft.kind === 'end_session'}
          onChange={value => change({ isSession: value === 'session' })}
        />
      )}
    </div>
  )
}

function actionOf({ kind, requests, rows }: Draft): Action {
  switch (kind) {
    case 'throttle':
      return { kind, requestsPerMinute: requests, rowsPerMinute: rows }
    case 'approval_required':
      return { kind, bulkRows: rows }
    case 'step_up':
      return { kind, ...SECOND_FACTOR }
    default:
      return { kind }
  }
}

function hindranceOf({ kind, reason, isSure }: Draft): string | null {
  if (reason.trim() === '') return 'Give a reason'
  return LOCKS_OUT.has(kind) && !isSure ? 'Confirm that it may lock them out' : null
}

function minutesOf(minutes: number): string {
  return minutes < 60 ? `${minutes} min` : minutes === 60 ? '1 hour' : `${minutes / 60} hours`
}
