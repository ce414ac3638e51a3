// Where following stands: for each file that may still hold unread lines, which file it is and how
// far its lines are durable. Kept in one small JSON file per source that is replaced in one step.

import { open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { TocsinError } from '@tocsin/sdk/errors'

export type FilePosition = {
  readonly inode: string
  readonly device: string
  /** Of the first line, in hex; null while that line is not complete, and then `offset` is 0. */
  readonly fingerprint: string | null
  /** Everything before it is durable. */
  readonly offset: number
  /**
   * The last bytes of the last line before `offset`, or the beginning of a first line that is not
   * complete: they must still stand there.
   */
  readonly tail: { readonly offset: number; readonly size: number; readonly sha256: string } | null
  /** When the file was last written, as far as known: tells newer rotated files from older ones. */
  readonly mtimeNs: string
  /** When it was made. An inode is used again, but not for a file of the same birth. */
  readonly bornNs: string
}

export type FollowPosition = {
  /** Oldest first; the last one is, or was, the file under the path that is followed. */
  readonly files: readonly FilePosition[]
  /** Set while there was no file yet: since when one was waited for. */
  readonly waitingSinceMs?: number
}

export interface PositionStore {
  /** null when nothing was ever saved. Rejects when what was saved cannot be read. */
  load(): Promise<FollowPosition | null>
  /** Durable on return, whole or not at all. One call at a time. */
  save(position: FollowPosition): Promise<void>
}

const VERSION = 1
const FILES_MAX = 1024
const PRIVATE_FILE = 0o600
const HEX64 = /^[0-9a-f]{64}$/
const DIGITS = /^\d{1,24}$/

/** The directory must exist. */
export function openPositionStore(path: string): PositionStore {
  return {
    async load() {
      const text = await readIfThere(path)
      return text === null ? null : parsePosition(text, path)
    },
    save: position => replace(path, JSON.stringify({ version: VERSION, ...position })),
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', PRIVATE_FILE)
  try {
    await file.writeFile(text)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Throws `source.position_malformed`; starting over then stores nothing twice. */
export function parsePosition(text: string, path: string): FollowPosition {
  const value: unknown = parseJson(text)
  const record = isRecord(value) && value.version === VERSION ? value : {}
  const { files, waitingSinceMs } = record
  const isWhole = waitingSinceMs === undefined || isCount(waitingSinceMs)
  if (
    !Array.isArray(files) ||
    files.length > FILES_MAX ||
    !files.every(isFilePosition) ||
    !isWhole
  ) {
    throw new TocsinError('source.position_malformed', {
      public: `the position in ${path} cannot be read; the followed file is read from its start`,
    })
  }
  return waitingSinceMs === undefined ? { files } : { files, waitingSinceMs }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isFilePosition(value: unknown): value is FilePosition {
  return (
    isRecord(value) &&
    isMatch(value.inode, DIGITS) &&
    isMatch(value.device, DIGITS) &&
    isMatch(value.mtimeNs, DIGITS) &&
    isMatch(value.bornNs, DIGITS) &&
    (value.fingerprint === null || isMatch(value.fingerprint, HEX64)) &&
    isCount(value.offset) &&
    (value.fingerprint !== null || value.offset === 0) &&
    (value.tail === null || isTail(value.tail))
  )
}

function isTail(value: unknown): boolean {
  return (
    isRecord(value) && isCount(value.offset) && isCount(value.size) && isMatch(value.sha256, HEX64)
  )
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isMatch(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
