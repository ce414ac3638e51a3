// A data directory with a month of the made-up company, made once by `tocsin demo` and copied for
// every suite that needs one. It is kept below node_modules/.cache while it is fresh, so that a
// suite starts in seconds: the newest day of the world is the day that ends now.

import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '../../need.ts'
import { endProcess } from '../live.ts'

export const SEED = '7'
const CACHE = join(REPOSITORY, 'node_modules/.cache/tocsin/console')
const FRESH_MS = 3_600_000
const READY_MS_MAX = 240_000
const MADE_FROM = ['packages/simulate/src/**/*.ts', 'packages/detect/src/**/*.ts', 'rules/**/*.yml']

/** Copies the world to `data`, which is not there yet. */
export async function copyWorld(data: string): Promise<void> {
  cpSync(await freshWorld(), data, { recursive: true })
}

async function freshWorld(): Promise<string> {
  const path = join(CACHE, `world-${fingerprint()}`)
  const madeMs = statSync(join(path, 'demo.json'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (Date.now() - madeMs < FRESH_MS) return path
  mkdirSync(CACHE, { recursive: true })
  const aside = join(CACHE, `.making-${process.pid}`)
  rmSync(aside, { recursive: true, force: true })
  await make(aside)
  for (const name of readdirSync(CACHE).filter(one => one.startsWith('world-'))) {
    rmSync(join(CACHE, name), { recursive: true, force: true })
  }
  renameSync(aside, path)
  return path
}

/** The demo as anybody starts it, ended when it says that all is there. */
async function make(data: string): Promise<void> {
  const args = ['demo', '--data', data, '--listen', '127.0.0.1:0', '--seed', SEED]
  const env = { ...process.env, XDG_STATE_HOME: join(CACHE, 'state') }
  const child = spawn(join(REPOSITORY, 'node_modules/.bin/tocsin'), args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no world in time: ${said}`)), READY_MS_MAX)
    const take = (part: string) => {
      said += part
      if (!said.includes('Ready in')) return
      clearTimeout(late)
      resolve()
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.once('exit', () => reject(new Error(`the demo ended: ${said}`)))
  }).finally(() => endProcess(child, 'SIGTERM'))
  if (!existsSync(join(data, 'demo.json'))) throw new Error(`no world: ${said}`)
}

function fingerprint(): string {
  const paths = globSync(MADE_FROM, { cwd: REPOSITORY }).filter(path => !path.includes('.test.'))
  const parts = paths.sort().map(path => path + readFileSync(join(REPOSITORY, path), 'utf8'))
  return hash('sha256', parts.join('\n')).slice(0, 12)
}
