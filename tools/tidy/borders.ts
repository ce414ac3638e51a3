// Who may load whom: borders between packages, ranks of the server's folders, front doors, cycles.

import { basename, dirname, join } from 'node:path'
import { importsOf, type Source } from './source.ts'

/** Ranks of the server's folders; cli/ and what lies beside the folders at the top is rank 8. */
const RANKS: { readonly [folder: string]: number } = {
  base: 2,
  log: 3,
  capture: 4,
  query: 4,
  ship: 4,
  watch: 5,
  respond: 6,
  show: 7,
}
const TOP_RANK = 8
const SERVER = 'packages/server/src/'
/** Where the SDK may use Node's own modules. */
const SDK_NODE = 'packages/sdk/src/node/'
/** Folders of independent modules, each a door of its own. */
const OPEN_FOLDERS: ReadonlySet<string> = new Set([`${SERVER}base`])
/** Packages of this repository that each may load; server and console may load others, too. */
const PACKAGES: { readonly [name: string]: readonly string[] } = {
  sdk: [],
  detect: ['@tocsin/sdk'],
  simulate: ['@tocsin/sdk'],
  server: ['@tocsin/sdk', '@tocsin/detect', '@tocsin/simulate'],
  console: ['@tocsin/sdk'],
}

/** Packages that others made, by the package of ours that names them as its dependencies. */
export type Declared = { readonly [name: string]: readonly string[] }

/** Tests, and what only tests use: `x.test.ts`, `test-x.ts`, `x-rig.ts`. */
export function isTestPath(path: string): boolean {
  return /\.test\.tsx?$|(?:^|\/)test-[\w-]+\.ts$|-rig\.ts$/.test(path)
}

/** One sentence per import that goes where it may not. */
export function borderFaults(source: Source, declared: Declared): readonly string[] {
  const { path } = source
  const [, name] = /^packages\/([^/]+)\/src\//.exec(path) ?? []
  if (name === undefined || isTestPath(path)) return []
  return importsOf(source).flatMap(({ spec, line }) => {
    const fault = spec.startsWith('.')
      ? fileFault(path, join(dirname(path), spec), name)
      : packageFault(path, spec, [...(PACKAGES[name] ?? []), ...(declared[name] ?? [])])
    return fault === null ? [] : [`${path}:${line}: ${fault}`]
  })
}

function packageFault(path: string, spec: string, allowed: readonly string[]): string | null {
  if (spec.startsWith('node:') && (path.startsWith(SDK_NODE) || path.startsWith(SERVER)))
    return null
  if (allowed.some(one => spec === one || spec.startsWith(`${one}/`))) return null
  return `may not import ${spec}`
}

function fileFault(path: string, target: string, name: string): string | null {
  if (target === `packages/${name}/package.json`) return null
  if (!target.startsWith(`packages/${name}/src/`)) return `leaves its package for ${target}`
  if (isTestPath(target)) return `uses ${target}, which is for tests`
  if (/-worker\.ts$/.test(target) && dirname(target) !== dirname(path)) {
    return `${target} is loaded only by its own folder`
  }
  return rankFault(path, target) ?? doorFault(path, target)
}

function rankFault(path: string, target: string): string | null {
  if (!path.startsWith(SERVER)) return null
  const from = topFolder(path)
  const to = topFolder(target)
  if (from === to) return null
  const isDown = rankOf(to) < rankOf(from) || rankOf(from) === TOP_RANK
  return isDown ? null : `${from || 'top'} may not import ${to || 'top'} (${target})`
}

function topFolder(path: string): string {
  const [first = '', ...rest] = path.slice(SERVER.length).split('/')
  return rest.length === 0 ? '' : first
}

function rankOf(folder: string): number {
  return RANKS[folder] ?? TOP_RANK
}

/** Out of a folder to its surroundings is free; into one leads only its door, one at a time. */
function doorFault(path: string, target: string): string | null {
  // Pictures and styles hold no code.
  if (!/\.tsx?$/.test(target)) return null
  const from = `${dirname(path)}/`
  const folder = dirname(target)
  if (from.startsWith(`${folder}/`) || OPEN_FOLDERS.has(folder)) return null
  const isDoor = isDoorOf(folder, target)
  const isNext = from.startsWith(`${dirname(folder)}/`)
  return isDoor && isNext ? null : `${target} is behind the front door of its folder`
}

function isDoorOf(folder: string, path: string): boolean {
  const door = `${folder}/${basename(folder)}.ts`
  return path === door || path === `${door}x`
}

/** A folder of code has the file with its name, through which others come in. */
export function doorlessFolders(paths: readonly string[]): readonly string[] {
  const folders = new Set(paths.map(path => dirname(path)))
  return [...folders].filter(folder => {
    const needsDoor = /^packages\/[^/]+\/src\/./.test(folder) && !OPEN_FOLDERS.has(folder)
    return needsDoor && !paths.some(path => isDoorOf(folder, path))
  })
}

/** Every import cycle, types included, as a path of files. */
export function cycles(sources: readonly Source[]): readonly string[] {
  const graph = new Map<string, ReturnType<typeof neighbours>>()
  for (const file of sources) graph.set(file.path, neighbours(file))
  const done = new Set<string>()
  const found: string[] = []
  const visit = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) {
      found.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
      return
    }
    if (done.has(path)) return
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return found
}

/** Files that a module needs within its package, itself included. */
export function importClosure(start: string, read: (path: string) => Source): ReadonlySet<string> {
  const seen = new Set([start])
  for (const path of seen) for (const next of neighbours(read(path))) seen.add(next)
  return seen
}

/** Threads' files are no imports: caller and thread speak by messages. */
function neighbours(source: Source): readonly string[] {
  return importsOf(source)
    .filter(({ spec, isThread }) => spec.startsWith('.') && !isThread)
    .map(({ spec }) => join(dirname(source.path), spec))
}
