// What one leaf of the log says, and how the sealed sections beside the log are laid out
// (docs/spec/log.md §3–4). Shared by the server, which writes them, and the verifier, which trusts
// neither. Printing is the one canonical form: an entry that is not what it would print is refused.

import { encodeUtf8, parseUtf8 } from '../bytes.ts'
import { TocsinError } from '../errors.ts'

export const ENTRY_BYTES_MAX = 65_535
export const SECTIONS_MAX = 256
/** Leaf indexes per payload file. */
export const CHUNK_ENTRIES = 4096
export const RECORD_HEADER_BYTES = 13
/** The last millisecond that has a month of the form `yyyy-mm`. */
const TIME_MS_MAX = 253_402_300_799_999
/** Key id, nonce and GCM tag around a section's cipher text. */
export const SEAL_OVERHEAD_BYTES: number = 8 + 12 + 16

/**
 * Binary members are kept as they are printed, base64url: they are compared, hardly ever decoded.
 */
export type Section = {
  /** 32 bytes. */
  readonly commitment: string
  /** 32 bytes: SHA-256 of the sealed section as stored. */
  readonly cipherHash: string
  /** 16 bytes. */
  readonly tag: string
  readonly retention: string
}

export type SealedEntry = {
  readonly kind: 'sealed'
  /** UUID, lower case. */
  readonly id: string
  readonly timeMs: number
  readonly typeUid: number
  readonly statusId: number
  readonly sections: readonly Section[]
  readonly kekEpoch: number
}

export type ControlEntry = {
  readonly kind: 'control'
  readonly control: string
  readonly timeMs: number
  readonly body: { readonly [member: string]: unknown }
}

export type Entry = SealedEntry | ControlEntry

/** Throws `log.entry_too_large` for an entry over 65,535 bytes. */
export function printEntry(entry: Entry): Uint8Array {
  return encodeUtf8(printEntryText(entry))
}

/** The same as text: ASCII, one character a byte. */
export function printEntryText(entry: Entry): string {
  const text = entry.kind === 'sealed' ? printSealed(entry) : printControl(entry)
  if (text.length > ENTRY_BYTES_MAX) {
    throw new TocsinError('log.entry_too_large', {
      public: `a log entry of ${text.length} bytes is over ${ENTRY_BYTES_MAX}`,
    })
  }
  return text
}

function printSealed(entry: SealedEntry): string {
  const sections = entry.sections.map(
    s => `{"c":"${s.commitment}","h":"${s.cipherHash}","g":"${s.tag}","r":"${s.retention}"}`,
  )
  return (
    `{"v":1,"id":"${entry.id}","t":${entry.timeMs},"u":${entry.typeUid},"o":${entry.statusId},` +
    `"s":[${sections.join(',')}],"k":${entry.kekEpoch}}`
  )
}

function printControl(entry: ControlEntry): string {
  const body = asciiJson(entry.body)
  return `{"v":1,"c":${asciiJson(entry.control)},"t":${entry.timeMs},"b":${body}}`
}

/**
 * JSON with every character beyond ASCII escaped, so that an entry is the same in every encoding.
 */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Throws `log.entry_malformed` unless the bytes are exactly one entry of this version. */
export function parseEntry(bytes: Uint8Array): Entry {
  let text = ''
  let value: unknown
  try {
    text = parseUtf8(bytes)
    value = JSON.parse(text)
  } catch (cause) {
    return malformed('it is not JSON in ASCII', cause)
  }
  const members = parseObject(value)
  if (members.v !== 1) return malformed(`its version is ${JSON.stringify(members.v)}, not 1`)
  const entry = 'c' in members ? parseControl(members) : parseSealed(members)
  const printed = entry.kind === 'sealed' ? printSealed(entry) : printControl(entry)
  if (printed !== text) return malformed('it is not in canonical form')
  return entry
}

type Members = { readonly [member: string]: unknown }

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const RETENTION = /^r\d{1,3}[dmy]$/
// 32 and 16 bytes in base64url; the last digit has no stray bits, so bytes have one spelling.
const HASH_TEXT = /^[\w-]{42}[AEIMQUYcgkosw048]$/
const TAG_TEXT = /^[\w-]{21}[AQgw]$/
const CONTROL = /^[a-z]+\.[a-z]+$/

function parseSealed(members: Members): SealedEntry {
  const { id, s } = members
  if (typeof id !== 'string' || !UUID.test(id)) return malformed('id is not a UUID')
  if (!Array.isArray(s) || s.length === 0 || s.length > SECTIONS_MAX) {
    return malformed(`s does not hold 1 to ${SECTIONS_MAX} sections`)
  }
  return {
    kind: 'sealed',
    id,
    timeMs: parseTime(members.t),
    typeUid: parseCount(members.u, 'u'),
    statusId: parseCount(members.o, 'o'),
    sections: s.map(parseSection),
    kekEpoch: parseCount(members.k, 'k'),
  }
}

