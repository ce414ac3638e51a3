// The browser's storage of what is known of logs, as a store that screens follow. Tabs of one
// browser share it: it is read anew before each change, and a change in another tab is seen here.

import { useSyncExternalStore } from 'react'
import {
  type Checked,
  type KnownLog,
  printKnownLogs,
  readKnownLogs,
  STORAGE_KEY,
  withLog,
  withoutLog,
} from './known-log.ts'

const listeners = new Set<() => void>()
let text: string | null = null
let logs: readonly KnownLog[] = []

export function knownLogs(): readonly KnownLog[] {
  const now = localStorage.getItem(STORAGE_KEY)
  if (now !== text) {
    text = now
    logs = readKnownLogs(now)
  }
  return logs
}

export function useKnownLogs(): readonly KnownLog[] {
  return useSyncExternalStore(subscribe, knownLogs)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

function keep(next: readonly KnownLog[]): void {
  localStorage.setItem(STORAGE_KEY, printKnownLogs(next))
  for (const listener of listeners) listener()
}

/** A log that was never seen here. */
export function meet(
  log: Pick<KnownLog, 'origin' | 'vkey' | 'note' | 'size'>,
  nowMs: number,
): void {
  if (knownLogs().some(one => one.origin === log.origin)) return
  const seen = { firstSeenMs: nowMs, seenMs: nowMs, comparedMs: null, checked: null }
  keep(withLog(knownLogs(), { ...log, ...seen }))
}

/** Changes what is known of a log; its key never. */
function change(origin: string, more: Partial<Omit<KnownLog, 'origin' | 'vkey'>>): void {
  const log = knownLogs().find(one => one.origin === origin)
  if (log) keep(withLog(knownLogs(), { ...log, ...more }))
}

/** A checkpoint that continues the remembered one takes its place; a shorter one never does. */
export function advance(
  origin: string,
  { note, size }: Pick<KnownLog, 'note' | 'size'>,
  nowMs: number,
): void {
  const log = knownLogs().find(one => one.origin === origin)
  change(origin, log && size >= log.size ? { note, size, seenMs: nowMs } : { seenMs: nowMs })
}

export function rememberCheck(origin: string, checked: Checked): void {
  change(origin, { checked })
}

export function rememberComparison(origin: string, nowMs: number): void {
  change(origin, { comparedMs: nowMs })
}

/** Only a person does this: the next key that is shown will be taken for the log's own. */
export function forget(origin: string): void {
  keep(withoutLog(knownLogs(), origin))
}
