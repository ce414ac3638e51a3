// One event, opened beside the table: at once from the row, whole when the server has given it
// (which is recorded: who opened what). Next and previous walk what the question finds. Nothing in
// here is larger than what is looked at, whatever the event holds.

import './drawer.css'
import { ActionIcon, Button, Menu, Tabs } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { entityPath, Go, useAddress } from '../../address/address.tsx'
import { useKeys } from '../../keys/keys.ts'
import { Bones, Failed } from '../../states/states.tsx'
import { count, OutcomeMark, Plain, visible, When } from '../../value/value.tsx'
import { type FoundEvent, useEvent } from '../asking.ts'
import { sentenceOf } from '../cells.tsx'
import { printFilter } from '../clauses.ts'
import { useExplored } from '../explored.ts'
import { ChainTab } from './chain-tab.tsx'
import { FieldsTab } from './fields-tab.tsx'
import { JsonTab } from './json-tab.tsx'
import { ProofTab } from './proof-tab.tsx'

const TABS = ['fields', 'json', 'chain', 'proof'] as const
const TAB_NAMES = { fields: 'Fields', json: 'JSON', chain: 'Chain', proof: 'Proof' } as const
const AROUND_MS = 10 * 60_000
/** Who walks past an event has not opened it. */
const SETTLED_MS = 250

export function Drawer({
  id,
  known,
  position,
  total,
  go,
}: {
  readonly id: string
  /** From the row; null for an event that is not among the rows. */
  readonly known: FoundEvent | null
  readonly position: number
  readonly total: number | null
  readonly go: (by: 1 | -1) => void
}): ReactNode {
  const { acts } = useExplored()
  const title = useRef<HTMLHeadingElement>(null)
  const settled = useSettled(id, known === null ? 0 : SETTLED_MS)
  const whole = useEvent(settled)
  const event = (whole.data?.id === id ? whole.data : null) ?? known
  useFocusOnce(title)
  const close = () => {
    const cell = document.querySelector<HTMLElement>(
      '[role=row][aria-selected=true] [role=gridcell]',
    )
    acts.set({ sel: null, tab: null })
    cell?.focus()
  }
  useKeys([{ press: 'Escape', what: 'Close the event', run: close }])
  const isFailed = whole.error !== null && settled === id
  return (
    <aside className="drawer" aria-label="Event">
      <header>
        <h2 ref={title} tabIndex={-1} className="cut">
          {event ? visible(`${event.kind} · ${event.operation}`) : 'Event'}
        </h2>
        <Walk position={position} total={total} go={go} />
        <CopyMenu id={id} event={event} />
        <ActionIcon aria-label="Close the event" title="Close (Esc)" onClick={close}>
          ×
        </ActionIcon>
      </header>
      {isFailed && <Failed error={whole.error} retry={whole.refetch} isOld={event !== null} />}
      {event ? <Opened event={event} /> : !isFailed && <Waiting />}
    </aside>
  )
}

/** The id, when it stayed for so long. */
function useSettled(id: string, waitMs: number): string | null {
  const [settled, setSettled] = useState<string | null>(null)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(id), waitMs)
    return () => clearTimeout(timer)
  }, [id, waitMs])
  return settled
}

function useFocusOnce(title: { readonly current: HTMLElement | null }): void {
  useEffect(() => title.current?.focus({ preventScroll: true }), [title])
}

function Waiting(): ReactNode {
  return (
    <div className="skeleton drawer-body" aria-busy="true" data-state="loading">
      <span className="unseen">Loading</span>
      <Bones rows={16} />
    </div>
  )
}

