// A sealed event on its way: the bytes in which prepared entries travel between threads and stand
// in the write-ahead log. One layout for both, so that what was prepared is written as it is.
//
//   leaf length (2) ‖ sections (2) ‖ logged time (6) ‖ digest (8) ‖ leaf entry
//   then per section: class (1) ‖ length (4) ‖ sealed section
//
// The digest is of the event as its producer meant it (without what the server adds): the same id
// with the same digest is a duplicate, with another one a conflict. A control entry has no
// sections, an id of zeros and a digest of zeros. All integers are big-endian.

export const DIGEST_BYTES = 8
export const ID_BYTES = 16
const HEADER_BYTES = 18
const NEWLINE = 0x0a
const SECTION_HEADER_BYTES = 5

/** Codes of retention classes; a class keeps its code for ever. */
const CLASS_CODES: readonly string[] = ['r30d', 'r6m', 'r13m', 'r6y', 'r7y']

export type SealedSection = { readonly retention: string; readonly sealed: Uint8Array }

export type EntryRecord = {
  readonly leaf: Uint8Array
  readonly timeMs: number
  readonly digest: Uint8Array
  readonly sections: readonly SealedSection[]
  /** Offset of the next record. */
  readonly end: number
}

/**
 * What a prepare thread hands over. Entry i lies at `offsets[i]` to `offsets[i + 1]` of `bytes`.
 */
export type PreparedBatch = {
  readonly count: number
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
  /** 16 bytes an entry; all zero for a control entry, which has no id. */
  readonly ids: Uint8Array
  /** The same events as NDJSON for followers, each with its newline; empty for control entries. */
  readonly events: Uint8Array
  readonly eventOffsets: Uint32Array
}

function recordBytes(leaf: Uint8Array, sections: readonly SealedSection[]): number {
  let bytes = HEADER_BYTES + leaf.length
  for (const { sealed } of sections) bytes += SECTION_HEADER_BYTES + sealed.length
  return bytes
}

function writeRecord(out: Buffer, at: number, entry: Omit<EntryRecord, 'end'>): void {
  out.writeUInt16BE(entry.leaf.length, at)
  out.writeUInt16BE(entry.sections.length, at + 2)
  out.writeUIntBE(entry.timeMs, at + 4, 6)
  out.set(entry.digest, at + 10)
  out.set(entry.leaf, at + HEADER_BYTES)
  let next = at + HEADER_BYTES + entry.leaf.length
  for (const { retention, sealed } of entry.sections) {
    out.writeUInt8(classCode(retention), next)
    out.writeUInt32BE(sealed.length, next + 1)
    out.set(sealed, next + SECTION_HEADER_BYTES)
    next += SECTION_HEADER_BYTES + sealed.length
  }
}

/** Views into `bytes`; the caller must not change it. Throws RangeError when the record is cut. */
export function readRecordAt(bytes: Buffer, at: number): EntryRecord {
  const leafEnd = at + HEADER_BYTES + bytes.readUInt16BE(at)
  const count = bytes.readUInt16BE(at + 2)
  const sections: SealedSection[] = []
  let next = leafEnd
  for (let i = 0; i < count; i++) {
    const retention = className(bytes.readUInt8(next))
    const end = next + SECTION_HEADER_BYTES + bytes.readUInt32BE(next + 1)
    sections.push({ retention, sealed: bytes.subarray(next + SECTION_HEADER_BYTES, end) })
    next = end
  }
  if (next > bytes.length) throw new RangeError('the record is cut')
  return {
    leaf: bytes.subarray(at + HEADER_BYTES, leafEnd),
    timeMs: bytes.readUIntBE(at + 4, 6),
    digest: bytes.subarray(at + 10, at + 10 + DIGEST_BYTES),
    sections,
    end: next,
  }
}

export interface BatchBuilder {
  /**
   * Copies everything: the arguments may be changed afterwards. `followed` is empty for a control
   * entry.
   */
  add(id: Uint8Array, record: Omit<EntryRecord, 'end'>, followed: Uint8Array): void
  /** Forgets what was added. */
  clear(): void
  /**
   * The batch, in buffers of its own that may be handed to another thread; the builder is empty
   * again.
   */
  finish(): PreparedBatch
}

/** What one batch needs at most is kept for the next one, but not what only a huge one needs. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024

export function buildBatch(): BatchBuilder {
  const records = new GrowingBytes()
  const events = new GrowingBytes()
  const ids = new GrowingBytes()
  let offsets: number[] = [0]
  let eventOffsets: number[] = [0]

  function clear(): void {
    for (const bytes of [records, events, ids]) bytes.length = 0
    offsets = [0]
    eventOffsets = [0]
  }

  return {
    clear,
    add(id, record, followed) {
      const at = records.grow(recordBytes(record.leaf, record.sections))
      try {
        writeRecord(records.bytes, at, record)
      } catch (error) {
        records.length = at
        throw error
      }
      offsets.push(records.length)
      const idAt = ids.grow(ID_BYTES)
      ids.bytes.set(id, idAt)
      if (followed.length > 0) {
        const start = events.grow(followed.length + 1)
        events.bytes.set(followed, start)
        events.bytes[start + followed.length] = NEWLINE
      }
      eventOffsets.push(events.length)
    },
    finish() {
      const batch = {
        count: offsets.length - 1,
        bytes: records.take(),
        offsets: Uint32Array.from(offsets),
        ids: ids.take(),
        events: events.take(),
        eventOffsets: Uint32Array.from(eventOffsets),
      }
      clear()
      return batch
    },
  }
}

/** Bytes that are written one after the other and taken out as a whole. */
class GrowingBytes {
  bytes: Buffer = Buffer.allocUnsafeSlow(64 * 1024)
  length = 0

  /** Makes room for `count` bytes behind those that are there, and returns where it begins. */
  grow(count: number): number {
    const at = this.length
    this.length += count
    if (this.length > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.length, 2 * this.bytes.length))
      larger.set(this.bytes.subarray(0, at))
      this.bytes = larger
    }
    return at
  }

  /** A copy that owns its buffer, as it must to be handed to another thread. */
  take(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.length)
    out.set(this.bytes.subarray(0, this.length))
    this.length = 0
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = Buffer.allocUnsafeSlow(KEPT_BYTES_MAX)
    return out
  }
}

/** The digest of the record at `at`, without reading the rest. */
export function digestAt(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.subarray(at + 10, at + 10 + DIGEST_BYTES)
}

function classCode(retention: string): number {
  const code = CLASS_CODES.indexOf(retention)
  if (code < 0) throw new RangeError(`no retention class ${retention}`)
  return code
}

function className(code: number): string {
  const name = CLASS_CODES[code]
  if (name === undefined) throw new RangeError(`no retention class with code ${code}`)
  return name
}
