// One writer for a data directory. Node has no flock, but SQLite locks its file with the kernel's
// record locks, which end with the process however it ends: no stale lock survives a kill.

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { TocsinError } from '@tocsin/sdk/errors'
import { readFileIfThere, replaceFile } from './durable.ts'

export interface DirectoryLock {
  /** Tells whoever finds the directory locked where its owner can be reached. */
  announce(owner: LockOwner): void
  release(): void
}

export type LockOwner = { readonly pid: number; readonly url?: string }

/** Throws `log.in_use`, naming the owner, when another process holds the directory. */
export function lockDirectory(directory: string, pid: number): DirectoryLock {
  const database = new DatabaseSync(join(directory, 'lock.sqlite'))
  const ownerPath = join(directory, 'owner.json')
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    const owner = readOwner(directory)
    const who = owner
      ? `process ${owner.pid}${owner.url ? ` at ${owner.url}` : ''}`
      : 'another process'
    throw new TocsinError('log.in_use', {
      public: `${directory} is in use by ${who}; stop it first, or talk to it over HTTP`,
      cause,
    })
  }
  replaceFile(ownerPath, JSON.stringify({ pid }))
  return {
    announce: owner => replaceFile(ownerPath, JSON.stringify(owner)),
    release: () => {
      replaceFile(ownerPath, '{}')
      database.exec('ROLLBACK')
      database.close()
    },
  }
}

/** Who holds, or last held, the lock; null when nobody said. */
export function readOwner(directory: string): LockOwner | null {
  const bytes = readFileIfThere(join(directory, 'owner.json'))
  if (!bytes) return null
  const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8') || '{}')
  if (typeof value !== 'object' || value === null || !('pid' in value)) return null
  const pid = Number(value.pid)
  return 'url' in value ? { pid, url: String(value.url) } : { pid }
}
