// A real nginx writes the documented log_format (docs/guides/nginx-log-format.conf) and, beside it,
// its own combined format; both are followed across a rotation with SIGUSR1, and each request that
// was made is found, once, as what it was. Requests that are no HTTP, bytes that are no UTF-8 and
// clients that go away are part of it.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { WireEvent } from '@tocsin/sdk/event'
import { systemClock } from '../../packages/server/src/base/clock.ts'
import { type FollowPosition, followFile } from '../../packages/server/src/capture/follow/follow.ts'
import { findFormat } from '../../packages/server/src/capture/formats/formats.ts'
import { needProgram, REPOSITORY } from '../need.ts'

const skip = needProgram('nginx')
const SNIPPET = join(REPOSITORY, 'docs/guides/nginx-log-format.conf')

let directory: string
let upstream: Server
let nginx: ChildProcess
let port: number

describe('nginx in front of a model server', { skip }, () => {
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'tocsin-nginx-'))
    upstream = createServer((request, response) => {
      response.setHeader('X-Model', 'iris')
      response.setHeader('X-Model-Version', '3')
      if (request.url === '/v1/chat/completions') {
        response.write('data: 1\n\n')
        const timer = setInterval(() => response.write('data: 2\n\n'), 20)
        response.on('close', () => clearInterval(timer))
        return
      }
      request
        .resume()
        .on('end', () => response.writeHead(200, { 'Content-Length': 11 }).end('{"ok":true}'))
    })
    await listening(upstream)
    port = await freePort()
    const config = join(directory, 'nginx.conf')
    writeFileSync(config, nginxConf())
    nginx = spawn('nginx', ['-c', config, '-p', directory, '-g', 'daemon off;'], {
      stdio: 'ignore',
    })
    await answering()
  })

  after(async () => {
    nginx?.kill('SIGTERM')
    if (nginx) await once(nginx, 'exit')
    upstream?.closeAllConnections()
    upstream?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  it('each request is one event, in both formats and across a rotation', async () => {
    const json = follow('access.json', 'nginx-json')
    const clf = follow('access.log', 'combined')
    await raw(
      'POST /v2/models/iris/infer?token=secret HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}',
    )
    await raw(
      'GET /static?q=secret HTTP/1.1\r\nHost: x\r\nUser-Agent: a"b\\\xff\xe9\r\n\r\n',
      'latin1',
    )
    await rotate()
    await raw('\x16\x03\x01\x02\x00\r\n\r\n', 'latin1')
    await raw('GET /denied HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWxpY2U6eA==\r\n\r\n')
    await raw('POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
    await setTimeout(600)
    const events = await json.stop()
    const plain = await clf.stop()

    assert.deepEqual(events.map(summary), [
      'ai.invoke infer POST /v2/models/{model}/infer success 200 ip:127.0.0.1',
      'http.request read GET /static success 200 ip:127.0.0.1',
      'http.request unknown undefined failure 400 ip:127.0.0.1',
      'http.request read GET /denied denied 403 alice',
      'ai.invoke chat POST /v1/chat/completions success 200 ip:127.0.0.1',
    ])
    const [infer, page, , , stream] = events
    assert.deepEqual(infer?.model, { requested: 'iris', served: 'iris', version: '3' })
    assert.equal(infer?.bytes?.out, 11)
    assert.match(infer?.requestId ?? '', /^[0-9a-f]{32}$/)
    assert.equal(page?.source?.userAgent, 'a"b\\\\xFF\\xE9')
    assert.deepEqual([stream?.aborted, stream?.reasonCode], [true, 'client_abort'])
    assert.ok(!JSON.stringify([events, plain]).includes('secret'))
    assert.ok(!readFileSync(join(directory, 'access.json.1'), 'utf8').includes('secret'))
    // The combined format cannot say that the stream was cut, nor which model answered.
    assert.deepEqual(plain.map(summary), events.map(summary))
    assert.equal(plain[1]?.source?.userAgent, page?.source?.userAgent)
  })
})

function summary(event: WireEvent): string {
  const { kind, operation, endpoint, outcome, status, actor } = event
  return `${kind} ${operation} ${endpoint} ${outcome} ${status} ${actor.id}`
}

function nginxConf(): string {
  const { port: upstreamPort } = upstream.address() as AddressInfo
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${directory}/tmp;`)
    .join('\n')
  return `
    pid ${directory}/pid; error_log ${directory}/error.log; worker_processes 1;
    events { worker_connections 64; }
    http {
      include ${SNIPPET};
      access_log ${directory}/access.json tocsin;
      access_log ${directory}/access.log combined;
      ${temporary}
      server {
        listen 127.0.0.1:${port};
        location /ready { access_log off; return 204; }
        location /static { return 200 "page"; }
        location /denied { return 403; }
        location / { proxy_pass http://127.0.0.1:${upstreamPort}; proxy_buffering off; }
      }
    }`
}

async function listening(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await listening(probe)
  const { port: free } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return free
}

async function answering(): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null)
    if (answer?.status === 204) return
    await setTimeout(50)
  }
  assert.fail(`nginx does not answer: ${readFileSync(join(directory, 'error.log'), 'utf8')}`)
}

/** Sends bytes as they are, waits a moment for the answer, and hangs up. */
async function raw(text: string, encoding: 'utf8' | 'latin1' = 'utf8'): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.resume().write(Buffer.from(text, encoding))
  await setTimeout(150)
  socket.destroy()
  await setTimeout(50)
}

/** As logrotate does: rename, then tell nginx to open its logs again. */
async function rotate(): Promise<void> {
  for (const name of ['access.json', 'access.log']) {
    renameSync(join(directory, name), join(directory, `${name}.1`))
  }
  process.kill(Number(readFileSync(join(directory, 'pid'), 'utf8')), 'SIGUSR1')
  await setTimeout(300)
}

type Following = { stop(): Promise<readonly WireEvent[]> }

function follow(name: string, formatName: string): Following {
  const format = findFormat(formatName) ?? assert.fail(formatName)
  const stop = new AbortController()
  const events: WireEvent[] = []
  let saved: FollowPosition | null = null
  const done = followFile(
    { path: join(directory, name), invalidUtf8: format.invalidUtf8, pollMs: 20 },
    {
      store: {
        load: async () => saved,
        save: async position => {
          saved = position
        },
      },
      consumer: {
        async lines({ lines }) {
          for (const line of lines) {
            assert.equal(line.kind, 'line')
            if (line.kind !== 'line') continue
            const context = { nowMs: systemClock.nowMs(), source: name }
            const parsed = format.parseLine(line.text, context)
            assert.equal(parsed.kind, 'event', line.text)
            if (parsed.kind === 'event') events.push(parsed.event)
          }
        },
        gap: async gap => assert.fail(gap.detail),
      },
      clock: systemClock,
      sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => {}),
      report: () => {},
    },
    stop.signal,
  )
  return {
    async stop() {
      stop.abort()
      await done
      return events
    },
  }
}
