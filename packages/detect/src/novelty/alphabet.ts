// What an event is, as one of 128 symbols: its kind, its operation and what it was done to. The
// first 111 that a cohort shows have a symbol of their own, all others share sixteen, by hash;
// symbol 0 stands between sessions.

import type { SealedEvent } from '@tocsin/sdk/event'
import type { StateReader, StateWriter } from '../state-bytes.ts'

export const BETWEEN = 0
const OWN_MAX = 112
const SHARED = 16
const NAME_CHARS_MAX = 80

export type Alphabet = Map<string, number>

/** `chat POST /v1/chat/completions`: the words people read. */
export function nameOf(event: SealedEvent): string {
  const { operation, endpoint, tool, resource } = event
  const target = endpoint ?? tool?.name ?? resource?.[0]?.type ?? event.kind
  const name = `${operation} ${target}`
  // A half surrogate would be another name after the state was saved.
  return name.slice(0, NAME_CHARS_MAX).toWellFormed()
}

export function symbolOf(alphabet: Alphabet, name: string): number {
  const known = alphabet.get(name)
  if (known !== undefined) return known
  if (alphabet.size >= OWN_MAX - 1) return OWN_MAX + (hashOf(name) % SHARED)
  const symbol = alphabet.size + 1
  alphabet.set(name, symbol)
  return symbol
}

/** What a symbol stands for, as far as it is one thing. */
export function wordsOf(alphabet: Alphabet, symbol: number): string {
  for (const [name, own] of alphabet) if (own === symbol) return name
  return 'something rare'
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

export function saveAlphabet(alphabet: Alphabet, out: StateWriter): void {
  out.count(alphabet.size)
  for (const [name, symbol] of alphabet) {
    out.text(name)
    out.count(symbol)
  }
}

export function loadAlphabet(input: StateReader): Alphabet {
  const alphabet: Alphabet = new Map()
  for (let left = input.count(); left > 0; left--) alphabet.set(input.text(), input.count())
  return alphabet
}
