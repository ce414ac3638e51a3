// Texts of the record are written by strangers. What would turn text around, hide it or move the
// cursor is shown by its name; nothing is left out, nothing is interpreted.

export type Piece = { readonly text: string; readonly isHidden: boolean }

/**
 * Controls, marks that change direction, characters of no width, private use, noncharacters, tags,
 * variation selectors, lone surrogates.
 */
const HIDDEN = new RegExp(
  [
    '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u115f\\u1160\\u180e]',
    '[\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb\\ufffe\\uffff]',
    '\\u034f|\\u17b4|\\u17b5|[\\u180b-\\u180d]|\\u180f|[\\ufe00-\\ufe0f]',
    '[\\ue000-\\uf8ff\\ud800-\\udfff]|[\\u{e0000}-\\u{e0fff}]|[\\u{f0000}-\\u{10ffff}]',
  ].join('|'),
  'gu',
)

/** Pieces in order; the hidden ones as `U+202E`. */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > at) pieces.push({ text: text.slice(at, match.index), isHidden: false })
    pieces.push({ text: nameOf(match[0]), isHidden: true })
    at = match.index + match[0].length
  }
  if (at < text.length) pieces.push({ text: text.slice(at), isHidden: false })
  return pieces
}

/** In one string, for labels and titles. */
export function visible(text: string): string {
  return piecesOf(text)
    .map(piece => (piece.isHidden ? `⟨${piece.text}⟩` : piece.text))
    .join('')
}

function nameOf(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
