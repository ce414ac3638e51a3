import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'

const detect = import.meta.dirname
const sdk = resolve(detect, '../../sdk/src')

/** What the V8 inside a stream processor does not have, or has with the machine's own opinion. */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/\bIntl\b/, 'Intl'],
  [/\.normalize\(/, 'String.normalize'],
  [/\\p\{/, 'a Unicode property in a regular expression'],
  [/\.toLocale/, 'a locale'],
  [/\bDate\.now\b|\bnew Date\(\)/, 'a clock'],
  [/\bMath\.random\b/, 'chance'],
  [/\.get(?:Hours|Day|Date|Month|FullYear|TimezoneOffset)\(/, 'local time'],
]

describe('the detection core is pure', () => {
  it('uses nothing of a platform, a locale, a clock or chance', () => {
    const files = readdirSync(detect, { recursive: true, encoding: 'utf8' })
    const sources = files.filter(file => /(?<!\.test)\.ts$/.test(file) && !/test-/.test(file))
    assert.ok(sources.length > 20)
    for (const file of sources) {
      const text = readFileSync(join(detect, file), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '')
      for (const [pattern, name] of FORBIDDEN)
        assert.doesNotMatch(text, pattern, `${file}: ${name}`)
    }
  })

  // A new context has what ECMAScript defines and nothing else; Intl is taken out as well.
  it('finds the same in a bare V8 as in Node', () => {
    const script = `
      import { readFileSync } from 'node:fs'
      import { stripTypeScriptTypes } from 'node:module'
      import { createContext, runInContext, SourceTextModule } from 'node:vm'
      import { dirname, resolve } from 'node:path'
      const sha = await import(${JSON.stringify(`${sdk}/node/node.ts`)})
      const context = createContext(Object.create(null))
      runInContext('delete globalThis.Intl; delete String.prototype.normalize', context)
      const exportsOf = JSON.parse(readFileSync(${JSON.stringify(join(sdk, '../package.json'))})).exports
      const known = new Map()
      function load(path) {
        const source = stripTypeScriptTypes(readFileSync(path, 'utf8'))
        const made = known.get(path) ?? new SourceTextModule(source, { context, identifier: path })
        known.set(path, made)
        return made
      }
      const link = (target, from) =>
        target.startsWith('@tocsin/sdk/')
          ? load(resolve(${JSON.stringify(join(sdk, '..'))}, exportsOf['.' + target.slice(11)]))
          : load(resolve(dirname(from.identifier), target))
      const root = load(${JSON.stringify(join(detect, 'detect.ts'))})
      await root.link(link)
      await root.evaluate()
      const sigma = load(${JSON.stringify(join(detect, 'sigma/sigma.ts'))})
      await sigma.link(link)
      await sigma.evaluate()
      const here = await import(${JSON.stringify(join(detect, 'detect.ts'))})
      const hereSigma = await import(${JSON.stringify(join(detect, 'sigma/sigma.ts'))})
      const rule = (id, value) => ({ file: id + '.yml', lineOf: () => 1, value: { title: id, id, ...value } })
      const sources = [
        rule('reads', { level: 'low', logsource: { product: 'tocsin' },
          detection: { a: { kind: 'data.read' }, condition: 'a' } }),
        rule('many', { level: 'high', correlation: { type: 'event_count', rules: ['reads'],
          'group-by': ['actor.id'], timespan: '10m', condition: { gte: 5 } } }),
      ]
      function findings(detect, sigma) {
        const parsed = sources.map(source => sigma.readRule(source).rule)
        const { rules } = sigma.linkRules(parsed)
        const engine = detect.createEngine({ rules, sha256: sha.sha256 })
        let state = engine.begin()
        const found = []
        for (let i = 0; i < 40; i++) {
          if (i === 20) state = engine.load(engine.save(state))
          found.push(...engine.step(state, { v: 1, id: 'e' + i, kind: 'data.read', time: 1e12 + i * 1000,
            outcome: 'success', operation: 'read', system: 'lake',
            actor: { type: 'service', id: 'svc-é' + (i % 3), verified: 'key' } }).findings)
        }
        return JSON.stringify(found)
      }
      const bare = findings(root.namespace, sigma.namespace)
      console.log(bare === findings(here, hereSigma), JSON.parse(bare).length)
    `
    const flags = ['--experimental-vm-modules', '--no-warnings', '--input-type=module', '-e']
    const output = execFileSync(process.execPath, [...flags, script], { encoding: 'utf8' })
    assert.equal(output.trim(), 'true 3')
  })
})
