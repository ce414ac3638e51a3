// A text of any length: its beginning, more of it piece by piece, and the whole as a file. What is
// not shown costs nothing.

import { type ReactNode, useState } from 'react'
import { count, Plain } from '../../value/value.tsx'

const FIRST_CHARS = 1000
const PIECE_CHARS = 20_000
/** A page of text that long is slow to lay out. */
const SHOWN_CHARS_MAX = 200_000

export function LongText({
  text,
  isId = false,
}: {
  readonly text: string
  readonly isId?: boolean
}): ReactNode {
  const [chars, setChars] = useState(FIRST_CHARS)
  const left = text.length - chars
  const shown = <Plain text={text.slice(0, chars)} charsMax={chars} />
  if (left <= 0) return isId ? <span className="id">{shown}</span> : shown
  const piece = Math.min(PIECE_CHARS, left)
  return (
    <>
      {shown}
      <span className="long-acts">
        {chars < SHOWN_CHARS_MAX && (
          <button type="button" onClick={() => setChars(chars + PIECE_CHARS)}>
            Show {count(piece)} more of {count(text.length)} characters
          </button>
        )}
        <button type="button" onClick={() => saveText(text)}>
          Download all {count(text.length)}
        </button>
      </span>
    </>
  )
}

function saveText(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = url
  link.download = 'value.txt'
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 0)
}
