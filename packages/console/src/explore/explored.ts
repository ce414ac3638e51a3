// What the parts of Explore share: the run that is shown, and what one can do with it. Each is about
// the address; nothing that narrows what is shown is kept elsewhere.

import { createContext, useContext, useMemo, useRef, useState } from 'react'
import { type Changes, useAddress } from '../address/address.tsx'
import type { Zone } from '../value/value.tsx'
import { type Run, useRun } from './asking.ts'
import { type Filter, printFilter, withFilter } from './clauses.ts'

export type Acts = {
  /** Another question; the same one is asked again. */
  ask(text: string): void
  again(): void
  /** Adds a filter to the question. */
  filter(filter: Filter): void
  set(changes: Changes, how?: { readonly replace?: boolean }): void
  /** Says something to who cannot see what changed. */
  say(text: string): void
}

export type Explored = {
  readonly run: Run
  readonly zone: Zone
  readonly acts: Acts
}

export const ExploredContext: React.Context<Explored | null> = createContext<Explored | null>(null)

export function useExplored(): Explored {
  const explored = useContext(ExploredContext)
  if (!explored) throw new Error('a part of Explore stands outside it')
  return explored
}

/** The acts stay the same objects, so that what is drawn by them is not drawn again. */
export function useExploring(): Explored & { readonly said: string } {
  const address = useAddress()
  const { run, again } = useRun(address)
  const [said, setSaid] = useState('')
  const latest = useRef({ address, again })
  latest.current = { address, again }
  const [acts] = useState<Acts>(() => {
    const questionNow = () => latest.current.address.search.q ?? ''
    const ask = (text: string) => {
      if (text === questionNow()) latest.current.again()
      else latest.current.address.set({ q: text })
    }
    return {
      ask,
      again: () => latest.current.again(),
      filter(filter) {
        const next = withFilter(questionNow(), filter)
        setSaid(next === null ? 'Mend the question first' : `Filtered: ${printFilter(filter)}`)
        if (next !== null) ask(next)
      },
      set: (changes, how) => latest.current.address.set(changes, how),
      say: setSaid,
    }
  })
  const { zone } = address
  return useMemo(() => ({ run, zone, acts, said }), [run, zone, acts, said])
}
