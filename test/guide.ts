// Executes a guide as a reader would: its files are written, its commands run, in the order of the
// page, in an empty directory; what a command prints is held against the output the page shows. How
// to treat a block stands behind its language: `file=NAME`, `run`, `run until` (again and again,
// until it prints what is expected), `run background port=N`, `output`. In expected output `…`
// stands for anything, and white space for white space.

import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { PYTHON, REPOSITORY } from './need.ts'

export type Block = { readonly info: string; readonly text: string; readonly line: number }

const COMMAND_MS_MAX = 120_000
const START_MS_MAX = 60_000
const SETTLE_MS_MAX = 30_000
const STOP_MS_MAX = 5000

export function guidePath(name: string): string {
  return join(REPOSITORY, 'docs/guides', name)
}

export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = []
  let open: { info: string; lines: string[]; line: number } | null = null
  markdown.split('\n').forEach((text, i) => {
    if (!text.startsWith('```')) {
      open?.lines.push(text)
    } else if (open) {
      blocks.push({ info: open.info, text: open.lines.join('\n'), line: open.line })
      open = null
    } else {
      open = { info: text.slice(3).trim(), lines: [], line: i + 1 }
    }
  })
  return blocks
}

/** Throws an error that names the block's line when a command fails or prints something else. */
export async function runGuide(name: string): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-guide-'))
  // A server that was started as root lets its workers run as somebody else.
  chmodSync(directory, 0o755)
  // Files that a guide links to lie beside it.
  cpSync(dirname(guidePath(name)), directory, { recursive: true })
  const running: ChildProcess[] = []
  let printed = ''
  let again: (() => Promise<string>) | null = null
  let done = 0
  try {
    for (const block of blocksOf(readFileSync(guidePath(name), 'utf8'))) {
      const [, ...words] = block.info.split(' ')
      const file = words.find(word => word.startsWith('file='))?.slice(5)
      const port = Number(words.find(word => word.startsWith('port='))?.slice(5))
      const where = `${name}:${block.line}`
      if (file !== undefined) writeFileSync(join(directory, file), `${block.text}\n`)
      else if (words.includes('background'))
        running.push(await start(block.text, directory, { port, where }))
      else if (words.includes('run')) {
        const run = () => command(block.text, directory, where)
        again = words.includes('until') ? run : null
        printed = await run()
      } else if (words.includes('output')) {
        printed = await settle(printed, block.text, again)
        compare(printed, block.text, where)
      } else continue
      done += 1
    }
    return done
  } finally {
    for (const child of running) stop(child)
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

function environment(directory: string): NodeJS.ProcessEnv {
  const bin = join(directory, '.bin')
  mkdirSync(bin, { recursive: true })
  // `npx tocsin` of an installed package, without asking a registry.
  writeFileSync(join(bin, 'npx'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 })
  const path = [bin, join(REPOSITORY, 'node_modules/.bin'), dirname(PYTHON), process.env.PATH]
  return {
    ...process.env,
    PATH: path.join(delimiter),
    PYTHONPATH: join(REPOSITORY, 'python'),
    XDG_STATE_HOME: join(directory, '.state'),
    TOCSIN_DATA: undefined,
    TOCSIN_LISTEN: undefined,
    TOCSIN_URL: undefined,
    TOCSIN_API_KEY: undefined,
  }
}

async function command(text: string, directory: string, where: string): Promise<string> {
  const child = spawn('sh', ['-e', '-c', text], { cwd: directory, env: environment(directory) })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', part => (out += part))
  child.stderr.setEncoding('utf8').on('data', part => (err += part))
  const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS_MAX)
  const code = await new Promise(resolve => child.on('close', resolve))
  clearTimeout(timer)
  // A log with a gap in what it knows ends a sample with 3, an import with 6; both are answers.
  if (code !== 0 && code !== 3 && code !== 6)
    throw new Error(`${where} ended with ${code}\n${out}${err}`)
  return out
}

type Background = { readonly port: number; readonly where: string }

async function start(
  text: string,
  directory: string,
  { port, where }: Background,
): Promise<ChildProcess> {
  const env = environment(directory)
  const child = spawn('sh', ['-c', text], { cwd: directory, env, detached: true })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', part => (said += part))
  child.stderr.setEncoding('utf8').on('data', part => (said += part))
  const until = Date.now() + START_MS_MAX
  while (!(await isOpen(port))) {
    if (child.exitCode !== null || Date.now() > until) {
      stop(child)
      throw new Error(`${where} does not listen on ${port}\n${said}`)
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  return child
}

function isOpen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/** The shell and what it started; what does not end by itself is ended. */
function stop(child: ChildProcess): void {
  const signal = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name)
    } catch {
      // The whole group has ended.
    }
  }
  signal('SIGTERM')
  setTimeout(() => signal('SIGKILL'), STOP_MS_MAX).unref()
  child.stdout?.destroy()
  child.stderr?.destroy()
  child.unref()
}

/** What the command prints in the end, when it was told to be run until it is right. */
async function settle(
  printed: string,
  expected: string,
  again: (() => Promise<string>) | null,
): Promise<string> {
  let last = printed
  const until = Date.now() + SETTLE_MS_MAX
  while (again && !matches(last, expected) && Date.now() < until) {
    await new Promise(resolve => setTimeout(resolve, 500))
    last = await again()
  }
  return last
}

function matches(printed: string, expected: string): boolean {
  const pattern = expected
    .trim()
    .split('…')
    .map(part => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\s+/g, '\\s+'))
    .join('[\\s\\S]*?')
  return new RegExp(`^\\s*${pattern}\\s*$`).test(printed)
}

export function compare(printed: string, expected: string, where: string): void {
  if (matches(printed, expected)) return
  throw new Error(`${where}: the page shows\n${expected}\nand the command printed\n${printed}`)
}
