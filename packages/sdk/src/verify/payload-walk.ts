// Follows the payload files beside a log, entry by entry: each section that an entry names must be
// the next record of its file and hash to what the entry says (docs/spec/log.md §4 and §6 step 5).
// Reads in parts, so that memory does not grow with a file.

import { concatBytes, encodeBase64Url } from '../bytes.ts'
import type { Sha256 } from '../crypto.ts'
import {
  CHUNK_ENTRIES,
  type Entry,
  type PayloadRecord,
  payloadPath,
  readRecord,
  type Section,
} from '../entry/entry.ts'
import type { FetchPart } from '../fetch-file.ts'
import { parseLeafIndex, type TreeSize } from '../tlog/tlog.ts'
import { type Broken, broken } from './verdict.ts'

const PART_BYTES = 1024 * 1024
/** Far above what a server takes; a longer record is a damaged one. */
const RECORD_BYTES_MAX = 64 * 1024 * 1024
const DAY_MS = 86_400_000

export interface PayloadWalk {
  /** Sections found and matched so far. */
  readonly matched: number
  /** The paths of all files that held a section. */
  readonly files: ReadonlySet<string>
  /** Takes the next entries, which lie in one chunk; says what is wrong first. */
  check(start: number, entries: readonly Entry[]): Promise<Broken | null>
  /** To be called after the last entry. */
  finish(): Promise<Broken | null>
  /** A file that no entry names may hold only records that the checkpoint does not cover yet. */
  checkUnnamed(path: string): Promise<Broken | null>
}

/** A payload file that is being read: the record at `at` of `held` comes next. */
type Cursor = {
  readonly path: string
  held: Uint8Array
  at: number
  /** Offset in the file of the end of `held`. */
  offset: number
  hasEnded: boolean
}

export function buildPayloadWalk(fetch: FetchPart, sha256: Sha256, size: TreeSize): PayloadWalk {
  const files = new Set<string>()
  // By class and day, so that a month is looked up once a day of the log; by path for the rest.
  const byDay = new Map<string, Cursor>()
  const byPath = new Map<string, Cursor>()
  let matched = 0
  let chunk = 0

  function cursorOf(section: Section, timeMs: number, index: number): Cursor {
    const day = `${section.retention} ${Math.floor(timeMs / DAY_MS)}`
    const known = byDay.get(day)
    if (known !== undefined) return known
    const path = payloadPath(section.retention, timeMs, index)
    const cursor = byPath.get(path) ?? freshCursor(path)
    byDay.set(day, cursor)
    byPath.set(path, cursor)
    files.add(path)
    return cursor
  }

  async function check(start: number, entries: readonly Entry[]): Promise<Broken | null> {
    if (Math.floor(start / CHUNK_ENTRIES) !== chunk) {
      const rest = await finish()
      if (rest !== null) return rest
      chunk = Math.floor(start / CHUNK_ENTRIES)
    }
    for (const [i, entry] of entries.entries()) {
      if (entry.kind !== 'sealed') continue
      for (const [number, section] of entry.sections.entries()) {
        const cursor = cursorOf(section, entry.timeMs, start + i)
        const record = takeRecord(cursor) ?? (await readOn(fetch, cursor))
        if (record?.index !== start + i || record.section !== number) {
          return misplaced(record, { index: start + i, number, path: cursor.path })
        }
        if (encodeBase64Url(sha256(record.sealed)) !== section.cipherHash) {
          return changed({ index: start + i, number, path: cursor.path })
        }
        matched += 1
      }
    }
    return null
  }

  async function finish(): Promise<Broken | null> {
    for (const cursor of byPath.values()) {
      const rest = await checkRest(cursor)
      if (rest !== null) return rest
    }
    byDay.clear()
    byPath.clear()
    return null
  }

  /** No record below the checkpoint's size may be left; in a chunk wholly below it, nothing. */
  async function checkRest(cursor: Cursor): Promise<Broken | null> {
    const isWhole = (chunkOf(cursor.path) + 1) * CHUNK_ENTRIES <= size
    for (;;) {
      const record = takeRecord(cursor) ?? (await readOn(fetch, cursor))
      if (record === null && !(isWhole && cursor.at < cursor.held.length)) return null
      if (record === null || isWhole || record.index < size) {
        return unexpected(record?.index ?? null, cursor.path)
      }
    }
  }

  return {
    get matched() {
      return matched
    },
    files,
    check,
    finish,
    checkUnnamed: path => checkRest(freshCursor(path)),
  }
}

function freshCursor(path: string): Cursor {
  return { path, held: new Uint8Array(0), at: 0, offset: 0, hasEnded: false }
}

/** The number in a payload file's name. */
export function chunkOf(path: string): number {
  return Number(/(\d+)\.seal$/.exec(path)?.[1] ?? Number.NaN)
}

function takeRecord(cursor: Cursor): PayloadRecord | null {
  const record = readRecord(cursor.held, cursor.at)
  if (record !== null) cursor.at = record.end
  return record
}

/** Reads until there is a whole record; null where the file ends before one does. */
async function readOn(fetch: FetchPart, cursor: Cursor): Promise<PayloadRecord | null> {
  while (!cursor.hasEnded && cursor.held.length - cursor.at <= RECORD_BYTES_MAX) {
    // Twice as much each time, so that a long record is not copied over and over.
    const length = Math.max(PART_BYTES, cursor.held.length - cursor.at)
    const part = (await fetch(cursor.path, cursor.offset, length)) ?? new Uint8Array(0)
    cursor.held = concatBytes(cursor.held.subarray(cursor.at), part)
    cursor.at = 0
    cursor.offset += part.length
    cursor.hasEnded = part.length < length
    const record = takeRecord(cursor)
    if (record !== null) return record
  }
  return null
}

type Place = { readonly index: number; readonly number: number; readonly path: string }

function misplaced(record: PayloadRecord | null, { index, number, path }: Place): Broken {
  const isEarlier =
    record !== null && (record.index < index || (record.index === index && record.section < number))
  if (isEarlier) return unexpected(record.index, path)
  const detail = `section ${number} of entry ${index} is missing in ${path}`
  return broken('section_missing', path, parseLeafIndex(index), detail)
}

function changed({ index, number, path }: Place): Broken {
  const detail = `section ${number} of entry ${index} in ${path} is not what the entry names`
  return broken('section_changed', path, parseLeafIndex(index), detail)
}

function unexpected(index: number | null, path: string): Broken {
  const at = index !== null && Number.isSafeInteger(index) ? parseLeafIndex(index) : null
  return broken('section_unexpected', path, at, `${path} holds a record that no entry names`)
}
