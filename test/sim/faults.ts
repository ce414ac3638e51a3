// One injected fault: a process that meets it, then one that does not, and the judgement.

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { History, type Run, runIngest, settle, startIngest } from './ingest-rig.ts'

const PRELOAD = join(import.meta.dirname, 'fault-preload.ts')
const BODIES = 10
const SEED = 11

/** A directory to start from, and what it was promised. */
export type Start = { readonly directory: string; readonly runs: readonly Run[] }

/** A directory whose process was killed while events flowed: the next one has much to recover. */
export async function killedStart(): Promise<Start> {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-start-'))
  const first = await runIngest(directory, { seed: SEED, bodies: 30 })
  const ingest = startIngest(directory, { seed: SEED + 1 })
  const isFlowing = () => ingest.lines.filter(line => line.startsWith('ack')).length > 5
  while (!isFlowing()) await setTimeout(5)
  ingest.child.kill('SIGKILL')
  return { directory, runs: [first, await ingest.ended] }
}

export function emptyStart(): Start {
  return { directory: mkdtempSync(join(tmpdir(), 'tocsin-start-')), runs: [] }
}

export type Fault = {
  readonly call: 'sync' | 'write' | 'open' | 'rename' | 'unlink'
  readonly errno: 'EIO' | 'ENOSPC'
  readonly n: number
  readonly flavour?: 'persisted'
}

/** Returns false when the run was over before the n-th call. Throws when something is not kept. */
export async function meetFault(start: Start, fault: Fault): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-fault-'))
  cpSync(start.directory, directory, { recursive: true })
  const history = new History()
  for (const run of start.runs) history.take(run)
  const { call, errno, n, flavour = '' } = fault
  const run = await runIngest(directory, {
    seed: SEED + 2,
    bodies: BODIES,
    nodeArgs: ['--import', PRELOAD],
    env: { TOCSIN_FAULT: `${call} ${errno} ${n} ${flavour}`, TOCSIN_FAULT_BELOW: directory },
  })
  const said = [JSON.stringify(fault), ...run.lines.map(line => line.slice(0, 160)), run.stderr]
  history.take(run)
  checkRun(run, fault, said.join('\n'))
  await settle(directory, history)
  if (history.vkey !== null) await history.judge(directory)
  rmSync(directory, { recursive: true })
  return run.lines.some(line => line.startsWith('fault'))
}

function checkRun({ lines, exitCode, stderr }: Run, { call, errno }: Fault, said: string): void {
  const struck = lines.findIndex(line => line.startsWith('fault'))
  // Another thread may meet its own fault while the process ends.
  const end = lines.findLast(line => !line.startsWith('fault')) ?? ''
  assert.doesNotMatch(stderr, /Unhandled|at .*\.ts:\d+/, said)
  if (struck < 0 || exitCode === 0) {
    assert.equal(end, 'closed', said)
    assert.equal(exitCode, 0, said)
    // A failed disk ends the process; only a full one is waited out.
    assert.ok(struck < 0 || (errno === 'ENOSPC' && call !== 'sync'), said)
    return
  }
  const codes = errno === 'ENOSPC' && call !== 'sync' ? ['log.disk_full'] : ['log.disk_failed']
  const [word, code = ''] = end.split(' ')
  assert.ok(word === 'fatal' ? exitCode === 1 : word === 'refused' && exitCode === 3, said)
  assert.ok(codes.includes(code), said)
  const isWal = /\.wal$|\/wal$/.test(lines[struck] ?? '')
  const later = lines.slice(struck).filter(line => line.startsWith('ack'))
  if (isWal && call === 'sync') assert.deepEqual(later, [], said)
}
