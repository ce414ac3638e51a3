// A real Tocsin in a temporary directory: `tocsin serve` as a process of its own on a free port,
// the command line beside it, and everything gone at the end. Its state directory is its own, too.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { REPOSITORY } from '../need.ts'

const TOCSIN = join(REPOSITORY, 'node_modules/.bin/tocsin')
const START_MS_MAX = 60_000

export type Environment = { readonly [name: string]: string }
export type Done = { readonly code: number | null; readonly out: string; readonly err: string }

export class Live {
  /** Holds everything; removed by `remove`. */
  readonly home: string = mkdtempSync(join(tmpdir(), 'tocsin-real-'))
  readonly data: string = join(this.home, 'data')
  readonly port: number
  #server: ChildProcess | null = null
  #said = ''

  static async create(): Promise<Live> {
    return new Live(await freePort())
  }

  private constructor(port: number) {
    this.port = port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      XDG_STATE_HOME: join(this.home, 'state'),
      TOCSIN_DATA: this.data,
      TOCSIN_LISTEN: `127.0.0.1:${this.port}`,
      TOCSIN_URL: undefined,
      TOCSIN_API_KEY: undefined,
    }
  }

  /** The command line, on this data directory and with this state unless `env` says otherwise. */
  tocsin(args: readonly string[], env: Environment = {}): Promise<Done> {
    return execute(TOCSIN, args, { cwd: this.home, env: { ...this.environment, ...env } })
  }

  async key(scopes: string): Promise<string> {
    const { code, out, err } = await this.tocsin([
      'keys',
      'create',
      '--name',
      'test',
      '--scope',
      scopes,
    ])
    if (code !== 0) throw new Error(`no key: ${err}`)
    return out.trim()
  }

  /**
   * Resolves when the server answers; started again after `stop` or `kill`, it has the same port.
   */
  async start(args: readonly string[] = [], command: 'serve' | 'demo' = 'serve'): Promise<void> {
    const child = spawn(TOCSIN, [command, ...args], { cwd: this.home, env: this.environment })
    this.#server = child
    this.#said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', part => {
        this.#said += part
      })
    }
    await untilAnswers(`${this.url}/healthz`, () => {
      if (hasEnded(child)) throw new Error(`the server ended: ${this.#said}`)
    })
  }

  /** Resolves when everything durable can be found. */
  async indexed(): Promise<void> {
    const until = Date.now() + START_MS_MAX
    while (Date.now() < until) {
      const answer = await fetch(`${this.url}/healthz`)
      if ((await answer.text()).includes('"status":"ok"')) return
      await setTimeout(100)
    }
    throw new Error('the index does not catch up')
  }

  /** Of the server; null while none runs. */
  get pid(): number | null {
    return this.#server?.pid ?? null
  }

  /** What the server has said since it was started. */
  get said(): string {
    return this.#said
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM')
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#server
    this.#server = null
    if (child) await endProcess(child, signal)
    if (signal === 'SIGTERM' && child && child.exitCode !== 0)
      throw new Error(`the server did not end well: ${child.exitCode}\n${this.#said}`)
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

export type Execution = { readonly cwd: string; readonly env?: NodeJS.ProcessEnv }

export async function execute(
  command: string,
  args: readonly string[],
  { cwd, env }: Execution,
): Promise<Done> {
  const child = spawn(command, args, {
    cwd,
    env: env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', part => {
    out += part
  })
  child.stderr.setEncoding('utf8').on('data', part => {
    err += part
  })
  await once(child, 'close')
  return { code: child.exitCode, out, err }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

/** `check` may throw to end the waiting. */
export async function untilAnswers(url: string, check: () => void = () => {}): Promise<void> {
  const until = Date.now() + START_MS_MAX
  while (Date.now() < until) {
    check()
    const answer = await fetch(url).catch(() => null)
    await answer?.body?.cancel()
    if (answer?.ok) return
    await setTimeout(30)
  }
  throw new Error(`${url} does not answer`)
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
