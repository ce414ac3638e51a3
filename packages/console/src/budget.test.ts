// How much a browser must load before somebody can work, packed as the server sends it: signing in,
// the first screen, each later screen. The budget is that of STYLE.md, in kB of 1,000 bytes.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'

const LOGIN_KB_MAX = 210
const FIRST_SCREEN_KB_MAX = 330
const LATER_SCREEN_KB_MAX = 90
const STYLES_KB_MAX = 45
const OVERVIEW = 'src/overview/overview.tsx'
const CONSOLE = join(import.meta.dirname, '..')

type Chunk = {
  readonly name: string
  readonly isEntry: boolean
  /** The source that a dynamic import names. */
  readonly facade: string | null
  readonly imports: readonly string[]
  readonly dynamicImports: readonly string[]
  readonly styles: readonly string[]
  readonly bytes: number
}

const vite = await import('vite').catch(() => null)
const skip = vite === null ? 'needs vite; npm run setup installs it' : false

describe('what a browser loads', { skip }, () => {
  let chunks: ReadonlyMap<string, Chunk>
  let styleBytes: ReadonlyMap<string, number>
  let entry: Chunk
  let login: ReadonlySet<string>

  before(async () => {
    if (!vite) return
    const config = { configFile: join(CONSOLE, 'vite.config.ts'), build: { write: false } }
    const files = parseOutput(await vite.build({ ...config, logLevel: 'silent' }))
    chunks = new Map(files.filter(isChunk).map(file => [file.fileName, chunkOf(file)]))
    styleBytes = new Map(
      files
        .filter(({ fileName }) => fileName.endsWith('.css'))
        .map(({ fileName, source }) => [fileName, packed(source ?? '')]),
    )
    const found = [...chunks.values()].find(chunk => chunk.isEntry)
    assert.ok(found)
    entry = found
    login = closure(entry)
  })

  /** A chunk and all it imports. */
  function closure(start: Chunk): ReadonlySet<string> {
    const seen = new Set([start.name])
    for (const name of seen) for (const next of chunks.get(name)?.imports ?? []) seen.add(next)
    return seen
  }

  function kb(names: Iterable<string>): number {
    const bytes = [...names].map(name => chunks.get(name)?.bytes ?? 0)
    return bytes.reduce((a, b) => a + b, 0) / 1000
  }

  const screens = () =>
    entry.dynamicImports.flatMap(name => {
      const chunk = chunks.get(name)
      return chunk ? [chunk] : []
    })

  const firstScreen = () => {
    const overview = screens().find(({ facade }) => facade === OVERVIEW)
    assert.ok(overview, `no chunk for ${OVERVIEW}`)
    return new Set([...login, ...closure(overview)])
  }

  it(`signing in takes at most ${LOGIN_KB_MAX} kB of script`, t => {
    t.diagnostic(`login: ${kb(login).toFixed(1)} kB`)
    assert.ok(kb(login) <= LOGIN_KB_MAX, `${kb(login).toFixed(1)} kB`)
  })

  it(`the first screen takes at most ${FIRST_SCREEN_KB_MAX} kB of script`, t => {
    const size = kb(firstScreen())
    t.diagnostic(`shell and first screen: ${size.toFixed(1)} kB`)
    assert.ok(size <= FIRST_SCREEN_KB_MAX, `${size.toFixed(1)} kB`)
  })

  it(`and at most ${STYLES_KB_MAX} kB of styles`, t => {
    const names = new Set([...firstScreen()].flatMap(name => chunks.get(name)?.styles ?? []))
    const bytes = [...names].map(name => styleBytes.get(name) ?? Number.NaN)
    const size = bytes.reduce((a, b) => a + b, 0) / 1000
    t.diagnostic(`styles: ${size.toFixed(1)} kB`)
    assert.ok(size > 0 && size <= STYLES_KB_MAX, `${size.toFixed(1)} kB`)
  })

  it(`a later screen takes at most ${LATER_SCREEN_KB_MAX} kB of script more`, t => {
    const own = screens().map(screen => {
      const more = [...closure(screen)].filter(name => !login.has(name))
      return [screen.facade ?? screen.name, kb(more)] as const
    })
    t.diagnostic(own.map(([name, size]) => `${name} ${size.toFixed(1)} kB`).join(', '))
    const later = own.filter(([name]) => name !== OVERVIEW)
    assert.ok(later.length >= 5, `${later.length} screens`)
    assert.deepEqual(
      later.filter(([, size]) => size > LATER_SCREEN_KB_MAX),
      [],
    )
  })
})

type BuiltFile = {
  readonly type: 'chunk' | 'asset'
  readonly fileName: string
  readonly source?: string | Uint8Array
  readonly code?: string
  readonly isEntry?: boolean
  readonly facadeModuleId?: string | null
  readonly imports?: readonly string[]
  readonly dynamicImports?: readonly string[]
  readonly viteMetadata?: { readonly importedCss: ReadonlySet<string> }
}

function parseOutput(built: unknown): readonly BuiltFile[] {
  const { output } = built as { readonly output: readonly BuiltFile[] }
  return output
}

function isChunk({ type }: BuiltFile): boolean {
  return type === 'chunk'
}

function chunkOf(file: BuiltFile): Chunk {
  return {
    name: file.fileName,
    isEntry: file.isEntry ?? false,
    facade: file.facadeModuleId?.slice(CONSOLE.length + 1) ?? null,
    imports: file.imports ?? [],
    dynamicImports: file.dynamicImports ?? [],
    styles: [...(file.viteMetadata?.importedCss ?? [])],
    bytes: packed(file.code ?? ''),
  }
}

function packed(source: string | Uint8Array): number {
  return gzipSync(source, { level: 9 }).length
}
