// The palette: type where to go. Screens, entities by their name, an event by its id, a question.

import { Modal, TextInput } from '@mantine/core'
import { type KeyboardEvent, type ReactNode, useId, useState } from 'react'
import { type Changes, entityPath, useAddress } from '../address/address.tsx'
import { visible } from '../value/value.tsx'
import { PLACES } from './places.ts'

type Choice = {
  readonly name: string
  readonly what: string
  readonly path: string
  readonly changes: Changes
}

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i
const ENTITY = /^(actor|key|agent|session|ip|model|resource|credential|tool):(.+)$/

export function Palette({
  isOpen,
  close,
}: {
  readonly isOpen: boolean
  readonly close: () => void
}): ReactNode {
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      withCloseButton={false}
      size="lg"
      padding="sm"
      yOffset="12vh"
      centered={false}
      title={<span className="unseen">Go to</span>}
    >
      {isOpen && <Choose close={close} />}
    </Modal>
  )
}

function Choose({ close }: { readonly close: () => void }): ReactNode {
  const { go } = useAddress()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const list = useId()
  const choices = choicesFor(text)
  const chosen = Math.min(at, choices.length - 1)
  const take = (choice: Choice | undefined) => {
    if (!choice) return
    close()
    go(choice.path, choice.changes)
  }
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) setAt((chosen + step + choices.length) % choices.length)
    else if (event.key === 'Enter') take(choices[chosen])
    else return
    event.preventDefault()
  }
  return (
    <>
      <TextInput
        data-autofocus
        size="md"
        placeholder="A screen, an account, an event's id, or a question"
        aria-label="Where to go"
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={`${list}-${chosen}`}
        value={text}
        onChange={e => {
          setText(e.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={press}
      />
      <div role="listbox" id={list} aria-label="Places" className="choices">
        {choices.map((choice, i) => (
          <div
            key={`${choice.path}${choice.name}`}
            id={`${list}-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === chosen}
            className="choice"
            onClick={() => take(choice)}
          >
            <span className="cut">{visible(choice.name)}</span>
            <span className="quiet cut">{choice.what}</span>
          </div>
        ))}
      </div>
    </>
  )
}

function choicesFor(text: string): readonly Choice[] {
  const typed = text.trim()
  const wanted = typed.toLowerCase()
  const places = PLACES.filter(({ name, what }) =>
    `${name} ${what}`.toLowerCase().includes(wanted),
  ).map(({ name, what, path }) => ({ name, what, path, changes: {} }))
  if (typed === '') return places
  const [, type, id] = ENTITY.exec(typed) ?? []
  const entity = type && id ? { type, id } : { type: 'actor', id: typed }
  const found: Choice[] = [
    {
      name: `${entity.type} ${entity.id}`,
      what: 'Is it as it used to be?',
      path: entityPath(entity),
      changes: {},
    },
    { name: typed, what: 'Search events for it', path: '/events', changes: { q: typed } },
  ]
  const event = { name: typed, what: 'Open the event', path: '/events', changes: { sel: typed } }
  return UUID.test(typed) ? [event] : [...places, ...found]
}
