// The file system as following needs it: a port, so that tests can make it fail, and the real one.
// Compressed files look like plain ones: their offsets count what they expand to.

import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

const COMPRESSED_CHUNK_BYTES = 64 * 1024

export type FileFacts = {
  readonly inode: string
  readonly device: string
  /** On disk; says nothing about what a compressed file expands to. */
  readonly size: number
  readonly mtimeNs: bigint
  /** When the file was made: tells a new file from an emptied one. 0 where nobody knows. */
  readonly bornNs: bigint
  readonly isFile: boolean
}

export interface OpenLogFile {
  /** Offsets count what the file expands to, which its size does not tell. */
  readonly compressed: boolean
  facts(): Promise<FileFacts>
  /** Fills `into` from `offset` on; returns fewer bytes, down to 0, only at the end of the file. */
  read(offset: number, into: Uint8Array): Promise<number>
  close(): Promise<void>
}

export interface LogFiles {
  /** Rejects with Node's errors (ENOENT, EACCES …). */
  facts(path: string): Promise<FileFacts>
  open(path: string): Promise<OpenLogFile>
  /** Names in a directory. */
  list(directory: string): Promise<readonly string[]>
}

export function isCompressed(path: string): boolean {
  return path.endsWith('.gz')
}

export const realLogFiles: LogFiles = {
  facts: async path => factsOf(await stat(path, { bigint: true })),
  open: async path => (isCompressed(path) ? openCompressed(path) : openPlain(path)),
  list: directory => readdir(directory),
}

type BigStats = {
  readonly ino: bigint
  readonly dev: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly birthtimeNs: bigint
  isFile(): boolean
}

function factsOf(stats: BigStats): FileFacts {
  return {
    inode: String(stats.ino),
    device: String(stats.dev),
    size: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    bornNs: stats.birthtimeNs,
    isFile: stats.isFile(),
  }
}

async function openPlain(path: string): Promise<OpenLogFile> {
  const handle = await open(path, 'r')
  return {
    compressed: false,
    facts: async () => factsOf(await handle.stat({ bigint: true })),
    async read(offset, into) {
      let filled = 0
      while (filled < into.length) {
        const { bytesRead } = await handle.read(into, filled, into.length - filled, offset + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return filled
    },
    close: () => handle.close(),
  }
}

// A read stream over the handle would close it when the reading goes back to the beginning.
async function* chunksOf(handle: FileHandle): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    const chunk = Buffer.allocUnsafe(COMPRESSED_CHUNK_BYTES)
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield chunk.subarray(0, bytesRead)
  }
}

/** What a compressed stream expands to; a failure of either ends both. */
export function gunzip(source: Readable, chunkBytes?: number): Readable {
  const options = chunkBytes === undefined ? {} : { chunkSize: chunkBytes }
  const expanded = createGunzip(options)
  // The failure reaches whoever reads; here it only must not count as unhandled.
  pipeline(source, expanded, () => {})
  return expanded
}

/** Reads forwards; going back starts again from the beginning of the file. */
async function openCompressed(path: string): Promise<OpenLogFile> {
  const handle = await open(path, 'r')
  let stream = expand()
  let at = 0
  let rest: Uint8Array = new Uint8Array(0)

  function expand(): AsyncIterator<Uint8Array> {
    return gunzip(Readable.from(chunksOf(handle)))[Symbol.asyncIterator]()
  }
  async function skipTo(offset: number): Promise<void> {
    if (offset < at) {
      await stream.return?.()
      stream = expand()
      at = 0
      rest = new Uint8Array(0)
    }
    while (at < offset && (await fill())) {
      const step = Math.min(rest.length, offset - at)
      rest = rest.subarray(step)
      at += step
    }
  }
  async function fill(): Promise<boolean> {
    while (rest.length === 0) {
      const next = await stream.next()
      if (next.done) return false
      rest = next.value
    }
    return true
  }
  return {
    compressed: true,
    facts: async () => factsOf(await handle.stat({ bigint: true })),
    async read(offset, into) {
      await skipTo(offset)
      let filled = 0
      while (at === offset + filled && filled < into.length && (await fill())) {
        const step = Math.min(rest.length, into.length - filled)
        into.set(rest.subarray(0, step), filled)
        rest = rest.subarray(step)
        filled += step
        at += step
      }
      return filled
    },
    async close() {
      await stream.return?.()
      await handle.close()
    },
  }
}
