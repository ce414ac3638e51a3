// The rules of STYLE.md, as tests. Each rule has a canary: a made-up offence that it must catch, so
// that a rule that sees nothing fails. What cannot be mended at once stands in tidy-ratchet.json
// with its count, which may only become smaller.

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { borderFaults, cycles, doorlessFolders, importClosure, isTestPath } from './tidy/borders.ts'
import {
  type Counts,
  FILE_LINES_MAX,
  fileCounts,
  functionCounts,
  over,
  ratchetFaults,
  typeCounts,
} from './tidy/counts.ts'
import { functionsOf } from './tidy/functions.ts'
import {
  dependenciesOf,
  linkFaults,
  lockFaults,
  looseFaults,
  pageFaults,
  placeFaults,
  undocumented,
} from './tidy/repository.ts'
import { listFiles, ROOT, readSource, readText, type Source, sourceOf } from './tidy/source.ts'
import { isBarrel, lineFaults, nameFaults, worldFaults } from './tidy/words.ts'

const SDK_CODE_LINES_MAX = 3000
const VERIFY_CODE_LINES_MAX = 1500
const SERVER_DEPENDENCIES_MAX = 14
const RATCHET = join(ROOT, 'tools/tidy-ratchet.json')
const SDK = 'packages/sdk/src/'
/** Tables of data, not of code. */
const TABLES = new Set(
  ['errors.ts', 'alert-fields.ts', 'event/fields.ts', 'event/kinds.ts'].map(file => SDK + file),
)

const paths = listFiles()
const typescript = paths.filter(path => path.endsWith('.ts')).map(readSource)
const screens = paths.filter(path => path.endsWith('.tsx')).map(readSource)
const isProduct = ({ path }: Source) => /^packages\/[^/]+\/src\//.test(path)
const product = typescript.filter(isProduct)
const code = product.filter(({ path }) => !isTestPath(path))
const withScreens = [...product, ...screens.filter(isProduct)]
const core = code.filter(({ path }) => path.startsWith(SDK) && !path.startsWith(`${SDK}node/`))
const pages = paths
  .filter(path => path.endsWith('.md'))
  .map(path => ({ path, text: readText(path) }))
const serverManifest = readText('packages/server/package.json')

const canary = (path: string, text: string): Source => sourceOf(path, text)
const none = (faults: readonly string[]) => assert.ok(faults.length === 0, faults.join('\n'))

describe('borders', () => {
  const declared = {
    server: dependenciesOf(serverManifest),
    console: dependenciesOf(readText('packages/console/package.json')),
  }

  it('packages and the ranks of the server load only downwards, through front doors', () => {
    none(withScreens.flatMap(source => borderFaults(source, declared)))
  })

  const offences: readonly (readonly [path: string, text: string])[] = [
    ['packages/sdk/src/note/x.ts', "import { a } from 'node:fs'\n"],
    ['packages/sdk/src/note/x.ts', "import type { A } from 'fastify'\n"],
    ['packages/sdk/src/node/x.ts', "import { a } from 'undici'\n"],
    ['packages/sdk/src/x.ts', "import {\n  a,\n  b,\n} from 'tocsin'\n"],
    ['packages/sdk/src/x.ts', "import '../../server/src/main.ts'\n"],
    ['packages/sdk/src/verify/x.ts', "import { a } from '../proof/tile-reader.ts'\n"],
    ['packages/detect/src/x.ts', "import { a } from 'tocsin'\n"],
    ['packages/detect/src/x.ts', "import { a } from 'node:crypto'\n"],
    ['packages/simulate/src/x.ts', "import { a } from '@tocsin/detect'\n"],
    ['packages/server/src/log/x.ts', "import { a } from '../show/show.ts'\n"],
    ['packages/server/src/log/x.ts', "import { a } from '../tocsin.ts'\n"],
    ['packages/server/src/capture/x.ts', "import { a } from '../query/query.ts'\n"],
    ['packages/server/src/query/x.ts', "export { a } from '../log/wal.ts'\n"],
    ['packages/server/src/query/x.ts', "export * from '../log/wal.ts'\n"],
    ['packages/server/src/base/x.ts', "const a = await import('../cli/cli.ts')\n"],
    ['packages/server/src/show/x.ts', "import { a } from '../capture/formats/formats.ts'\n"],
    ['packages/server/src/show/x.ts', "import { a } from 'left-pad'\n"],
    ['packages/server/src/tocsin.ts', "new Worker(new URL('./log/tiles-worker.ts', here))\n"],
    ['packages/server/src/log/x.ts', "import { a } from './test-shard.ts'\n"],
    ['packages/console/src/a/a.tsx', "import { a } from '@tocsin/detect/risk'\n"],
    ['packages/console/src/a/a.tsx', "// It's text.\nimport { a } from '../b/c.tsx'\n"],
    ['packages/console/src/a/a.tsx', "import { a } from 'left-pad'\n"],
  ]
  for (const [path, text] of offences) {
    it(`sees in ${path}: ${text.trim()}`, () => {
      assert.equal(borderFaults(canary(path, text), { server: ['fastify'] }).length, 1)
    })
  }

  it('lets through what is allowed, and what only looks like an import', () => {
    const text = `// import { a } from 'left-pad'
const text = "import { b } from 'left-pad'"
import { c } from '../base/clock.ts'
import { d } from '@tocsin/sdk/event'
import fastify from 'fastify'
import { e } from './formats/formats.ts'
startThread<A, B>(import.meta.url, 'prepare-worker', config)
`
    none(borderFaults(canary('packages/server/src/capture/x.ts', text), { server: ['fastify'] }))
  })

  it('nothing imports itself by a detour, types included', () => {
    none(cycles(withScreens))
    const a = canary('packages/x/src/a.ts', "import type { B } from './b.ts'\n")
    const b = canary('packages/x/src/b.ts', "import { c } from './c.ts'\n")
    const c = canary('packages/x/src/c.ts', "export { a } from './a.ts'\n")
    assert.equal(cycles([a, b, c]).length, 1)
    assert.equal(cycles([a, b]).length, 0)
  })

  it('each folder has the file with its name', () => {
    const held = withScreens.filter(({ path }) => !isTestPath(path))
    none(doorlessFolders(held.map(({ path }) => path)).map(path => `${path}/ has no front door`))
    assert.deepEqual(doorlessFolders(['packages/x/src/a/b.ts']), ['packages/x/src/a'])
  })
})

