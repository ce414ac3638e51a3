// What was done last, and how it is taken back: shown for a while, undone by `z`.

import { useEffect, useState } from 'react'
import type { Change } from './changes.ts'

/** Long enough to see what happened; afterwards the alert's own buttons lead back. */
const SHOWN_MS = 60_000

export type Undoing = {
  readonly last: Change | null
  readonly wrong: string | null
  readonly isUndoing: boolean
  readonly undo: () => void
  /** Does it; the sentence of what went wrong, or null. */
  readonly act: (change: () => Promise<Change>) => Promise<string | null>
  /** Does it; what went wrong is shown where the way back would be. */
  readonly run: (change: () => Promise<Change>) => void
  readonly show: (change: Change) => void
}

export function useUndoing(): Undoing {
  const [last, setLast] = useState<Change | null>(null)
  const [wrong, setWrong] = useState<string | null>(null)
  const [isUndoing, setUndoing] = useState(false)
  useEffect(() => {
    if (last === null) return
    const timer = setTimeout(() => setLast(null), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [last])
  const attempt = async (run: () => Promise<Change>) => {
    setWrong(null)
    try {
      setLast(await run())
      return null
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
  const undoLast = async (undo: () => Promise<void>) => {
    setUndoing(true)
    const problem = await attempt(async () => {
      await undo()
      return { words: 'Taken back.', undo: null }
    })
    setWrong(problem)
    setUndoing(false)
  }
  return {
    last,
    wrong,
    isUndoing,
    act: attempt,
    run: change => void attempt(change).then(setWrong),
    show: setLast,
    undo: () => {
      if (last?.undo && !isUndoing) void undoLast(last.undo)
    },
  }
}
