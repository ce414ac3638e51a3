// File primitives that say what survives a power cut. A file is durable when its bytes and the
// directory entry that names it were both synchronised; every function here does both or says not.
// They are synchronous: they run on threads that own their files and have nothing else to do.
//
// A failed fsync is never tried again, whatever its errno: Linux reports it once and then calls the
// pages clean, so a second call would say yes to bytes that are on no disk. It is
// `log.disk_failed`.

import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statfsSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { TocsinError } from '@tocsin/sdk/errors'

export const PRIVATE_FILE = 0o600
const PRIVATE_DIRECTORY = 0o700

/** Makes the names in a directory durable: files created, renamed or removed in it. */
export function syncDirectory(path: string): void {
  syncOpened(path, 'r', fsyncSync)
}

/** Makes the bytes of a file durable that was written by another handle. */
export function syncFile(path: string): void {
  syncOpened(path, 'r+', fdatasyncSync)
}

function syncOpened(path: string, flags: 'r' | 'r+', sync: (fd: number) => void): void {
  const fd = openSync(path, flags)
  try {
    sync(fd)
  } catch (cause) {
    throw syncFailed(path, cause)
  } finally {
    closeSync(fd)
  }
}

/** What a failed fsync or fdatasync of `path` means; see the top of this file. */
export function syncFailed(path: string, cause: unknown): TocsinError {
  return new TocsinError('log.disk_failed', {
    public: `the disk failed while ${path} was made durable; nothing more is acknowledged on it`,
    cause,
  })
}

/** Creates a directory with its parents, only for its owner; durable. */
export function makeDirectory(path: string): void {
  const full = resolve(path)
  const first = mkdirSync(full, { recursive: true, mode: PRIVATE_DIRECTORY })
  if (first === undefined) return
  for (let at = full; at.length >= first.length; at = dirname(at)) syncDirectory(dirname(at))
}

/**
 * Replaces a file in one step: a reader sees the old bytes or the new ones. Durable on return. The
 * new bytes are written to `temporary` first, which must lie on the same file system; a crash can
 * leave it behind, a failure does not. May be tried again after a failed write.
 */
export function replaceFile(
  path: string,
  bytes: Uint8Array | string,
  temporary: string = `${path}.new`,
): void {
  try {
    writeFileSync(temporary, bytes, { mode: PRIVATE_FILE })
    syncFile(temporary)
    renameSync(temporary, path)
  } catch (error) {
    removeIfPossible(temporary)
    throw error
  }
  syncDirectory(dirname(path))
}

/** For cleaning up behind another error, which says more than that this failed too. */
export function removeIfPossible(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // It was not there, or it stays.
  }
}

/** null when there is no such file. Every other failure is thrown. */
export function readFileIfThere(path: string): Buffer<ArrayBuffer> | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

/** Bytes that may still be written below `directory`. */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}

/** True for the two errors that free space cures; every other failed write is a failed disk. */
export function isDiskFull(error: unknown): boolean {
  // DuckDB tells it in words only.
  const isSaid = error instanceof Error && /No space left on device/.test(error.message)
  return hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT') || isSaid
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/**
 * Whatever was thrown while files below `directory` were worked on, as what it means for whoever
 * runs the server.
 */
export function diskError(error: unknown, directory: string): TocsinError {
  if (error instanceof TocsinError) return error
  const [code, what] = meaningOf(error, directory)
  return new TocsinError(code, { public: what, cause: error })
}

function meaningOf(
  error: unknown,
  directory: string,
): ['internal.bug' | 'log.disk_failed' | 'log.disk_full' | 'log.not_writable', string] {
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof Error && 'syscall' in error)) {
    return ['internal.bug', `a defect, not the disk of ${directory}: ${message}`]
  }
  if (isDiskFull(error)) {
    return ['log.disk_full', `the disk of ${directory} is full; free some space, nothing was lost`]
  }
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'].some(code => hasCode(error, code))) {
    return [
      'log.not_writable',
      `${directory} cannot be written (${message}); run Tocsin as its owner`,
    ]
  }
  return ['log.disk_failed', `the disk of ${directory} failed: ${message}`]
}