describe('names and lines', () => {
  it('nothing is called utils, helpers, shared, common, misc, types or index', () => {
    none(nameFaults(paths))
    const offences = ['packages/x/src/utils.ts', 'tools/common/a.ts', 'python/tocsin/types.py']
    assert.equal(nameFaults([...offences, 'a/index.test.ts']).length, 4)
  })

  it('lines have at most 100 characters, 125 where they hold a sentence', () => {
    none([...typescript, ...screens].flatMap(lineFaults))
    const long = `a${'b'.repeat(100)}\n// ${"'x' ".repeat(26)}\nconst a = '${'c'.repeat(120)}'\n`
    assert.equal(lineFaults(canary('a.ts', long)).length, 3)
    none(lineFaults(canary('a.ts', `const a = '${'b'.repeat(100)}'\n${'é'.repeat(100)}\n`)))
  })

  it('no file only hands on what others export', () => {
    none(code.filter(isBarrel).map(({ path }) => `${path} is a barrel`))
    const handOn = "// All of it.\nexport { a } from './b.ts'\nexport * from './c.ts'\n"
    assert.ok(isBarrel(canary('a.ts', handOn)))
    assert.ok(isBarrel(canary('a.ts', "import { a } from './b.ts'\nexport { a }\n")))
    assert.ok(!isBarrel(canary('a.ts', `${handOn}export const b = 1\n`)))
  })

  it('time, chance, network, environment and terminal are handed in', () => {
    none(code.flatMap(worldFaults))
    const offences = [
      'Date.now()',
      'new Date()',
      'Math.random()',
      'randomUUID()',
      'process.env.HOME',
      "console.log('a')",
      'process.exit(1)',
      'await fetch(url)',
      `\`\${Date.now()}\``,
    ]
    for (const offence of offences) {
      const source = canary('packages/server/src/log/x.ts', `const a = async () => ${offence}\n`)
      assert.equal(worldFaults(source).length, 1, offence)
    }
    const harmless = "// Date.now()\nconst a = 'Math.random()'\nconst b = new Date(timeMs)\n"
    none(worldFaults(canary('packages/server/src/log/x.ts', harmless)))
  })
})

