// Pieces of a name that is not known, by which a name that is may be found. Pure.

const PIECE_CHARS_MIN = 4
const PIECES_MAX = 3
const ID_CHARS_MAX = 200

/** The longest first. Short ones (`svc`, `key`) would find everything. */
export function tellingPieces(id: string): readonly string[] {
  const pieces = id.slice(0, ID_CHARS_MAX).split(/[^\p{L}\p{N}]+/u)
  const telling = [...new Set(pieces)].filter(piece => piece.length >= PIECE_CHARS_MIN)
  return telling.toSorted((a, b) => b.length - a.length).slice(0, PIECES_MAX)
}
