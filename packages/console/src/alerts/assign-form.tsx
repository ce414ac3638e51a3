// To whom an alert is given: a name as the log will have it.

import { TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Act } from '../act/act.tsx'
import { useSession } from '../session/session.tsx'
import { visible } from '../value/value.tsx'
import type { Detail } from './inbox-data.ts'

const NAME_CHARS_MAX = 200

export function AssignForm({
  alert: { assignee },
  send,
}: {
  readonly alert: Pick<Detail, 'assignee'>
  readonly send: (to: string | null) => void
}): ReactNode {
  const { principal } = useSession()
  const [to, setTo] = useState(assignee === principal ? '' : principal)
  return (
    <form
      className="row"
      aria-label="Assign"
      onSubmit={event => {
        event.preventDefault()
        if (to.trim() !== '') send(to.trim())
      }}
    >
      <TextInput
        className="grow"
        data-autofocus
        autoFocus
        aria-label="Who looks after it"
        placeholder="Who looks after it"
        value={to}
        maxLength={NAME_CHARS_MAX}
        onChange={event => setTo(event.currentTarget.value)}
        onFocus={event => event.currentTarget.select()}
      />
      <Act whyNot={to.trim() === '' ? 'Write a name' : null} isSubmit variant="filled">
        Assign
      </Act>
      {assignee !== null && (
        <Act whyNot={null} run={() => send(null)}>
          Take it from {visible(assignee)}
        </Act>
      )}
    </form>
  )
}
