// A real nginx under traffic, its log rotated by a real logrotate, followed by a server that is
// killed with SIGKILL again and again: the events are exactly the requests.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { needProgram, REPOSITORY } from '../need.ts'
import { endProcess, execute, freePort, Live, untilAnswers } from './live.ts'

const ROUNDS = 4
const CLIENTS = 3
const ARRIVE_MS_MAX = 60_000
/** Long enough for a line that was read twice to show. */
const LATE_MS = 1500

let live: Live
let nginx: ChildProcess
let port: number
let logs: string
/** Requests answered, by model. */
const answered = new Map<string, number>()

describe('a log of nginx, followed', {
  skip: needProgram('nginx') || needProgram('logrotate'),
}, () => {
  before(async () => {
    live = await Live.create()
    port = await freePort()
    logs = join(live.home, 'logs')
    mkdirSync(logs, { mode: 0o755 })
    writeFileSync(join(live.home, 'nginx.conf'), nginxConf())
    writeFileSync(join(live.home, 'rotate.conf'), rotateConf(), { mode: 0o644 })
    nginx = spawn('nginx', ['-c', join(live.home, 'nginx.conf'), '-p', live.home], {
      stdio: 'ignore',
    })
    await untilAnswers(`http://127.0.0.1:${port}/ready`)
  })

  after(async () => {
    if (nginx) await endProcess(nginx, 'SIGTERM')
    await live?.remove()
  })

  it('is counted exactly, through rotations and kills', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await live.start(['--follow', `nginx-json:${join(logs, 'access.json')}`])
      const stop = new AbortController()
      const traffic = Array.from({ length: CLIENTS }, (_, n) => clients(n, stop.signal))
      await setTimeout(300)
      if (round !== 0) await rotate()
      await setTimeout(200)
      await live.kill()
      // Nobody follows now; in one round the log is rotated meanwhile, as well.
      if (round === 2) await rotate()
      await setTimeout(200)
      stop.abort()
      await Promise.all(traffic)
    }
    await live.start(['--follow', `nginx-json:${join(logs, 'access.json')}`])
    const total = [...answered.values()].reduce((a, b) => a + b)
    assert.ok(total > 100, `${total} requests`)
    const until = Date.now() + ARRIVE_MS_MAX
    while ((await counted()).total < total && Date.now() < until) await setTimeout(300)
    await setTimeout(LATE_MS)
    assert.deepEqual((await counted()).groups, new Map([...answered].sort()))
    assert.ok(readdirSync(logs).length > 3, 'the log was rotated')
  })

  it('is the log that nginx wrote, line for line, and can be proved', async () => {
    await live.indexed()
    const lines = readdirSync(logs).flatMap(name =>
      readFileSync(join(logs, name), 'utf8').trimEnd().split('\n'),
    )
    assert.equal((await counted()).total, lines.filter(line => line !== '').length)
    await live.stop()
    const { code, out, err } = await live.tocsin(['verify', live.data])
    assert.equal(code, 0, out + err)
  })
})

function nginxConf(): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${live.home}/tmp;`)
    .join('\n')
  return `
    daemon off; pid ${live.home}/nginx.pid; error_log ${live.home}/error.log; worker_processes 2;
    events { worker_connections 64; }
    http {
      include ${join(REPOSITORY, 'docs/guides/nginx-log-format.conf')};
      access_log ${logs}/access.json tocsin;
      ${temporary}
      server {
        listen 127.0.0.1:${port};
        location /ready { access_log off; return 204; }
        location /v2/models/ { return 200 "ok"; }
      }
    }`
}

function rotateConf(): string {
  return `${logs}/access.json {
    rotate 20
    missingok
    nocompress
    sharedscripts
    postrotate
      kill -USR1 $(cat ${live.home}/nginx.pid)
    endscript
  }`
}

async function rotate(): Promise<void> {
  const args = [
    '--force',
    '--state',
    join(live.home, 'rotate.state'),
    join(live.home, 'rotate.conf'),
  ]
  const { code, err } = await execute('logrotate', args, { cwd: live.home })
  assert.equal(code, 0, err)
}

async function clients(n: number, signal: AbortSignal): Promise<void> {
  const model = `model-${n}`
  while (!signal.aborted) {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/models/${model}/infer`, {
      method: 'POST',
      body: '{}',
    })
    assert.equal(await answer.text(), 'ok')
    answered.set(model, (answered.get(model) ?? 0) + 1)
    await setTimeout(5)
  }
}

type Counted = { readonly groups: ReadonlyMap<string, number>; readonly total: number }

async function counted(): Promise<Counted> {
  const args = ['summary', live.data, '--by', 'model.requested', '--query', 'source.ip:127.0.0.1']
  const { code, out, err } = await live.tocsin([...args, '--json'])
  assert.ok(code === 0 || code === 6, err)
  const groups = parseGroups(out).map((g): [string, number] => [String(g.group[0]), g.requests])
  const total = groups.reduce((sum, [, requests]) => sum + requests, 0)
  return { groups: new Map(groups.sort()), total }
}

type Group = { readonly group: readonly (string | null)[]; readonly requests: number }

function parseGroups(text: string): readonly Group[] {
  return JSON.parse(text).groups
}
