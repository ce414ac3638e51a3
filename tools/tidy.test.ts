// The rules of STYLE.md, as tests. Each rule has a canary: a made-up offence that it must catch, so
// that a rule that sees nothing fails. What cannot be mended at once stands in tidy-ratchet.json
// with its count, which may only become smaller.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { borderFaults, cycles, doorFaults, importClosure } from './tidy/borders.ts'
import {
  functionsOf,
  ROOT,
  readSource,
  type Source,
  sourceOf,
  trackedFiles,
} from './tidy/source.ts'
import { isBarrel, lineFaults, nameFaults, ratchetCounts, worldFaults } from './tidy/words.ts'

const FUNCTION_LINES_MAX = 70
const FILE_LINES_MAX = 500
const PARAMETERS_MAX = 4
const PAGE_LINES_MAX = 200
const SDK_CODE_LINES_MAX = 3000
const VERIFY_CODE_LINES_MAX = 1500
const SERVER_DEPENDENCIES_MAX = 14
const RATCHET = join(ROOT, 'tools/tidy-ratchet.json')

const paths = trackedFiles().filter(path => existsSync(join(ROOT, path)))
const all = paths.filter(path => path.endsWith('.ts')).map(readSource)
const product = all.filter(s => /^packages\/[^/]+\/src\//.test(s.path))
// What only tests use is named so: `x.test.ts`, and `test-x.ts` or `x-rig.ts` for what they share.
const code = product.filter(s => !/\.test\.ts$|\/test-[\w-]+\.ts$|-rig\.ts$/.test(s.path))
/** Tables of data, not of code. */
const isTable = (path: string) =>
  /\/sdk\/src\/(?:errors|event\/fields|event\/kinds)\.ts$/.test(path)
const canary = (path: string, text: string): Source => sourceOf(path, text)

function none(faults: readonly string[]): void {
  assert.deepEqual(faults, [], `\n${faults.join('\n')}\n`)
}

describe('borders', () => {
  it('packages and the ranks of the server import only downwards, through front doors', () => {
    none(product.flatMap(borderFaults))
    const offences = [
      canary('packages/sdk/src/note/x.ts', "import { a } from 'node:fs'\n"),
      canary('packages/sdk/src/note/x.ts', "import type { A } from 'fastify'\n"),
      canary('packages/detect/src/x.ts', "import { a } from 'tocsin'\n"),
      canary('packages/server/src/log/x.ts', "import { a } from '../show/show.ts'\n"),
      canary('packages/server/src/capture/x.ts', "import { a } from '../query/query.ts'\n"),
      canary('packages/server/src/query/x.ts', "export { a } from '../log/wal.ts'\n"),
      canary('packages/server/src/base/x.ts', "const a = await import('../cli/cli.ts')\n"),
    ]
    for (const offence of offences) assert.equal(borderFaults(offence).length, 1, offence.text)
  })

  it('nothing imports itself by a detour, types included', () => {
    none(cycles(product))
    const a = canary('packages/x/src/a.ts', "import type { B } from './b.ts'\n")
    const b = canary('packages/x/src/b.ts', "import { a } from './a.ts'\n")
    assert.equal(cycles([a, b]).length, 1)
  })

  it('each folder has the file with its name', () => {
    none(doorFaults(code.map(s => s.path)))
    assert.equal(doorFaults(['packages/x/src/nothing/a.ts']).length, 1)
  })
})

describe('names and lines', () => {
  it('nothing is called utils, helpers, shared, common, misc, types or index', () => {
    none(nameFaults(paths.filter(path => /^(?:packages|tools|test|bench|python)\//.test(path))))
    assert.equal(nameFaults(['packages/x/src/utils.ts', 'tools/common/a.ts']).length, 2)
  })

  it('lines have at most 100 characters', () => {
    none(all.flatMap(lineFaults))
    assert.equal(lineFaults(canary('a.ts', `${'x'.repeat(101)}\n`)).length, 1)
  })

  it('no file only hands on what others export', () => {
    none(code.filter(isBarrel).map(s => `${s.path} is a barrel`))
    assert.ok(isBarrel(canary('a.ts', "export { a } from './b.ts'\nexport * from './c.ts'\n")))
  })

  it('time, randomness, network, environment and terminal are handed in', () => {
    none(code.flatMap(worldFaults))
    const offence = 'const a = Date.now()\nconst b = Math.random()\nconsole.log(process.env.HOME)\n'
    assert.equal(worldFaults(canary('packages/server/src/log/x.ts', offence)).length, 4)
  })
})

describe('sizes', () => {
  it('functions, files and parameter lists stay small; casts and the like become fewer', () => {
    const found = countAll(code)
    if (process.env.UPDATE === '1') writeFileSync(RATCHET, `${JSON.stringify(found, null, 2)}\n`)
    const recorded: { readonly [key: string]: number } = JSON.parse(readFileSync(RATCHET, 'utf8'))
    const grown = Object.entries(found)
      .filter(([key, count]) => count > (recorded[key] ?? 0))
      .map(([key, count]) => `${key}: ${count}, recorded ${recorded[key] ?? 0}`)
    none(grown)
    const shrunk = Object.entries(recorded).filter(([key, count]) => (found[key] ?? 0) < count)
    none(shrunk.map(([key]) => `${key} became less: record it with UPDATE=1`))
  })

  it('sees long functions, many parameters, casts, any, ! and enum', () => {
    const body = 'x()\n'.repeat(80)
    const text = `function long(a: A, b: B, c: C, d: D, e: E): void {\n${body}}\nenum A { b }\nlet a: any = b!.c as D\n`
    const keys = Object.keys(countAll([canary('packages/x/src/a.ts', text)])).map(
      k => k.split(' ')[1],
    )
    assert.deepEqual(keys.sort(), ['any', 'as', 'enum', 'function', 'non-null', 'parameters'])
    const nested = `function outer() {\n${`const f = () => {\n${'x()\n'.repeat(40)}}\n`.repeat(3)}}\n`
    assert.deepEqual(countAll([canary('packages/x/src/a.ts', nested)]), {})
  })

  it('pages have at most 200 lines', () => {
    const pages = paths.filter(path => path.endsWith('.md') && path !== 'CHANGELOG.md')
    const long = pages.filter(path => lines(path) > PAGE_LINES_MAX)
    none(long.map(path => `${path} has ${lines(path)} lines`))
  })

  it('what must be trusted stays small', () => {
    const sdk = code.filter(s => s.path.startsWith('packages/sdk/src/') && !isTable(s.path))
    const core = sdk.filter(s => !s.path.startsWith('packages/sdk/src/node/'))
    assert.ok(codeLines(core) <= SDK_CODE_LINES_MAX, `sdk core: ${codeLines(core)} lines of code`)
    const closure = importClosure('packages/sdk/src/verify/verify.ts', readSource)
    const needed = sdk.filter(s => closure.has(s.path))
    assert.ok(
      codeLines(needed) <= VERIFY_CODE_LINES_MAX,
      `verify: ${codeLines(needed)} lines of code`,
    )
  })
})

describe('the repository', () => {
  it('names every dependency of the server, and has few', () => {
    const manifest: { dependencies: { [name: string]: string } } = JSON.parse(
      readFileSync(join(ROOT, 'packages/server/package.json'), 'utf8'),
    )
    const names = Object.keys(manifest.dependencies).filter(name => !name.startsWith('@tocsin/'))
    assert.ok(names.length <= SERVER_DEPENDENCIES_MAX)
    const page = readFileSync(join(ROOT, 'docs/adr/dependencies.md'), 'utf8')
    none(names.filter(name => !page.includes(`\`${name}\``)).map(name => `${name} has no sentence`))
  })

  it('holds no path of a machine and no address of a registry', () => {
    const places = new RegExp(
      ['/wo' + 'rk/', '/tmp/bash' + '_jobs', 'registry\\.npm' + 'js'].join('|'),
    )
    const texts = paths.filter(path => /\.(?:ts|md|json|sh|py|toml|conf|yml|yaml)$|run$/.test(path))
    none(texts.filter(path => places.test(readFileSync(join(ROOT, path), 'utf8'))))
    assert.ok(places.test(`cd /wo${'rk/x'}`))
  })

  it('installs only packages whose content the lockfile pins', () => {
    const lock: { packages: { [path: string]: { integrity?: string; link?: boolean } } } =
      JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
    const unpinned = Object.entries(lock.packages).filter(
      ([path, { integrity, link }]) => path.includes('node_modules/') && !integrity && !link,
    )
    none(unpinned.map(([path]) => `${path} has no integrity`))
  })
})

function countAll(sources: readonly Source[]): { [key: string]: number } {
  const found: { [key: string]: number } = {}
  for (const source of sources) {
    const { path, text } = source
    for (const { rule, count } of ratchetCounts(source)) found[`${path} ${rule}`] = count
    const size = text.split('\n').length - 1
    if (size > FILE_LINES_MAX) found[`${path} lines`] = size
    for (const { name, ownLines, parameters } of functionsOf(source)) {
      if (ownLines > FUNCTION_LINES_MAX) found[`${path} function ${name}`] = ownLines
      if (parameters > PARAMETERS_MAX) found[`${path} parameters ${name}`] = parameters
    }
  }
  return found
}

function lines(path: string): number {
  return readFileSync(join(ROOT, path), 'utf8').split('\n').length - 1
}

/** Lines that hold code: neither blank nor only comment. */
function codeLines(sources: readonly Source[]): number {
  const count = ({ code }: Source) => code.split('\n').filter(line => line.trim() !== '').length
  return sources.reduce((sum, source) => sum + count(source), 0)
}
