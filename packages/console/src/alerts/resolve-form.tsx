// What it was, why, and what was prevented. The form says what each answer teaches: who decides
// should know what Tocsin makes of it (docs/spec/alerts.md, States of an alert).

import { NumberInput, Radio, Select, Textarea } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Act } from '../act/act.tsx'
import type { Resolution } from './changes.ts'
import { CAUSE_WORDS } from './history.tsx'

type As = Resolution['as']
type Cause = Resolution['cause']

const KINDS: readonly { readonly as: As; readonly name: string; readonly teaches: string }[] = [
  {
    as: 'true',
    name: 'True: it should not have happened',
    teaches: 'Its findings go on counting for the risk, and nothing of it is learnt as usual.',
  },
  {
    as: 'benign',
    name: 'Benign: it happened, and was all right',
    teaches: 'Its findings stop counting for the risk, and what happened is learnt as usual.',
  },
  {
    as: 'false',
    name: 'False: it did not happen as the finding says',
    teaches: 'As with benign. Say in the note what misled the rule, so that it can be mended.',
  },
]
const USUAL_CAUSE: { readonly [as in As]: Cause } = {
  true: 'threat',
  benign: 'batch_job',
  false: 'data_fault',
}
const NOTE_CHARS_MAX = 1000
const MICROS = 1_000_000

export function ResolveForm({
  send,
  count = null,
}: {
  readonly send: (body: Resolution) => void
  /** How many alerts it is said of; null for the one that is open. */
  readonly count?: number | null
}): ReactNode {
  const [as, setAs] = useState<As>('true')
  const [chosen, setCause] = useState<Cause | null>(null)
  const [rows, setRows] = useState<number | string>('')
  const [spent, setSpent] = useState<number | string>('')
  const [note, setNote] = useState('')
  const cause = chosen ?? USUAL_CAUSE[as]
  const submit = () =>
    send({
      as,
      cause,
      ...(typeof rows === 'number' ? { rowsPrevented: Math.round(rows) } : {}),
      ...(typeof spent === 'number' ? { costMicrosPrevented: Math.round(spent * MICROS) } : {}),
      ...(note.trim() === '' ? {} : { note: note.trim() }),
    })
  return (
    <form
      className="stack"
      aria-label="Resolve"
      onSubmit={event => {
        event.preventDefault()
        submit()
      }}
    >
      <Radio.Group label="What it was" value={as} onChange={value => setAs(kindOf(value))}>
        <div className="stack kinds">
          {KINDS.map(kind => (
            <Radio
              key={kind.as}
              value={kind.as}
              label={kind.name}
              description={kind.teaches}
              autoFocus={kind.as === as}
            />
          ))}
        </div>
      </Radio.Group>
      {cause === 'data_fault' && as !== 'true' && (
        <p className="quiet">A fault in the data is never learnt as usual.</p>
      )}
      <div className="decision-fields">
        <Select
          label="Why it came"
          data={Object.entries(CAUSE_WORDS).map(([value, label]) => ({ value, label }))}
          value={cause}
          onChange={value => setCause(causeOf(value))}
        />
        {count === null && (
          <>
            <NumberInput
              label="Rows prevented, if known"
              min={0}
              hideControls
              thousandSeparator=","
              value={rows}
              onChange={setRows}
            />
            <NumberInput
              label="Cost prevented, if known"
              min={0}
              hideControls
              thousandSeparator=","
              value={spent}
              onChange={setSpent}
            />
          </>
        )}
      </div>
      <Textarea
        label="Note for who comes after you"
        rows={2}
        maxLength={NOTE_CHARS_MAX}
        value={note}
        onChange={event => setNote(event.currentTarget.value)}
      />
      <div className="row">
        <Act whyNot={null} isSubmit variant="filled">
          {count === null ? `Resolve as ${as}` : `Resolve ${count} as ${as}`}
        </Act>
        <span className="quiet small">Escape leaves it as it is.</span>
      </div>
    </form>
  )
}

function kindOf(value: string): As {
  return KINDS.find(kind => kind.as === value)?.as ?? 'true'
}

function causeOf(value: string | null): Cause | null {
  const causes: readonly Cause[] = ['threat', 'misuse', 'batch_job', 'data_fault', 'other']
  return causes.find(one => one === value) ?? null
}
