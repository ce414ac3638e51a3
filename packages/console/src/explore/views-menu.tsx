// Views under a name: question, range, columns, everything that the address says.

import { Button, Popover, TextInput } from '@mantine/core'
import { useRouter } from '@tanstack/react-router'
import { type FormEvent, type KeyboardEvent, type ReactNode, useState } from 'react'
import { visible } from '../value/value.tsx'
import { useExplored } from './explored.ts'
import { readViews, type View, withView, writeViews } from './kept.ts'

export function ViewsMenu(): ReactNode {
  const { acts } = useExplored()
  const router = useRouter()
  const [views, setViews] = useState(readViews)
  const [isOpen, setOpen] = useState(false)
  const keep = (next: readonly View[]) => {
    setViews(next)
    writeViews(next)
  }
  const save = (name: string) => {
    // What is open belongs to the moment, not to the view.
    const { hrefOf, path, search } = acts.addressNow()
    const { sel: _, tab: __, ...lasting } = search
    keep(withView(views, { name, href: hrefOf(path, lasting) }))
    acts.say(`View saved: ${name}`)
    setOpen(false)
  }
  // It closes this, and not also what lies below.
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    event.preventDefault()
    event.stopPropagation()
    setOpen(false)
  }
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          aria-haspopup="dialog"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          Views
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Views" className="views-menu" onKeyDown={press}>
        {views.length > 0 && <h2>Saved in this browser</h2>}
        <ul>
          {views.map(view => (
            <li className="view-line" key={view.name}>
              <button
                type="button"
                className="view-name cut"
                onClick={() => {
                  setOpen(false)
                  router.history.push(view.href)
                }}
              >
                {visible(view.name)}
              </button>
              <button
                type="button"
                aria-label={`Forget the view ${visible(view.name)}`}
                onClick={() => keep(views.filter(one => one.name !== view.name))}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
        <SaveForm save={save} />
      </Popover.Dropdown>
    </Popover>
  )
}

function SaveForm({ save }: { readonly save: (name: string) => void }): ReactNode {
  const [name, setName] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() === '') return
    save(name.trim())
    setName('')
  }
  return (
    <form onSubmit={submit} className="view-form">
      <TextInput
        data-autofocus
        aria-label="Name of the view"
        placeholder="Save what is shown as …"
        value={name}
        maxLength={80}
        onChange={event => setName(event.currentTarget.value)}
      />
      <Button type="submit" variant="filled" disabled={name.trim() === ''}>
        Save
      </Button>
    </form>
  )
}
