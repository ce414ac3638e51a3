// Tests of one event, compiled once. Each knows which kinds of event it can hold for at all, so
// that the engine asks it about no others.

import type { SealedEvent } from '@tocsin/sdk/event'

export type EventTest = {
  readonly matches: (event: SealedEvent) => boolean
  /** Kinds without which it cannot hold; null when it may hold for any. */
  readonly kinds: ReadonlySet<string> | null
}

export const NEVER: EventTest = { matches: () => false, kinds: null }

export function everyTest(tests: readonly EventTest[]): EventTest {
  const [first, second, third] = tests
  if (!first) return { matches: () => true, kinds: null }
  if (!second) return first
  const kinds = tests.reduce<ReadonlySet<string> | null>((a, b) => meet(a, b.kinds), null)
  const [a, b] = [first.matches, second.matches]
  if (!third) return { kinds, matches: event => a(event) && b(event) }
  const all = tests.map(test => test.matches)
  return {
    kinds,
    matches(event) {
      for (const holds of all) if (!holds(event)) return false
      return true
    },
  }
}

export function someTest(tests: readonly EventTest[]): EventTest {
  const [first, second] = tests
  if (!first) return NEVER
  if (!second) return first
  const any = tests.map(test => test.matches)
  return {
    kinds: join(tests),
    matches(event) {
      for (const holds of any) if (holds(event)) return true
      return false
    },
  }
}

/** What it does not hold for may be of any kind. */
export function notTest({ matches }: EventTest): EventTest {
  return { matches: event => !matches(event), kinds: null }
}

type Kinds = EventTest['kinds']

function meet(a: Kinds, b: Kinds): Kinds {
  if (!a || !b) return a ?? b
  return new Set([...a].filter(kind => b.has(kind)))
}

function join(tests: readonly EventTest[]): Kinds {
  const all = new Set<string>()
  for (const { kinds } of tests) {
    if (!kinds) return null
    for (const kind of kinds) all.add(kind)
  }
  return all
}
