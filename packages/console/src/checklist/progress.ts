// How far the steps are, kept in the browser and followed by the panel.

import { useSyncExternalStore } from 'react'
import {
  aboutStory,
  type Progress,
  readProgress,
  STORAGE_KEY,
  type Step,
  withDone,
} from './steps.ts'

const listeners = new Set<() => void>()
let text: string | null = null
let progress: Progress = readProgress(null)

function current(): Progress {
  const now = localStorage.getItem(STORAGE_KEY)
  if (now !== text) {
    text = now
    progress = readProgress(now)
  }
  return progress
}

function keep(next: Progress): void {
  if (next === current()) return
  localStorage.setItem(STORAGE_KEY, JSON.stringify(next))
  for (const listener of listeners) listener()
}

export function useProgress(): Progress {
  return useSyncExternalStore(subscribe, current)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

/** Counts only once there is a story: outside of the demo nobody keeps a list. */
export function markDone(steps: readonly Step[]): void {
  if (current().story !== null) keep(withDone(current(), steps))
}

export function beginStory(story: string): void {
  keep(aboutStory(current(), story))
}

export function dismiss(isDismissed: boolean): void {
  keep({ ...current(), isDismissed })
}

export function startAgain(): void {
  keep({ story: null, done: [], isDismissed: false })
}
