// The values of an event's field, and a value as a key of a map: bounded and well formed, whatever
// the event holds, so that neither a text of 10 kB nor half a surrogate pair gets into a state.

import type { SealedEvent } from '@tocsin/sdk/event'

export type FieldValue = string | number | boolean

/** Most values of one event that are looked at. */
const VALUES_MAX = 32
const KEY_CHARS_MAX = 64
/** What is left to read of a longer text, before its hash. */
const HEAD_CHARS = 40

/**
 * Reads a dotted path; through lists it gives what each item has there. Empty where there is
 * nothing, or only null and objects.
 */
export function readField(path: string): (event: SealedEvent) => readonly FieldValue[] {
  const names = path.split('.')
  return event => {
    const found: FieldValue[] = []
    collect(event, names, 0, found)
    return found
  }
}

function collect(
  value: unknown,
  names: readonly string[],
  depth: number,
  found: FieldValue[],
): void {
  if (found.length >= VALUES_MAX) return
  if (Array.isArray(value)) {
    for (const item of value) collect(item, names, depth, found)
    return
  }
  const name = names[depth]
  if (name === undefined) {
    if (isFieldValue(value)) found.push(value)
  } else if (typeof value === 'object' && value !== null && Object.hasOwn(value, name)) {
    collect(Reflect.get(value, name), names, depth + 1, found)
  }
}

function isFieldValue(value: unknown): value is FieldValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** Equal for equal values; at most 64 characters, of which a longer text's hash is a part. */
export function keyOf(value: FieldValue): string {
  if (typeof value !== 'string') return String(value)
  if (value.length <= KEY_CHARS_MAX) return value.isWellFormed() ? value : value.toWellFormed()
  return `${value.slice(0, HEAD_CHARS).toWellFormed()}…${hashOf(value).toString(36)}`
}

/** 53 bits, of two rounds of FNV-1a over UTF-16 units. */
export function hashOf(text: string): number {
  let low = 0x811c9dc5
  let high = 0xcbf29ce4
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit ^ (low >>> 15), 0x01000193)
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0)
}
