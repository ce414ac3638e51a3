// File primitives that say what survives a power cut. A file is durable when its bytes and the
// directory entry that names it were both synchronised; every function here does both or says not.
// They are synchronous: they run on threads that own their files and have nothing else to do.

import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

const PRIVATE_FILE = 0o600
const PRIVATE_DIRECTORY = 0o700

/** Makes the names in a directory durable: files created, renamed or removed in it. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Makes the bytes of a file durable that was written by another handle. */
export function syncFile(path: string): void {
  const fd = openSync(path, 'r+')
  try {
    fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Creates a directory with its parents, only for its owner; durable. */
export function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: PRIVATE_DIRECTORY })
  if (first === undefined) return
  for (let at = path; at.length >= first.length; at = dirname(at)) syncDirectory(dirname(at))
}

/** Replaces a file in one step: a reader sees the old bytes or the new ones. Durable on return. */
export function replaceFile(path: string, bytes: Uint8Array | string): void {
  const temporary = `${path}.new`
  const fd = openSync(temporary, 'w', PRIVATE_FILE)
  try {
    writeFileSync(fd, bytes)
    fdatasyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(temporary, path)
  syncDirectory(dirname(path))
}

/** null when there is no such file. Every other failure is thrown. */
export function readFileIfThere(path: string): Uint8Array | null {
  if (!existsSync(path)) return null
  return readFileSync(path)
}

/** True for the two errors that free space cures; every other failed write is a failed disk. */
export function isDiskFull(error: unknown): boolean {
  return hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT')
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
