// Views under a name: question, range, columns, everything that the address says.

import { Button, Menu, TextInput } from '@mantine/core'
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
  return (
    <Menu position="bottom-end" opened={isOpen} onChange={setOpen} closeOnItemClick>
      <Menu.Target>
        <Button variant="default">Views</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {views.length > 0 && <Menu.Label>Saved in this browser</Menu.Label>}
        {views.map(view => (
          <div className="view-line" key={view.name}>
            <Menu.Item onClick={() => router.history.push(view.href)}>
              {visible(view.name)}
            </Menu.Item>
            <button
              type="button"
              aria-label={`Forget the view ${visible(view.name)}`}
              onClick={() => keep(views.filter(one => one.name !== view.name))}
            >
              ×
            </button>
          </div>
        ))}
        {views.length > 0 && <Menu.Divider />}
        <SaveForm save={save} />
      </Menu.Dropdown>
    </Menu>
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
  // The menu would take letters for the beginning of an entry.
  const keepKeys = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') event.stopPropagation()
  }
  return (
    <form onSubmit={submit} onKeyDown={keepKeys} className="view-form">
      <TextInput
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
