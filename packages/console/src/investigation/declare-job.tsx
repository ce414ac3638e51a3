// A job that would explain it: what the account will do, when, and how much. It stands in the log
// with whoever declared it, and excuses nothing by itself.

import { NumberInput, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Act } from '../act/act.tsx'
import { ask, Problem } from '../api/api.ts'
import { visible } from '../value/value.tsx'
import type { Investigation } from './asked.ts'
import { scheduleAround } from './schedule.ts'

export function DeclareJob({
  actor,
  found,
  close,
  declared,
}: {
  readonly actor: string
  readonly found: Investigation
  readonly close: () => void
  readonly declared: () => void
}): ReactNode {
  const [schedule, setSchedule] = useState(() => scheduleAround(found.fromMs, found.toMs))
  const [resource, setResource] = useState('')
  const [rows, setRows] = useState<number | string>('')
  const [until, setUntil] = useState('')
  const [wrong, setWrong] = useState<string | null>(null)
  const submit = async () => {
    try {
      const body = {
        actor,
        schedule: schedule.trim(),
        ...(resource.trim() === '' ? {} : { resource: resource.trim() }),
        ...(typeof rows === 'number' ? { maxRows: Math.round(rows) } : {}),
        ...(until.trim() === '' ? {} : { until: until.trim() }),
      }
      await ask('POST /v1/jobs', { body })
      close()
      declared()
    } catch (error) {
      setWrong(error instanceof Problem ? error.message : String(error))
    }
  }
  return (
    <form
      className="stack action-form"
      aria-label={`Declare a job of ${visible(actor)}`}
      onSubmit={event => {
        event.preventDefault()
        void submit()
      }}
      onKeyDown={event => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        event.stopPropagation()
        close()
      }}
    >
      <TextInput
        label="When, in UTC"
        description="Sat 02:00-04:00, Mon-Fri 22:00-01:30, daily 03:00-05:00"
        data-autofocus
        autoFocus
        value={schedule}
        error={wrong}
        maxLength={100}
        onChange={event => setSchedule(event.currentTarget.value)}
      />
      <div className="decision-fields">
        <TextInput
          label="What it reaches"
          placeholder="Anything"
          value={resource}
          onChange={event => setResource(event.currentTarget.value)}
        />
        <NumberInput
          label="Most rows in one run"
          placeholder="As many as it likes"
          min={0}
          hideControls
          thousandSeparator=","
          value={rows}
          onChange={setRows}
        />
        <TextInput
          label="Until"
          placeholder="2027-01-31, or open"
          value={until}
          onChange={event => setUntil(event.currentTarget.value)}
        />
      </div>
      <div className="row">
        <Act whyNot={schedule.trim() === '' ? 'Say when' : null} isSubmit variant="filled">
          Declare it
        </Act>
        <Act whyNot={null} run={close} variant="subtle">
          Cancel
        </Act>
      </div>
    </form>
  )
}