function Walk({
  position,
  total,
  go,
}: {
  readonly position: number
  readonly total: number | null
  readonly go: (by: 1 | -1) => void
}): ReactNode {
  const where =
    position === -1
      ? 'not among the rows'
      : `${count(position + 1)}${total === null ? '' : ` of ${count(total)}`}`
  return (
    <>
      <span className="quiet">{where}</span>
      <ActionIcon
        aria-label="Previous event"
        title="Previous (k)"
        disabled={position === 0}
        onClick={() => go(-1)}
      >
        ↑
      </ActionIcon>
      <ActionIcon aria-label="Next event" title="Next (j)" onClick={() => go(1)}>
        ↓
      </ActionIcon>
    </>
  )
}

function Opened({ event }: { readonly event: FoundEvent }): ReactNode {
  const { search } = useAddress()
  const { zone, acts } = useExplored()
  const tab = TABS.find(one => one === search.tab) ?? 'fields'
  return (
    <>
      <div className="drawer-head">
        <p className="drawer-sentence">
          <Plain text={sentenceOf(event)} charsMax={400} />
        </p>
        <p className="row">
          <OutcomeMark outcome={event.outcome} />
          <span className="quiet">
            <When ms={event.time} zone={zone} />
          </span>
          <Onward event={event} />
        </p>
      </div>
      <Tabs
        className="drawer-tabs"
        color="var(--accent)"
        value={tab}
        keepMounted={false}
        onChange={next => acts.set({ tab: next === 'fields' ? null : next }, { replace: true })}
      >
        <Tabs.List>
          {TABS.map(name => (
            <Tabs.Tab key={name} value={name}>
              {TAB_NAMES[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="fields" className="drawer-body">
          <FieldsTab event={event} />
        </Tabs.Panel>
        <Tabs.Panel value="json" className="drawer-body is-own">
          <JsonTab event={event} />
        </Tabs.Panel>
        <Tabs.Panel value="chain" className="drawer-body">
          <ChainTab event={event} />
        </Tabs.Panel>
        <Tabs.Panel value="proof" className="drawer-body">
          <ProofTab event={event} />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}

/** Where one goes from an event: what the same one did just before and after, who that is. */
function Onward({ event }: { readonly event: FoundEvent }): ReactNode {
  const { actor, time } = event
  const around = {
    q: printFilter({ field: 'actor.id', value: actor.id, isOut: false }),
    from: new Date(time - AROUND_MS).toISOString(),
    to: new Date(time + AROUND_MS).toISOString(),
    sel: event.id,
  }
  return (
    <span className="onward">
      <Go to="/events" changes={around}>
        ±10 minutes of the same actor
      </Go>
      <Go to={entityPath({ type: 'actor', id: actor.id })}>Is that usual?</Go>
      <Go to="/investigate" changes={{ entity: `actor:${actor.id}` }}>
        Investigate
      </Go>
    </span>
  )
}

function CopyMenu({
  id,
  event,
}: {
  readonly id: string
  readonly event: FoundEvent | null
}): ReactNode {
  const { acts } = useExplored()
  const copy = async (text: string, what: string) => {
    await navigator.clipboard.writeText(text)
    acts.say(`${what} copied`)
  }
  const link = `${location.origin}/events?v=1&sel=${encodeURIComponent(id)}`
  const path = `/v1/events/${encodeURIComponent(id)}`
  const curl = `curl -sS -H "Authorization: Bearer $TOCSIN_API_KEY" '${location.origin}${path}'`
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="subtle" size="compact-xs">
          Copy
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{visible(id.slice(0, 64))}</Menu.Label>
        <Menu.Item onClick={() => void copy(id, 'Id')}>Its id</Menu.Item>
        <Menu.Item onClick={() => void copy(link, 'Link')}>A link to it</Menu.Item>
        <Menu.Item onClick={() => void copy(curl, 'Command')}>As curl</Menu.Item>
        <Menu.Item
          disabled={event === null}
          onClick={() => void copy(`tocsin events search id:${id} --json`, 'Command')}
        >
          As a command of tocsin
        </Menu.Item>
        <Menu.Item component="a" href={path} download={`${id}.json`}>
          Download it as JSON
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
