// Sigma's patterns: `*` is any text, `?` one character, a backslash before either takes it
// literally. Case is folded for the 26 letters of ASCII and no others, as in the query language:
// what a rule finds must be the same on every engine.

import { foldText } from '@tocsin/sdk/query'

/** Pieces between the stars; a hole, one character that may be anything, is null. */
export type Pattern = readonly (readonly (string | null)[])[]

export type TextTest = (text: string) => boolean

/** Backslashes elsewhere stand for themselves; two make one. */
export function parsePattern(text: string): Pattern {
  const pieces: (string | null)[][] = [[]]
  const put = (part: string) => {
    const piece = pieces.at(-1)
    const last = piece?.at(-1)
    if (typeof last === 'string') piece?.splice(-1, 1, last + part)
    else piece?.push(part)
  }
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i)
    const next = text.charAt(i + 1)
    if (char === '\\' && (next === '*' || next === '?' || next === '\\')) {
      put(next)
      i += 1
    } else if (char === '*') pieces.push([])
    else if (char === '?') pieces.at(-1)?.push(null)
    else put(char)
  }
  return pieces
}

export function containing(pattern: Pattern): Pattern {
  return [[], ...pattern, []]
}

export function startingWith(pattern: Pattern): Pattern {
  return [...pattern, []]
}

export function endingWith(pattern: Pattern): Pattern {
  return [[], ...pattern]
}

/** The only text that matches; null when there are others. */
export function literalOf(pattern: Pattern): string | null {
  const [piece, more] = pattern
  if (!piece || more) return null
  const [only, second] = piece
  if (second !== undefined || only === null) return null
  return only ?? ''
}

/** What every text that matches begins with; may be empty. */
export function prefixOf(pattern: Pattern): string {
  return pattern[0]?.[0] ?? ''
}

/** True when everything matches. */
export function isAnything(pattern: Pattern): boolean {
  return pattern.length > 1 && pattern.every(piece => piece.length === 0)
}

/** One test for all: true when any of the patterns matches. */
export function anyPattern(patterns: readonly Pattern[], isCased: boolean): TextTest {
  const fold = isCased ? (text: string) => text : foldText
  const literals = new Set<string>()
  const tests: TextTest[] = []
  for (const pattern of patterns) {
    const literal = literalOf(pattern)
    if (literal === null) tests.push(compile(pattern, fold))
    else literals.add(fold(literal))
  }
  const [one, more] = [...literals]
  if (tests.length === 0 && one !== undefined && more === undefined) return equals(one, fold)
  if (tests.length === 0) return isOneOf(literals, fold)
  if (literals.size === 0 && tests.length === 1 && tests[0]) {
    const [test] = tests
    return text => test(fold(text))
  }
  return text => {
    const folded = fold(text)
    if (literals.has(folded)) return true
    for (const test of tests) if (test(folded)) return true
    return false
  }
}

type Fold = (text: string) => string

/** Folding keeps the length, so most texts need not be folded. */
function equals(literal: string, fold: Fold): TextTest {
  return text => text === literal || (text.length === literal.length && fold(text) === literal)
}

function isOneOf(literals: ReadonlySet<string>, fold: Fold): TextTest {
  const lengths = new Set([...literals].map(literal => literal.length))
  return text => literals.has(text) || (lengths.has(text.length) && literals.has(fold(text)))
}

/** A piece as text with its holes; without any, the engine's own search does. */
type Piece = { readonly text: string; readonly holes: readonly boolean[] | null }

/** Of a folded text. Each piece is taken where it comes first: no way back, so no explosion. */
function compile(pattern: Pattern, fold: Fold): TextTest {
  const pieces = pattern.map(piece => pieceOf(piece, fold))
  const first = pieces[0] ?? NOTHING
  if (pieces.length === 1) {
    return text => text.length === first.text.length && fits(text, 0, first)
  }
  const last = pieces.at(-1) ?? NOTHING
  const middle = pieces.slice(1, -1).filter(piece => piece.text !== '')
  const [only] = middle
  if (middle.length === 1 && only && !only.holes && first.text === '' && last.text === '') {
    return text => text.includes(only.text)
  }
  return text => {
    if (!fits(text, 0, first)) return false
    let at = first.text.length
    for (const piece of middle) {
      const found = find(text, at, piece)
      if (found < 0) return false
      at = found + piece.text.length
    }
    const end = text.length - last.text.length
    return end >= at && fits(text, end, last)
  }
}

const NOTHING: Piece = { text: '', holes: null }

function pieceOf(parts: readonly (string | null)[], fold: Fold): Piece {
  const text = parts.map(part => (part === null ? '?' : fold(part))).join('')
  if (!parts.includes(null)) return { text, holes: null }
  const holes = parts.flatMap(part => (part === null ? [true] : [...Array(part.length)].map(no)))
  return { text, holes }
}

function no(): boolean {
  return false
}

function fits(text: string, at: number, { text: wanted, holes }: Piece): boolean {
  if (!holes) return text.startsWith(wanted, at)
  if (text.length - at < wanted.length) return false
  for (let i = 0; i < wanted.length; i++) {
    if (!holes[i] && text.charCodeAt(at + i) !== wanted.charCodeAt(i)) return false
  }
  return true
}

function find(text: string, from: number, piece: Piece): number {
  if (!piece.holes) return text.indexOf(piece.text, from)
  for (let at = from; at <= text.length - piece.text.length; at++) {
    if (fits(text, at, piece)) return at
  }
  return -1
}
