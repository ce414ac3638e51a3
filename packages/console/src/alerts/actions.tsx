// What can be done with the alert that is open. Each has a key; what needs more than a word opens a
// form below, with the focus in it, and Escape leads back.

import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { Act, Letter } from '../act/act.tsx'
import { entityPath, Go } from '../address/address.tsx'
import { aboutEntity } from '../question/question.ts'
import { useWhyNot } from '../session/session.tsx'
import { AssignForm } from './assign-form.tsx'
import { assign, type Change, reopen, resolve, suppress } from './changes.ts'
import type { Detail } from './inbox-data.ts'
import { ResolveForm } from './resolve-form.tsx'
import { SuppressForm } from './suppress-form.tsx'

export type FormKind = 'assign' | 'resolve' | 'suppress'

export type ActionsProps = {
  readonly alert: Detail
  readonly form: FormKind | null
  readonly setForm: (form: FormKind | null) => void
  /** Does it and shows how to take it back; the sentence of what went wrong, or null. */
  readonly act: (change: () => Promise<Change>) => Promise<string | null>
  readonly acknowledge: () => void
}

export function Actions(props: ActionsProps): ReactNode {
  const { alert, form, setForm, act, acknowledge } = props
  const client = useQueryClient()
  const mayNot = useWhyNot('triage')
  const isResolved = alert.state === 'resolved'
  const toggle = (kind: FormKind) => setForm(form === kind ? null : kind)
  const notOpen = alert.state === 'open' ? null : 'It is not open'
  return (
    <div className="actions-block">
      <div className="row actions" role="toolbar" aria-label="What to do with it">
        <Act whyNot={mayNot ?? notOpen} run={acknowledge} rightSection={<Letter press="e" />}>
          Acknowledge
        </Act>
        <Act
          whyNot={mayNot}
          run={() => toggle('assign')}
          isExpanded={form === 'assign'}
          rightSection={<Letter press="a" />}
        >
          Assign
        </Act>
        <Act
          whyNot={mayNot ?? (isResolved ? 'It is resolved; reopen it first' : null)}
          run={() => toggle('resolve')}
          isExpanded={form === 'resolve'}
          rightSection={<Letter press="r" />}
        >
          Resolve
        </Act>
        <Act
          whyNot={mayNot}
          run={() => toggle('suppress')}
          isExpanded={form === 'suppress'}
          rightSection={<Letter press="m" />}
        >
          Suppress
        </Act>
        {alert.state !== 'open' && (
          <Act whyNot={mayNot} run={() => void act(() => reopen(client, alert))}>
            Reopen
          </Act>
        )}
        <span className="grow" />
        <Ways alert={alert} />
      </div>
      {form !== null && <FormOf {...props} form={form} />}
    </div>
  )
}

function Ways({ alert: { id, entity, startMs, lastMs } }: { readonly alert: Detail }): ReactNode {
  const range = { from: String(startMs), to: String(lastMs + 1) }
  return (
    <nav className="row ways" aria-label="Where to look further">
      <Go to="/investigate" changes={{ alert: id }}>
        Investigate
      </Go>
      <Go to={entityPath(entity)}>Open {entity.type}</Go>
      <Go
        to="/events"
        changes={{ q: aboutEntity(entity), ...range }}
        label="Events of the entity from first to last finding"
      >
        Events
      </Go>
    </nav>
  )
}

function FormOf({
  alert,
  form,
  setForm,
  act,
}: ActionsProps & { readonly form: FormKind }): ReactNode {
  const client = useQueryClient()
  const [wrong, setWrong] = useState<string | null>(null)
  const close = () => setForm(null)
  useReturn()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another form starts anew
  useEffect(() => setWrong(null), [form])
  const send = async (change: () => Promise<Change>) => {
    const problem = await act(change)
    setWrong(problem)
    if (problem === null) close()
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape leaves the form inside
    <div
      className="action-form"
      onKeyDown={event => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        event.stopPropagation()
        close()
      }}
    >
      {form === 'assign' && (
        <AssignForm alert={alert} send={to => void send(() => assign(client, alert, to))} />
      )}
      {form === 'resolve' && (
        <ResolveForm send={body => void send(() => resolve(client, alert, body))} />
      )}
      {form === 'suppress' && (
        <SuppressForm alert={alert} send={plan => void send(() => suppress(client, alert, plan))} />
      )}
      {wrong !== null && (
        <p className="wrong" role="alert">
          {wrong}
        </p>
      )}
    </div>
  )
}

/** When the form goes, so would the focus: it returns to where it came from. */
function useReturn(): void {
  const [before] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      if (document.activeElement !== document.body) return
      const heading = document.querySelector<HTMLElement>('.opened h2')
      const isThere = before instanceof HTMLElement && before.isConnected
      if (isThere && before !== document.body) before.focus()
      else heading?.focus()
    },
    [before],
  )
}
