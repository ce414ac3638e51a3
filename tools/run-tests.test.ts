// The test runner, on small repositories made up here: what must not happen is that something which
// shows nothing counts as passed.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { isPython } from './runner/python-files.ts'

const RUNNER = join(import.meta.dirname, 'run-tests.ts')
const IMPORTS = "import { describe, it, test } from 'node:test'\nimport assert from 'node:assert'\n"

type Run = {
  readonly files: { readonly [path: string]: string }
  readonly args?: readonly string[]
  readonly env?: { readonly [name: string]: string }
}

/** Runs the runner in a repository with these files. */
function runIn(t: TestContext, { files, args = [], env = {} }: Run) {
  const root = mkdtempSync(join(tmpdir(), 'tocsin-runner-'))
  t.after(() => rmSync(root, { recursive: true }))
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), path.endsWith('.ts') ? IMPORTS + text : text)
  }
  // This test runs inside a runner itself; what it starts must not think so.
  const { NODE_TEST_CONTEXT: _, CI: __, ...outer } = process.env
  const run = spawnSync(process.execPath, [RUNNER, ...args], {
    cwd: root,
    env: { ...outer, ...env },
    encoding: 'utf8',
  })
  const lines = run.stdout.trimEnd().split('\n')
  return { status: run.status, out: run.stdout, last: lines.at(-1) ?? '', err: run.stderr }
}

const one = (text: string) => ({ 'packages/a/src/a.test.ts': text })

describe('files of node:test', () => {
  it('all well is exit 0 and one line with the counts', t => {
    const files = {
      ...one("describe('a', () => { it('b', () => {}); it('c', () => {}) })\n"),
      'tools/b.test.ts': "test('d', async t => { await t.test('e', () => {}) })\n",
    }
    const { status, last, out } = runIn(t, { files })
    assert.equal(last, '4 passed, 0 failed, 0 skipped')
    assert.equal(status, 0)
    assert.match(out, /✔ packages\/a\/src\/a\.test\.ts {2}2 passed/)
  })

  it('a failure is shown in full, with where it stands, and named at the end', t => {
    const text = `describe('outer', () => {
  it('good', () => {})
  it('bad', () => assert.deepEqual({ a: 1 }, { a: 2 }))
  it('worse', () => { throw new Error('above', { cause: new Error('below') }) })
})\n`
    const { status, last, out } = runIn(t, { files: one(text) })
    assert.equal(last, '1 passed, 2 failed, 0 skipped')
    assert.equal(status, 1)
    assert.match(out, /FAILED outer › bad \(line 5\)/)
    assert.match(out, /a: 1[\s\S]*a: 2/)
    assert.match(out, /above[\s\S]*caused by Error: below/)
    assert.match(out, /Failed:\n {2}packages\/a\/src\/a\.test\.ts: outer › bad/)
  })

  const failing: { readonly [name: string]: string } = {
    'a file that throws while loading': "throw new Error('at once')\n",
    'a file without tests': "console.log('no test')\n",
    'a file that ends in the middle': "it('a', () => {})\nit('b', () => process.exit(0))\n",
    'a suite that throws': "it('a', () => {})\ndescribe('b', () => { throw new Error('c') })\n",
    'a fault after the last test':
      "it('a', () => {})\nsetTimeout(() => { throw new Error('late') }, 20)\n",
    'a file that cannot be parsed': 'const = 1\n',
    'a test marked as still to do': "it('a', { todo: true }, () => { throw new Error('b') })\n",
    'a promise nobody awaits': "it('a', () => { Promise.reject(new Error('b')) })\n",
  }
  it('what shows nothing is a failure', t => {
    const names = Object.keys(failing)
    const texts = Object.values(failing).map((text, i) => [`packages/a/${i}.test.ts`, text])
    const files = { ...Object.fromEntries(texts), ...one("it('ok', () => {})\n") }
    const { status, out } = runIn(t, { files })
    assert.equal(status, 1)
    names.forEach((name, i) => {
      assert.match(out, new RegExp(`^✖ packages/a/${i}\\.test\\.ts .* FAILED`, 'm'), name)
    })
    assert.match(out, /^✔ packages\/a\/src\/a\.test\.ts {2}1 passed/m)
  })

  it('a file that does not end is stopped, and what it wrote is shown', t => {
    const text = "it('a', () => { console.log('waiting'); setInterval(() => {}, 1000) })\n"
    const { status, last, out } = runIn(t, { files: one(text), args: ['--file-seconds', '2'] })
    assert.equal(status, 1)
    assert.match(last, /, [12] failed, 0 skipped$/)
    assert.match(out, /did not end within 2 seconds/)
    assert.match(out, /waiting/)
  })

  it('skips are counted and named with their reasons, suites too', t => {
    const text = `describe('needy', { skip: 'needs the shared test data logs/a' }, () => { it('a', () => {}) })
it('b', t => t.skip('needs go; install it'))
it('c', () => {})\n`
    const { status, last, out } = runIn(t, { files: one(text) })
    assert.equal(last, '1 passed, 0 failed, 2 skipped')
    assert.equal(status, 0)
    assert.match(out, /Skipped:\n {2}needs the shared test data logs\/a:\n {4}packages.*: needy/)
    assert.match(out, /needs go; install it:\n {4}packages.*: b/)
    const onCi = runIn(t, { files: one(text), env: { CI: 'true' } })
    assert.equal(onCi.last, '1 passed, 1 failed, 1 skipped')
    assert.equal(onCi.status, 1)
  })

  it('nothing passed is no success', t => {
    const { status, last } = runIn(t, { files: one("it('a', { skip: 'b' }, () => {})\n") })
    assert.equal(last, '0 passed, 0 failed, 1 skipped')
    assert.equal(status, 1)
  })

  it('suites against real programs run only when asked for; parts of paths choose', t => {
    const pass = "it('a', () => {})\n"
    const files = {
      'test/real/r.test.ts': `${pass}it('b', () => {})\n`,
      'test/contract/c.test.ts': pass,
      'packages/a/src/log.test.ts': pass,
      'packages/a/node_modules/x/x.test.ts': pass,
    }
    assert.equal(runIn(t, { files }).last, '2 passed, 0 failed, 0 skipped')
    assert.equal(runIn(t, { files, args: ['a/src'] }).last, '1 passed, 0 failed, 0 skipped')
    const real = runIn(t, { files, args: ['--real'] })
    assert.equal(real.last, '2 passed, 0 failed, 0 skipped')
    const nothing = runIn(t, { files, args: ['nowhere'] })
    assert.equal(nothing.status, 2)
    assert.match(nothing.err, /no test file has that in its path/)
  })
})

