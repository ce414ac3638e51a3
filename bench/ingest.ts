// What storing an event costs: NDJSON over HTTP to the real server, sealed and indexed. Two phases:
// at saturation (8 connections), and at half of that rate, for the latency of acknowledgements. CPU
// is counted per thread from /proc; the sender runs in this process and is not counted. Machines
// differ by half an hour more than by their names, so the floor is measured in the same run: what
// Node's own parser, printer, cipher and hash take for the same events, on one thread.
//
//   node bench/ingest.ts [events] [events per batch]

import { type ChildProcess, spawn } from 'node:child_process'
import { createCipheriv, hash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createWorld } from '@tocsin/simulate/simulate'

const EVENTS = Number(process.argv[2] ?? 1_000_000)
const BATCH = Number(process.argv[3] ?? 500)
const CONNECTIONS = 8
const TICKS_PER_S = 100
const ROOT = join(import.meta.dirname, '..')

type Server = {
  readonly child: ChildProcess
  readonly url: URL
  readonly data: string
  readonly key: string
}

async function start(): Promise<Server> {
  const data = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
  const env = { ...process.env, TOCSIN_DATA: data, XDG_STATE_HOME: join(data, 'home') }
  const tocsin = join(ROOT, 'node_modules/.bin/tocsin')
  const child = spawn(tocsin, ['serve', '--listen', '127.0.0.1:0'], {
    env,
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const url = await new Promise<string>(resolve => {
    let text = ''
    child.stderr?.setEncoding('utf8').on('data', (part: string) => {
      text += part
      const found = /listens on (\S+)/.exec(text)?.[1]
      if (found) resolve(found)
    })
  })
  const local: { apiKey: string } = JSON.parse(readFileSync(join(data, 'local.json'), 'utf8'))
  return { child, url: new URL(url), data, key: local.apiKey }
}

/** Batches of the simulated month; later rounds get other ids, so that nothing is a duplicate. */
function makeBatches(): readonly Buffer[] {
  const world = createWorld({ seed: 1 })
  const now = Date.now() - 3_600_000
  const events = [...world.events(now - 30 * 86_400_000, now)]
  const batches: Buffer[] = []
  let lines: string[] = []
  for (let i = 0; i < EVENTS; i++) {
    const event = events[i % events.length]
    const round = Math.floor(i / events.length)
      .toString(16)
      .padStart(4, '0')
    lines.push(JSON.stringify({ ...event, id: `${event?.id?.slice(0, -4)}${round}` }))
    if (lines.length === BATCH || i === EVENTS - 1) {
      batches.push(Buffer.from(`${lines.join('\n')}\n`))
      lines = []
    }
  }
  return batches
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })

function send({ url, key }: Server, body: Buffer): Promise<number> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/x-ndjson',
      'content-length': body.length,
    }
    const sent = request(
      { agent, host: url.hostname, port: url.port, path: '/v1/events', method: 'POST', headers },
      answer => {
        answer.resume()
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(performance.now() - began)
          else reject(new Error(`status ${answer.statusCode}`))
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

async function sendUntilTaken(
  server: Server,
  body: Buffer,
  waits: { count: number },
): Promise<number> {
  for (;;) {
    try {
      return await send(server, body)
    } catch (error) {
      if (!/status 503/.test(String(error))) throw error
      waits.count += 1
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}

/** CPU seconds of each thread of a process, by name. */
function threadSeconds(pid: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  const order = new Map<string, number>()
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8')
    const name = /\((.*)\)/.exec(stat)?.[1] ?? ''
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const seconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
    const place = order.get(name) ?? 0
    order.set(name, place + 1)
    const label = name === 'WorkerThread' ? `${name} ${place + 1}` : name
    found.set(label, (found.get(label) ?? 0) + seconds)
  }
  return found
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

function latencyText(values: readonly number[]): string {
  return `p50 ${percentile(values, 0.5).toFixed(1)} ms, p99 ${percentile(values, 0.99).toFixed(1)} ms`
}

async function indexedSize({ url }: Server): Promise<{ size: number; indexed: number }> {
  const answer = await fetch(new URL('/healthz', url))
  return (await answer.json()) as { size: number; indexed: number }
}

/** Hashes of an event: digest, commitment, tag (two each as HMAC), cipher text, leaf. */
const HASHES = 8

/** CPU µs per event of what no implementation in Node can leave out. */
function floorMicros(batches: readonly Buffer[]): number {
  const lines = batches.slice(0, 40).flatMap(batch => batch.toString('utf8').trimEnd().split('\n'))
  const [key, nonce] = [randomBytes(32), randomBytes(12)]
  const rounds: number[] = []
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage()
    for (const line of lines) {
      const bytes = Buffer.from(JSON.stringify(JSON.parse(line)))
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const sealed = cipher.update(bytes)
      cipher.final()
      cipher.getAuthTag()
      for (let i = 0; i < HASHES; i++) hash('sha256', sealed.subarray(0, 251), 'latin1')
    }
    const { user, system } = process.cpuUsage(before)
    rounds.push((user + system) / lines.length)
  }
  return Math.min(...rounds)
}

async function main(): Promise<void> {
  const batches = makeBatches()
  const floorBefore = floorMicros(batches)
  const bytes = batches.reduce((sum, b) => sum + b.length, 0)
  const server = await start()
  const pid = server.child.pid ?? 0
  const before = threadSeconds(pid)
  const half = Math.floor(batches.length * 0.8)
  const waits = { count: 0 }
  const began = performance.now()
  let next = 0
  const saturated: number[] = []
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (next < half) {
        const body = batches[next++]
        if (body) saturated.push(await sendUntilTaken(server, body, waits))
      }
    }),
  )
  const acknowledgedS = (performance.now() - began) / 1000
  while (true) {
    const { size, indexed } = await indexedSize(server)
    if (indexed >= size) break
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  const indexedS = (performance.now() - began) / 1000
  const after = threadSeconds(pid)
  const events = Math.min(half * BATCH, EVENTS)
  const rate = events / indexedS
  // Half load: one batch every so often, whatever the answers take.
  const everyMs = (1000 * BATCH) / (rate / 2)
  const paced: Promise<number>[] = []
  for (let i = half; i < batches.length; i++) {
    const body = batches[i]
    if (body) paced.push(sendUntilTaken(server, body, waits))
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
  const latencies = await Promise.all(paced)
  const rssMb =
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  const peakMb =
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

  console.log(
    `${events} events of ${Math.round(bytes / EVENTS)} bytes, batches of ${BATCH}, ${CONNECTIONS} connections`,
  )
  console.log(
    `acknowledged ${Math.round(events / acknowledgedS)}/s, sealed and indexed ${Math.round(rate)}/s`,
  )
  console.log(`at saturation ${latencyText(saturated)}; asked to wait ${waits.count} times`)
  console.log(`at half load (${Math.round(rate / 2)}/s) ${latencyText(latencies)}`)
  let total = 0
  for (const [name, seconds] of after) {
    const micros = ((seconds - (before.get(name) ?? 0)) * 1e6) / events
    total += micros
    if (micros >= 0.1)
      console.log(`  ${name.padEnd(22)} ${micros.toFixed(1).padStart(6)} µs CPU per event`)
  }
  console.log(`  ${'together'.padEnd(22)} ${total.toFixed(1).padStart(6)} µs CPU per event`)
  const floor = (floorBefore + floorMicros(batches)) / 2
  console.log(
    `  ${'floor in this run'.padEnd(22)} ${floor.toFixed(1).padStart(6)} µs: ${(total / floor).toFixed(1)} times it`,
  )
  console.log(`resident ${Math.round(rssMb)} MB at the end, ${Math.round(peakMb)} MB at most`)
  await verifyAfter(server)
}

async function verifyAfter(server: Server): Promise<void> {
  const ended = new Promise(resolve => server.child.on('exit', resolve))
  server.child.kill('SIGTERM')
  await ended
  const env = { ...process.env, XDG_STATE_HOME: join(server.data, 'home') }
  const began = performance.now()
  const child = spawn(join(ROOT, 'node_modules/.bin/tocsin'), ['verify', server.data], {
    env,
    stdio: 'inherit',
  })
  const code = await new Promise(resolve => child.on('exit', resolve))
  console.log(`tocsin verify: exit ${code} in ${((performance.now() - began) / 1000).toFixed(1)} s`)
  console.log(`directory ${Math.round(sizeOf(server.data) / 1e6)} MB`)
  rmSync(server.data, { recursive: true, force: true })
}

function sizeOf(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).reduce(
    (sum, name) => sum + statSync(join(directory, name)).size,
    0,
  )
}

await main()
process.exit(0)
