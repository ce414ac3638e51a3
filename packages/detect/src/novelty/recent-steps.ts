// The last 16 steps of an entity: a ring of plain columns, since it is written at every event.

import type { StateReader, StateWriter } from '../state-bytes.ts'

export const WINDOW = 16

export type RecentStep = {
  readonly id: string
  readonly timeMs: number
  /** The step with the two before it, packed; its own symbol is in the lowest bits. */
  readonly gram: number
  readonly mayLearn: boolean
  /** The entity never did this after the two before. */
  readonly isUnseen: boolean
  /** Negative log-likelihood. */
  readonly nats: number
}

export type Recent = {
  size: number
  /** Where the next step goes: once the ring is full, the place of the oldest. */
  at: number
  readonly ids: string[]
  readonly timesMs: number[]
  readonly grams: number[]
  readonly taught: number[]
  readonly unseen: number[]
  readonly nats: number[]
}

export function openRecent(): Recent {
  return { size: 0, at: 0, ids: [], timesMs: [], grams: [], taught: [], unseen: [], nats: [] }
}

/** The gram that the next step pushes out; −1 while there is room. */
export function leaving({ size, at, grams }: Recent): number {
  return size < WINDOW ? -1 : (grams[at] ?? -1)
}

export function mayTeach({ at, taught }: Recent): boolean {
  return taught[at] === 1
}

export function push(recent: Recent, step: RecentStep): void {
  const { at } = recent
  recent.ids[at] = step.id
  recent.timesMs[at] = step.timeMs
  recent.grams[at] = step.gram
  recent.taught[at] = step.mayLearn ? 1 : 0
  recent.unseen[at] = step.isUnseen ? 1 : 0
  recent.nats[at] = step.nats
  recent.at = (at + 1) % WINDOW
  if (recent.size < WINDOW) recent.size += 1
}

export function meanNats({ nats, size }: Recent): number {
  let sum = 0
  for (let i = 0; i < size; i++) sum += nats[i] ?? 0
  return size === 0 ? 0 : sum / size
}

export function unseenOf({ unseen, size }: Recent): number {
  let sum = 0
  for (let i = 0; i < size; i++) sum += unseen[i] ?? 0
  return sum
}

/** Oldest first. */
export function listSteps(recent: Recent): readonly RecentStep[] {
  const { size, at, ids, timesMs, grams, taught, unseen, nats } = recent
  return Array.from({ length: size }, (_, i) => {
    const from = (at - size + i + WINDOW) % WINDOW
    return {
      id: ids[from] ?? '',
      timeMs: timesMs[from] ?? 0,
      gram: grams[from] ?? 0,
      mayLearn: taught[from] === 1,
      isUnseen: unseen[from] === 1,
      nats: nats[from] ?? 0,
    }
  })
}

/** In the order of places, in which the mean adds up: it must come out the same. */
export function saveRecent(recent: Recent, out: StateWriter): void {
  out.count(recent.size)
  out.count(recent.at)
  for (let i = 0; i < recent.size; i++) {
    out.text(recent.ids[i] ?? '')
    out.number(recent.timesMs[i] ?? 0)
    out.count(recent.grams[i] ?? 0)
    out.count(recent.taught[i] ?? 0)
    out.count(recent.unseen[i] ?? 0)
    out.number(recent.nats[i] ?? 0)
  }
}

export function loadRecent(input: StateReader): Recent {
  const recent = openRecent()
  recent.size = input.count()
  recent.at = input.count()
  for (let i = 0; i < recent.size; i++) {
    recent.ids[i] = input.text()
    recent.timesMs[i] = input.number()
    recent.grams[i] = input.count()
    recent.taught[i] = input.count()
    recent.unseen[i] = input.count()
    recent.nats[i] = input.number()
  }
  return recent
}
