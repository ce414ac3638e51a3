// Matching of text, once for both compilers. Case is folded for the 26 letters of ASCII and no
// others: databases and languages disagree on the rest (İ, ß, ς), and a rule that is the same
// everywhere is worth more in evidence than one that is clever.

import type { Pattern } from './syntax.ts'

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** Lower case for A–Z only. */
export function foldText(text: string): string {
  return text.replaceAll(/[A-Z]+/g, letters => letters.toLowerCase())
}

/** The same in SQL. */
export function foldSql(expression: string): string {
  return `translate(${expression}, '${UPPER}', '${UPPER.toLowerCase()}')`
}

/** The pattern for LIKE … ESCAPE '\', folded. */
export function likePattern(pattern: Pattern): string {
  return pattern
    .map(part => (part === null ? '%' : foldText(part).replaceAll(/[\\%_]/g, '\\$&')))
    .join('')
}

/** True when the whole of a text matches; linear in its length for each literal piece. */
export function textMatcher(pattern: Pattern): (text: string) => boolean {
  const pieces = pattern.map(part => (part === null ? null : foldText(part)))
  const [only] = pieces
  if (pieces.length === 1 && typeof only === 'string') return text => foldText(text) === only
  return text => matches(foldText(text), pieces)
}

function matches(text: string, pieces: Pattern): boolean {
  let at = 0
  for (const [i, piece] of pieces.entries()) {
    if (piece === null) continue
    const isFirst = i === 0
    const isLast = i === pieces.length - 1
    if (isFirst) {
      if (!text.startsWith(piece)) return false
      at = piece.length
    } else if (isLast) {
      return text.length - piece.length >= at && text.endsWith(piece)
    } else {
      const found = text.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
  }
  return pieces.at(-1) === null || at === text.length
}
