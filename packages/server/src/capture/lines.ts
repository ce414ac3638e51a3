// Bytes of a file or a stream → lines, with the exact place of each. Memory is bounded whatever
// comes: a line that is too long is skipped to its end and reported, never held. The same bytes
// give the same lines however they are cut into chunks.

import { isUtf8 } from 'node:buffer'
import { utf8OrEscaped } from './utf8-text.ts'

/** Longest line, without its end. An event may have 512 KiB; twice that leaves room for escapes. */
export const LINE_BYTES_MAX: number = 1024 * 1024
/** What is kept of a line that is refused here. */
export const HEAD_BYTES_MAX = 2048

/** Pieces of one line that are held apart. */
const PARTS_MAX = 64
const LF = 0x0a
const CR = 0x0d
const NUL = 0
const BYTE_ORDER_MARK = '\uFEFF'

export type TextLine = {
  readonly kind: 'line'
  /** Where the line's first byte stands, counted from the start of the file. */
  readonly offset: number
  /** Bytes of the line with its end (LF or CR LF) as they stand in the file. */
  readonly size: number
  /** The line without its end. Shares memory with the chunk that was pushed. */
  readonly bytes: Uint8Array
  readonly text: string
  /** The bytes were not UTF-8, and those that were not are spelled `\xXX` in `text`. */
  readonly escaped: boolean
}

export type RefusedBytes = {
  readonly kind: 'refused'
  readonly offset: number
  readonly size: number
  readonly code: 'line.too_long' | 'line.not_utf8'
  readonly reason: string
  /** The line's beginning, at most HEAD_BYTES_MAX. */
  readonly bytes: Uint8Array
}

export type Line = TextLine | RefusedBytes

export type LineSplitterConfig = {
  /** Where in the file the first chunk begins. */
  readonly offset?: number
  readonly lineBytesMax?: number
  /** What to do with a line that is not UTF-8; see LineFormat.invalidUtf8. */
  readonly invalidUtf8?: 'escape' | 'refuse'
}

export interface LineSplitter {
  /**
   * The lines that this chunk completes, in order. The splitter takes the chunk over: it must not
   * be written to again. Blank lines are passed over, and so are NUL bytes at the start of a line,
   * which a writer leaves behind whose file was truncated under it.
   */
  push(chunk: Uint8Array): readonly Line[]
  /** The last line, which has no end; after it the splitter begins anew at `position`. */
  end(): readonly Line[]
  /** Where the first byte stands that belongs to no line given out yet: where to start again. */
  readonly position: number
  /** Bytes held back for a line that is not complete: never more than the bound and one chunk. */
  readonly pendingBytes: number
}

export function createLineSplitter(config: LineSplitterConfig = {}): LineSplitter {
  return new Splitter(config)
}

class Splitter implements LineSplitter {
  readonly #bytesMax: number
  readonly #headBytes: number
  readonly #invalidUtf8: 'escape' | 'refuse'
  /** Start of the pending line. */
  #start: number
  #parts: Uint8Array[] = []
  /** Bytes of the pending line that were seen, also when they are no longer held. */
  #seen = 0
  /** Set while a line that is too long is skipped. */
  #head: Uint8Array | null = null

  constructor({ offset = 0, lineBytesMax = LINE_BYTES_MAX, invalidUtf8 }: LineSplitterConfig) {
    this.#start = offset
    this.#bytesMax = lineBytesMax
    // Never more than the bound, so that the beginning does not depend on how chunks were cut.
    this.#headBytes = Math.min(HEAD_BYTES_MAX, lineBytesMax)
    this.#invalidUtf8 = invalidUtf8 ?? 'refuse'
  }

  get position(): number {
    return this.#start
  }

  get pendingBytes(): number {
    return this.#head === null ? this.#seen : this.#head.length
  }

  push(chunk: Uint8Array): readonly Line[] {
    const lines: Line[] = []
    let at = 0
    for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, at)) {
      this.#take(chunk.subarray(at, lf))
      const line = this.#finish(1)
      if (line) lines.push(line)
      at = lf + 1
    }
    if (at < chunk.length) this.#take(chunk.subarray(at))
    return lines
  }

  end(): readonly Line[] {
    const line = this.#finish(0)
    return line ? [line] : []
  }

  #take(part: Uint8Array): void {
    const fresh = this.#seen === 0 ? this.#withoutNuls(part) : part
    if (fresh.length === 0) return
    this.#seen += fresh.length
    if (this.#head !== null) return
    this.#parts.push(fresh)
    // A line that comes byte by byte must not hold a buffer for each byte.
    if (this.#parts.length > PARTS_MAX) this.#parts = [this.#joined()]
    // One byte more than the bound, because a CR may turn out to belong to the line's end.
    if (this.#seen > this.#bytesMax + 1) {
      this.#head = this.#joined().slice(0, this.#headBytes)
      this.#parts = []
    }
  }

  #withoutNuls(part: Uint8Array): Uint8Array {
    let at = 0
    while (at < part.length && part[at] === NUL) at += 1
    this.#start += at
    return at === 0 ? part : part.subarray(at)
  }

  #finish(endBytes: number): Line | null {
    const offset = this.#start
    const size = this.#seen + endBytes
    const head = this.#head
    const bytes = head === null ? withoutCr(this.#joined()) : head
    this.#start += size
    this.#parts = []
    this.#seen = 0
    this.#head = null
    if (bytes.length === 0) return null
    const tooLong = head !== null || bytes.length > this.#bytesMax
    return tooLong ? this.#tooLong(offset, size, bytes) : this.#line(offset, size, bytes)
  }

  #joined(): Uint8Array {
    const [first, ...more] = this.#parts
    if (first === undefined) return new Uint8Array(0)
    return more.length === 0 ? first : Buffer.concat(this.#parts)
  }

  #tooLong(offset: number, size: number, bytes: Uint8Array): RefusedBytes {
    return {
      kind: 'refused',
      offset,
      size,
      code: 'line.too_long',
      reason: `the line at byte ${offset} has ${size} bytes; at most ${this.#bytesMax} are read`,
      bytes: bytes.slice(0, this.#headBytes),
    }
  }

  #line(offset: number, size: number, bytes: Uint8Array): Line {
    const valid = isUtf8(bytes)
    if (!valid && this.#invalidUtf8 === 'refuse') {
      return {
        kind: 'refused',
        offset,
        size,
        code: 'line.not_utf8',
        reason: `the line at byte ${offset} is not UTF-8`,
        bytes: bytes.slice(0, this.#headBytes),
      }
    }
    const text = valid ? decode(bytes) : utf8OrEscaped(bytes, 'keep')
    const marked = offset === 0 && text.startsWith(BYTE_ORDER_MARK)
    return {
      kind: 'line',
      offset,
      size,
      bytes,
      text: marked ? text.slice(1) : text,
      escaped: !valid,
    }
  }
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

function withoutCr(bytes: Uint8Array): Uint8Array {
  return bytes[bytes.length - 1] === CR ? bytes.subarray(0, bytes.length - 1) : bytes
}
