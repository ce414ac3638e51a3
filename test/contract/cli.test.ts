// The command line as a person and a script meet it: the real program, its output and its exit
// codes.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { REPOSITORY } from '../need.ts'

const TOCSIN = join(REPOSITORY, 'node_modules/.bin/tocsin')
const home = mkdtempSync(join(tmpdir(), 'tocsin-cli-'))
const data = join(home, 'data')

type Done = { readonly code: number | null; readonly out: string; readonly err: string }

function tocsin(args: readonly string[], env: { readonly [name: string]: string } = {}): Done {
  const ended = spawnSync(TOCSIN, args, {
    cwd: home,
    encoding: 'utf8',
    env: { ...process.env, XDG_STATE_HOME: join(home, 'state'), TOCSIN_DATA: data, ...env },
  })
  return { code: ended.status, out: ended.stdout, err: ended.stderr }
}

function ok(args: readonly string[], env?: { readonly [name: string]: string }): string {
  const { code, out, err } = tocsin(args, env)
  assert.equal(code, 0, `${args.join(' ')}\n${out}${err}`)
  return out
}

const LOG = [
  '10.0.0.1 - alice [24/Nov/2026:08:00:00 +0000] "POST /v1/chat/completions HTTP/1.1" 200 812 "-" "curl/8"',
  '10.0.0.1 - alice [24/Nov/2026:08:00:02 +0000] "POST /v1/chat/completions HTTP/1.1" 429 60 "-" "curl/8"',
  '10.0.0.9 - - [24/Nov/2026:08:00:03 +0000] "GET /favicon.ico HTTP/1.1" 404 0 "-" "Mozilla/5.0"',
]

before(() => writeFileSync(join(home, 'access.log'), `${LOG.join('\n')}\n`))
after(() => rmSync(home, { recursive: true, force: true }))

describe('words and exit codes', () => {
  it('help and version end well, a wrong command does not', () => {
    assert.match(ok(['--help']), /events +Search and follow events/)
    assert.match(ok(['--version']), /^\d+\.\d+\.\d+$/m)
    assert.equal(tocsin(['evnts']).code, 2)
    assert.match(tocsin(['evnts']).err, /Did you mean events/i)
    assert.equal(tocsin(['verify']).code, 2)
  })

  it('says what, where and what to do', () => {
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['summary', 'nowhere.log'], 5, /neither a file nor a directory nowhere\.log/],
      [['import', 'access.log', '--format', 'xml'], 2, /"xml" is no format; there are .*combined/],
      [['import', 'nowhere.log', '--format', 'jsonl'], 5, /no file nowhere\.log/],
      [['verify', home], 1, /holds no log/],
      [
        ['keys', 'create', '--name', 'a', '--scope', 'everything'],
        1,
        /"everything" is not a scope; use any of ingest/,
      ],
      [['keys', 'create', '--name', 'a b', '--scope', 'read'], 1, /a key name has 1 to 64/],
      [['serve', '--listen', '0.0.0.0:0'], 1, /can be reached from other machines.*--tls-cert/],
      [['serve', '--listen', 'nonsense'], 2, /write it as host:port/],
      [['serve', '--follow', '/var/log/x'], 2, /write format:path/],
      [['serve', '--follow', 'xml:/var/log/x'], 2, /"xml" is no format; there are/],
      [['events', 'search', '*', '--limit', '0'], 2, /--limit takes a whole number from 1 on/],
      [['events', 'search', '*'], 7, /no server answers at http:\/\/127\.0\.0\.1:1/],
    ]
    for (const [args, code, words] of cases) {
      const done = tocsin(args, { TOCSIN_URL: args[0] === 'events' ? 'http://127.0.0.1:1' : '' })
      assert.equal(done.code, code, `${args.join(' ')}\n${done.err}`)
      assert.match(done.err, words)
      assert.ok(!/\n\s+at /.test(done.err), 'a stack is no sentence')
    }
  })

  it('shows how a sample is understood before anything is connected', () => {
    const shown = ok(['capture', 'test', 'combined', 'access.log'])
    assert.match(shown, /3 of 3 lines understood \(2 ai\.invoke, 1 http\.request\)/)
    assert.match(shown, /actor\.id +alice/)
    assert.match(shown, /Questions that this log leaves open/)
    const report = JSON.parse(ok(['capture', 'test', 'combined', 'access.log', '--json']))
    assert.equal(report.understood, 3)
    assert.equal(tocsin(['capture', 'test', 'nginx-json', 'access.log']).code, 3)
  })
})

