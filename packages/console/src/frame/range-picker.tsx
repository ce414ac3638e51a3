// The time range of a screen, always in sight: quick ones, or two times. It stands in the address.

import { Button, Popover, TextInput } from '@mantine/core'
import { type FormEvent, type ReactNode, useState } from 'react'
import { momentOf, useAddress } from '../address/address.tsx'
import { nowMs } from '../clock/clock.ts'
import { useKeys } from '../keys/keys.ts'
import { stamp, visible } from '../value/value.tsx'

const QUICK: readonly (readonly [from: string, name: string])[] = [
  ['now-15m', 'Last 15 minutes'],
  ['now-1h', 'Last hour'],
  ['now-4h', 'Last 4 hours'],
  ['now-24h', 'Last 24 hours'],
  ['now-7d', 'Last 7 days'],
  ['now-30d', 'Last 30 days'],
]

export function RangePicker(): ReactNode {
  const { range, zone, set } = useAddress()
  const [isOpen, setOpen] = useState(false)
  useKeys([{ press: 't', what: 'Choose the time range', run: () => setOpen(true) }])
  const choose = (from: string, to: string) => {
    set({ from, to: to === 'now' ? null : to, cursor: null })
    setOpen(false)
  }
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          onClick={() => setOpen(!isOpen)}
          aria-haspopup="dialog"
          aria-expanded={isOpen}
        >
          {nameOfRange(range, zone)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Time range">
        <div className="stack" style={{ gap: 4, minWidth: 280 }}>
          {QUICK.map(([from, name]) => (
            <Button
              key={from}
              variant={from === range.from && range.to === 'now' ? 'light' : 'subtle'}
              justify="flex-start"
              onClick={() => choose(from, 'now')}
            >
              {name}
            </Button>
          ))}
          <Exact key={`${range.from} ${range.to}`} range={range} choose={choose} />
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}

type Range = { readonly from: string; readonly to: string }

function Exact({
  range,
  choose,
}: {
  readonly range: Range
  readonly choose: (from: string, to: string) => void
}): ReactNode {
  const [from, setFrom] = useState(range.from)
  const [to, setTo] = useState(range.to)
  const [wrong, setWrong] = useState<string | null>(null)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const [start, end] = [momentOf(from, nowMs()), momentOf(to, nowMs())]
    if (start === null || end === null) setWrong('Write 2026-11-24T08:00Z, or now-24h')
    else if (start >= end) setWrong('The start must lie before the end')
    else choose(from, to)
  }
  return (
    <form onSubmit={submit} className="stack" style={{ gap: 8 }}>
      <TextInput label="From" value={from} onChange={e => setFrom(e.currentTarget.value)} />
      <TextInput label="To" value={to} error={wrong} onChange={e => setTo(e.currentTarget.value)} />
      <Button type="submit" variant="filled">
        Show
      </Button>
    </form>
  )
}

/** In words; exact ones in the zone that is shown. */
export function nameOfRange({ from, to }: Range, zone: 'utc' | 'local'): string {
  const quick = QUICK.find(([one]) => one === from)
  if (quick && to === 'now') return quick[1]
  const shown = (text: string) => {
    const ms = text.startsWith('now') ? null : momentOf(text, 0)
    return ms === null ? visible(text.slice(0, 30)) : stamp(ms, zone).slice(0, 16)
  }
  return `${shown(from)} – ${shown(to)}`
}
