// An answer that many pages ask for again and again, kept for a moment: it is worked out once,
// however many ask.

import type { Clock } from '../base/clock.ts'

/** A failure is not kept. */
export function keepBriefly<T>(
  clock: Clock,
  keepMs: number,
  ask: () => Promise<T>,
): () => Promise<T> {
  let kept: { readonly answer: Promise<T>; readonly atMs: number } | null = null
  return () => {
    const nowMs = clock.nowMs()
    if (kept && Math.abs(nowMs - kept.atMs) < keepMs) return kept.answer
    const answer = ask()
    const mine = { answer, atMs: nowMs }
    kept = mine
    answer.catch(() => {
      if (kept === mine) kept = null
    })
    return answer
  }
}