describe('a data directory that nobody serves', () => {
  it('makes its first key before the first start, and shows it once', () => {
    const made = JSON.parse(
      ok(['keys', 'create', '--name', 'app', '--scope', 'ingest,read', '--json']),
    )
    assert.match(made.key, /^tocsin_key_[0-9A-Za-z]{36}$/)
    assert.ok(!ok(['keys', 'list', '--json']).includes(made.key))
    assert.match(ok(['keys', 'list']), /app +ingest,read/)
  })

  it('imports a file once, however often it is told to, and under another name', () => {
    assert.match(ok(['import', 'access.log', '--format', 'combined']), /^3 events stored/)
    cpSync(join(home, 'access.log'), join(home, 'access.log.1'))
    const again = JSON.parse(ok(['import', 'access.log.1', '--format', 'combined', '--json']))
    assert.deepEqual([again.stored, again.duplicate], [0, 3])
    appendFileSync(join(home, 'access.log'), 'this is no log line\n')
    const { code, out } = tocsin(['import', 'access.log', '--format', 'combined'])
    assert.equal(code, 6)
    assert.match(out, /0 events stored, 3 already stored, 1 refused/)
  })

  it('sums up the same from the file and from the directory', () => {
    const groups = (where: string) =>
      JSON.parse(ok(['summary', where, '--by', 'source.ip', '--query', 'source.ip:*', '--json']))
        .groups
    assert.deepEqual(groups(data), groups('access.log'))
    const cut = tocsin(['summary', 'access.log', '--by', 'actor.id', '--limit', '1'])
    assert.match(cut.err, /At most 1, those with the most requests; --limit shows further/)
    const table = ok(['summary', 'access.log', '--by', 'actor.id'])
    assert.match(table, /alice +2 +1 +0 +872 +2026-11-24T08:00:00 +2026-11-24T08:00:02/)
  })
})

describe('verify', () => {
  const shard = () => readdirSync(join(data, 'log'))[0] ?? ''
  const log = () => join(data, 'log', shard())

  function filesBelow(directory: string): readonly string[] {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .map(name => join(directory, name))
      .filter(path => statSync(path).isFile())
  }

  it('is satisfied by the log and remembers what it saw', () => {
    assert.match(ok(['verify', data]), /^INTACT .*no earlier checkpoint known/s)
    assert.match(ok(['verify', data]), /contains your checkpoint of/)
    assert.match(ok(['verify', log()]), /^INTACT/)
    const { kind, trust } = JSON.parse(ok(['verify', data, '--json']))
    assert.deepEqual([kind, trust], ['intact', 'known logs'])
  })

  it('never takes the key from the directory by itself', () => {
    const stranger = { XDG_STATE_HOME: join(home, 'elsewhere') }
    const refused = tocsin(['verify', data], stranger)
    assert.equal(refused.code, 1)
    assert.match(refused.err, /not known here.*--vkey FILE/)
    const named = tocsin(['verify', data, '--trust-directory'], stranger)
    assert.equal(named.code, 0)
    assert.match(named.out, /shows only that the log agrees with itself/)
    cpSync(join(log(), 'log.vkey'), join(home, 'pinned.vkey'))
    assert.match(ok(['verify', data, '--vkey', 'pinned.vkey'], stranger), /key given by --vkey/)
  })

  it('ends with 3 for one changed byte in any file of the log or its payloads', () => {
    for (const path of [...filesBelow(log()), ...filesBelow(join(data, 'payloads'))]) {
      const good = readFileSync(path)
      const bad = Buffer.from(good)
      const at = Math.floor(good.length / 2)
      bad[at] = (bad[at] ?? 0) ^ 1
      writeFileSync(path, bad)
      const { code, out } = tocsin(['verify', data])
      writeFileSync(path, good)
      assert.equal(code, 3, `${path}\n${out}`)
      assert.match(out, /^BROKEN/)
    }
    ok(['verify', data])
  })

  it('ends with 3 for a removed file', () => {
    for (const path of [...filesBelow(log()), ...filesBelow(join(data, 'payloads'))]) {
      // A partial tile of an earlier size may be gone; the newest ones may not.
      const good = readFileSync(path)
      unlinkSync(path)
      const { code } = tocsin(['verify', data])
      writeFileSync(path, good)
      const isOld = /\.p\/\d+$/.test(path) && code === 0
      assert.ok(code === 3 || isOld, path)
    }
    ok(['verify', data])
  })

  it('ends with 3 for a copy from yesterday, by what it remembers and by what it is given', () => {
    const yesterday = join(home, 'yesterday')
    cpSync(data, yesterday, { recursive: true })
    writeFileSync(join(home, 'more.log'), `${LOG[0]?.replace('08:00:00', '09:00:00')}\n`)
    ok(['import', 'more.log', '--format', 'combined'])
    cpSync(join(log(), 'checkpoint'), join(home, 'newest'))
    ok(['verify', data])
    const rolledBack = tocsin(['verify', yesterday])
    assert.equal(rolledBack.code, 3)
    assert.match(rolledBack.out, /rollback/)
    const fresh = { XDG_STATE_HOME: join(home, 'third') }
    const pinned = ['--vkey', 'pinned.vkey']
    assert.equal(tocsin(['verify', yesterday, ...pinned, '--since', 'newest'], fresh).code, 3)
    assert.equal(tocsin(['verify', data, ...pinned, '--since', 'newest'], fresh).code, 0)
  })
})

