// Cuts the payload files back to what the checkpoint covers: what a crash left behind it comes
// again from the write-ahead log. Only the open chunk's files and later ones can hold such records.
// A file that does not hold what the checkpoint covers is damaged, and is not touched.

import { closeSync, ftruncateSync, openSync, readdirSync, readSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import {
  CHUNK_ENTRIES,
  type Entry,
  payloadPath,
  RECORD_HEADER_BYTES,
  readRecordHeader,
} from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import { hasCode } from '../base/durable.ts'

/** Section `section` of the entry at leaf index `index`. */
type Place = { readonly index: number; readonly section: number }

/**
 * Removes every record at or beyond `size`. `openEntries` are the entries of the chunk that `size`
 * lies in, below `size`. Throws `log.corrupt` for a file in which one of their sections cannot be
 * reached.
 */
export function cutPayloads(directory: string, size: number, openEntries: readonly Entry[]): void {
  const openChunk = Math.floor(size / CHUNK_ENTRIES)
  const last = lastPlaces(openChunk * CHUNK_ENTRIES, openEntries)
  for (const path of payloadFiles(directory)) {
    const chunk = Number.parseInt(path.slice(path.lastIndexOf('/') + 1), 10)
    if (chunk < openChunk) continue
    const covered = last.get(path)
    if (covered) cutFile(join(directory, path), covered)
    else unlinkSync(join(directory, path))
  }
}

/** The last section that each file must hold. */
function lastPlaces(start: number, entries: readonly Entry[]): ReadonlyMap<string, Place> {
  const last = new Map<string, Place>()
  entries.forEach((entry, i) => {
    if (entry.kind !== 'sealed') return
    const index = start + i
    entry.sections.forEach(({ retention }, section) => {
      last.set(payloadPath(retention, entry.timeMs, index), { index, section })
    })
  })
  return last
}

function cutFile(path: string, last: Place): void {
  const fd = openSync(path, 'r+')
  try {
    const end = endOf(fd, last)
    if (end < 0) throw damaged(path, last)
    ftruncateSync(fd, end)
  } finally {
    closeSync(fd)
  }
}

/** Offset behind the record of `last`; -1 when walking the file in order does not lead to it. */
function endOf(fd: number, last: Place): number {
  const header = Buffer.alloc(RECORD_HEADER_BYTES)
  const view = new DataView(header.buffer, header.byteOffset, header.length)
  let before: Place = { index: -1, section: 0 }
  for (let at = 0; ; ) {
    const read = readSync(fd, header, 0, RECORD_HEADER_BYTES, at)
    if (read < RECORD_HEADER_BYTES) return -1
    const record = readRecordHeader(view, 0)
    at += RECORD_HEADER_BYTES + record.length
    if (!isBefore(before, record) || isBefore(last, record)) return -1
    if (!isBefore(record, last)) return readSync(fd, header, 0, 1, at - 1) === 1 ? at : -1
    before = record
  }
}

function isBefore(a: Place, b: Place): boolean {
  return a.index < b.index || (a.index === b.index && a.section < b.section)
}

function damaged(path: string, { index, section }: Place): TocsinError {
  return new TocsinError('log.corrupt', {
    public:
      `the payload file ${path} is damaged before section ${section} of entry ${index}, which the ` +
      'checkpoint covers; keep it as it is, run `tocsin verify`, and restore it from a copy',
  })
}

/** Paths below `directory`. */
function payloadFiles(directory: string): readonly string[] {
  try {
    const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    return names.filter(name => name.endsWith('.seal'))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}
