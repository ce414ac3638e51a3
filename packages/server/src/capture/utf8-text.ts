// Bytes that claim to be UTF-8, as text. Nothing here throws and no byte is lost: what is not UTF-8
// is spelled `\xXX`, as nginx and Apache spell it.

const SPACE = 0x20
const DELETE = 0x7f

/**
 * UTF-8 as text; each byte that belongs to no UTF-8 sequence (RFC 3629) as `\xXX`, and so are
 * control characters unless they are to be kept. Linear in the size of `bytes`.
 */
export function utf8OrEscaped(bytes: Uint8Array, controls: 'keep' | 'escape'): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let out = ''
  let done = 0
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0
    const control = first < SPACE || first === DELETE
    const size = control && controls === 'escape' ? 0 : sequenceBytes(bytes, at)
    if (size === 0) {
      out += buffer.toString('utf8', done, at) + hexEscape(first)
      done = at + 1
    }
    at += size || 1
  }
  return out + buffer.toString('utf8', done)
}

/** The longest beginning of at most `bytesMax` bytes that ends between two characters. */
export function cutUtf8(bytes: Uint8Array, bytesMax: number): string {
  let end = Math.min(bytes.length, bytesMax)
  while (end > 0 && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('utf8')
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** Length of the UTF-8 sequence at `at`, 0 where there is none. */
function sequenceBytes(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  if (first < 0x80) return 1
  const size = first < 0xc2 || first > 0xf4 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  if (size === 0 || at + size > bytes.length) return 0
  const second = bytes[at + 1] ?? 0
  for (let i = 1; i < size; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0
  const overlong = (first === 0xe0 && second < 0xa0) || (first === 0xf0 && second < 0x90)
  const outside = (first === 0xed && second > 0x9f) || (first === 0xf4 && second > 0x8f)
  return overlong || outside ? 0 : size
}