const skip = isPython('python3') ? false : 'needs python3; install Python 3.9 or newer'

describe('files of Python', { skip }, () => {
  const unittest = (body: string) =>
    `import unittest\nclass T(unittest.TestCase):\n${body.replaceAll(/^/gm, '    ')}\n`

  it('passes, failures, errors, sub-tests and skips are counted one by one', t => {
    const files = {
      'python/tests/test_a.py': unittest(`def test_good(self):
    print("noise")
def test_bad(self):
    print("said before")
    self.assertEqual(1, 2)
def test_error(self):
    raise KeyError("k")
def test_parts(self):
    for i in range(3):
        with self.subTest(i=i):
            self.assertEqual(i, 1)
def test_not_here(self):
    self.skipTest("needs the shared test data x")`),
      'python/tests/test_b.py': unittest('def test_c(self):\n    pass'),
    }
    const { status, last, out } = runIn(t, { files })
    assert.equal(last, '2 passed, 4 failed, 1 skipped')
    assert.equal(status, 1)
    assert.match(out, /FAILED test_a\.T\.test_bad[\s\S]*1 != 2[\s\S]*said before/)
    assert.match(out, /✔ python\/tests\/test_b\.py {2}1 passed/)
    assert.equal(runIn(t, { files, args: ['test_b'] }).status, 0)
  })

  const failing: { readonly [name: string]: string } = {
    'a module that cannot be imported': 'import nowhere_at_all\n',
    'a module without tests': 'x = 1\n',
    'a module that ends the process': 'import os\nos._exit(0)\n',
    'a test that ends the process': unittest('def test_a(self):\n    import os\n    os._exit(0)'),
  }
  for (const [name, text] of Object.entries(failing)) {
    it(`${name} is a failure`, t => {
      const { status, last } = runIn(t, { files: { 'python/tests/test_a.py': text } })
      assert.equal(last, '0 passed, 1 failed, 0 skipped')
      assert.equal(status, 1)
    })
  }

  it('without Python the suite is skipped with a sentence, and fails on CI', t => {
    const files = {
      'python/tests/test_a.py': unittest('def test_a(self):\n    pass'),
      ...one("it('a', () => {})\n"),
    }
    const here = runIn(t, { files, env: { PATH: dirname(process.execPath) } })
    assert.equal(here.last, '1 passed, 0 failed, 1 skipped')
    assert.match(here.out, /needs python3; install Python 3\.9 or newer/)
    const onCi = runIn(t, { files, env: { PATH: dirname(process.execPath), CI: 'true' } })
    assert.equal(onCi.last, '1 passed, 1 failed, 0 skipped')
    assert.equal(onCi.status, 1)
  })
})
