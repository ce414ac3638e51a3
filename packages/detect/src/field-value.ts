// Reading a field of an event by its dotted path, compiled once: a rule reads the same few fields
// of every event.

import type { SealedEvent } from '@tocsin/sdk/event'

export type ReadField = (event: SealedEvent) => unknown

/** Fields whose parents stand in a list have a value for each item; the rest have one or none. */
export function readField(path: string): ReadField {
  const keys = path.split('.')
  const [first = '', second] = keys
  if (keys.length === 1) return event => member(event, first)
  if (keys.length === 2 && second !== undefined) {
    return event => below(member(event, first), second)
  }
  return event => keys.reduce<unknown>((value, key) => below(value, key), event)
}

function member(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined
}

function below(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Array.isArray(value)) return member(value, key)
  return value.map((item: unknown) => below(item, key)).filter(found => found !== undefined)
}

/** Longest text that becomes a key of state; what is longer is cut and keeps its length. */
export const KEY_CHARS_MAX = 256
const VALUES_MAX = 8

/** The values that an event has there, as texts fit to be keys; none where it has no such field. */
export function keysOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return NONE
  if (Array.isArray(value)) return [...new Set(value.slice(0, VALUES_MAX).flatMap(keysOf))]
  // An object has no text of its own, and a hostile one throws when it is asked for one.
  if (typeof value === 'object') return NONE
  return [keyText(typeof value === 'string' ? value : String(value))]
}

/** At most KEY_CHARS_MAX long; of a longer text the beginning, and a hash of all of it. */
export function keyText(text: string): string {
  if (text.length <= KEY_CHARS_MAX) return text
  const head = text.slice(0, KEY_CHARS_MAX - HASH_CHARS_MAX - 1).toWellFormed()
  return `${head}…${hashText(text).toString(36)}`
}

const HASH_CHARS_MAX = 11

/** 53 bits, good enough to tell names apart (FNV-1a, draft-eastlake-fnv, with two primes). */
function hashText(text: string): number {
  let [low, high] = [0x811c9dc5, 0x9747b28c]
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x85ebca6b)
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0)
}

const NONE: readonly string[] = []
