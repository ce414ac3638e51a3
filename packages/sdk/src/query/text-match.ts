// Matching of text, once for both compilers. Case is folded for the 26 letters of ASCII and no
// others: databases and languages disagree on the rest (İ, ß, ς), and a rule that is the same
// everywhere is worth more in evidence than one that is clever.
//
// In SQL a pattern is a regular expression of RE2: LIKE with three `%` over a thousand characters
// took DuckDB 1.5 four minutes. Classes like [aA] fold exactly these letters, and cost a tenth of
// translate().

import { encodeUtf8 } from '../bytes.ts'
import { literalOf, type Pattern } from './syntax.ts'

const ASCII = /^[\x00-\x7f]*$/

const LONG_PIECE_BYTES = 128

/** Lower case for A–Z only. */
export function foldText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  return text.replaceAll(/[A-Z]+/g, letters => letters.toLowerCase())
}

/** False where folding changes nothing. */
export function hasLetter(text: string): boolean {
  return /[A-Za-z]/.test(text)
}

/** Pieces that are worth looking for by themselves first. */
export function longPieces(pattern: Pattern): readonly string[] {
  const texts = pattern.filter(piece => piece !== null)
  return texts.filter(piece => encodeUtf8(piece).length > LONG_PIECE_BYTES)
}

/** Folding changes no length, so a text of another length need not be looked into. */
export function foldedBytes(literal: string): number {
  return encodeUtf8(literal).length
}

/**
 * One of the patterns in RE2's syntax (github.com/google/re2/wiki/Syntax), for a search, not a
 * match. The parentheses are not for order: without them DuckDB makes LIKE of an expression that
 * has no classes, one without letters, and is held up as by any LIKE.
 */
export function re2Pattern(patterns: readonly Pattern[]): string {
  return `(?s)(${patterns.map(re2One).join('|')})`
}

function re2One(pattern: Pattern): string {
  const start = pattern[0] === null ? '' : '\\A'
  const end = pattern.at(-1) === null ? '' : '\\z'
  const inner = pattern.map((part, i) => {
    if (part !== null) return re2Literal(part)
    return i === 0 || i === pattern.length - 1 ? '' : '.*'
  })
  return `${start}${inner.join('')}${end}`
}

function re2Literal(text: string): string {
  return text.replaceAll(/[\x00-\x7f]/g, char => {
    if (/\d/.test(char)) return char
    if (/[A-Za-z]/.test(char)) return `[${char.toLowerCase()}${char.toUpperCase()}]`
    return `\\x{${char.charCodeAt(0).toString(16)}}`
  })
}

/** True when the whole of a text matches; linear in its length for each literal piece. */
export function textMatcher(pattern: Pattern): (text: string) => boolean {
  const literal = literalOf(pattern)
  if (literal !== null) {
    const folded = foldText(literal)
    return text => text.length === folded.length && foldText(text) === folded
  }
  const pieces = pattern.map(part => (part === null ? null : foldText(part)))
  return text => matches(foldText(text), pieces)
}

function matches(text: string, pieces: Pattern): boolean {
  let at = 0
  for (const [i, piece] of pieces.entries()) {
    if (piece === null) continue
    if (i === 0) {
      if (!text.startsWith(piece)) return false
      at = piece.length
    } else if (i === pieces.length - 1) {
      return text.length - piece.length >= at && text.endsWith(piece)
    } else {
      const found = text.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
  }
  return pieces.at(-1) === null || at === text.length
}
