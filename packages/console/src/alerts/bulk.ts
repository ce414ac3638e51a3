// What is said of many alerts at once. The number is exact, and the server does nothing when it is
// another one by then; everything of one go can be undone in one.

import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ask, Problem, type Routes } from '../api/api.ts'
import { useWhyNot } from '../session/session.tsx'
import { count } from '../value/value.tsx'
import type { Change } from './changes.ts'
import { type InboxQuestion, showManyChanges } from './inbox-data.ts'
import { bulkQuestion, type Selection, sizeOf } from './selection.ts'

type Body = Routes['POST /v1/alerts/bulk']['body']
export type SaidOfMany = Omit<Body, 'q' | 'from' | 'to' | 'expect'>

/** The server takes no more in one go. */
const BULK_MAX = 1000

export type Bulk = {
  readonly whyNot: string | null
  readonly isBusy: boolean
  readonly wrong: string | null
  readonly say: (said: SaidOfMany) => void
}

export function useBulk(
  selection: Selection,
  question: InboxQuestion,
  done: (change: Change) => void,
): Bulk {
  const client = useQueryClient()
  const mayNot = useWhyNot('triage')
  const [isBusy, setBusy] = useState(false)
  const [wrong, setWrong] = useState<string | null>(null)
  const size = sizeOf(selection)
  const tooMany = size > BULK_MAX ? `At most ${count(BULK_MAX)} at once; narrow the question` : null
  const whyNot = mayNot ?? tooMany
  const sayNow = async (said: SaidOfMany) => {
    setBusy(true)
    setWrong(null)
    try {
      done(await sayOfMany({ ...bulkQuestion(selection, question), ...said }, client))
    } catch (error) {
      setWrong(error instanceof Problem ? error.message : String(error))
      await showManyChanges(client)
    }
    setBusy(false)
  }
  return {
    whyNot,
    isBusy,
    wrong,
    say: said => {
      if (whyNot === null && !isBusy && size > 0) void sayNow(said)
    },
  }
}

async function sayOfMany(body: Body, client: QueryClient): Promise<Change> {
  const { batch, done, failed } = await ask('POST /v1/alerts/bulk', { body })
  await showManyChanges(client)
  const refused = failed.length === 0 ? '' : `; ${count(failed.length)} could not be`
  const undo = async () => {
    await ask('POST /v1/alerts/bulk/{batch}/undo', { params: { batch } })
    await showManyChanges(client)
  }
  return { words: `${count(done)} alerts changed${refused}.`, undo: done === 0 ? null : undo }
}
