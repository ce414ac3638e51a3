// Rules about files that are no code: pages, the lockfile, what may not stand in any file.

import { dirname, join, normalize } from 'node:path'

const PAGE_LINES_MAX = 200

export type TextFile = { readonly path: string; readonly text: string }

export function pageFaults({ path, text }: TextFile): readonly string[] {
  const lines = text.split('\n').length - 1
  // A changelog grows, and a table that is made from another grows with it.
  const isEndless = path === 'CHANGELOG.md' || path === 'docs/errors.md'
  return lines > PAGE_LINES_MAX && !isEndless
    ? [`${path}: ${lines} lines, over ${PAGE_LINES_MAX}`]
    : []
}

/** Links of a page to files that are not there. `paths` are the repository's files. */
export function linkFaults({ path, text }: TextFile, paths: readonly string[]): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```/gm, '')
  const known = (target: string) =>
    paths.some(one => one === target || one.startsWith(`${target.replace(/\/$/, '')}/`))
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^(?:[a-z]+:|#)/.test(link)) return []
    const target = normalize(join(dirname(path), link.replace(/#.*$/, '')))
    return known(target) ? [] : [`${path}: ${link} leads nowhere`]
  })
}

/** Written in pieces, so that this file does not hold them. */
const PLACES = [
  ['(?<![\\w.])/wo', 'rk/'],
  ['/tmp/bash', '_jobs'],
  ['(?<![\\w.])/ho', 'me/[a-z]'],
  ['(?<![\\w.])/Us', 'ers/[a-z]'],
  ['registry\\.npm', 'js'],
  ['registry\\.yarn', 'pkg'],
  ['npm\\.pkg\\.git', 'hub'],
  ['pypi\\.', 'org'],
  ['files\\.python', 'hosted'],
  ['proxy\\.go', 'lang'],
  ['repo1?\\.ma', 'ven'],
].map(parts => parts.join(''))
const PLACE = new RegExp(PLACES.join('|'))

/** Paths of somebody's machine and addresses of registries, which are nobody else's. */
export function placeFaults({ path, text }: TextFile): readonly string[] {
  if (text.includes('\0')) return []
  return text.split('\n').flatMap((line, i) => {
    const found = PLACE.exec(line)?.[0]
    return found === undefined ? [] : [`${path}:${i + 1}: names ${found}`]
  })
}

type Locked = { readonly integrity?: string; readonly link?: boolean; readonly resolved?: string }

/** Packages whose content the lockfile does not pin, or that it ties to one registry. */
export function lockFaults(lock: string): readonly string[] {
  const { packages }: { packages: { readonly [path: string]: Locked } } = JSON.parse(lock)
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .flatMap(([path, { integrity, resolved }]) => [
      ...(integrity?.startsWith('sha512-') ? [] : [`${path} has no sha512 integrity`]),
      ...(resolved === undefined ? [] : [`${path} names ${resolved}`]),
    ])
}

type Manifest = {
  readonly dependencies?: { readonly [name: string]: string }
  readonly devDependencies?: { readonly [name: string]: string }
  readonly optionalDependencies?: { readonly [name: string]: string }
}

/** Dependencies of a manifest that are not this repository's own. */
export function dependenciesOf(manifest: string): readonly string[] {
  const parsed: Manifest = JSON.parse(manifest)
  const all = { ...parsed.dependencies, ...parsed.devDependencies, ...parsed.optionalDependencies }
  return Object.keys(all).filter(name => !name.startsWith('@tocsin/') && name !== 'tocsin')
}

/** Versions that are not exact. */
export function looseFaults(path: string, manifest: string): readonly string[] {
  const parsed: Manifest = JSON.parse(manifest)
  const all = { ...parsed.dependencies, ...parsed.devDependencies, ...parsed.optionalDependencies }
  return Object.entries(all)
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${path}: ${name} is ${version}, not one version`)
}

/** Names without a sentence in the page of dependencies. */
export function undocumented(names: readonly string[], page: string): readonly string[] {
  return names.filter(name => !page.includes(`\`${name}\``)).map(name => `${name} has no sentence`)
}
