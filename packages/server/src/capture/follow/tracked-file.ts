// One file that is being read: its handle, how far it was read, and whether it is still the file it
// was. Every read begins a few bytes early and compares them with what stood there before, so a
// file that was truncated and written again is noticed in the same read, however fast it grew.

import { createLineSplitter, type Line, type LineSplitter } from '../lines.ts'
import { digest, FINGERPRINT_BYTES_MAX, fingerprintOf, TAIL_BYTES_MAX } from './identity.ts'
import type { OpenLogFile } from './log-files.ts'
import type { FilePosition } from './position.ts'

export type ReadingConfig = {
  readonly chunkBytes: number
  readonly lineBytesMax: number
  readonly invalidUtf8: 'escape' | 'refuse'
}

export type ReadStep =
  /** Complete lines, and the position behind them. */
  | { readonly kind: 'lines'; readonly lines: readonly Line[]; readonly position: FilePosition }
  /** Bytes were read that complete no line. */
  | { readonly kind: 'more' }
  /** Nothing new. */
  | { readonly kind: 'end' }
  /** The file is shorter than what was read, or holds something else there. */
  | { readonly kind: 'truncated' }

const NOTHING = Buffer.alloc(0)

/** A file that is open, and stands at a position that was checked. */
export type FoundFile = {
  readonly path: string
  readonly log: OpenLogFile
  /** The bytes that stand before the position now. */
  readonly before: Uint8Array
  readonly nowMs: number
}

export class TrackedFile {
  readonly path: string
  readonly inode: string
  readonly device: string
  /** Position behind the last line given out. */
  delivered: FilePosition
  /** Position that is durable; follows `delivered`. Whoever gives lines out moves it. */
  acknowledged: FilePosition
  /** When something was last read, by the follower's clock. */
  progressMs: number
  /** Size of the file while it still held what was read; 0 if that is not known. */
  sizeSeen = 0
  readonly #log: OpenLogFile
  readonly #config: ReadingConfig
  #splitter: LineSplitter
  #readOffset: number
  #lastRead: Buffer
  /** What was seen of a first line that is not complete. */
  #head: Buffer = NOTHING
  #seen = ''

  constructor(file: FoundFile, position: FilePosition, config: ReadingConfig) {
    this.path = file.path
    this.inode = position.inode
    this.device = position.device
    this.delivered = position
    this.acknowledged = position
    this.progressMs = file.nowMs
    this.#log = file.log
    this.#config = config
    this.#readOffset = position.offset
    this.#lastRead = Buffer.from(file.before)
    this.#splitter = this.#newSplitter(position.offset)
  }

  get fingerprint(): Uint8Array {
    return Buffer.from(this.delivered.fingerprint ?? '', 'hex')
  }

  get compressed(): boolean {
    return this.#log.compressed
  }

