// A directory as the verifier's source of files. Whoever owns the directory may be the forger: so
// paths cannot leave it, sizes are bounded, and a pipe or device in place of a file does not block.

import { constants } from 'node:fs'
import { type FileHandle, open, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { TocsinError } from '../errors.ts'
import {
  type FetchFile,
  type FetchPart,
  type ListFiles,
  LOG_FILE_BYTES_MAX,
} from '../fetch-file.ts'

/** Codes that say that there is no such file, whatever else stands at its path. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ELOOP', 'ENXIO']

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

function unreadable(path: string, cause: unknown): TocsinError {
  const reason = codeOf(cause) ?? String(cause)
  return new TocsinError('verify.unreadable', {
    public: `${path} cannot be read (${reason})`,
    cause,
  })
}

/** The files of a log's folder. Rejects with `verify.unreadable`. */
export function directoryFetch(directory: string): {
  readonly fetch: FetchFile
  readonly list: ListFiles
} {
  const read = partReader(directory)
  return {
    fetch: async path => await read(path, 0, LOG_FILE_BYTES_MAX + 1),
    list: () => listFiles(directory),
  }
}

/** The files of a folder of payloads, read in parts. Rejects with `verify.unreadable`. */
export function directoryParts(directory: string): {
  readonly fetch: FetchPart
  readonly list: ListFiles
} {
  return { fetch: partReader(directory), list: () => listFiles(directory) }
}

function partReader(directory: string): FetchPart {
  return async (path, offset, length) => {
    if (path.startsWith('/') || path.split('/').includes('..')) return null
    const full = join(directory, path)
    let handle: FileHandle | undefined
    try {
      // Without O_NONBLOCK a named pipe would be waited for, perhaps for ever.
      handle = await open(full, constants.O_RDONLY | constants.O_NONBLOCK)
      const stat = await handle.stat()
      return stat.isFile()
        ? await readAt(handle, offset, Math.min(length, stat.size - offset))
        : null
    } catch (error) {
      if (ABSENT.includes(codeOf(error) ?? '')) return null
      throw unreadable(full, error)
    } finally {
      await handle?.close()
    }
  }
}

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, length))
  let at = 0
  while (at < bytes.length) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, offset + at)
    if (bytesRead === 0) return bytes.subarray(0, at)
    at += bytesRead
  }
  return bytes
}

/** Everything below that is not a directory; links are named, not followed. */
async function* listFiles(root: string): AsyncGenerator<string, void> {
  const waiting = ['']
  for (let below = waiting.pop(); below !== undefined; below = waiting.pop()) {
    try {
      for await (const entry of await opendir(join(root, below))) {
        if (entry.isDirectory()) waiting.push(`${below}${entry.name}/`)
        else yield `${below}${entry.name}`
      }
    } catch (error) {
      // A folder without files, or one that a writer took away meanwhile.
      if (codeOf(error) !== 'ENOENT') throw unreadable(join(root, below), error)
    }
  }
}
