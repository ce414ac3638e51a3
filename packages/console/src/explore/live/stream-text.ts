// Server-sent events out of a text that comes in pieces (WHATWG HTML §9.2.6), as far as this API
// uses them: `id`, `event`, `data` in one line, comments as a sign of life.

export type Message = {
  /** Absent where the server gave none. */
  readonly id: string | null
  readonly event: string
  readonly data: string
}

/** A message that never ends would fill the memory. */
const MESSAGE_CHARS_MAX = 64 * 1024 * 1024

export interface StreamReader {
  /** The messages that are whole now. Throws for one that grows beyond every event. */
  read(piece: string): readonly Message[]
}

export function buildStreamReader(): StreamReader {
  /** Pieces of a message that has not ended: joined once, since joining reads them all. */
  let pieces: string[] = []
  let chars = 0
  return {
    read(piece) {
      const edge = pieces.at(-1)?.endsWith('\n') === true && piece.startsWith('\n')
      pieces.push(piece)
      chars += piece.length
      if (chars > MESSAGE_CHARS_MAX) throw new Error('the live stream sent no whole event')
      if (!edge && !piece.includes('\n\n')) return []
      const blocks = pieces.join('').split('\n\n')
      const rest = blocks.pop() ?? ''
      pieces = rest === '' ? [] : [rest]
      chars = rest.length
      return blocks.map(parseBlock).filter(message => message !== null)
    },
  }
}

function parseBlock(block: string): Message | null {
  let id: string | null = null
  let event = 'message'
  let data: string | null = null
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    const value = line.slice(colon + 1).replace(/^ /, '')
    if (name === 'id') id = value
    else if (name === 'event') event = value
    else if (name === 'data') data = data === null ? value : `${data}\n${value}`
  }
  return data === null ? null : { id, event, data }
}