describe('sizes', () => {
  it('functions, files and parameter lists stay small; casts and the like become fewer', () => {
    const found = sorted(countAll())
    if (process.env.UPDATE === '1') writeFileSync(RATCHET, `${JSON.stringify(found, null, 2)}\n`)
    const recorded: Counts = JSON.parse(readFileSync(RATCHET, 'utf8'))
    none(ratchetFaults(found, recorded))
  })

  it('the list says when something grew, and when it shrank and nobody wrote it down', () => {
    assert.equal(ratchetFaults({ a: 2 }, { a: 1 }).length, 1)
    assert.equal(ratchetFaults({ a: 1 }, {}).length, 1)
    assert.match(ratchetFaults({}, { a: 1 }).join(), /UPDATE=1/)
    none(ratchetFaults({ a: 1 }, { a: 1 }))
  })

  it('sees casts, any, ! and enum, and only those', () => {
    const counts = (text: string) => typeCounts(canary('x.ts', text))
    assert.deepEqual(counts('const a = b as C\nconst d = (e as string)\n'), { 'x.ts as': 2 })
    assert.deepEqual(counts('const a = b! as C\n'), { 'x.ts as': 1, 'x.ts non-null': 1 })
    assert.deepEqual(counts('const a = b as unknown as C\n'), { 'x.ts as': 1 })
    assert.deepEqual(counts('let a: any = c![0]!.d\n'), { 'x.ts any': 1, 'x.ts non-null': 2 })
    assert.deepEqual(counts('function f(a: readonly any[]): any {}\n'), { 'x.ts any': 2 })
    assert.deepEqual(counts('enum A { b }\n'), { 'x.ts enum': 1 })
    assert.deepEqual(
      counts(`import { a as b, type C as D } from './x.ts'
import type { E as F } from './x.ts'
type G = { [K in keyof C as H]: 1 }
const i = [1] as const
const j = !b && b !== !i && Promise.any([]) // as any!
function parseLine(raw: unknown) {
  const inner = () => raw as G
}
`),
      {},
    )
  })

  it('sees long functions, long files and many parameters', () => {
    const body = 'x()\n'.repeat(69)
    const head =
      'export async function long<T extends { a: 1 }>(\na: T,\nb: (c: 1, d: 2) => { e: 1 },\n)'
    assert.deepEqual(functionCounts(canary('x.ts', `${head}: Promise<T> {\n${body}}\n`)), {
      'x.ts function long': 74,
    })
    const method = `class A extends b(1) {\nstatic async #m(): void {\n${body}x()\n}\n}\n`
    assert.deepEqual(functionCounts(canary('x.ts', method)), { 'x.ts function #m': 72 })
    const arrow = `const a = { b: async ({ c, d }: E): Promise<F> => {\n${body}} }\n`
    assert.deepEqual(functionCounts(canary('x.ts', arrow)), { 'x.ts function b': 71 })
    const control = `if (a) {\n${body}${body}}\nfor await (const b of c) {\n${body}${body}}\n`
    assert.deepEqual(functionCounts(canary('x.ts', control)), {})
    const many =
      'const f = (a: A, b: B, c: C, d: D, e: E) => a\nfunction g([a, b], { c, d, e }, f) {}\n'
    assert.deepEqual(functionCounts(canary('x.ts', many)), { 'x.ts parameters f': 5 })
    assert.deepEqual(fileCounts('x.ts', '\n'.repeat(FILE_LINES_MAX)), {})
    assert.deepEqual(fileCounts('x.ts', '\n'.repeat(FILE_LINES_MAX + 1)), { 'x.ts lines': 501 })
  })

  it('pages have at most 200 lines, and their links lead somewhere', () => {
    none(pages.flatMap(page => [...pageFaults(page), ...linkFaults(page, paths)]))
    const page = {
      path: 'docs/a.md',
      text: `[b](b.md)[c](../c/#d)[e](https://e)${'\n'.repeat(201)}`,
    }
    assert.equal(pageFaults(page).length, 1)
    assert.deepEqual(linkFaults(page, ['c/f.md']), ['docs/a.md: b.md leads nowhere'])
  })

  it('what must be trusted stays small', t => {
    const closure = importClosure(`${SDK}verify/verify.ts`, readSource)
    const needed = core.filter(({ path }) => closure.has(path))
    assert.ok(needed.length > 5, 'the closure was found')
    const verifyLines = codeLines(needed)
    t.diagnostic(`lines of code: verify and what it needs ${verifyLines}, sdk ${codeLines(core)}`)
    assert.ok(verifyLines <= VERIFY_CODE_LINES_MAX, `verify needs ${verifyLines} lines of code`)
    assert.equal(codeLines([canary('x.ts', '\n// a\nconst b = 1 // c\n/* d\n*/\n')]), 1)
  })

  it('reports functions and comments, which have aims but no limit', t => {
    const lengths = code.flatMap(functionsOf).map(({ lines }) => lines)
    const at = (share: number) =>
      lengths.toSorted((a, b) => a - b)[Math.floor(lengths.length * share)]
    t.diagnostic(`functions: ${lengths.length}, median ${at(0.5)} lines, p95 ${at(0.95)}`)
    for (const [name, sources] of Map.groupBy(code, ({ path }) => path.split('/')[1])) {
      t.diagnostic(`comments in ${name}: ${Math.round(commentShare(sources) * 100)} % of lines`)
    }
    assert.equal(commentShare([canary('x.ts', '// a\n\nconst b = 1\n')]), 0.5)
  })
})