describe('a server', () => {
  const children: ChildProcess[] = []
  after(() => {
    for (const child of children) child.kill('SIGKILL')
  })

  function serve(args: readonly string[] = []): Promise<{ child: ChildProcess; url: string }> {
    const child = spawn(TOCSIN, ['serve', '--listen', '127.0.0.1:0', ...args], {
      cwd: home,
      env: { ...process.env, XDG_STATE_HOME: join(home, 'state'), TOCSIN_DATA: data },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    return new Promise((resolve, reject) => {
      let text = ''
      child.stderr?.setEncoding('utf8').on('data', (part: string) => {
        text += part
        const url = /listens on (http:\/\/\S+)/.exec(text)?.[1]
        if (url) resolve({ child, url })
      })
      child.on('exit', code => reject(new Error(`serve ended with ${code}: ${text}`)))
    })
  }

  it('is found by its data directory, owns it, and lets go of it in order', async () => {
    const { child, url } = await serve()
    await until(() => count('actor.id:alice') === 3)
    assert.match(ok(['summary', data]), /alice/)
    assert.match(ok(['summary', url], { TOCSIN_API_KEY: key() }), /alice/)
    ok(['keys', 'create', '--name', 'while-running', '--scope', 'read'])
    const second = tocsin(['serve', '--listen', '127.0.0.1:0'])
    assert.equal(second.code, 1)
    assert.match(second.err, /is in use by process \d+ at http/)
    ok(['verify', url])
    const ended = new Promise(resolve => child.on('exit', resolve))
    child.kill('SIGTERM')
    assert.equal(await ended, 0)
    ok(['verify', data])
  })

  const key = () => ok(['keys', 'create', '--name', `k${Date.now()}`, '--scope', 'read']).trim()

  it('says that its port is taken', async () => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' ? address?.port : 0
    const { code, err } = tocsin(['serve', '--listen', `127.0.0.1:${port}`])
    other.close()
    assert.equal(code, 1)
    assert.match(err, /another program listens on 127\.0\.0\.1:\d+; stop it, or set TOCSIN_LISTEN/)
    ok(['verify', data])
  })

  it('follows a file, and goes on where it was after SIGKILL', async () => {
    const path = join(home, 'live.log')
    const line = (i: number) =>
      `10.1.1.1 - bob [24/Nov/2026:10:${String(i % 60).padStart(2, '0')}:00 +0000] "GET /${i} HTTP/1.1" 200 1 "-" "-"\n`
    writeFileSync(path, [0, 1, 2].map(line).join(''))
    const args = ['--follow', `combined:${path}`]
    const first = await serve(args)
    await until(() => count('actor.id:bob') === 3)
    first.child.kill('SIGKILL')
    await new Promise(resolve => first.child.on('exit', resolve))
    appendFileSync(path, [3, 4].map(line).join(''))
    const { child } = await serve(args)
    await until(() => count('actor.id:bob') === 5)
    appendFileSync(path, line(5))
    await until(() => count('actor.id:bob') === 6)
    child.kill('SIGTERM')
    await new Promise(resolve => child.on('exit', resolve))
    ok(['verify', data])
  })

  function count(query: string): number {
    const { code, out } = tocsin(['events', 'search', query, '--limit', '100', '--json'])
    return code === 0 || code === 6 ? JSON.parse(out).events.length : -1
  }

  async function until(isSo: () => boolean): Promise<void> {
    for (let tries = 0; tries < 60; tries++) {
      if (isSo()) return
      await new Promise(resolve => setTimeout(resolve, 250))
    }
    assert.fail('it did not happen within 15 s')
  }
})
