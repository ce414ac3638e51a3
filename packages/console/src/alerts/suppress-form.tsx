// Keeps alerts of a rule, of an entity or of both together out of the inbox for a while. They are
// made, sealed and counted as ever.

import { Select, TextInput } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Act } from '../act/act.tsx'
import { nowMs } from '../clock/clock.ts'
import { visible } from '../value/value.tsx'
import type { Suppressing } from './changes.ts'
import type { Detail } from './inbox-data.ts'

const DAY_MS = 86_400_000
const DAYS = [1, 7, 30, 90] as const
const REASON_CHARS_MAX = 500
/** So that 90 days are not over the limit when the server's clock is a little behind. */
const SLACK_MS = 60_000

type Scope = 'both' | 'entity' | 'rules'

export function SuppressForm({
  alert: { entity, rules },
  send,
}: {
  readonly alert: Pick<Detail, 'entity' | 'rules'>
  readonly send: (plan: Suppressing) => void
}): ReactNode {
  const [scope, setScope] = useState<Scope>('both')
  const [days, setDays] = useState<number>(7)
  const [reason, setReason] = useState('')
  const name = visible(entity.id)
  const ruleWords =
    rules.length === 1 ? `rule ${visible(rules[0] ?? '')}` : `its ${rules.length} rules`
  const submit = () => {
    send({
      rules: scope === 'entity' ? null : rules,
      entity: scope === 'rules' ? null : `${entity.type}:${entity.id}`,
      until: new Date(nowMs() + days * DAY_MS - SLACK_MS).toISOString(),
      reason: reason.trim(),
    })
  }
  return (
    <form
      className="stack"
      aria-label="Suppress"
      onSubmit={event => {
        event.preventDefault()
        if (reason.trim() !== '') submit()
      }}
    >
      <div className="decision-fields">
        <Select
          label="What is kept out of the inbox"
          data-autofocus
          autoFocus
          data={[
            { value: 'both', label: `${ruleWords}, for ${name}` },
            { value: 'entity', label: `Everything about ${name}` },
            { value: 'rules', label: `${ruleWords}, whomever it is about` },
          ]}
          value={scope}
          onChange={value => setScope(scopeOf(value))}
        />
        <Select
          label="For how long"
          data={DAYS.map(one => ({
            value: String(one),
            label: one === 1 ? '1 day' : `${one} days`,
          }))}
          value={String(days)}
          onChange={value => setDays(Number(value ?? 7))}
        />
      </div>
      <TextInput
        label="Why, for whoever misses it"
        value={reason}
        maxLength={REASON_CHARS_MAX}
        onChange={event => setReason(event.currentTarget.value)}
      />
      <div className="row">
        <Act whyNot={reason.trim() === '' ? 'Say why' : null} isSubmit variant="filled">
          Suppress
        </Act>
        <span className="quiet small">
          Alerts are still made, sealed and counted; the filter “Suppressed” shows them.
        </span>
      </div>
    </form>
  )
}

function scopeOf(value: string | null): Scope {
  return value === 'entity' || value === 'rules' ? value : 'both'
}
