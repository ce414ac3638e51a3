// A sealed event on its way: the bytes in which prepared entries travel between threads and stand
// in the write-ahead log. One layout for both, so that what was prepared is written as it is.
//
//   leaf length (2) ‖ sections (2) ‖ logged time (6) ‖ digest (8) ‖ leaf entry
//   then per section: class (1) ‖ length (4) ‖ sealed section
//
// The digest is of the event as its producer meant it (without what the server adds): the same id
// with the same digest is a duplicate, with another one a conflict. All integers are big-endian.

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

/** What a prepare thread hands over. Entry i lies at `offsets[i]` to `offsets[i + 1]` of `bytes`. */
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

/** Writes one record at `at` and returns the offset behind it. */
function writeRecord(out: Buffer, at: number, entry: Omit<EntryRecord, 'end'>): number {
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
  return next
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
  add(id: Uint8Array, record: Omit<EntryRecord, 'end'>, followed: Uint8Array): void
  /** The batch, in buffers of its own that may be handed to another thread. */
  finish(): PreparedBatch
}

type Added = {
  readonly id: Uint8Array
  readonly record: Omit<EntryRecord, 'end'>
  readonly followed: Uint8Array
}

export function buildBatch(): BatchBuilder {
  const added: Added[] = []
  return {
    add: (id, record, followed) => added.push({ id, record, followed }),
    finish: () => layOut(added),
  }
}

function layOut(added: readonly Added[]): PreparedBatch {
  const count = added.length
  let recordsSize = 0
  let eventsSize = 0
  for (const { record, followed } of added) {
    recordsSize += recordBytes(record.leaf, record.sections)
    eventsSize += lineBytes(followed)
  }
  // Not from Buffer's pool: a thread gets these buffers whole.
  const bytes = new Uint8Array(recordsSize)
  const events = new Uint8Array(eventsSize)
  const offsets = new Uint32Array(count + 1)
  const eventOffsets = new Uint32Array(count + 1)
  const ids = new Uint8Array(count * ID_BYTES)
  const out = Buffer.from(bytes.buffer)
  added.forEach(({ id, record, followed }, i) => {
    ids.set(id, i * ID_BYTES)
    offsets[i + 1] = writeRecord(out, offsets[i] ?? 0, record)
    const at = eventOffsets[i] ?? 0
    events.set(followed, at)
    eventOffsets[i + 1] = at + lineBytes(followed)
    if (followed.length > 0) events[at + followed.length] = NEWLINE
  })
  return { count, bytes, offsets, ids, events, eventOffsets }
}

function lineBytes(followed: Uint8Array): number {
  return followed.length === 0 ? 0 : followed.length + 1
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
