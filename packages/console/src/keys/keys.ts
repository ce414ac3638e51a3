// Keys of the console. A screen says which it takes while it is open; help lists what is taken now.
// Single letters can be switched off (WCAG 2.1.4), and never act while somebody types.

import { useEffect, useRef, useSyncExternalStore } from 'react'

export type Key = {
  /** `j`, `/`, `Escape`, `mod+k`, or two one after the other: `g e`. */
  readonly press: string
  readonly what: string
  readonly run: (event: KeyboardEvent) => void
}

const OFF_KEY = 'tocsin.letters-off'
const SEQUENCE_MS = 1200

type Layer = { readonly id: symbol; keys: readonly Key[] }

const layers: Layer[] = []
const listeners = new Set<() => void>()
let snapshot: readonly Key[] = []
let first: { readonly press: string; readonly atMs: number } | null = null

function publish(): void {
  snapshot = layers.flatMap(layer => layer.keys)
  for (const listener of listeners) listener()
}

/** While the component is there; the innermost that takes a key has it. */
export function useKeys(keys: readonly Key[]): void {
  const layer = useRef<Layer | null>(null)
  useEffect(() => {
    const own: Layer = { id: Symbol('keys'), keys: [] }
    layer.current = own
    layers.push(own)
    return () => {
      layers.splice(layers.indexOf(own), 1)
      publish()
    }
  }, [])
  useEffect(() => {
    if (!layer.current) return
    const before = layer.current.keys
    layer.current.keys = keys
    const isSame =
      before.length === keys.length && before.every((key, i) => key.press === keys[i]?.press)
    if (!isSame) publish()
  })
}

/** All keys that act now, for help. */
export function useTakenKeys(): readonly Key[] {
  return useSyncExternalStore(
    listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => snapshot,
  )
}

export function lettersAreOff(): boolean {
  return localStorage.getItem(OFF_KEY) === '1'
}

export function switchLetters(isOff: boolean): void {
  localStorage.setItem(OFF_KEY, isOff ? '1' : '0')
}

/** Once, for the whole page. */
export function listenToKeys(target: Window): () => void {
  const listen = (event: KeyboardEvent) => takeKey(event)
  target.addEventListener('keydown', listen)
  return () => target.removeEventListener('keydown', listen)
}

function takeKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || event.isComposing) return
  const press = nameOf(event)
  const isLetter = event.key.length === 1 && !event.ctrlKey && !event.metaKey
  if (isLetter && (isTyping(event.target) || lettersAreOff())) return
  if (isTyping(event.target) && !press.startsWith('mod+') && event.key !== 'Escape') return
  const isLate = first === null || event.timeStamp - first.atMs > SEQUENCE_MS
  const pair = first && !isLate ? `${first.press} ${press}` : press
  first = null
  const key = find(pair) ?? find(press)
  if (key) {
    event.preventDefault()
    key.run(event)
  } else if (layers.some(({ keys }) => keys.some(one => one.press.startsWith(`${press} `)))) {
    first = { press, atMs: event.timeStamp }
  }
}

function find(press: string): Key | null {
  for (const { keys } of layers.toReversed()) {
    const key = keys.find(one => one.press === press)
    if (key) return key
  }
  return null
}

function nameOf(event: KeyboardEvent): string {
  const isMod = event.ctrlKey || event.metaKey
  return isMod ? `mod+${event.key.toLowerCase()}` : event.key
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.matches('input, textarea, select')
}
