// A data directory with a million events for benches that need one: five made-up companies side by
// side, in the order of time, imported as anybody imports a file.

import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WireEvent } from '@tocsin/sdk/event'
import { createWorld } from '@tocsin/simulate/simulate'

const TOCSIN = join(import.meta.dirname, '../node_modules/.bin/tocsin')
const DAY_MS = 86_400_000
const SEEDS = [1, 2, 3, 4, 5]

function makeEvents(path: string): void {
  const now = Date.now() - 60_000
  const worlds = SEEDS.map(seed => createWorld({ seed }).events(now - 30 * DAY_MS, now))
  const heads = worlds.map(events => events.next())
  const file = openSync(path, 'w')
  let held = ''
  for (;;) {
    const times = heads.map(({ done, value }) => (done ? Number.POSITIVE_INFINITY : value.time))
    const time = Math.min(...times)
    const place = times.indexOf(time)
    const event: WireEvent | undefined = heads[place]?.value || undefined
    if (time === Number.POSITIVE_INFINITY || !event) break
    const id = place === 0 ? event.actor.id : `${event.actor.id}-${place + 1}`
    held += `${JSON.stringify({ ...event, actor: { ...event.actor, id } })}\n`
    const next = worlds[place]?.next()
    if (next) heads[place] = next
    if (held.length > 1 << 20) held = drain(file, held)
  }
  drain(file, held)
  closeSync(file)
}

function drain(file: number, text: string): string {
  writeSync(file, text)
  return ''
}

/** In a temporary directory of its own, which is the caller's to remove. */
export async function makeMillion(): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'tocsin-bench-'))
  const path = join(root, 'events.jsonl')
  makeEvents(path)
  const data = join(root, 'data')
  const args = ['import', path, '--format', 'jsonl', '--data', data]
  const env = { ...process.env, XDG_STATE_HOME: join(root, 'home') }
  const child = spawn(TOCSIN, args, { env, stdio: 'inherit' })
  await new Promise(resolve => child.on('exit', resolve))
  rmSync(path)
  return data
}
