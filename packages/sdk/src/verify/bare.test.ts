import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { describe, it } from 'node:test'

const entryPoint = resolve(import.meta.dirname, 'verify.ts')
const sdk = resolve(import.meta.dirname, '..')
const CLOSURE_LINES_MAX = 1500

/** The verifier and every file that it imports, directly or not, types included. */
function closureOf(start: string): readonly string[] {
  const files = [start]
  for (const file of files) {
    for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(/\bfrom '([^']+)'/g)) {
      assert.ok(target.startsWith('.'), `${file} imports ${target}`)
      const path = resolve(dirname(file), target)
      if (!files.includes(path)) files.push(path)
    }
  }
  return files
}

function codeLines(file: string): number {
  const text = readFileSync(file, 'utf8').replaceAll(/\/\*\*[\s\S]*?\*\//g, '')
  return text.split('\n').filter(line => !/^\s*(\/\/|$)/.test(line)).length
}

describe('the verifier stands alone', () => {
  const files = closureOf(entryPoint).map(file => relative(sdk, file))

  it('imports no package and no node:*, and only what a verifier needs', () => {
    const folders = new Set(files.map(file => file.split('/')[0]))
    for (const folder of ['node', 'event', 'query', 'proof'])
      assert.ok(!folders.has(folder), folder)
  })

  it(`is at most ${CLOSURE_LINES_MAX} lines of code to read, beside the table of errors`, () => {
    const counted = files.filter(file => file !== 'errors.ts')
    const lines = counted.reduce((sum, file) => sum + codeLines(resolve(sdk, file)), 0)
    assert.ok(lines <= CLOSURE_LINES_MAX, `${lines} lines in ${counted.join(', ')}`)
  })

  // A new context has what ECMAScript defines and nothing else: no Buffer, TextDecoder, URL, fetch.
  it('runs in a V8 that has nothing but the language', () => {
    const script = `
      import { readFileSync } from 'node:fs'
      import { stripTypeScriptTypes } from 'node:module'
      import { createContext, SourceTextModule } from 'node:vm'
      import { dirname, resolve } from 'node:path'
      const { ed25519, sha256 } = await import(${JSON.stringify(`${sdk}/node/node.ts`)})
      const tests = await import(${JSON.stringify(`${sdk}/verify/test-log.ts`)})
      const context = createContext(Object.create(null))
      const known = new Map()
      function load(path) {
        const source = stripTypeScriptTypes(readFileSync(path, 'utf8'))
        const made = known.get(path) ?? new SourceTextModule(source, { context, identifier: path })
        known.set(path, made)
        return made
      }
      const link = (target, from) => load(resolve(dirname(from.identifier), target))
      const root = load(${JSON.stringify(entryPoint)})
      await root.link(link)
      await root.evaluate()
      const log = await tests.buildLog(300)
      const input = {
        log: { fetch: async path => log.files.get(path) ?? null },
        payloads: {
          fetch: async (path, offset, length) =>
            log.payloads.get(path)?.subarray(offset, offset + length) ?? null,
        },
        keys: [tests.logSigner.key],
        crypto: { sha256, ed25519 },
      }
      const sound = await root.namespace.verifyLog(input)
      log.files.set('checkpoint', new TextEncoder().encode('münchen\\n'))
      const forged = await root.namespace.verifyLog(input)
      console.log(sound.kind, sound.counts.sectionsMatched > 300, forged.why)
    `
    const flags = ['--experimental-vm-modules', '--no-warnings', '--input-type=module', '-e']
    const output = execFileSync(process.execPath, [...flags, script], { encoding: 'utf8' })
    assert.equal(output.trim(), 'intact true checkpoint_malformed')
  })
})
