// kill -9 while events flow and findings are made: every finding that the events give is in the log
// once, whatever was killed when. The judge runs the pure core over what the log holds.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { createEngine } from '@tocsin/detect/detect'
import type { SealedEvent } from '@tocsin/sdk/event'
import { sha256 } from '@tocsin/sdk/node'
import { findShard, openSealedShard } from '../../packages/server/src/log/log.ts'
import { parseFound, readRuleDirectories } from '../../packages/server/src/watch/watch.ts'
import { seededRandom } from './traffic.ts'
import { EVENTS_PER_BODY, RULES } from './watch-traffic.ts'

const SERVER = join(import.meta.dirname, 'watch-server.ts')
const KILLS = 6

type Life = { readonly directory: string; readonly rules: string; readonly first: number }

/** One process until it is killed, or until it has sent so many bodies. Gives the next number. */
async function live({ directory, rules, first }: Life, end: number | { readonly bodies: number }) {
  const bodies = typeof end === 'number' ? [] : [String(end.bodies)]
  const args = [SERVER, directory, rules, String(first), ...bodies]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let problems = ''
  child.stdout.on('data', chunk => {
    output += chunk
  })
  child.stderr.on('data', chunk => {
    problems += chunk
  })
  const closed = once(child, 'close')
  if (typeof end === 'number') {
    while (!output.includes('ack') && child.exitCode === null) await setTimeout(5)
    await setTimeout(end)
    child.kill('SIGKILL')
  }
  const [code] = await closed
  assert.equal(code, typeof end === 'number' ? null : 0, problems)
  const last = output.match(/ack (\d+)(?!.*ack)/s)?.[1]
  // Some of the last body again: what was under way when it was killed may be stored or not.
  return Math.max(0, Number(last ?? first) - EVENTS_PER_BODY / 2)
}

async function readLog(directory: string): Promise<readonly SealedEvent[]> {
  const shard = await openSealedShard(directory, String(findShard(directory)))
  const events = [...shard.events()].map(text => JSON.parse(text))
  shard.close()
  return events
}

describe('detectors that are killed', () => {
  it('find everything once, over every kill and restart', async t => {
    const directory = mkdtempSync(join(tmpdir(), 'tocsin-watch-'))
    const rules = join(directory, 'rules')
    mkdirSync(rules)
    for (const [file, text] of Object.entries(RULES)) writeFileSync(join(rules, file), text)
    const seed = Number(process.env.TOCSIN_SEED ?? Date.now() % 1_000_000)
    t.diagnostic(`TOCSIN_SEED=${seed}`)
    const random = seededRandom(seed)
    const data = join(directory, 'data')
    let first = 0
    for (let kill = 0; kill < KILLS; kill++) {
      first = await live({ directory: data, rules, first }, random() * 700)
    }
    await live({ directory: data, rules, first }, { bodies: 40 })

    const events = await readLog(data)
    const stored = events.flatMap(event => parseFound(event) ?? []).map(({ finding }) => finding)
    const engine = createEngine({ rules: readRuleDirectories([rules]).rules, sha256 })
    const state = engine.begin()
    const expected = events.flatMap(event => engine.step(state, event).findings)
    const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1)
    assert.ok(expected.length > 10, `only ${expected.length} findings`)
    assert.equal(new Set(stored.map(({ id }) => id)).size, stored.length, 'one of each')
    assert.deepEqual([...stored].sort(byId), [...expected].sort(byId))
    rmSync(directory, { recursive: true })
  })
})
