// Who may import whom: borders between packages, ranks and front doors inside the server, no
// cycles.

import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { importsOf, ROOT, type Source } from './source.ts'

/** Ranks of the server's folders; what lies beside them at the top is rank 8. */
const RANKS: { readonly [folder: string]: number } = {
  base: 2,
  log: 3,
  capture: 4,
  query: 4,
  ship: 4,
  watch: 5,
  respond: 6,
  show: 7,
  cli: 8,
}
const TOP_RANK = 8
/** Folders of independent modules, each a door of its own. */
const OPEN_FOLDERS = new Set(['base'])
const SERVER = 'packages/server/src/'
const PACKAGES: { readonly [name: string]: readonly string[] } = {
  sdk: [],
  detect: ['@tocsin/sdk'],
  simulate: ['@tocsin/sdk'],
}

const isTest = (path: string) => path.endsWith('.test.ts')

/** One sentence per import that crosses a border it may not cross. */
export function borderFaults(source: Source): readonly string[] {
  const { path } = source
  const [, name = ''] = /^packages\/([^/]+)\/src\//.exec(path) ?? []
  const allowed = PACKAGES[name]
  return importsOf(source).flatMap(spec => {
    if (spec.startsWith('.')) return name === 'server' ? serverFaults(path, spec) : []
    if (allowed && !isTest(path)) return packageFaults({ path, name, allowed }, spec)
    return []
  })
}

type PackageFile = {
  readonly path: string
  readonly name: string
  readonly allowed: readonly string[]
}

function packageFaults({ path, name, allowed }: PackageFile, spec: string): readonly string[] {
  const isNodeDoor = name === 'sdk' && path.startsWith('packages/sdk/src/node/')
  if (spec.startsWith('node:') && isNodeDoor) return []
  if (allowed.some(one => spec === one || spec.startsWith(`${one}/`))) return []
  return [`${path}: ${name} may not import ${spec}`]
}

function serverFaults(path: string, spec: string): readonly string[] {
  const target = join(dirname(path), spec)
  if (!target.startsWith(SERVER)) return isTest(path) ? [] : leaves(path, target)
  const from = folderOf(path)
  const to = folderOf(target)
  if (from === to) return []
  const faults: string[] = []
  if (!isTest(path)) {
    const isDown =
      rankOf(to) < rankOf(from) || (rankOf(from) === TOP_RANK && rankOf(to) === TOP_RANK)
    if (!isDown) faults.push(`${path}: ${from || 'top'} may not import ${to || 'top'} (${spec})`)
  }
  if (!isTest(path) && to !== '' && !OPEN_FOLDERS.has(to) && rankOf(to) < TOP_RANK) {
    if (target !== `${SERVER}${to}/${to}.ts`) {
      faults.push(`${path}: ${spec} is not the front door of ${to}/`)
    }
  }
  return faults
}

function leaves(path: string, target: string): readonly string[] {
  return target === 'packages/server/package.json' ? [] : [`${path}: leaves the package: ${target}`]
}

function folderOf(path: string): string {
  const [first = '', ...rest] = path.slice(SERVER.length).split('/')
  return rest.length === 0 ? '' : first
}

function rankOf(folder: string): number {
  return RANKS[folder] ?? TOP_RANK
}

/** Every import cycle, types included, as a path of files. */
export function cycles(sources: readonly Source[]): readonly string[] {
  const graph = new Map(sources.map(source => [source.path, relativeImports(source)]))
  const state = new Map<string, 'open' | 'done'>()
  const found: string[] = []
  const visit = (path: string, trail: readonly string[]) => {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      found.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
      return
    }
    state.set(path, 'open')
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
    state.set(path, 'done')
  }
  for (const path of graph.keys()) visit(path, [])
  return found
}

function relativeImports(source: Source): readonly string[] {
  return importsOf(source)
    .filter(spec => spec.startsWith('.'))
    .map(spec => join(dirname(source.path), spec))
}

/** A folder of code has the file with its name, through which others come in. */
export function doorFaults(paths: readonly string[]): readonly string[] {
  const folders = new Set(paths.map(path => dirname(path)))
  return [...folders]
    .filter(
      folder => /^packages\/[^/]+\/src\/./.test(folder) && !OPEN_FOLDERS.has(basename(folder)),
    )
    .filter(folder => !existsSync(join(ROOT, folder, `${basename(folder)}.ts`)))
    .map(folder => `${folder}/ has no front door ${basename(folder)}.ts`)
}

/** Files that a module needs, itself included, within its package. */
export function importClosure(start: string, read: (path: string) => Source): ReadonlySet<string> {
  const seen = new Set<string>()
  const visit = (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    for (const next of relativeImports(read(path))) visit(next)
  }
  visit(start)
  return seen
}
