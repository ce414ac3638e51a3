// The console's files, as the build left them. They are read whole when the server starts, and
// again when index.html was written anew; a request is looked up among their names, so that no path
// in it ever reaches the disk.

import { hash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { CONSOLE_FILE_BYTES_MAX } from '../base/limits.ts'

export type ConsoleFile = {
  readonly type: string
  readonly etag: string
  readonly plain: Buffer
  readonly gzip: Buffer | null
  readonly brotli: Buffer | null
  /** Its name has a hash of what it holds: it never changes. */
  readonly isFixed: boolean
}

export interface ConsoleFiles {
  /** `index.html`, `assets/main-1a2b3c4d.js` …; null when the build has no such file. */
  find(name: string): ConsoleFile | null
}

const TYPES: { readonly [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}
const PACKED_ALREADY = new Set(['.png', '.woff2', '.ico'])
const NAME = /^[A-Za-z0-9_][\w.-]*$/
/** As vite names what it builds: eight digits of base64url before the extension. */
const FIXED = /^assets\/.+-[\w-]{8}\.\w+$/
const GZIP_BYTES_MIN = 1024

/** A folder that is not there, or not yet, has no files. */
export function openConsoleFiles(directory: string | null): ConsoleFiles {
  let files: ReadonlyMap<string, ConsoleFile> = new Map()
  let builtMs = 0

  function refresh(): void {
    if (directory === null) return
    const mtimeMs = statSync(join(directory, 'index.html'), { throwIfNoEntry: false })?.mtimeMs
    // While it is built anew it is away for a moment: the old one stays.
    if (mtimeMs === undefined || mtimeMs === builtMs) return
    files = readFiles(directory)
    builtMs = mtimeMs
  }

  refresh()
  return {
    find(name) {
      const isPage = name === 'index.html'
      if (isPage || !files.has(name)) refresh()
      return files.get(name) ?? null
    },
  }
}

function readFiles(directory: string): ReadonlyMap<string, ConsoleFile> {
  const names = [
    ...namesIn(directory, ''),
    ...namesIn(join(directory, 'assets'), 'assets/'),
  ].filter(name => extname(name) in TYPES)
  const files = names.map(name => [name, readOne(directory, name)] as const)
  return new Map(files.filter(([, { plain }]) => plain.length <= CONSOLE_FILE_BYTES_MAX))
}

/** Regular files only: a link could lead out of the folder. */
function namesIn(directory: string, prefix: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter(entry => entry.isFile() && NAME.test(entry.name))
      .map(entry => prefix + entry.name)
  } catch {
    return []
  }
}

function readOne(directory: string, name: string): ConsoleFile {
  const extension = extname(name)
  const plain = readFileSync(join(directory, name))
  const mayPack = plain.length >= GZIP_BYTES_MIN && !PACKED_ALREADY.has(extension)
  return {
    type: TYPES[extension] ?? 'application/octet-stream',
    etag: `"${hash('sha256', plain, 'base64url').slice(0, 22)}"`,
    plain,
    gzip: variant(directory, `${name}.gz`) ?? (mayPack ? gzipSync(plain) : null),
    brotli: variant(directory, `${name}.br`),
    isFixed: FIXED.test(name),
  }
}

function variant(directory: string, name: string): Buffer | null {
  const path = join(directory, name)
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path) : null
}
