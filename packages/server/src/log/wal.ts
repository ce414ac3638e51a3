// The write-ahead log: what was acknowledged is here until its tiles, payload files and checkpoint
// are durable. Segments are append-only files; a group commit is one record:
//
//   length (4) ‖ CRC-32 (4) ‖ first leaf index (8) ‖ entries (4) ‖ the entries as in record.ts
//
// so that the unacknowledged tail of a crash is all there or not at all. One writer; a failed
// fdatasync is never retried (Linux marks the pages clean and reports the error once): the segment
// is poisoned and the process must end, since start is recovery. CRC-32 is zlib's: native, where
// CRC-32C in plain code would cost a microsecond per event.

import {
  closeSync,
  fdatasync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  unlinkSync,
  writev,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { TocsinError } from '@tocsin/sdk/errors'
import { isDiskFull, makeDirectory, syncDirectory } from '../base/durable.ts'
import { WAL_SEGMENT_BYTES } from '../base/limits.ts'

const MAGIC = Buffer.from('TOCSINW1')
const HEADER_BYTES = 8
const PREFIX_BYTES = 20
/** Entries that one lost record can have held, for finding the record behind it. */
const INDEX_AHEAD_MAX = 2_000_000
const sync = promisify(fdatasync)

export type WalRecord = {
  readonly firstIndex: number
  readonly count: number
  readonly body: Buffer
}

export interface Wal {
  /**
   * Durable on return. One call at a time. Throws `log.disk_full`, after which nothing of the group
   * is there and the next call may succeed, or `log.disk_failed`, after which no call does.
   */
  append(firstIndex: number, count: number, parts: readonly Uint8Array[]): Promise<void>
  /** Removes segments that hold only entries below `size`. Call it behind a durable checkpoint. */
  trim(size: number): void
  /** `isCovered` says that a durable checkpoint covers every record, so that none is needed again. */
  close(isCovered: boolean): void
}

/** `bytes` is the length of what is durable: the next record starts there. */
type Segment = { readonly fd: number; bytes: number }

export function openWal(directory: string): Wal {
  makeDirectory(directory)
  let active: Segment | null = null
  let poisoned = false

  async function append(first: number, count: number, parts: readonly Uint8Array[]): Promise<void> {
    if (poisoned) throw diskFailed('an earlier write failed')
    if (active && active.bytes >= WAL_SEGMENT_BYTES) {
      closeSync(active.fd)
      active = null
    }
    const head = recordHead(first, count, parts)
    let written = 0
    try {
      active ??= createSegment(directory, first)
      const buffers = active.bytes === 0 ? [MAGIC, head, ...parts] : [head, ...parts]
      written = await writeAt(active.fd, buffers, active.bytes)
    } catch (cause) {
      if (isDiskFull(cause)) throw dropTail(active, cause)
      poisoned = true
      throw diskFailed('a write failed', cause)
    }
    try {
      await sync(active.fd)
    } catch (cause) {
      poisoned = true
      throw diskFailed('fdatasync failed', cause)
    }
    active.bytes += written
  }

  return {
    append,
    trim(size) {
      const segments = listSegments(directory)
      segments.forEach((segment, i) => {
        const next = segments[i + 1]
        if (next && next.firstIndex <= size) unlinkSync(segment.path)
      })
    },
    close(isCovered) {
      if (active) closeSync(active.fd)
      if (isCovered) for (const { path } of listSegments(directory)) unlinkSync(path)
      active = null
      poisoned = true
    },
  }
}

function recordHead(first: number, count: number, parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(PREFIX_BYTES)
  head.writeUInt32BE(12 + byteLength(parts), 0)
  head.writeBigUInt64BE(BigInt(first), 8)
  head.writeUInt32BE(count, 16)
  head.writeUInt32BE(checksum(head.subarray(8), parts), 4)
  return head
}

function checksum(head: Uint8Array, parts: readonly Uint8Array[]): number {
  return parts.reduce((crc, part) => crc32(part, crc), crc32(head))
}

function byteLength(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

function createSegment(directory: string, firstIndex: number): Segment {
  const path = join(directory, `${String(firstIndex).padStart(16, '0')}.wal`)
  // An empty segment of the same name can be left from a start that wrote nothing.
  const fd = openSync(path, 'w', 0o600)
  syncDirectory(directory)
  return { fd, bytes: 0 }
}

/** All of it at `position`, so that an earlier write that was cut short is written over. */
function writeAt(fd: number, buffers: readonly Uint8Array[], position: number): Promise<number> {
  const total = byteLength(buffers)
  return new Promise((resolve, reject) => {
    writev(fd, buffers, position, (error, written) => {
      if (error) return reject(error)
      if (written === total) return resolve(total)
      const rest = Buffer.concat(buffers).subarray(written)
      writeAt(fd, [rest], position + written).then(() => resolve(total), reject)
    })
  })
}

function dropTail(segment: Segment | null, cause: unknown): TocsinError {
  if (segment) ftruncateSync(segment.fd, segment.bytes)
  return new TocsinError('log.disk_full', {
    public: 'the disk of the data directory is full; nothing of this request was stored',
    cause,
  })
}

function diskFailed(what: string, cause?: unknown): TocsinError {
  return new TocsinError('log.disk_failed', {
    public: `the disk of the data directory failed (${what}); nothing of this request was stored`,
    cause,
  })
}

function listSegments(directory: string): { path: string; firstIndex: number }[] {
  return readdirSync(directory)
    .filter(name => /^\d{16}\.wal$/.test(name))
    .sort()
    .map(name => ({ path: join(directory, name), firstIndex: Number.parseInt(name, 10) }))
}

export type WalRecovery = {
  readonly records: Generator<WalRecord>
  /** Known once `records` has been read to its end. */
  readonly cut: () => { readonly bytes: number; readonly whole: boolean }
}

/**
 * Reads every record that holds an entry at or beyond `fromIndex`, in order. A torn last record is
 * cut off the file (`whole` says that it had its full length, so that its loss cannot be told from
 * damage). A bad record anywhere else is damage: throws `log.corrupt`.
 */
export function recoverWal(directory: string, fromIndex: number): WalRecovery {
  const cut = { bytes: 0, whole: false }
  function* records(): Generator<WalRecord> {
    makeDirectory(directory)
    const segments = listSegments(directory)
    for (const [i, segment] of segments.entries()) {
      const isLast = i === segments.length - 1
      for (const record of segmentRecords(segment.path, isLast, cut)) {
        if (record.firstIndex + record.count > fromIndex) yield record
      }
    }
  }
  return { records: records(), cut: () => cut }
}

function* segmentRecords(
  path: string,
  isLast: boolean,
  cut: { bytes: number; whole: boolean },
): Generator<WalRecord> {
  const file = readFileSync(path)
  if (file.length < HEADER_BYTES || !file.subarray(0, HEADER_BYTES).equals(MAGIC)) {
    if (!isLast || file.length >= HEADER_BYTES + PREFIX_BYTES) throw corrupt(path, 0)
    cutTail(path, { at: 0, size: file.length, whole: false }, cut)
    return
  }
  let at = HEADER_BYTES
  let expected = 0
  while (at < file.length) {
    const record = readWalRecord(file, at)
    if (record === null || record === 'bad') {
      const whole = record === 'bad'
      if (!isLast || hasRecordBehind(file, at, expected)) throw corrupt(path, at)
      cutTail(path, { at, size: file.length, whole }, cut)
      return
    }
    yield record
    expected = record.firstIndex + record.count
    at += 8 + file.readUInt32BE(at)
  }
}

/** null when the file ends before the record does, 'bad' when its checksum is wrong. */
function readWalRecord(file: Buffer, at: number): WalRecord | null | 'bad' {
  if (at + PREFIX_BYTES > file.length) return null
  const end = at + 8 + file.readUInt32BE(at)
  if (end < at + PREFIX_BYTES) return 'bad'
  if (end > file.length) return null
  if (crc32(file.subarray(at + 8, end)) !== file.readUInt32BE(at + 4)) return 'bad'
  return {
    firstIndex: Number(file.readBigUInt64BE(at + 8)),
    count: file.readUInt32BE(at + 16),
    body: file.subarray(at + PREFIX_BYTES, end),
  }
}

/**
 * A good record anywhere behind a bad one means damage in the middle, not a write that was cut
 * short. The bad record's length cannot be trusted, so every offset is looked at; the index that
 * must stand there lets nearly all of them be passed over without a checksum.
 */
function hasRecordBehind(file: Buffer, at: number, expectedIndex: number): boolean {
  for (let next = at + 1; next + PREFIX_BYTES <= file.length; next++) {
    if (file.readUInt32BE(next + 8) !== Math.floor(expectedIndex / 2 ** 32)) continue
    const ahead = Number(file.readBigUInt64BE(next + 8)) - expectedIndex
    if (ahead < 0 || ahead > INDEX_AHEAD_MAX) continue
    const record = readWalRecord(file, next)
    if (record !== null && record !== 'bad' && record.count > 0) return true
  }
  return false
}

function cutTail(
  path: string,
  tail: { readonly at: number; readonly size: number; readonly whole: boolean },
  cut: { bytes: number; whole: boolean },
): void {
  truncateSync(path, tail.at)
  cut.bytes += tail.size - tail.at
  cut.whole ||= tail.whole
}

function corrupt(path: string, at: number): TocsinError {
  return new TocsinError('log.corrupt', {
    public:
      `the write-ahead log ${path} is damaged at byte ${at}, before acknowledged records; ` +
      'Tocsin does not start on it. Keep the directory as it is and restore from a copy',
  })
}
