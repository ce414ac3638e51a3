// What the parts of Explore share: the run that is shown, how it is shown, and what one can do with
// it. Each is about the address; nothing that narrows what is shown is kept elsewhere. The parts
// read it here and not from the address, so that opening an event does not draw the whole screen
// anew.

import { createContext, useContext, useMemo, useRef, useState } from 'react'
import { type Address, type Changes, useAddress } from '../address/address.tsx'
import type { Zone } from '../value/value.tsx'
import { type Run, useRun, useTurn } from './asking.ts'
import { type Filter, printFilter, withFilter } from './clauses.ts'
import { columnsOf, type Density, densityOf, openFieldsOf } from './view.ts'

export type Acts = {
  /** Another question; the same one is asked again. */
  ask(text: string): void
  again(): void
  /** Adds a filter to the question. */
  filter(filter: Filter): void
  set(changes: Changes, how?: { readonly replace?: boolean }): void
  /** Says something to who cannot see what changed. */
  say(text: string): void
  /** The address as it is at that moment. */
  addressNow(): Address
}

export type Explored = {
  readonly run: Run
  /** The rows had their head start. */
  readonly canCount: boolean
  readonly zone: Zone
  readonly columns: readonly string[]
  /** Fields of which the values are shown. */
  readonly open: readonly string[]
  readonly density: Density
  readonly isPanelShut: boolean
  readonly isLive: boolean
  readonly acts: Acts
}

export const ExploredContext: React.Context<Explored | null> = createContext<Explored | null>(null)

export function useExplored(): Explored {
  const explored = useContext(ExploredContext)
  if (!explored) throw new Error('a part of Explore stands outside it')
  return explored
}

/** The same object while nothing in it changed. */
export function useExploring(): { readonly explored: Explored; readonly said: string } {
  const address = useAddress()
  const { run, again } = useRun(address)
  const canCount = useTurn(run)
  const [said, setSaid] = useState('')
  const latest = useRef({ address, again })
  latest.current = { address, again }
  const [acts] = useState<Acts>(() => actsOn(() => latest.current, setSaid))
  const { zone, search } = address
  const { cols = '', open: opened } = search
  const columns = useMemo(() => columnsOf({ cols }), [cols])
  const open = useMemo(() => openFieldsOf(opened === undefined ? {} : { open: opened }), [opened])
  const density = densityOf(search)
  const isPanelShut = search.panel === '0'
  const isLive = search.live === '1'
  const explored = useMemo(
    () => ({ run, canCount, zone, columns, open, density, isPanelShut, isLive, acts }),
    [run, canCount, zone, columns, open, density, isPanelShut, isLive, acts],
  )
  return { explored, said }
}

type Now = { readonly address: Address; readonly again: () => void }

function actsOn(now: () => Now, say: (text: string) => void): Acts {
  const questionNow = () => now().address.search.q ?? ''
  const ask = (text: string) => {
    if (text === questionNow()) now().again()
    else now().address.set({ q: text })
  }
  return {
    ask,
    again: () => now().again(),
    filter(filter) {
      const next = withFilter(questionNow(), filter)
      say(next === null ? 'Mend the question first' : `Filtered: ${printFilter(filter)}`)
      if (next !== null) ask(next)
    },
    set: (changes, how) => now().address.set(changes, how),
    say,
    addressNow: () => now().address,
  }
}
