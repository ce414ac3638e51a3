// The fields of events beside the table: of those that are open the most frequent values, each of
// which can be asked for or left out; of all others the names, under their headings.

import { TextInput } from '@mantine/core'
import { FIELDS, type Field, type FieldGroup } from '@tocsin/sdk/event'
import { memo, type ReactNode, useState } from 'react'
import { Failed } from '../states/states.tsx'
import { refusalOf, useValues } from './asking.ts'
import { ColumnSwitch } from './column-switch.tsx'
import { useExplored } from './explored.ts'
import { OpenField } from './open-field.tsx'
import { isCounted, OPEN_FIELDS, printOpenFields } from './view.ts'

const GROUPS: readonly (readonly [group: FieldGroup, title: string])[] = [
  ['who', 'Who'],
  ['what', 'What'],
  ['when', 'When'],
  ['where', 'Where'],
  ['how', 'How'],
  ['outcome', 'Outcome'],
  ['volume', 'Volume'],
  ['content', 'Content'],
  ['envelope', 'Envelope'],
  ['ext', 'Further'],
]

export const FieldPanel: React.MemoExoticComponent<() => ReactNode> = memo(function FieldPanel() {
  const { acts, open, isPanelShut } = useExplored()
  const [wanted, setWanted] = useState('')
  if (isPanelShut) return null
  const put = (next: readonly string[]) => {
    acts.set({ open: printOpenFields(next) }, { replace: true })
  }
  const asked = wanted.trim().toLowerCase()
  const fits = ({ path, help, aliases = [] }: Field) =>
    [path, help, ...aliases].some(text => text.toLowerCase().includes(asked))
  const known = FIELDS.filter(fits)
  const shut = known.filter(({ path }) => !open.includes(path))
  const shown = open.filter(path => known.some(field => field.path === path))
  return (
    <section className="field-panel" aria-label="Fields">
      <h2 className="unseen">Fields</h2>
      <TextInput
        className="field-search"
        aria-label="Find a field"
        placeholder={`Find one of ${FIELDS.length} fields`}
        value={wanted}
        onChange={event => setWanted(event.currentTarget.value)}
      />
      <div className="field-list">
        <OpenFields shown={shown} close={path => put(open.filter(one => one !== path))} />
        {GROUPS.map(([group, title]) => {
          const fields = shut.filter(field => field.group === group)
          if (fields.length === 0) return null
          return (
            <section key={group} className="field-group" aria-label={title}>
              <h3>{title}</h3>
              {fields.map(field => (
                <ShutField key={field.path} field={field} open={() => put([...open, field.path])} />
              ))}
            </section>
          )
        })}
        {known.length === 0 && <p className="quiet field-none">No field is called so.</p>}
      </div>
    </section>
  )
})

/** The usual ones are asked for together, every other by itself, so that opening one is cheap. */
function OpenFields({
  shown,
  close,
}: {
  readonly shown: readonly string[]
  readonly close: (path: string) => void
}): ReactNode {
  const explored = useExplored()
  const usual = shown.filter(path => OPEN_FIELDS.includes(path))
  const together = useValues(explored, usual.length > 0 ? OPEN_FIELDS : [])
  const { error, data, refetch } = together
  if (error && !data) {
    return refusalOf(error) === null ? <Failed error={error} retry={refetch} /> : null
  }
  return shown.map(path =>
    usual.includes(path) ? (
      <OpenField key={path} path={path} result={together} close={() => close(path)} />
    ) : (
      <OwnField key={path} path={path} close={() => close(path)} />
    ),
  )
}

function OwnField({
  path,
  close,
}: {
  readonly path: string
  readonly close: () => void
}): ReactNode {
  const result = useValues(useExplored(), [path])
  return <OpenField path={path} result={result} close={close} />
}

function ShutField({
  field,
  open,
}: {
  readonly field: Field
  readonly open: () => void
}): ReactNode {
  const { path, type, help } = field
  const canOpen = isCounted(field)
  return (
    <div className="shut-field">
      <button
        type="button"
        className="name"
        title={`${help} (${type})`}
        aria-expanded={false}
        disabled={!canOpen}
        onClick={open}
      >
        {path}
      </button>
      <ColumnSwitch path={path} />
    </div>
  )
}
