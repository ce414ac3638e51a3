// The content of an event: what was asked and answered, word for word. It is not part of what is
// searched or shown; who has the right asks for it here, and that is in the log before it is on the
// screen.

import { TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Act } from '../../act/act.tsx'
import { ask, Problem } from '../../api/api.ts'
import { useWhyNot } from '../../session/session.tsx'
import { Failed } from '../../states/states.tsx'
import type { FoundEvent } from '../asking.ts'
import { JsonView } from './json-tab.tsx'
import { LongText } from './long-text.tsx'

const REASON_CHARS_MAX = 500

export function Content({ event }: { readonly event: FoundEvent }): ReactNode {
  const whyNot = useWhyNot('content:reveal')
  const [reason, setReason] = useState('')
  const reveal = useMutation({
    mutationFn: () =>
      ask('POST /v1/events/{id}/reveal', {
        params: { id: event.id },
        body: reason.trim() === '' ? {} : { reason: reason.trim() },
      }),
  })
  const submit = (form: FormEvent) => {
    form.preventDefault()
    if (whyNot === null) reveal.mutate()
  }
  if (reveal.data) return <Revealed {...reveal.data} hide={reveal.reset} />
  return (
    <form className="content-masked" onSubmit={submit}>
      <p className="quiet">
        The content is masked. Showing it is recorded in the log: who, when, which event, and why.
      </p>
      <div className="row">
        <TextInput
          className="grow"
          aria-label="Why the content is shown"
          placeholder="Why (recorded)"
          maxLength={REASON_CHARS_MAX}
          value={reason}
          disabled={whyNot !== null}
          onChange={change => setReason(change.currentTarget.value)}
        />
        <Act whyNot={whyNot} isSubmit loading={reveal.isPending} variant="default">
          Show the content
        </Act>
      </div>
      {reveal.error && <Refused error={reveal.error} />}
    </form>
  )
}

function Refused({ error }: { readonly error: Error }): ReactNode {
  const isNone = error instanceof Problem && error.code === 'event.no_content'
  return isNone ? (
    <p role="status">There is none to show: {error.message}.</p>
  ) : (
    <Failed error={error} />
  )
}

function Revealed({
  content,
  isAsHashed,
  hide,
}: {
  readonly content: unknown
  readonly isAsHashed: boolean
  readonly hide: () => void
}): ReactNode {
  return (
    <div className="content-shown">
      <p className="quiet">
        {isAsHashed
          ? 'This is the content whose hash the event carries.'
          : 'The event does not carry the hash of this content.'}{' '}
        That you looked is in the log.{' '}
        <button type="button" onClick={hide}>
          Mask it again
        </button>
      </p>
      {typeof content === 'string' ? <LongText text={content} /> : <JsonView value={content} />}
    </div>
  )
}
