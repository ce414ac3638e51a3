// Reads the plain data of a rule's file, where everything may be wrong. Every mistake is collected
// with its line, in words, with what to do; the reader goes on, so that one reading shows them all.

import { nearestName } from '@tocsin/sdk/query'

export type Path = readonly (string | number)[]

/** One YAML document, read by somebody else. */
export type RuleSource = {
  readonly file: string
  readonly value: unknown
  /** 1-based line of the key or item at the path, or of the nearest one above it that is there. */
  readonly lineOf: (path: Path) => number
}

export type RuleProblem = {
  readonly file: string
  readonly line: number
  readonly what: string
  readonly fix: string
}

export type Members = { readonly [key: string]: unknown }

/** One document shows no more; the rest is mostly the same mistake again. */
const PROBLEMS_MAX = 20
const ITEMS_MAX = 1000
export const TEXT_CHARS_MAX = 1024

export class RuleReader {
  readonly problems: RuleProblem[] = []
  readonly #source: RuleSource

  constructor(source: RuleSource) {
    this.#source = source
  }

  get file(): string {
    return this.#source.file
  }

  lineOf(path: Path): number {
    return this.#source.lineOf(path)
  }

  /** Notes a mistake; null, so that a reader can end with it. */
  refuse(path: Path, what: string, fix: string): null {
    const { file } = this.#source
    if (this.problems.length < PROBLEMS_MAX)
      this.problems.push({ file, line: this.lineOf(path), what, fix })
    return null
  }

  map(value: unknown, path: Path, name: string): Members | null {
    if (isMembers(value)) return value
    return this.refuse(path, `${name} must be a map`, 'write `key: value` lines below it')
  }

  /** Refuses members that nobody knows: what is not understood is never ignored. */
  checkKeys(map: Members, path: Path, known: readonly string[]): void {
    for (const key of Object.keys(map)) {
      if (known.includes(key)) continue
      const near = nearestName(key, known)
      const hint = near === null ? `it is one of ${known.join(', ')}` : `did you mean ${near}?`
      this.refuse([...path, key], `${quoted(key)} is no key here`, hint)
    }
  }

  /** A text that may be missing. */
  text(map: Members, path: Path, key: string, charsMax: number = TEXT_CHARS_MAX): string | null {
    const value = own(map, key)
    if (value === undefined || value === null) return null
    const at = [...path, key]
    if (typeof value !== 'string' || value === '')
      return this.refuse(at, `${key} must be text`, 'write text, in quotes if it looks otherwise')
    if (value.length > charsMax)
      return this.refuse(at, `${key} is longer than ${charsMax} characters`, 'make it shorter')
    return value.toWellFormed()
  }

  required(map: Members, path: Path, key: string, example: string): string | null {
    const value = own(map, key)
    if (value === undefined || value === null)
      return this.refuse(path, `${key} is missing`, `add \`${key}: ${example}\``)
    return this.text(map, path, key)
  }

  /** Texts: one, or a list of them; none when the key is missing. */
  texts(map: Members, path: Path, key: string): readonly string[] {
    const value = own(map, key)
    if (value === undefined || value === null) return []
    const items: readonly unknown[] = Array.isArray(value) ? value : [value]
    if (items.length > ITEMS_MAX) {
      this.refuse([...path, key], `${key} has more than ${ITEMS_MAX} items`, 'name fewer')
      return []
    }
    return items.flatMap((item, i) => {
      if (typeof item === 'string' && item !== '') return [item.toWellFormed()]
      const at = Array.isArray(value) ? [...path, key, i] : [...path, key]
      this.refuse(at, `${key} must be text or a list of texts`, 'write text, in quotes')
      return []
    })
  }

  number(map: Members, path: Path, key: string): number | null {
    const value = own(map, key)
    if (value === undefined || value === null) return null
    if (typeof value === 'number' && Number.isFinite(value)) return value
    return this.refuse([...path, key], `${key} must be a number`, 'write a number without quotes')
  }

  flag(map: Members, path: Path, key: string): boolean | null {
    const value = own(map, key)
    if (value === undefined || value === null) return null
    if (typeof value === 'boolean') return value
    return this.refuse([...path, key], `${key} must be true or false`, 'write true or false')
  }
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function own(map: Members, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined
}

export function quoted(value: unknown): string {
  return JSON.stringify(String(value).slice(0, 80).toWellFormed())
}

/** `did you mean x?`, or else. */
export function meant(name: string, names: Iterable<string>, otherwise: string): string {
  const near = nearestName(name, names)
  return near === null ? otherwise : `did you mean ${near}?`
}
