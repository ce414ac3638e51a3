// Reads the write-ahead log at start. A crash can leave its last record cut short: that record was
// never acknowledged and is cut off. Everything else that does not read back exactly is damage to
// acknowledged entries, and the log refuses to go on from it. The two are told apart by what stands
// behind the bad place, and by how many entries are known to have been acknowledged.

import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { TocsinError } from '@tocsin/sdk/errors'
import { syncFailed } from '../base/durable.ts'
import { listSegments, WAL_MAGIC, WAL_PREFIX_BYTES, type WalSegment } from './wal.ts'

/** Entries that one lost record can have held, for finding the record behind it. */
const INDEX_AHEAD_MAX = 2_000_000

export type WalRecord = {
  readonly firstIndex: number
  readonly count: number
  /** The entries as in record.ts; a view into the segment. */
  readonly body: Buffer
}

/** What is known of the log without its write-ahead records. */
export type KnownSizes = {
  /** Entries under the checkpoint. */
  readonly sealed: number
  /** Entries that were surely acknowledged; 0 when nothing tells. */
  readonly acknowledged: number
}

/**
 * What was cut off; `isWhole` says that it had its full length, so that it may have been damage.
 */
export type WalCut = { readonly bytes: number; readonly isWhole: boolean }

export interface WalRecovery {
  /**
   * Every record, in order and without a hole from `sealed` on. Throws `log.corrupt` where the
   * records cannot be all that was acknowledged. To be read to its end before the log is written.
   */
  records(): Generator<WalRecord>
  /** Known once `records` has been read to its end. */
  readonly cut: WalCut
}

export function recoverWal(directory: string, known: KnownSizes): WalRecovery {
  let cut: WalCut = { bytes: 0, isWhole: false }

  function* records(): Generator<WalRecord> {
    const segments = listSegments(directory)
    // Everything below is vouched for: by the checkpoint, or by the records so far.
    let size = 0
    for (const [i, segment] of segments.entries()) {
      const isLast = i === segments.length - 1
      if (segment.firstIndex < size) throw corrupt(segment.path, 0)
      if (segment.firstIndex > Math.max(size, known.sealed)) {
        throw missing(directory, Math.max(size, known.sealed), segment.firstIndex)
      }
      size = segment.firstIndex
      const file = readFileSync(segment.path)
      const end = yield* segmentRecords(file, segment)
      size = end.index
      if (end.at === file.length) continue
      const isTail = isLast && size >= known.acknowledged && !hasRecordBehind(file, end)
      if (!isTail) throw corrupt(segment.path, end.at)
      cutTail(segment.path, end.at)
      cut = { bytes: file.length - end.at, isWhole: end.isWhole }
    }
    const end = Math.max(size, known.sealed)
    if (end < known.acknowledged) throw missing(directory, end, known.acknowledged)
  }

  return {
    records,
    get cut() {
      return cut
    },
  }
}

/**
 * Where the good records of a segment end: offset, next leaf index, and whether what follows is
 * whole.
 */
type End = { readonly at: number; readonly index: number; readonly isWhole: boolean }

function* segmentRecords(file: Buffer, segment: WalSegment): Generator<WalRecord, End> {
  let index = segment.firstIndex
  let at = 0
  if (file.length > 0 && !file.subarray(0, WAL_MAGIC.length).equals(WAL_MAGIC)) {
    return { at, index, isWhole: file.length > WAL_MAGIC.length }
  }
  at = Math.min(file.length, WAL_MAGIC.length)
  while (at < file.length) {
    const record = readWalRecord(file, at)
    if (record === 'cut' || record === 'bad' || record.firstIndex !== index) {
      return { at, index, isWhole: record !== 'cut' }
    }
    yield record
    index += record.count
    at += 8 + file.readUInt32BE(at)
  }
  return { at, index, isWhole: false }
}

/** 'cut' when the file ends before the record does, 'bad' when its checksum is wrong. */
function readWalRecord(file: Buffer, at: number): WalRecord | 'cut' | 'bad' {
  if (at + WAL_PREFIX_BYTES > file.length) return 'cut'
  const end = at + 8 + file.readUInt32BE(at)
  if (end < at + WAL_PREFIX_BYTES) return 'bad'
  if (end > file.length) return 'cut'
  if (crc32(file.subarray(at + 8, end)) !== file.readUInt32BE(at + 4)) return 'bad'
  return {
    firstIndex: Number(file.readBigUInt64BE(at + 8)),
    count: file.readUInt32BE(at + 16),
    body: file.subarray(at + WAL_PREFIX_BYTES, end),
  }
}

/**
 * A good record anywhere behind a bad one means damage in the middle, not a write that was cut
 * short. The bad record's length cannot be trusted, so every offset is looked at; the index that
 * must stand there lets nearly all of them be passed over without a checksum.
 */
function hasRecordBehind(file: Buffer, { at, index }: End): boolean {
  for (let next = at + 1; next + WAL_PREFIX_BYTES <= file.length; next++) {
    const ahead = file.readUInt32BE(next + 8) * 2 ** 32 + file.readUInt32BE(next + 12) - index
    if (ahead < 0 || ahead > INDEX_AHEAD_MAX) continue
    const record = readWalRecord(file, next)
    if (record !== 'cut' && record !== 'bad' && record.count > 0) return true
  }
  return false
}

/** Durable: the torn tail must not come back after a power cut, with good segments behind it. */
function cutTail(path: string, bytes: number): void {
  const fd = openSync(path, 'r+')
  try {
    ftruncateSync(fd, bytes)
    fdatasyncSync(fd)
  } catch (cause) {
    throw syncFailed(path, cause)
  } finally {
    closeSync(fd)
  }
}

function corrupt(path: string, at: number): TocsinError {
  return new TocsinError('log.corrupt', {
    public:
      `the write-ahead log ${path} is damaged at byte ${at}, where acknowledged entries stood; ` +
      'Tocsin does not start on it. Keep the directory as it is and restore from a copy',
  })
}

function missing(directory: string, from: number, to: number): TocsinError {
  return new TocsinError('log.corrupt', {
    public:
      `entries ${from} to ${to - 1} were acknowledged and are not in ${directory}; ` +
      'Tocsin does not start on it. Keep the directory as it is and restore from a copy',
  })
}
