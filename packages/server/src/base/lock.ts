// One writer for a data directory. Node has no flock, but SQLite locks its file with the kernel's
// record locks, which end with the process however it ends: no stale lock survives a kill. Nothing
// else in the process may open `lock.sqlite`: closing any handle of it would drop the lock.

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { TocsinError } from '@tocsin/sdk/errors'
import {
  diskError,
  isDiskFull,
  makeDirectory,
  readFileIfThere,
  removeIfPossible,
  replaceFile,
} from './durable.ts'

export interface DirectoryLock {
  /** Tells whoever finds the directory locked where its owner can be reached. */
  announce(owner: LockOwner): void
  /** May be called more than once. */
  release(): void
}

export type LockOwner = { readonly pid: number; readonly url?: string }

// Primary result codes of SQLite.
const SQLITE_BUSY = 5
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26

/** A database that nobody refers to is closed by the garbage collector, and its lock is gone. */
const held = new Set<DatabaseSync>()

/**
 * Locks the directory, which is made where it is missing. Throws `log.in_use`, naming the owner, when
 * another process holds it, `log.not_writable` when this one may not write in it, and what else
 * the disk says.
 */
export function lockDirectory(directory: string, pid: number): DirectoryLock {
  try {
    makeDirectory(directory)
    return lockExisting(directory, pid)
  } catch (error) {
    throw diskError(error, directory)
  }
}

function lockExisting(directory: string, pid: number): DirectoryLock {
  const ownerPath = join(directory, 'owner.json')
  const database = openLocked(directory)
  held.add(database)
  let isHeld = true
  const announce = (owner: LockOwner) => {
    try {
      replaceFile(ownerPath, JSON.stringify(owner))
    } catch (error) {
      // The file is only a hint; a full disk must not keep a server from starting.
      if (!isDiskFull(error)) throw error
    }
  }
  const release = () => {
    if (!isHeld) return
    isHeld = false
    // Takes no space, so it also works on a full disk.
    removeIfPossible(ownerPath)
    held.delete(database)
    database.close()
  }
  try {
    announce({ pid })
  } catch (error) {
    release()
    throw error
  }
  return { announce, release }
}

/** The open transaction is the lock. The database stays empty. */
function openLocked(directory: string): DatabaseSync {
  const path = join(directory, 'lock.sqlite')
  let database: DatabaseSync | null = null
  try {
    database = new DatabaseSync(path)
    // Without a journal on disk, locking an empty database takes no space.
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (cause) {
    database?.close()
    throw lockError(directory, path, cause)
  }
}

function lockError(directory: string, path: string, cause: unknown): TocsinError {
  const result = cause instanceof Error && 'errcode' in cause ? cause.errcode : null
  if (result === SQLITE_BUSY) {
    const owner = readOwner(directory)
    const where = owner?.url === undefined ? '' : ` at ${owner.url}`
    const who = owner ? `process ${owner.pid}${where}` : 'another process'
    return new TocsinError('log.in_use', {
      public: `${directory} is in use by ${who}; stop it first, or talk to it over HTTP`,
      cause,
    })
  }
  if (result === SQLITE_FULL) {
    return new TocsinError('log.disk_full', {
      public: `the disk of ${directory} is full; free some space, nothing was lost`,
      cause,
    })
  }
  if (result === SQLITE_NOTADB) {
    return new TocsinError('log.not_writable', {
      public: `${path} is not the lock file that Tocsin made; remove it while no server runs`,
      cause,
    })
  }
  return new TocsinError('log.not_writable', {
    public: `${directory} cannot be locked (${cause}); run Tocsin as its owner`,
    cause,
  })
}

/** Who holds, or last held, the lock; null when nobody said, or not in a way that can be read. */
export function readOwner(directory: string): LockOwner | null {
  const bytes = readFileIfThere(join(directory, 'owner.json'))
  const value = bytes === null ? null : parseJson(bytes.toString('utf8'))
  if (typeof value !== 'object' || value === null || !('pid' in value)) return null
  const { pid } = value
  if (typeof pid !== 'number') return null
  return 'url' in value && typeof value.url === 'string' ? { pid, url: value.url } : { pid }
}

/** A crash while the file was written can have left anything. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
