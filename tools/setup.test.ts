// The set-up of a fresh checkout, with an npm made up here that writes down how it was called.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'

/** Does what `npm ci` does, as far as it is seen from outside. */
const NPM = `#!/bin/sh
echo "$*" >> "$ROOT/calls"
[ -z "\${NPM_SLEEP:-}" ] || sleep "$NPM_SLEEP"
if [ -n "\${NPM_SAYS:-}" ]; then echo "$NPM_SAYS" >&2; exit 1; fi
rm -rf "$ROOT/node_modules"
mkdir -p "$ROOT/node_modules/.bin"
touch "$ROOT/node_modules/.package-lock.json"
ln -s "$NODE" "$ROOT/node_modules/.bin/node"
`

function checkout(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'tocsin-setup-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'tools'))
  mkdirSync(join(root, 'bin'))
  for (const file of ['setup.sh', 'with-node.sh']) {
    copyFileSync(join(import.meta.dirname, file), join(root, 'tools', file))
  }
  writeFileSync(join(root, 'package-lock.json'), '{}')
  writeFileSync(join(root, 'bin/npm'), NPM)
  chmodSync(join(root, 'bin/npm'), 0o755)
  const path = (...parts: string[]) => join(root, ...parts)
  return {
    path,
    lock: path('.tocsin-setup.lock'),
    calls: () =>
      existsSync(path('calls')) ? readFileSync(path('calls'), 'utf8').split('\n').length - 1 : 0,
    setup: (env: { readonly [name: string]: string } = {}) =>
      runShell(path('tools/setup.sh'), {
        ROOT: root,
        NODE: process.execPath,
        PATH: [path('bin'), '/usr/bin', '/bin'].join(delimiter),
        ...env,
      }),
  }
}

type Ended = { readonly status: number | null; readonly out: string; readonly err: string }

function runShell(script: string, env: { readonly [name: string]: string }): Promise<Ended> {
  const child = spawn('/bin/sh', [script], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    texts.out += part
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    texts.err += part
  })
  return new Promise(resolve => child.on('close', status => resolve({ status, ...texts })))
}

describe('tools/setup.sh', () => {
  it('installs by the lockfile without install scripts, once, and then says nothing', async t => {
    const { setup, calls, path, lock } = checkout(t)
    const first = await setup()
    assert.deepEqual([first.status, calls()], [0, 1])
    assert.match(readFileSync(path('calls'), 'utf8'), /^ci --ignore-scripts /)
    assert.deepEqual(await setup(), { status: 0, out: '', err: '' })
    assert.equal(calls(), 1)
    assert.ok(!existsSync(lock))
  })

  it('installs again when the lockfile changed or the packages are gone', async t => {
    const { setup, calls, path } = checkout(t)
    await setup()
    writeFileSync(path('package-lock.json'), '{ }')
    await setup()
    assert.equal(calls(), 2)
    rmSync(path('node_modules/.package-lock.json'))
    await setup()
    assert.equal(calls(), 3)
  })

  it('two at once install once', async t => {
    const { setup, calls } = checkout(t)
    const ended = await Promise.all([1, 2, 3].map(() => setup({ NPM_SLEEP: '2' })))
    assert.deepEqual(
      ended.map(({ status }) => status),
      [0, 0, 0],
    )
    assert.equal(calls(), 1)
  })

  it('takes the place of one that was killed; several that wait still install once', async t => {
    const { setup, calls, lock } = checkout(t)
    const gone = spawn('true')
    await new Promise(resolve => gone.on('close', resolve))
    mkdirSync(lock)
    writeFileSync(join(lock, 'pid'), `${gone.pid}\n`)
    const ended = await Promise.all([1, 2, 3].map(() => setup({ NPM_SLEEP: '2' })))
    assert.deepEqual(
      ended.map(({ status }) => status),
      [0, 0, 0],
    )
    assert.equal(calls(), 1)
    assert.ok(!existsSync(lock))
  })

  it('a failed install leaves nothing that looks ready', async t => {
    const { setup, calls, lock } = checkout(t)
    assert.equal((await setup({ NPM_SAYS: 'npm error code E500' })).status, 1)
    assert.ok(!existsSync(lock))
    assert.equal((await setup()).status, 0)
    assert.equal(calls(), 2)
  })

  const causes: { readonly [says: string]: RegExp } = {
    'npm error code EAI_AGAIN': /cannot reach its registry; connect to the network/,
    'npm error code ECONNREFUSED': /cannot reach its registry/,
    'npm error code EBADPLATFORM': /does not run on this platform \(\w+ \w+\)/,
    'npm error code ENOSPC': /the disk is full/,
    'npm error code EACCES': /may not write/,
    'npm error code EINTEGRITY': /is not the one that package-lock\.json pins/,
    'npm error code EUSAGE': /disagree/,
  }
  for (const [says, sentence] of Object.entries(causes)) {
    it(`says in one sentence what is wrong: ${says}`, async t => {
      const { status, err } = await checkout(t).setup({ NPM_SAYS: says })
      assert.equal(status, 1)
      const lines = err.trimEnd().split('\n')
      assert.match(lines.at(-1) ?? '', sentence)
      assert.equal(lines.length, 2, err)
    })
  }

  it('shows what npm said when it does not know the cause', async t => {
    const { err } = await checkout(t).setup({ NPM_SAYS: 'npm error something new' })
    assert.match(err, /npm error something new\ntocsin: npm could not install/)
  })

  it('says so when there is no npm, or no Node that is new enough', async t => {
    const { setup, path, lock } = checkout(t)
    const old = path('bin/node')
    writeFileSync(old, '#!/bin/sh\necho 20\n')
    chmodSync(old, 0o755)
    const tooOld = await setup({ NODE: old })
    assert.equal(tooOld.status, 1)
    assert.match(tooOld.err, /no Node 24 or newer for this platform/)
    rmSync(path('bin/npm'))
    // The tools that the script itself needs, and no npm.
    const bare = path('bare')
    mkdirSync(bare)
    for (const tool of ['cat', 'cksum', 'dirname', 'mkdir', 'mv', 'rm', 'uname']) {
      symlinkSync(
        existsSync(`/bin/${tool}`) ? `/bin/${tool}` : `/usr/bin/${tool}`,
        join(bare, tool),
      )
    }
    const without = await setup({ PATH: bare })
    assert.equal(without.status, 1)
    assert.match(without.err, /npm is not on PATH/)
    assert.ok(!existsSync(lock))
  })

  it('inside an npm script uses the npm that runs it, on its own Node', async t => {
    const { setup, path, calls } = checkout(t)
    const cli = path('bin/npm-cli.js')
    copyFileSync(path('bin/npm'), cli)
    rmSync(path('bin/npm'))
    const { status, err } = await setup({ npm_execpath: cli, npm_node_execpath: '/bin/sh' })
    assert.equal(status, 0, err)
    assert.equal(calls(), 1)
  })
})
