// The first start as a person meets it: a link on the terminal, once; and `tocsin sign-in` later.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { REPOSITORY } from '../need.ts'

const TOCSIN = join(REPOSITORY, 'node_modules/.bin/tocsin')
const home = mkdtempSync(join(tmpdir(), 'tocsin-sign-in-'))
const children: ChildProcess[] = []
after(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

type Environment = { readonly [name: string]: string }

const environment = (more: Environment) => ({
  ...process.env,
  XDG_STATE_HOME: join(home, 'state'),
  TOCSIN_URL: '',
  TOCSIN_API_KEY: '',
  ...more,
})

function tocsin(args: readonly string[], more: Environment) {
  const env = environment(more)
  const { status, stdout, stderr } = spawnSync(TOCSIN, args, { cwd: home, encoding: 'utf8', env })
  return { code: status, out: stdout, err: stderr }
}

const LINK = /sign in {3}(http\S+)/
/** Without one by then there is none. */
const NO_LINK_MS = 2000

async function serve(data: string) {
  const env = environment({ TOCSIN_DATA: data })
  const child = spawn(TOCSIN, ['serve', '--listen', '127.0.0.1:0'], { cwd: home, env })
  children.push(child)
  let said = ''
  const listens = Promise.withResolvers<string>()
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    said += part
    const url = /listens on (http:\/\/\S+)/.exec(said)?.[1]
    if (!url) return
    if (LINK.test(said)) listens.resolve(url)
    else setTimeout(() => listens.resolve(url), NO_LINK_MS)
  })
  child.on('exit', code => listens.reject(new Error(`serve ended with ${code}: ${said}`)))
  const url = await listens.promise
  return {
    url,
    link: LINK.exec(said)?.[1],
    async stop() {
      const ended = new Promise(resolve => child.on('exit', resolve))
      child.kill('SIGTERM')
      assert.equal(await ended, 0)
    },
  }
}

async function open(link: string): Promise<number> {
  const { origin, hash } = new URL(link)
  const body = JSON.stringify({ token: hash.slice('#token='.length) })
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${origin}/v1/session`, { method: 'POST', headers, body })).status
}

describe('the first start', () => {
  const data = join(home, 'first')

  it('shows a link that signs in, until somebody has', async () => {
    const first = await serve(data)
    assert.ok(first.link?.startsWith(`${first.url}/sign-in#token=`), String(first.link))
    await first.stop()
    const second = await serve(data)
    assert.ok(second.link, 'nobody has signed in yet')
    assert.deepEqual([await open(second.link), await open(second.link)], [200, 401])
    await second.stop()
    const third = await serve(data)
    assert.equal(third.link, undefined)
    await third.stop()
  })

  it('shows none where there is a key', async () => {
    const other = { TOCSIN_DATA: join(home, 'with-key') }
    assert.equal(tocsin(['keys', 'create', '--name', 'a', '--scope', 'read'], other).code, 0)
    const server = await serve(other.TOCSIN_DATA)
    assert.equal(server.link, undefined)
    await server.stop()
  })
})

describe('tocsin sign-in', () => {
  it('makes a link by the key in the data directory, or by one that may', async () => {
    const data = { TOCSIN_DATA: join(home, 'later') }
    const none = tocsin(['sign-in'], { ...data, TOCSIN_URL: 'http://127.0.0.1:1' })
    assert.equal(none.code, 7)
    const server = await serve(data.TOCSIN_DATA)
    const { code, out, err } = tocsin(['sign-in'], data)
    assert.equal(code, 0, err)
    assert.equal(out.split('\n').length, 2, 'one line for the next program')
    assert.equal(await open(out.trim()), 200)
    const key = (scope: string) =>
      tocsin(['keys', 'create', '--name', 'k', '--scope', scope], data).out.trim()
    const elsewhere = { TOCSIN_URL: server.url.replace('127.0.0.1', 'localhost') }
    const made = tocsin(['sign-in', '--json'], { ...elsewhere, TOCSIN_API_KEY: key('admin,read') })
    const { url, expiresMs } = JSON.parse(made.out)
    assert.ok(url.startsWith(`${elsewhere.TOCSIN_URL}/sign-in#token=`), url)
    assert.ok(expiresMs > Date.now())
    assert.equal(await open(url), 200)
    const refused = tocsin(['sign-in'], { ...elsewhere, TOCSIN_API_KEY: key('read') })
    assert.equal(refused.code, 4)
    assert.match(refused.err, /needs admin/)
    await server.stop()
  })
})