  /** Reads on. Rejects with Node's errors; nothing has changed then. */
  async next(nowMs: number): Promise<ReadStep> {
    const facts = await this.#log.facts()
    const seen = `${facts.size} ${facts.mtimeNs}`
    if (seen === this.#seen) return { kind: 'end' }
    const least = this.#readOffset + this.#head.length
    if (!this.#log.compressed && facts.size < least) return { kind: 'truncated' }
    const overlap = this.#lastRead.length
    // As large as what is there: a line that comes in drops must not hold a whole buffer per drop.
    const left = this.#log.compressed ? Infinity : facts.size - this.#readOffset
    const into = Buffer.allocUnsafe(overlap + Math.min(left, this.#config.chunkBytes))
    const size = await this.#log.read(this.#readOffset - overlap, into)
    const same = size >= overlap && this.#lastRead.equals(into.subarray(0, overlap))
    const chunk = into.subarray(overlap, size)
    if (!same || !this.#head.equals(chunk.subarray(0, this.#head.length))) {
      return { kind: 'truncated' }
    }
    // Only when the end was reached can the next look at the file be spared.
    if (size < into.length || chunk.length === left) this.#seen = seen
    this.#noteTime(facts.mtimeNs)
    this.sizeSeen = this.#log.compressed ? 0 : facts.size
    if (chunk.length === 0) return { kind: 'end' }
    this.progressMs = nowMs
    if (this.#knowFingerprint(chunk, false)) return this.#consume(chunk)
    this.#keepHead(chunk)
    return { kind: 'end' }
  }

  /** The last line, which has no end, of a file that will not grow any more. */
  async finish(nowMs: number): Promise<ReadStep> {
    if (this.delivered.fingerprint === null) {
      const head = Buffer.allocUnsafe(FINGERPRINT_BYTES_MAX)
      const chunk = head.subarray(0, await this.#log.read(0, head))
      if (chunk.length === 0 || !this.#knowFingerprint(chunk, true)) return { kind: 'end' }
      const step = this.#consume(chunk)
      if (step.kind === 'lines') return step
    }
    this.progressMs = nowMs
    return this.#give(this.#splitter.end())
  }

  /** Begins again at the start of the same file, which now holds something else. */
  restart(): void {
    this.delivered = { ...this.delivered, fingerprint: null, offset: 0, tail: null }
    this.acknowledged = this.delivered
    this.sizeSeen = 0
    this.#readOffset = 0
    this.#lastRead = NOTHING
    this.#head = NOTHING
    this.#seen = ''
    this.#splitter = this.#newSplitter(0)
  }

  close(): Promise<void> {
    return this.#log.close()
  }

  #newSplitter(offset: number): LineSplitter {
    const { lineBytesMax, invalidUtf8 } = this.#config
    return createLineSplitter({ offset, lineBytesMax, invalidUtf8 })
  }

  #noteTime(mtimeNs: bigint): void {
    this.delivered = { ...this.delivered, mtimeNs: String(mtimeNs) }
  }

  #knowFingerprint(chunk: Uint8Array, ended: boolean): boolean {
    if (this.delivered.fingerprint !== null) return true
    const fingerprint = fingerprintOf(chunk, ended)
    if (fingerprint === null) return false
    this.delivered = { ...this.delivered, fingerprint: Buffer.from(fingerprint).toString('hex') }
    return true
  }

  /** Nothing of it was given out, so it needs no acknowledgement. */
  #keepHead(chunk: Uint8Array): void {
    this.#head = Buffer.from(chunk)
    const sha256 = Buffer.from(digest(chunk)).toString('hex')
    this.delivered = { ...this.delivered, tail: { offset: 0, size: chunk.length, sha256 } }
    this.acknowledged = this.delivered
  }

  #consume(chunk: Uint8Array): ReadStep {
    this.#head = NOTHING
    this.#readOffset += chunk.length
    this.#lastRead = Buffer.concat([this.#lastRead, chunk.subarray(-TAIL_BYTES_MAX)]).subarray(
      -TAIL_BYTES_MAX,
    )
    return this.#give(this.#splitter.push(chunk))
  }

  #give(lines: readonly Line[]): ReadStep {
    const last = lines[lines.length - 1]
    const offset = this.#splitter.position
    this.delivered = { ...this.delivered, offset, ...(last ? { tail: tailOf(last) } : {}) }
    if (last === undefined) return { kind: 'more' }
    return { kind: 'lines', lines, position: this.delivered }
  }
}

function tailOf(line: Line): NonNullable<FilePosition['tail']> {
  const cut = line.kind === 'refused'
  // Of a line that is refused only the beginning is at hand.
  const bytes = cut ? line.bytes.subarray(0, TAIL_BYTES_MAX) : line.bytes.subarray(-TAIL_BYTES_MAX)
  const offset = cut ? line.offset : line.offset + line.bytes.length - bytes.length
  return { offset, size: bytes.length, sha256: Buffer.from(digest(bytes)).toString('hex') }
}

/** Whether `log` still holds at `position` what was read there. */
export async function holdsPosition(log: OpenLogFile, position: FilePosition): Promise<boolean> {
  const { tail } = position
  if (tail === null) return true
  const bytes = Buffer.alloc(tail.size)
  const size = await log.read(tail.offset, bytes)
  return size === tail.size && Buffer.from(digest(bytes)).toString('hex') === tail.sha256
}

/** The last bytes before `offset`. */
export async function readBefore(log: OpenLogFile, offset: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(Math.min(offset, TAIL_BYTES_MAX))
  const size = await log.read(offset - bytes.length, bytes)
  return bytes.subarray(0, size)
}

/** Fingerprint of a file's beginning in hex, null while its first line is not complete. */
export async function readFingerprint(log: OpenLogFile, ended: boolean): Promise<string | null> {
  const head = Buffer.allocUnsafe(FINGERPRINT_BYTES_MAX)
  const size = await log.read(0, head)
  const fingerprint = fingerprintOf(head.subarray(0, size), ended)
  return fingerprint === null ? null : Buffer.from(fingerprint).toString('hex')
}
