// What a line is, wherever its file lies and whatever it is called: the fingerprint of the file's
// first line, the line's offset, and its bytes. A file that was renamed, rotated, compressed,
// copied or imported by hand gives the same identities, so that each line is stored once.

import { hash } from 'node:crypto'

/** How much of a file's first line is looked at. */
export const FINGERPRINT_BYTES_MAX = 4096
/** How many bytes before a position are remembered, to see whether the file is still the same. */
export const TAIL_BYTES_MAX = 64

const LF = 0x0a
const SPACE = 0x20
const LABEL = Buffer.from('tocsin/line/v1\0', 'latin1')
const FINGERPRINT_BYTES = 32
const OFFSET_BYTES = 8

export type LineIdentity = {
  /** Of the file: 32 bytes. */
  readonly fingerprint: Uint8Array
  /** Of the line's first byte; in a compressed file, counted in what it expands to. */
  readonly offset: number
  /** The line without its end. */
  readonly bytes: Uint8Array
}

/**
 * One string of bytes for each identity: label ‖ fingerprint ‖ offset as 8 bytes, big endian ‖
 * line. Only the last part varies in length, so no two identities share one. It holds the line in
 * clear: an id is made from it with a key.
 */
export function lineIdentity({ fingerprint, offset, bytes }: LineIdentity): Uint8Array {
  const out = Buffer.alloc(LABEL.length + FINGERPRINT_BYTES + OFFSET_BYTES + bytes.length)
  out.set(LABEL, 0)
  out.set(fingerprint.subarray(0, FINGERPRINT_BYTES), LABEL.length)
  out.writeBigUInt64BE(BigInt(offset), LABEL.length + FINGERPRINT_BYTES)
  out.set(bytes, LABEL.length + FINGERPRINT_BYTES + OFFSET_BYTES)
  return out
}

/**
 * SHA-256 of a file's first line: from the first byte that is no control character to the end of
 * the line, within the first 4 KiB. null while the line is not complete, unless `ended` says that
 * nothing will follow.
 */
export function fingerprintOf(head: Uint8Array, ended: boolean): Uint8Array | null {
  const window = head.subarray(0, FINGERPRINT_BYTES_MAX)
  let start = 0
  while (start < window.length && (window[start] ?? 0) <= SPACE) start += 1
  const lf = window.indexOf(LF, start)
  const whole = lf >= 0 || ended || window.length === FINGERPRINT_BYTES_MAX
  if (!whole) return null
  let end = lf < 0 ? window.length : lf
  while (end > start && (window[end - 1] ?? 0) <= SPACE) end -= 1
  return digest(window.subarray(start, end))
}

export function digest(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}
