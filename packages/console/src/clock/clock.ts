// The time of day, asked in one place. Screens that show "2 min ago" follow one tick, not a timer
// each; a hidden tab does not tick.

import { useSyncExternalStore } from 'react'

const TICK_MS = 5000

export function nowMs(): number {
  return Date.now()
}

let shownMs = nowMs()
let timer: ReturnType<typeof setInterval> | null = null
const listeners = new Set<() => void>()

function tick(): void {
  if (document.hidden) return
  shownMs = nowMs()
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(tick, TICK_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }
}

/** Now, to a few seconds. */
export function useNowMs(): number {
  return useSyncExternalStore(subscribe, () => shownMs)
}
