// What asking for decisions and following them costs: `/v1/decide` over HTTP to the real server,
// with a table of decisions in it, on one core (counted are answers per second of the server's CPU
// time, all its threads together; the sender runs in this process). Then how long a change takes
// from the request that makes it to a follower that waits for it. The floor is measured in the same
// run: a bare node:http server that parses the same body and answers the same bytes.
//
//   node bench/decide.ts [requests] [decisions in the table]

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const REQUESTS = Number(process.argv[2] ?? 100_000)
const DECISIONS = Number(process.argv[3] ?? 200)
const CONNECTIONS = 16
const CHANGES = 100
const TICKS_PER_S = 100
const ROOT = join(import.meta.dirname, '..')

const BARE = `require('node:http').createServer((q, r) => {
  let body = ''
  q.on('data', part => (body += part)).on('end', () => {
    JSON.parse(body)
    r.setHeader('content-type', 'application/json')
    r.end('{"decision":"allow","reason":null,"until":null}')
  })
}).listen(0, '127.0.0.1', function () { console.error('listens on http://127.0.0.1:' + this.address().port) })`

type Server = { readonly child: ChildProcess; readonly url: URL; readonly key: string }

async function listening(child: ChildProcess): Promise<URL> {
  const found = Promise.withResolvers<URL>()
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    text += part
    const url = /listens on (\S+)/.exec(text)?.[1]
    if (url) found.resolve(new URL(url))
  })
  child.once('exit', () => found.reject(new Error(text)))
  return found.promise
}

async function start(data: string): Promise<Server> {
  const env = { ...process.env, TOCSIN_DATA: data, XDG_STATE_HOME: join(data, 'home') }
  const program = join(ROOT, 'node_modules/.bin/tocsin')
  const child = spawn(program, ['serve', '--listen', '127.0.0.1:0'], {
    env,
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const url = await listening(child)
  await new Promise(resolve => setTimeout(resolve, 500))
  const local: { apiKey: string } = JSON.parse(readFileSync(join(data, 'local.json'), 'utf8'))
  return { child, url, key: local.apiKey }
}

function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
}

function requestOf(path: string, key: string, body: string): string {
  const head = `POST ${path} HTTP/1.1\r\nhost: t\r\nauthorization: Bearer ${key}\r\n`
  const length = Buffer.byteLength(body)
  return `${head}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`
}

/** One connection that asks again as soon as it is answered; the times of its answers, ms. */
function ask(url: URL, requests: readonly string[], times: number[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect(Number(url.port), url.hostname)
  socket.setNoDelay(true)
  let next = 0
  let began = 0
  const send = () => {
    const request = requests[next++]
    if (request === undefined) {
      socket.destroy()
      return resolve()
    }
    began = performance.now()
    socket.write(request)
  }
  let rest = ''
  socket.setEncoding('latin1')
  socket.on('connect', send)
  socket.on('error', reject)
  socket.on('data', (part: string) => {
    rest += part
    const end = rest.indexOf('\r\n\r\n')
    const length = Number(/content-length: (\d+)/i.exec(rest)?.[1] ?? Number.NaN)
    if (end === -1 || rest.length < end + 4 + length) return
    if (!rest.startsWith('HTTP/1.1 200')) reject(new Error(rest.slice(0, 300)))
    times.push(performance.now() - began)
    rest = ''
    send()
  })
  return promise
}

async function load(name: string, server: Server, bodies: readonly string[]): Promise<number> {
  const each = Math.ceil(REQUESTS / CONNECTIONS)
  const times: number[] = []
  const lists = Array.from({ length: CONNECTIONS }, (_, c) =>
    Array.from({ length: each }, (_, i) =>
      requestOf('/v1/decide', server.key, bodies[(i * CONNECTIONS + c) % bodies.length] ?? ''),
    ),
  )
  const cpu = cpuSeconds(server.child)
  const began = performance.now()
  await Promise.all(lists.map(list => ask(server.url, list, times)))
  const seconds = (performance.now() - began) / 1000
  const used = cpuSeconds(server.child) - cpu
  const perCore = (each * CONNECTIONS) / used
  times.sort((a, b) => a - b)
  const at = (q: number) => (times[Math.floor(times.length * q)] ?? 0).toFixed(2)
  console.log(
    `${name}: ${Math.round(perCore)} answers/s of one core (${((used / each / CONNECTIONS) * 1e6).toFixed(0)} µs each), ` +
      `${Math.round((each * CONNECTIONS) / seconds)}/s here, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  )
  return perCore
}

async function post(server: Server, path: string, body: object): Promise<{ readonly id: string }> {
  const response = await fetch(new URL(path, server.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(await response.text())
  return response.json() as Promise<{ readonly id: string }>
}

const deny = (actor: string) => ({ actor, action: { kind: 'deny' }, minutes: 60, reason: 'bench' })

/** From the request that changes something to the answer that a waiting follower has. */
async function measureChanges(server: Server): Promise<void> {
  const follow = async (after: string) => {
    const url = new URL(`/v1/decisions?wait=20&after=${encodeURIComponent(after)}`, server.url)
    const response = await fetch(url, { headers: { authorization: `Bearer ${server.key}` } })
    return (await response.json()) as {
      readonly cursor: string
      readonly entries: readonly object[]
    }
  }
  let { cursor } = await follow('')
  const times: number[] = []
  for (let i = 0; i < CHANGES; i++) {
    const waiting = follow(cursor)
    await new Promise(resolve => setTimeout(resolve, 5))
    const began = performance.now()
    const made = post(server, '/v1/responses', deny(`changed-${i}`))
    const answer = await waiting
    times.push(performance.now() - began)
    if (answer.entries.length !== 1) throw new Error(JSON.stringify(answer))
    cursor = answer.cursor
    await made
  }
  times.sort((a, b) => a - b)
  const at = (q: number) => (times[Math.floor(times.length * q)] ?? 0).toFixed(1)
  console.log(
    `a change at a follower that waits: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (durable first)`,
  )
}

const data = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
const server = await start(data)
const bareChild = spawn(process.execPath, ['-e', BARE], { stdio: ['ignore', 'inherit', 'pipe'] })
const bare: Server = { child: bareChild, url: await listening(bareChild), key: server.key }
try {
  for (let i = 0; i < DECISIONS; i++) await post(server, '/v1/responses', deny(`denied-${i}`))
  const body = (actor: string) =>
    JSON.stringify({ actor, session: 's-1', operation: 'read', resource: 'customers', rows: 5000 })
  const allowed = Array.from({ length: 1000 }, (_, i) => body(`svc-${i}`))
  const denied = Array.from({ length: DECISIONS }, (_, i) => body(`denied-${i}`))
  await load('warm-up         ', server, allowed)
  const floor = await load('bare node:http  ', bare, allowed)
  const perCore = await load('allowed         ', server, allowed)
  await load('denied          ', server, denied)
  console.log(`${(floor / perCore).toFixed(2)} times the floor`)
  await measureChanges(server)
} finally {
  server.child.kill()
  bareChild.kill()
  await new Promise(resolve => server.child.once('exit', resolve))
  rmSync(data, { recursive: true, force: true })
}
