// All fields that the event has, under the five questions, each with what it means and with "only
// these" and "all but these". The content is not here: it is shown on its own, by who may.

import { FIELDS, type Field, type FieldGroup } from '@tocsin/sdk/event'
import type { ReactNode } from 'react'
import { entityPath, Go } from '../../address/address.tsx'
import { OutcomeMark, Proof, When } from '../../value/value.tsx'
import type { FoundEvent } from '../asking.ts'
import { wordsOf } from '../cells.tsx'
import { askedText, cutJson, type EventValue, valuesAt } from '../event-values.ts'
import { useExplored } from '../explored.ts'
import { Content } from './content.tsx'
import { LongText } from './long-text.tsx'

const GROUPS: readonly (readonly [group: FieldGroup, title: string])[] = [
  ['who', 'Who'],
  ['what', 'What'],
  ['when', 'When'],
  ['where', 'Where'],
  ['how', 'How'],
  ['outcome', 'Outcome'],
  ['volume', 'Volume'],
  ['content', 'Content'],
  ['ext', 'Further'],
  ['envelope', 'Envelope'],
]
const JSON_CHARS_MAX = 400
const VALUES_SHOWN = 50
const BODY = 'content.body'

/** Fields whose values are things that have a screen of their own. */
const ENTITY_TYPES: { readonly [path: string]: string } = {
  'actor.id': 'actor',
  'onBehalfOf.id': 'actor',
  'actor.session': 'session',
  'actor.credential': 'credential',
  'agent.id': 'agent',
  'model.served': 'model',
  'resource.id': 'resource',
  'tool.name': 'tool',
  'source.ip': 'source',
  system: 'system',
}

export function FieldsTab({ event }: { readonly event: FoundEvent }): ReactNode {
  const present = FIELDS.filter(({ path }) => path !== BODY && valuesAt(event, path).length > 0)
  return (
    <>
      {GROUPS.map(([group, title]) => {
        const fields = present.filter(field => field.group === group)
        if (fields.length === 0 && group !== 'content') return null
        return (
          <section key={group} className="event-fields">
            <h3>{title}</h3>
            {fields.map(field => (
              <FieldLine key={field.path} field={field} event={event} />
            ))}
            {group === 'content' && <Content event={event} key={event.id} />}
          </section>
        )
      })}
    </>
  )
}

function FieldLine({
  field,
  event,
}: {
  readonly field: Field
  readonly event: FoundEvent
}): ReactNode {
  const values = valuesAt(event, field.path)
  const further = values.length - VALUES_SHOWN
  return (
    <div className="field-line">
      <div className="label">
        <span className="name">{field.path}</span>
        <span className="help">{field.help}</span>
      </div>
      <div className="values">
        {values.slice(0, VALUES_SHOWN).map((value, i) => (
          <ValueLine key={i} field={field} value={value} />
        ))}
        {further > 0 && <div className="quiet">{further} more; all are under JSON</div>}
      </div>
    </div>
  )
}

function ValueLine({
  field,
  value,
}: {
  readonly field: Field
  readonly value: EventValue
}): ReactNode {
  const { acts } = useExplored()
  const { path, type } = field
  const asked = type === 'json' || type === 'time' ? null : askedText(value)
  const isIn = (isOut: boolean) => () => acts.filter({ field: path, value: asked, isOut })
  return (
    <div className="value-line">
      <span className="shown">
        <Shown field={field} value={value} />
      </span>
      {asked !== null && (
        <span className="value-acts">
          <button type="button" aria-label={`Only this ${path}`} onClick={isIn(false)}>
            +
          </button>
          <button type="button" aria-label={`All but this ${path}`} onClick={isIn(true)}>
            −
          </button>
        </span>
      )}
    </div>
  )
}

function Shown({ field, value }: { readonly field: Field; readonly value: EventValue }): ReactNode {
  const { zone } = useExplored()
  const { path, type } = field
  if (typeof value === 'object') {
    return <span className="id">{cutJson(value, JSON_CHARS_MAX)}</span>
  }
  if (path === 'outcome') return <OutcomeMark outcome={String(value)} />
  if (path === 'actor.verified') return <Proof verified={String(value)} />
  if (type === 'time' && typeof value === 'number') return <When ms={value} zone={zone} />
  if (typeof value !== 'string') {
    return <span title={String(value)}>{wordsOf(value, field)}</span>
  }
  const entity = ENTITY_TYPES[path]
  const text = <LongText text={value} isId={isId(path)} />
  // A longer name than a name has is shown, not followed.
  const isName = entity !== undefined && value !== '' && value.length <= 1024
  return isName ? <Go to={entityPath({ type: entity, id: value })}>{text}</Go> : text
}

function isId(path: string): boolean {
  return /(?:^|\.)(?:id|requestId|callId|session|credential|hash|digest)$|Hash$|Print$/.test(path)
}
