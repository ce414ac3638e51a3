// The time of day, asked in one place. Screens that show "2 min ago" follow one tick, not a timer
// each; a hidden tab does not tick.

import { useSyncExternalStore } from 'react'

const TICK_MS = 5000

export function nowMs(): number {
  return Date.now()
}

/** Below this the reader's clock is as good as the header, which knows whole seconds. */
const SKEW_MS_MIN = 2000

let skewMs = 0

/** The `Date` of an answer: a reader whose clock is wrong still asks for the server's last hour. */
export function rememberServerTime(header: string | null): void {
  const serverMs = Date.parse(header ?? '')
  const ahead = serverMs + 500 - nowMs()
  if (Number.isFinite(ahead)) skewMs = Math.abs(ahead) < SKEW_MS_MIN ? 0 : ahead
}

/** Now, by the server's clock: what `now-24h` means. */
export function serverNowMs(): number {
  return nowMs() + skewMs
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
