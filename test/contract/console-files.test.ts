// The console's files as a browser and an attacker ask for them.

import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { brotliCompressSync, gunzipSync } from 'node:zlib'
import { newDirectory, openRig, type Request, type Rig } from './rig.ts'

const dist = newDirectory()
const SCRIPT = `export const a = ${JSON.stringify('x'.repeat(2000))}\n`
let rig: Rig

const write = (name: string, text: string | Uint8Array) => writeFileSync(join(dist, name), text)
const get = (path: string, headers: Request['headers'] = {}, method: Request['method'] = 'GET') =>
  rig.ask(path, { key: null, headers, method })

function build(page: string, atMs: number): void {
  write('index.html', page)
  utimesSync(join(dist, 'index.html'), atMs / 1000, atMs / 1000)
}

before(async () => {
  mkdirSync(join(dist, 'assets'))
  build('<!doctype html><title>one</title>', 1_700_000_000_000)
  write('assets/main-1a2B3c_d.js', SCRIPT)
  write('assets/main-1a2B3c_d.js.br', brotliCompressSync(SCRIPT))
  write('assets/plain.css', 'a{}')
  write('favicon.svg', '<svg/>')
  write('.env', 'SECRET=1')
  write('secret.pem', 'SECRET')
  symlinkSync('/etc/passwd', join(dist, 'assets', 'passwd.txt'))
  symlinkSync('/etc', join(dist, 'etc'))
  rig = await openRig(newDirectory(), { consoleDir: dist })
})
after(() => rig.close())

describe('the page', () => {
  it('is every path that the console knows, and runs nothing from elsewhere', async () => {
    for (const path of [
      '/',
      '/sign-in',
      '/events?q=a',
      '/alerts/x',
      '/entities/ip/10.0.0.1',
      '/integrity',
    ]) {
      const { status, headers, text } = await get(path)
      assert.deepEqual([status, text], [200, '<!doctype html><title>one</title>'], path)
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/)
      assert.ok(!/unsafe|https?:|\*|data:|blob:/.test(policy), policy)
      for (const part of [
        "frame-ancestors 'none'",
        "base-uri 'none'",
        'require-trusted-types-for',
      ]) {
        assert.ok(policy.includes(part), part)
      }
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['cache-control'], 'no-cache')
      assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    }
  })

  it('is not what an unknown path, a file or an address of the API is', async () => {
    for (const path of ['/nothing', '/v1/nothing', '/index.html', '/events.html', '/log/x']) {
      const { status, json } = await get(path)
      assert.deepEqual([status, json?.code], [404, 'http.not_found'], path)
    }
    assert.equal((await get('/', {}, 'POST')).status, 404)
  })

  it('is the new one after a build, and the old one while there is none', async () => {
    const { headers } = await get('/')
    const etag = String(headers.etag)
    assert.equal((await get('/', { 'if-none-match': etag })).status, 304)
    write('assets/late-00000000.js', 'late')
    build('<!doctype html><title>two</title>', 1_700_000_001_000)
    const { status, text } = await get('/', { 'if-none-match': `"x", W/${etag}` })
    assert.deepEqual([status, text], [200, '<!doctype html><title>two</title>'])
    assert.equal((await get('/assets/late-00000000.js')).text, 'late')
  })
})

describe('a file', () => {
  it('comes packed as the browser takes it, and for ever where its name has its hash', async () => {
    const path = '/assets/main-1a2B3c_d.js'
    const plain = await get(path)
    assert.deepEqual([plain.status, plain.text], [200, SCRIPT])
    assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.equal(plain.headers['content-type'], 'text/javascript; charset=utf-8')
    assert.equal(plain.headers.vary, 'accept-encoding')
    for (const [accepted, expected] of [
      ['gzip, deflate, br', 'br'],
      ['gzip, br;q=0', 'gzip'],
      ['GZIP;q=0.5', 'gzip'],
      ['gzip;q=0.0, identity', undefined],
      ['brr', undefined],
    ] as const) {
      const { headers, status } = await get(path, { 'accept-encoding': accepted })
      assert.deepEqual([status, headers['content-encoding']], [200, expected], accepted)
    }
    const { headers } = await get('/assets/plain.css')
    assert.equal(headers['cache-control'], 'no-cache')
  })

  it('that runs as a thread of its own may load its parts and ask this server, no more', async () => {
    const { headers } = await get('/assets/main-1a2B3c_d.js')
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /^default-src 'none'; script-src 'self'; connect-src 'self';/)
    assert.match(policy, /require-trusted-types-for 'script'; trusted-types 'none'$/)
    assert.ok(!/unsafe|https?:|\*|data:|blob:/.test(policy), policy)
    const style = (await get('/assets/plain.css')).headers['content-security-policy']
    assert.equal(style, "default-src 'none'; frame-ancestors 'none'")
  })

  it('has a head, and comes whole whatever range is asked', async () => {
    const head = await get('/assets/main-1a2B3c_d.js', {}, 'HEAD')
    assert.deepEqual([head.status, head.text], [200, ''])
    assert.equal(Number(head.headers['content-length']), SCRIPT.length)
    const part = await get('/assets/main-1a2B3c_d.js', { range: 'bytes=0-9' })
    assert.deepEqual([part.status, part.text], [200, SCRIPT])
    assert.equal((await get('/favicon.svg')).text, '<svg/>')
  })

  it("is never one that is not the console's", async () => {
    for (const path of [
      '/assets/../index.html',
      '/assets/..%2f..%2fpackage.json',
      '/assets/%2e%2e/%2e%2e/keys/node',
      '/assets/..%5c..%5cwin.ini',
      '/assets/main-1a2B3c_d.js%00.html',
      '/assets/passwd.txt',
      '/etc/passwd',
      '/.env',
      '/secret.pem',
      '/assets/main-1a2B3c_d.js.br',
      '/assets/',
      '/assets/constructor',
      '/__proto__',
      '//etc/passwd',
    ]) {
      const { status, text } = await get(path)
      assert.equal(status, 404, path)
      assert.ok(!/SECRET|root:/.test(text), path)
    }
    assert.equal((await get('/assets/%E0%A4%A')).status, 400)
    assert.equal((await get('/events/%E0%A4%A')).status, 400)
  })

  it('answers of the API are kept, framed and run nowhere', async () => {
    const { headers } = await rig.ask('/v1/log')
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'")
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin')
    assert.equal((await get('/v1/log')).headers['cache-control'], 'no-store')
  })
})

describe('without a build', () => {
  it('the page says so and how to make one', async () => {
    const bare = await openRig(newDirectory(), { consoleDir: join(dist, 'nowhere') })
    try {
      const { status, text, headers } = await bare.ask('/alerts', { key: null })
      assert.equal(status, 503)
      assert.match(text, /npm run build/)
      assert.match(String(headers['content-security-policy']), /^default-src 'none'/)
      assert.ok(!/<script|style/.test(text))
      assert.equal((await bare.ask('/assets/x.js', { key: null })).status, 404)
      mkdirSync(join(dist, 'nowhere'))
      writeFileSync(join(dist, 'nowhere', 'index.html'), 'built meanwhile')
      assert.equal((await bare.ask('/alerts', { key: null })).text, 'built meanwhile')
    } finally {
      await bare.close()
    }
  })
})

it('what is packed here unpacks to the file', async () => {
  const response = await rig.app.inject({
    url: '/assets/main-1a2B3c_d.js',
    headers: { 'accept-encoding': 'gzip' },
  })
  assert.equal(gunzipSync(response.rawPayload).toString(), SCRIPT)
})