describe('the repository', () => {
  it('names every dependency, in one exact version, and has few', () => {
    const page = readText('docs/adr/dependencies.md')
    const manifests = paths.filter(path => /^(?:packages\/[^/]+\/)?package\.json$/.test(path))
    none(manifests.flatMap(path => undocumented(dependenciesOf(readText(path)), page)))
    none(manifests.flatMap(path => looseFaults(path, readText(path))))
    const count = dependenciesOf(serverManifest).length
    assert.ok(count <= SERVER_DEPENDENCIES_MAX, `the server has ${count} dependencies`)
    for (const path of ['packages/sdk/package.json', 'packages/simulate/package.json']) {
      none(dependenciesOf(readText(path)))
    }
    const offence = '{"dependencies":{"left-pad":"^1.0.0","@tocsin/sdk":"0.1.0"}}'
    assert.deepEqual(dependenciesOf(offence), ['left-pad'])
    assert.equal(looseFaults('package.json', offence).length, 1)
    assert.equal(undocumented(['left-pad'], 'the `left-padding`').length, 1)
  })

  it('holds no path of a machine and no address of a registry', () => {
    const files = paths.map(path => ({ path, text: readText(path) }))
    none(files.flatMap(placeFaults))
    const offences = ['cd /wo' + 'rk/x', 'at /ho' + 'me/joe/x', 'https://pypi' + '.org/simple']
    for (const text of offences) assert.equal(placeFaults({ path: 'a', text }).length, 1, text)
    none(placeFaults({ path: 'a', text: 'test/work/a and ./home/b' }))
  })

  it('installs only packages whose content the lockfile pins', () => {
    none(lockFaults(readText('package-lock.json')))
    const offence = JSON.stringify({
      packages: {
        '': {},
        'node_modules/a': { version: '1.0.0' },
        'node_modules/b': { integrity: 'sha1-x' },
        'node_modules/c': { integrity: 'sha512-x', resolved: 'http://mirror/c.tgz' },
        'node_modules/d': { link: true, resolved: 'packages/d' },
      },
    })
    assert.equal(lockFaults(offence).length, 3)
  })

  it('is under the Apache License 2.0 as it was published', () => {
    const published = 'cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30'
    for (const path of paths.filter(one => /(?:^|\/)LICENSE$/.test(one))) {
      assert.equal(hash('sha256', readText(path)), published, path)
    }
    const manifests = paths.filter(path => path.endsWith('package.json')).map(readText)
    for (const text of manifests) assert.equal(JSON.parse(text).license, 'Apache-2.0')
  })

  it('lists every decision', () => {
    const list = readText('docs/adr/README.md')
    const decisions = paths.filter(path => /^docs\/adr\/\d{4}-.*\.md$/.test(path))
    none(decisions.filter(path => !list.includes(`(${path.slice('docs/adr/'.length)})`)))
    assert.ok(decisions.length > 0)
  })
})

function countAll(): Counts {
  const small = typescript.filter(({ path }) => !isTestPath(path))
  const scripts = paths.filter(
    path => /\.(?:tsx?|py|sh)$/.test(path) && !/\/api-types\.ts$/.test(path),
  )
  const counts = [
    over(SDK_CODE_LINES_MAX, { 'packages/sdk core, lines of code': codeLines(core) }),
    ...code.map(typeCounts),
    ...small.map(functionCounts),
    ...scripts.filter(path => !TABLES.has(path)).map(path => fileCounts(path, readText(path))),
  ]
  return Object.assign({}, ...counts)
}

function sorted(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Lines that hold code: neither blank nor only comment; tables of data are not counted. */
function codeLines(sources: readonly Source[]): number {
  const own = sources.filter(({ path }) => !TABLES.has(path))
  return own.flatMap(source => source.code.split('\n')).filter(line => line.trim() !== '').length
}

/** Of the lines that are not blank, how many are only comment. */
function commentShare(sources: readonly Source[]): number {
  const filled = (text: string) => text.split('\n').filter(line => line.trim() !== '').length
  const all = sources.reduce((sum, { text }) => sum + filled(text), 0)
  const withCode = sources.reduce((sum, source) => sum + filled(source.code), 0)
  return (all - withCode) / all
}
