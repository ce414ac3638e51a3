// The write-ahead log: what was acknowledged is here until its tiles, payload files and checkpoint
// are durable. Segments are append-only files, named by their first leaf index; a group commit is
// one record:
//
//   length (4) ‖ CRC-32 (4) ‖ first leaf index (8) ‖ entries (4) ‖ the entries as in record.ts
//
// so that the unacknowledged tail of a crash is all there or not at all. One writer; a failed
// fdatasync is never retried (Linux marks the pages clean and reports the error once): the segment
// is poisoned and the process must end, since start is recovery (wal-recovery.ts). CRC-32 is
// zlib's: native, where CRC-32C in plain code would cost a microsecond per event.

import {
  closeSync,
  fdatasync,
  ftruncateSync,
  openSync,
  readdirSync,
  unlinkSync,
  writev,
} from 'node:fs'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { TocsinError } from '@tocsin/sdk/errors'
import { isDiskFull, PRIVATE_FILE, syncDirectory } from '../base/durable.ts'
import { WAL_SEGMENT_BYTES } from '../base/limits.ts'

export const WAL_MAGIC: Buffer = Buffer.from('TOCSINW1')
export const WAL_PREFIX_BYTES = 20
const sync = promisify(fdatasync)

export interface Wal {
  /**
   * Durable on return. One call at a time. Throws `log.disk_full`, after which nothing of the group
   * is there and the next call may succeed, or `log.disk_failed`, after which no call does.
   */
  append(firstIndex: number, parts: WalParts): Promise<void>
  /** True when `trim(size)` would remove something. */
  isTrimmable(size: number): boolean
  /**
   * Removes closed segments that hold only entries below `size`, which must be durable elsewhere.
   */
  trim(size: number): Promise<void>
  /**
   * `isCovered` says that a durable checkpoint covers every record, so that none is needed again.
   */
  close(isCovered: boolean): void
}

export type WalParts = { readonly count: number; readonly bytes: readonly Uint8Array[] }

/** `bytes` is the length of what is durable: the next record starts there. */
type Active = { readonly fd: number; readonly path: string; bytes: number; endIndex: number }
type Closed = { readonly path: string; readonly endIndex: number }

/** `size` is where the recovered records end; the next one begins there, in a new segment. */
export function openWal(
  directory: string,
  size: number,
  segmentBytes: number = WAL_SEGMENT_BYTES,
): Wal {
  let closed = closedSegments(directory, size)
  let active: Active | null = null
  let poisoned = false

  function activeFor(firstIndex: number): Active {
    if (active && active.bytes >= segmentBytes) {
      closeSync(active.fd)
      closed.push({ path: active.path, endIndex: active.endIndex })
      active = null
    }
    active ??= createSegment(directory, firstIndex)
    return active
  }

  async function write(firstIndex: number, { count, bytes }: WalParts): Promise<Active> {
    const head = recordHead(firstIndex, count, bytes)
    let segment: Active | null = null
    try {
      segment = activeFor(firstIndex)
      const buffers = segment.bytes === 0 ? [WAL_MAGIC, head, ...bytes] : [head, ...bytes]
      await writeAt(segment.fd, buffers, segment.bytes)
      return segment
    } catch (cause) {
      if (!isDiskFull(cause)) throw cause
      // What was written of the record goes, so that a crash now leaves no torn tail.
      if (segment) ftruncateSync(segment.fd, segment.bytes)
      throw new TocsinError('log.disk_full', {
        public: 'the disk of the data directory is full; nothing of this request was stored',
        cause,
      })
    }
  }

  async function append(firstIndex: number, parts: WalParts): Promise<void> {
    if (poisoned) throw diskFailed('an earlier write failed')
    try {
      const segment = await write(firstIndex, parts)
      await sync(segment.fd)
      const magicBytes = segment.bytes === 0 ? WAL_MAGIC.length : 0
      segment.bytes += magicBytes + WAL_PREFIX_BYTES + byteLength(parts.bytes)
      segment.endIndex = firstIndex + parts.count
    } catch (cause) {
      if (cause instanceof TocsinError && cause.code === 'log.disk_full') throw cause
      poisoned = true
      throw diskFailed(cause instanceof Error ? cause.message : String(cause), cause)
    }
  }

  return {
    append,
    isTrimmable: size => closed.some(segment => segment.endIndex <= size),
    async trim(size) {
      const covered = closed.filter(segment => segment.endIndex <= size)
      closed = closed.filter(segment => segment.endIndex > size)
      // In order: what a crash leaves has no hole behind its first segment that is still needed.
      for (const { path } of covered) await unlink(path)
    },
    close(isCovered) {
      if (active) closeSync(active.fd)
      if (isCovered) for (const { path } of listSegments(directory)) unlinkSync(path)
      active = null
      poisoned = true
    },
  }
}

/** One that begins at `size` holds nothing; it is taken up again as the active one. */
function closedSegments(directory: string, size: number): Closed[] {
  const segments = listSegments(directory).filter(({ firstIndex }) => firstIndex < size)
  return segments.map(({ path }, i) => ({ path, endIndex: segments[i + 1]?.firstIndex ?? size }))
}

function recordHead(first: number, count: number, parts: readonly Uint8Array[]): Buffer {
  const head = Buffer.alloc(WAL_PREFIX_BYTES)
  head.writeUInt32BE(WAL_PREFIX_BYTES - 8 + byteLength(parts), 0)
  head.writeBigUInt64BE(BigInt(first), 8)
  head.writeUInt32BE(count, 16)
  head.writeUInt32BE(
    parts.reduce((crc, part) => crc32(part, crc), crc32(head.subarray(8))),
    4,
  )
  return head
}

function byteLength(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

function createSegment(directory: string, firstIndex: number): Active {
  const path = join(directory, `${String(firstIndex).padStart(16, '0')}.wal`)
  // One of the same name can only be empty: it is left from a start that wrote nothing.
  const fd = openSync(path, 'w', PRIVATE_FILE)
  try {
    syncDirectory(directory)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return { fd, path, bytes: 0, endIndex: firstIndex }
}

/** All of it at `position`, so that an earlier write that was cut short is written over. */
function writeAt(fd: number, buffers: readonly Uint8Array[], position: number): Promise<void> {
  const total = byteLength(buffers)
  return new Promise((resolve, reject) => {
    writev(fd, buffers, position, (error, written) => {
      if (error) return reject(error)
      if (written === total) return resolve()
      const rest = Buffer.concat(buffers).subarray(written)
      writeAt(fd, [rest], position + written).then(resolve, reject)
    })
  })
}

function diskFailed(what: string, cause?: unknown): TocsinError {
  return new TocsinError('log.disk_failed', {
    public: `the disk of the data directory failed (${what}); start Tocsin again once it is well`,
    cause,
  })
}

export type WalSegment = { readonly path: string; readonly firstIndex: number }

/** The segments that stand in a directory, in order. */
export function listSegments(directory: string): readonly WalSegment[] {
  return readdirSync(directory)
    .filter(name => /^\d{16}\.wal$/.test(name))
    .sort()
    .map(name => ({ path: join(directory, name), firstIndex: Number.parseInt(name, 10) }))
}
