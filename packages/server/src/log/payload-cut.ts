// Cuts the payload files back to what the checkpoint covers: what a crash left behind it comes
// again from the write-ahead log. Only the open chunk's files and later ones can hold such records.
// A file that does not hold what the checkpoint covers is damaged, and is not touched.

import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  unlinkSync,
} from 'node:fs'
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
 * lies in, below `size`. Throws `log.corrupt` for a file whose records are not those of their
 * sections, one after the other; one that is missing altogether is for a verifier to judge.
 */
export function cutPayloads(directory: string, size: number, openEntries: readonly Entry[]): void {
  const openChunk = Math.floor(size / CHUNK_ENTRIES)
  const covered = coveredPlaces(openChunk * CHUNK_ENTRIES, openEntries)
  for (const path of payloadFiles(directory)) {
    const chunk = Number.parseInt(path.slice(path.lastIndexOf('/') + 1), 10)
    if (chunk < openChunk) continue
    const places = covered.get(path)
    if (places) cutFile(join(directory, path), places)
    else unlinkSync(join(directory, path))
  }
}

/** The sections that each file must hold, in order. */
function coveredPlaces(
  start: number,
  entries: readonly Entry[],
): ReadonlyMap<string, readonly Place[]> {
  const covered = new Map<string, Place[]>()
  entries.forEach((entry, i) => {
    if (entry.kind !== 'sealed') return
    const index = start + i
    entry.sections.forEach(({ retention }, section) => {
      const path = payloadPath(retention, entry.timeMs, index)
      const places = covered.get(path) ?? []
      places.push({ index, section })
      covered.set(path, places)
    })
  })
  return covered
}

function cutFile(path: string, places: readonly Place[]): void {
  const fd = openSync(path, 'r+')
  try {
    ftruncateSync(fd, endOf(fd, path, places))
  } finally {
    closeSync(fd)
  }
}

/** Offset behind the last of these records, with which the file must begin. */
function endOf(fd: number, path: string, places: readonly Place[]): number {
  const { size } = fstatSync(fd)
  const header = Buffer.alloc(RECORD_HEADER_BYTES)
  const view = new DataView(header.buffer, header.byteOffset, header.length)
  let at = 0
  for (const place of places) {
    const read = readSync(fd, header, 0, RECORD_HEADER_BYTES, at)
    const record = readRecordHeader(view, 0)
    at += RECORD_HEADER_BYTES + record.length
    const isIt = record.index === place.index && record.section === place.section
    if (read < RECORD_HEADER_BYTES || !isIt || at > size) throw damaged(path, place)
  }
  return at
}

function damaged(path: string, { index, section }: Place): TocsinError {
  return new TocsinError('log.corrupt', {
    public:
      `the payload file ${path} is damaged at section ${section} of entry ${index}, which the ` +
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
