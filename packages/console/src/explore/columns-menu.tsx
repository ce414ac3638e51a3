// Which columns the table has, and in which order.

import { Button, Checkbox, Popover, TextInput } from '@mantine/core'
import { FIELD_BY_NAME, FIELDS } from '@tocsin/sdk/event'
import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { useKeys } from '../keys/keys.ts'
import { useExplored } from './explored.ts'
import {
  DEFAULT_COLUMNS,
  printColumns,
  TARGET,
  withColumnMoved,
  withColumnToggled,
} from './view.ts'

export function ColumnsMenu(): ReactNode {
  const [isOpen, setOpen] = useState(false)
  useKeys([{ press: 'c', what: 'Choose the columns', run: () => setOpen(true) }])
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          aria-haspopup="dialog"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        {isOpen && <Choose close={() => setOpen(false)} />}
      </Popover.Dropdown>
    </Popover>
  )
}

function Choose({ close }: { readonly close: () => void }): ReactNode {
  const { acts, columns } = useExplored()
  const [wanted, setWanted] = useState('')
  const put = (next: readonly string[]) => {
    if (next.length > 0) acts.set({ cols: printColumns(next) }, { replace: true })
  }
  const fits = (name: string) => name.toLowerCase().includes(wanted.trim().toLowerCase())
  const others = [TARGET, ...FIELDS.map(({ path }) => path)].filter(
    name => !columns.includes(name) && fits(name),
  )
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    // It closes this, and not also what lies below.
    event.preventDefault()
    event.stopPropagation()
    close()
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is in it takes keys
    <div className="columns-menu" onKeyDown={press}>
      <TextInput
        data-autofocus
        aria-label="Find a field"
        placeholder="Find a field"
        value={wanted}
        onChange={event => setWanted(event.currentTarget.value)}
      />
      <ul aria-label="Columns in their order">
        {columns.filter(fits).map(name => (
          <ChosenColumn key={name} name={name} columns={columns} put={put} />
        ))}
      </ul>
      <ul aria-label="Further fields" className="others">
        {others.map(name => (
          <li key={name}>
            <Checkbox
              label={<ColumnName name={name} />}
              checked={false}
              onChange={() => put(withColumnToggled(columns, name))}
            />
          </li>
        ))}
      </ul>
      <Button variant="subtle" onClick={() => put(DEFAULT_COLUMNS)}>
        As they were at first
      </Button>
    </div>
  )
}

function ChosenColumn({
  name,
  columns,
  put,
}: {
  readonly name: string
  readonly columns: readonly string[]
  readonly put: (columns: readonly string[]) => void
}): ReactNode {
  const move = (by: -1 | 1) => () => put(withColumnMoved(columns, name, by))
  return (
    <li>
      <Checkbox
        label={<ColumnName name={name} />}
        checked
        disabled={columns.length === 1}
        onChange={() => put(withColumnToggled(columns, name))}
      />
      <button
        type="button"
        aria-label={`Move ${name} to the left`}
        disabled={columns[0] === name}
        onClick={move(-1)}
      >
        ↑
      </button>
      <button
        type="button"
        aria-label={`Move ${name} to the right`}
        disabled={columns.at(-1) === name}
        onClick={move(1)}
      >
        ↓
      </button>
    </li>
  )
}

function ColumnName({ name }: { readonly name: string }): ReactNode {
  return <span title={FIELD_BY_NAME.get(name)?.help}>{name === TARGET ? 'reached' : name}</span>
}