function parseSection(value: unknown): Section {
  const { c, h, g, r } = parseObject(value)
  if (typeof r !== 'string' || !RETENTION.test(r)) return malformed('a section has no class')
  return {
    commitment: parseBase64(c, HASH_TEXT, 'c'),
    cipherHash: parseBase64(h, HASH_TEXT, 'h'),
    tag: parseBase64(g, TAG_TEXT, 'g'),
    retention: r,
  }
}

function parseControl(members: Members): ControlEntry {
  const { c, b } = members
  if (typeof c !== 'string' || !CONTROL.test(c)) return malformed('c is not a kind')
  return { kind: 'control', control: c, timeMs: parseTime(members.t), body: parseObject(b) }
}

function parseObject(value: unknown): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members
  return malformed('an object is missing')
}

function parseCount(value: unknown, member: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  return malformed(`${member} is not a whole number`)
}

function parseTime(value: unknown): number {
  const timeMs = parseCount(value, 't')
  return timeMs <= TIME_MS_MAX ? timeMs : malformed('t is beyond the year 9999')
}

function parseBase64(value: unknown, form: RegExp, member: string): string {
  return typeof value === 'string' && form.test(value) ? value : malformed(`${member} is not bytes`)
}

function malformed(why: string, cause?: unknown): never {
  throw new TocsinError('log.entry_malformed', {
    public: `a log entry is malformed: ${why}`,
    cause,
  })
}

/** The UUID's 16 bytes, as they stand in commitments, tags and additional data. */
export function uuidBytes(id: string): Uint8Array {
  const out = new Uint8Array(16)
  for (let i = 0, at = 0; at < 16; at++) {
    if (id.charCodeAt(i) === DASH) i += 1
    out[at] = (hexValue(id.charCodeAt(i)) << 4) | hexValue(id.charCodeAt(i + 1))
    i += 2
  }
  return out
}

const DASH = 0x2d

/** Of a lower-case hex digit: `0` is 0x30, `a` is 0x61. */
function hexValue(digit: number): number {
  return digit < 0x3a ? digit - 0x30 : digit - 0x57
}

export const SECTION_LABEL: Uint8Array = encodeUtf8('tocsin/section/v1\0')
export const TAG_KEY_LABEL: Uint8Array = encodeUtf8('tocsin/tag/v1')

/**
 * UTC month of a logged time, `yyyy-mm`: part of a payload file's path and of a data key's scope.
 */
export function monthOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 7)
}

/** Path below `payloads/<shard>/`. */
export function payloadPath(retention: string, timeMs: number, index: number): string {
  const chunk = Math.floor(index / CHUNK_ENTRIES)
  return `${retention}/${monthOf(timeMs)}/${String(chunk).padStart(9, '0')}.seal`
}

export type PayloadRecord = {
  readonly index: number
  readonly section: number
  /** Key id ‖ nonce ‖ cipher text ‖ tag; a view into the file's bytes. */
  readonly sealed: Uint8Array
  /** Offset of the next record. */
  readonly end: number
}

/** The record at `offset`, or null when the file ends before it does. */
export function readRecord(file: Uint8Array, offset: number): PayloadRecord | null {
  if (offset + RECORD_HEADER_BYTES > file.length) return null
  const view = new DataView(file.buffer, file.byteOffset + offset, RECORD_HEADER_BYTES)
  const { length, index, section } = readRecordHeader(view, 0)
  const start = offset + RECORD_HEADER_BYTES
  const end = start + length
  return end > file.length ? null : { index, section, sealed: file.subarray(start, end), end }
}

/** What stands before a record's sealed section. */
export type RecordHeader = {
  /** Bytes of the sealed section. */
  readonly length: number
  readonly index: number
  readonly section: number
}

export function readRecordHeader(view: DataView, at: number): RecordHeader {
  return {
    length: view.getUint32(at),
    index: view.getUint32(at + 4) * 2 ** 32 + view.getUint32(at + 8),
    section: view.getUint8(at + 12),
  }
}

/** Writes a record's header at `at`; the sealed section's bytes follow it. */
export function writeRecordHeader(view: DataView, at: number, record: RecordHeader): void {
  view.setUint32(at, record.length)
  view.setUint32(at + 4, Math.floor(record.index / 2 ** 32))
  view.setUint32(at + 8, record.index >>> 0)
  view.setUint8(at + 12, record.section)
}
