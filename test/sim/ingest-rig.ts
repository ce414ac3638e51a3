// Runs ingest.ts as a process of its own, listens to what it was promised, and judges the directory
// afterwards: with the SDK's verifier, which knows nothing of the server, and by reading every
// event.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Checkpoint, openCheckpoint } from '@tocsin/sdk/checkpoint'
import { directoryFetch, directoryParts, ed25519, sha256 } from '@tocsin/sdk/node'
import { parseVerifierKey } from '@tocsin/sdk/note'
import { type Verdict, verifyLog } from '@tocsin/sdk/verify'
import { openSealedShard, shardPaths } from '../../packages/server/src/log/log.ts'
import { SHARD } from './traffic.ts'

const INGEST = join(import.meta.dirname, 'ingest.ts')

export type IngestOptions = {
  readonly seed: number
  readonly bodies?: number
  /** Put before the node command, as strace is. */
  readonly wrapper?: readonly string[]
  readonly nodeArgs?: readonly string[]
  readonly env?: { readonly [name: string]: string }
}

/** What a process said until it ended. */
export type Run = {
  readonly lines: readonly string[]
  readonly exitCode: number | null
  readonly stderr: string
}

export interface Ingest {
  readonly child: ChildProcess
  /** Lines so far. */
  readonly lines: readonly string[]
  readonly ended: Promise<Run>
}

export function startIngest(directory: string, options: IngestOptions): Ingest {
  const { seed, bodies, wrapper = [], nodeArgs = [], env = {} } = options
  const count = bodies === undefined ? [] : [String(bodies)]
  const node = [process.execPath, ...nodeArgs, INGEST, directory, String(seed), ...count]
  const [command = '', ...args] = [...wrapper, ...node]
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const lines: string[] = []
  let stderr = ''
  child.stderr?.on('data', chunk => {
    stderr += chunk
  })
  const reader = createInterface({ input: child.stdout ?? process.stdin })
  reader.on('line', line => lines.push(line))
  const ended = Promise.all([once(child, 'close'), once(reader, 'close')]).then(
    ([[exitCode]]): Run => ({
      lines,
      exitCode: typeof exitCode === 'number' ? exitCode : null,
      stderr,
    }),
  )
  return { child, lines, ended }
}

export function runIngest(directory: string, options: IngestOptions): Promise<Run> {
  return startIngest(directory, options).ended
}

/** Everything that the processes on one directory were promised, and what they published. */
export class History {
  vkey: string | null = null
  readonly acknowledged: Set<string> = new Set()
  readonly checkpoints: string[] = []
  /** Full tiles and bundles seen so far: they must never change. */
  readonly #fullTiles = new Map<string, Buffer>()

  take(run: Run): void {
    for (const line of run.lines) {
      const [word, first = ''] = line.split(' ')
      if (word === 'open') {
        this.vkey ??= first
        assert.equal(first, this.vkey, 'the log kept its key')
      }
      if (word === 'ack') for (const id of first.split(',')) this.acknowledged.add(id)
      if (word === 'checkpoint') this.checkpoints.push(Buffer.from(first, 'base64').toString())
      assert.notEqual(word, 'wrong', line)
    }
  }

  /**
   * The directory, which no process has open, is whole: every acknowledged event is there once and
   * can be proved, every checkpoint of before is of its tree, and no full tile has changed.
   */
  async judge(directory: string): Promise<void> {
    const vkey = this.vkey ?? assert.fail('the log was never opened')
    const key = parseVerifierKey(sha256, vkey)
    const paths = shardPaths(directory, SHARD)
    const since = await this.#earlier(key)
    for (const earlier of since.length === 0 ? [null] : since) {
      const verdict = await verdictOn(directory, vkey, earlier)
      assert.equal(verdict.kind, 'intact', JSON.stringify(verdict))
    }
    this.#judgeTiles(paths.log)
    await this.#judgeEvents(directory)
  }

  /** The first, the last and one in between; a verifier walks the whole log for each. */
  async #earlier(key: ReturnType<typeof parseVerifierKey>): Promise<readonly Checkpoint[]> {
    const all: Checkpoint[] = []
    for (const text of this.checkpoints) {
      const opened = await openCheckpoint(Buffer.from(text), [key], ed25519)
      if (opened.kind === 'opened') all.push(opened.checkpoint)
      else assert.fail(`a published checkpoint does not open: ${opened.detail}`)
    }
    for (const [i, { size, root }] of all.entries()) {
      const same = all.find(other => other.size === size)
      assert.deepEqual(root, same?.root, 'one size has one root')
      const before = all[i - 1]
      if (before) assert.ok(before.size <= size, 'checkpoints only grow')
    }
    const chosen = [all[0], all[all.length >> 1], all.at(-1)]
    return [...new Set(chosen)].filter(checkpoint => checkpoint !== undefined)
  }

  #judgeTiles(directory: string): void {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || !/tile\/.*\d{3}$/.test(path)) continue
      const bytes = readFileSync(path)
      const before = this.#fullTiles.get(path)
      if (before) assert.ok(before.equals(bytes), `${path} has changed`)
      this.#fullTiles.set(path, bytes)
    }
  }

  async #judgeEvents(directory: string): Promise<void> {
    const shard = await openSealedShard(directory, SHARD)
    const seen = new Map<string, number>()
    for (const text of shard.events()) {
      const { id } = parseId(text)
      seen.set(id, (seen.get(id) ?? 0) + 1)
    }
    shard.close()
    const lost = [...this.acknowledged].filter(id => !seen.has(id))
    const doubled = [...seen].filter(([, count]) => count > 1)
    assert.deepEqual(lost, [], 'acknowledged events that are not there')
    assert.deepEqual(doubled, [], 'events that are there more than once')
  }
}

function parseId(text: string): { readonly id: string } {
  return JSON.parse(text)
}

export function verdictOn(
  directory: string,
  vkey: string,
  since: Checkpoint | null = null,
): Promise<Verdict> {
  const paths = shardPaths(directory, SHARD)
  return verifyLog({
    log: directoryFetch(paths.log),
    payloads: directoryParts(paths.payloads),
    keys: [parseVerifierKey(sha256, vkey)],
    crypto: { sha256, ed25519 },
    ...(since === null ? {} : { since }),
  })
}

/**
 * Opens the directory once more without traffic, so that everything is published, and closes it.
 */
export async function settle(directory: string, history: History): Promise<void> {
  const run = await runIngest(directory, { seed: 0, bodies: 0 })
  history.take(run)
  assert.equal(run.exitCode, 0, [...run.lines, run.stderr].join('\n'))
}
