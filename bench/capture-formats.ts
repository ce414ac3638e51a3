// What a line of a file costs before it is an event: splitting, each format, and following as a
// whole (read, split, position). Prints microseconds per line; the best round is the undisturbed
// one. Beside each format stands a floor measured in the same round: JSON.parse alone for the JSON
// formats, one regular expression alone for the combined format.
//
//   node bench/capture-formats.ts [rounds]

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { followFile } from '../packages/server/src/capture/follow/follow.ts'
import { detectFormat, FORMATS } from '../packages/server/src/capture/formats/formats.ts'
import { createLineSplitter } from '../packages/server/src/capture/lines.ts'
import { dataPath } from '../test/need.ts'

const ROUNDS = Number(process.argv[2] ?? 15)
const LINES = 10_000
const CONTEXT = { nowMs: Date.now(), source: 'bench' }
const REAL = dataPath('logs/apache_access.log')
const QUOTED = String.raw`"((?:[^"\\]|\\.)*)"`
const FLOOR_PATTERN: RegExp = new RegExp(
  String.raw`^(\S+) (\S+) (.*?) \[([^\]]+)\] ${QUOTED} (\d+|-) (\d+|-) ${QUOTED} ${QUOTED}$`,
)

function nginxLine(i: number): string {
  return JSON.stringify({
    msec: `${1_795_493_036 + i}.530`,
    time: '2026-11-24T04:03:56+00:00',
    request_id: i.toString(16).padStart(32, '0'),
    remote_addr: `10.0.0.${i % 250}`,
    remote_user: `user-${i % 60}`,
    session: `s-${i % 300}`,
    api_key_hash: 'sha256:0011223344556677',
    method: 'POST',
    uri: '/v2/models/iris/infer',
    status: i % 20 === 0 ? '503' : '200',
    completed: 'OK',
    bytes_in: '122',
    bytes_out: '84',
    request_time: '0.002',
    upstream_header_time: '0.002',
    user_agent: 'python-httpx/0.27',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    model: 'iris',
    model_version: '3',
    input_sha256: '',
  })
}

function eventLine(i: number): string {
  return JSON.stringify({
    kind: 'ai.invoke',
    time: 1_795_493_036_000 + i,
    outcome: 'success',
    actor: { type: 'service', id: `svc-${i % 25}`, credential: 'sha256:abcd' },
    operation: 'chat',
    model: { requested: 'gpt-4o', served: 'gpt-4o', version: '2024-08-06' },
    source: { ip: `10.0.0.${i % 250}`, userAgent: 'python-httpx/0.27' },
    endpoint: 'POST /v1/chat/completions',
    status: 200,
    durationMs: 12,
    bytes: { in: 1000, out: 2000 },
    usage: { in: 100, out: 200 },
    requestId: `req-${i}`,
  })
}

function clfLine(i: number): string {
  const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/32.0 Safari/537.36'
  return `10.0.0.${i % 250} - - [24/Nov/2026:04:03:56 +0000] "GET /a/b/${i % 99}.png HTTP/1.1" 200 5 "-" "${agent}"`
}

function realLines(): readonly string[] {
  if (existsSync(REAL)) return readFileSync(REAL, 'utf8').trimEnd().split('\n').slice(0, LINES)
  console.log(`(made-up lines for the combined format: ${REAL} is missing)`)
  return Array.from({ length: LINES }, (_, i) => clfLine(i))
}

/** Microseconds of CPU per line: best and median of the rounds. */
function measure(lines: number, work: () => void): readonly [number, number] {
  const rounds: number[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const start = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(start)
    rounds.push((user + system) / lines)
  }
  return bestAndMedian(rounds)
}

function bestAndMedian(rounds: readonly number[]): readonly [number, number] {
  const sorted = rounds.toSorted((a, b) => a - b)
  return [sorted[0] ?? NaN, sorted[sorted.length >> 1] ?? NaN]
}

function print(name: string, [best, median]: readonly [number, number], beside: string): void {
  console.log(
    `${name.padEnd(24)}${best.toFixed(2).padStart(8)}${median.toFixed(2).padStart(8)}  ${beside}`,
  )
}

function benchFormat(
  name: string,
  lines: readonly string[],
  floor: (line: string) => unknown,
): void {
  const format = FORMATS.find(f => f.name === name)
  if (!format || detectFormat(lines.slice(0, 20), CONTEXT)?.format !== format) {
    throw new Error(`the sample for ${name} is not understood`)
  }
  const cost = measure(lines.length, () => {
    for (const line of lines) format.parseLine(line, CONTEXT)
  })
  const [floorBest] = measure(lines.length, () => {
    for (const line of lines) floor(line)
  })
  const chars = lines.reduce((sum, line) => sum + line.length, 0) / lines.length
  print(name, cost, `floor ${floorBest.toFixed(2)}, ${chars.toFixed(0)} characters a line`)
}

async function benchFollow(path: string, lines: number): Promise<void> {
  const rounds: number[] = []
  for (let i = 0; i < ROUNDS; i++) {
    const stop = new AbortController()
    let seen = 0
    const start = process.cpuUsage()
    await followFile(
      { path, invalidUtf8: 'escape' },
      {
        store: { load: async () => null, save: async () => {} },
        consumer: {
          async lines(batch) {
            seen += batch.lines.length
            if (seen === lines) stop.abort()
          },
          async gap() {},
        },
        clock: { nowMs: () => Date.now() },
        sleep: async () => {},
        report: () => {},
      },
      stop.signal,
    )
    const { user, system } = process.cpuUsage(start)
    rounds.push((user + system) / lines)
  }
  print('follow (read and split)', bestAndMedian(rounds), 'whole file, position kept')
}

console.log(`${'µs per line'.padEnd(24)}${'best'.padStart(8)}${'median'.padStart(8)}`)
const real = realLines()
benchFormat('combined', real, line => FLOOR_PATTERN.exec(line))
benchFormat(
  'nginx-json',
  Array.from({ length: LINES }, (_, i) => nginxLine(i)),
  line => JSON.parse(line),
)
benchFormat(
  'jsonl',
  Array.from({ length: LINES }, (_, i) => eventLine(i)),
  line => JSON.parse(line),
)

const bytes = Buffer.from(`${real.join('\n')}\n`)
const split = measure(real.length, () => {
  const splitter = createLineSplitter()
  for (let at = 0; at < bytes.length; at += 256 * 1024) {
    splitter.push(bytes.subarray(at, at + 256 * 1024))
  }
})
print('split', split, `${(bytes.length / real.length / split[0]).toFixed(0)} MB/s at best`)

const directory = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
const path = join(directory, 'access.log')
writeFileSync(path, bytes)
await benchFollow(path, real.length)
rmSync(directory, { recursive: true })
