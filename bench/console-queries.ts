// What a page of the console waits for: the first page of a search, series, facets and explanations
// over a million events, asked of the real server over HTTP one after another, for the newest 24
// hours and for all 30 days. Each answer is recorded durably before it leaves, as always. Prints
// milliseconds, and how long a quick question takes while slow ones run.
//
//   node bench/console-queries.ts [directory] [rounds]
//
// Without a directory one is made: five made-up companies side by side, in the order of time. A
// directory that is given gets the record of these looks, and nothing else.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { makeMillion } from './million.ts'

const ROUNDS = Number(process.argv[3] ?? 10)
const ROOT = join(import.meta.dirname, '..')
const TOCSIN = join(ROOT, 'node_modules/.bin/tocsin')
const DAY_MS = 86_400_000

const SEARCHES: readonly (readonly [string, string])[] = [
  ['everything', '*'],
  ['a common value', 'outcome:denied'],
  ['a wildcard', 'actor.id:svc-*'],
  ['part of a name in a list', 'resource.id:*customer*'],
  ['several fields', 'kind:data.read -outcome:success actor.type:service'],
  ['numbers', 'rows>10000 durationMs>=1000'],
  ['a network', 'source.ip:10.0.0.0/8'],
  ['a word that is there', 'weights'],
  ['two words, one rare', 'notebook chat'],
  ['no such actor', 'actor.id:nobody.at.all'],
  ['no such path', 'endpoint:*no/such/path*'],
  ['no such word', 'nosuchwordanywhere'],
]
const FIELDS = [
  'kind',
  'outcome',
  'actor.type',
  'actor.id',
  'agent.id',
  'operation',
  'model.served',
  'resource.id',
  'tool.name',
  'source.ip',
  'endpoint',
  'status',
].join(',')

type Server = { readonly child: ChildProcess; readonly url: URL; readonly key: string }

async function start(data: string): Promise<Server> {
  const env = { ...process.env, XDG_STATE_HOME: join(data, 'home') }
  const child = spawn(TOCSIN, ['serve', '--data', data, '--listen', '127.0.0.1:0'], {
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
  return { child, url: new URL(url), key: local.apiKey }
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 })

function get({ url, key }: Server, path: string, query: object): Promise<string> {
  const asked = new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)]))
  return new Promise((resolve, reject) => {
    const options = {
      agent,
      host: url.hostname,
      port: url.port,
      path: `${path}?${asked}`,
      headers: { authorization: `Bearer ${key}` },
    }
    const sent = request(options, answer => {
      let text = ''
      answer.setEncoding('utf8').on('data', part => {
        text += part
      })
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve(text) : reject(new Error(`${path}: ${text}`)),
      )
    })
    sent.on('error', reject)
    sent.end()
  })
}

const TICKS_PER_S = 100

/** CPU milliseconds of the server so far. */
function cpuMs({ child }: Server): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_S) * 1000
}

async function timed(ask: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await ask()
  return performance.now() - began
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

const both = (values: readonly number[]) =>
  `${percentile(values, 0.5).toFixed(0)} / ${percentile(values, 0.95).toFixed(0)}`

async function measure(ask: () => Promise<unknown>): Promise<readonly number[]> {
  await ask()
  const times: number[] = []
  for (let i = 0; i < ROUNDS; i++) times.push(await timed(ask))
  return times
}

type Range = { readonly from: number; readonly to: number }

async function compare(
  server: Server,
  ranges: readonly Range[],
  rows: readonly (readonly [string, string, object])[],
): Promise<readonly (readonly number[])[]> {
  const all: number[][] = ranges.map(() => [])
  for (const [what, path, query] of rows) {
    const cells: string[] = []
    for (const [i, range] of ranges.entries()) {
      const before = cpuMs(server)
      const times = await measure(() => get(server, path, { ...query, ...range }))
      const cpu = (cpuMs(server) - before) / (ROUNDS + 1)
      all[i]?.push(...times)
      cells.push(`${both(times)} (${cpu.toFixed(0)})`.padStart(20))
    }
    console.log(`${what.padEnd(44)}${cells.join('')}`)
  }
  return all
}

function rowsOf(server: string): readonly (readonly [string, string, object])[] {
  return SEARCHES.map(([what, q]) => [`${server} ${what}`, `/v1/${server}`, { q }])
}

/** A quick question while two slow ones always run. */
async function besideSlow(server: Server, { from, to }: Range): Promise<readonly number[]> {
  let isOver = false
  const slow = Array.from({ length: 2 }, async () => {
    while (!isOver) {
      await get(server, '/v1/facets', { q: 'nosuchword or b', fields: FIELDS, from, to })
    }
  })
  const day = { from: to - DAY_MS, to }
  const times = await measure(() => get(server, '/v1/events', { q: 'outcome:denied', ...day }))
  isOver = true
  await Promise.all(slow)
  return times
}

async function main(): Promise<void> {
  const given = process.argv[2]
  const data = given ?? (await makeMillion())
  const server = await start(data)
  const everything = JSON.parse(await get(server, '/v1/series', { q: '-kind:tocsin.*' }))
  const newest = JSON.parse(await get(server, '/v1/events', { q: '-kind:tocsin.*', limit: 1 }))
  const to = Number(newest.events[0].time) + 1
  const ranges = [
    { from: to - DAY_MS, to },
    { from: to - 30 * DAY_MS, to },
  ]
  console.log(
    `${everything.totals.events} events; p50 / p95 of ${ROUNDS} in ms, and the server's CPU`,
  )
  console.log(`${''.padEnd(44)}${'24 hours'.padStart(20)}${'30 days'.padStart(20)}`)
  const searches = await compare(server, ranges, rowsOf('events'))
  console.log(`${'events together'.padEnd(44)}${searches.map(t => both(t).padStart(20)).join('')}`)
  const sorts = ['time', '-durationMs', 'bytes.out']
  const sorted = sorts.map(sort => [`events by ${sort}`, '/v1/events', { sort }] as const)
  await compare(server, ranges, sorted)
  const some = SEARCHES.filter(([what]) => /everything|common|list|word/.test(what))
  for (const [what, q] of some) {
    await compare(server, ranges, [
      [`series ${what}`, '/v1/series', { q }],
      [`facets of 12 fields ${what}`, '/v1/facets', { q, fields: FIELDS }],
      [`explain ${what}`, '/v1/explain', { q }],
    ])
  }
  const [, month] = ranges
  if (month) console.log(`a day's search beside two slow: ${both(await besideSlow(server, month))}`)
  const ended = new Promise(resolve => server.child.on('exit', resolve))
  server.child.kill('SIGTERM')
  await ended
  if (given === undefined) rmSync(join(data, '..'), { recursive: true, force: true })
}

await main()
process.exit(0)
