// Counting loops in SQLite's manner: the first call fails, then the second, and so on, until a run
// is over before its n-th. By a preloaded node:fs, which knows the paths and the flavour, and by
// strace, which also reaches SQLite.

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { needProgram } from '../need.ts'
import { emptyStart, type Fault, killedStart, meetFault, type Start } from '../sim/faults.ts'
import { History, runIngest, settle } from '../sim/ingest-rig.ts'

/** Every call at first; later, when calls repeat themselves, some. */
function stepAt(n: number): number {
  return n < 16 ? 2 : Math.ceil(n / 4)
}

/** Far more calls than a run makes. */
const CALLS_MAX = 400

let starts: readonly (readonly [string, Start])[] = []
before(async () => {
  starts = [
    ['after a kill', await killedStart()],
    ['on a new directory', emptyStart()],
  ]
})
after(() => {
  for (const [, { directory }] of starts) rmSync(directory, { recursive: true })
})

const KINDS: readonly Omit<Fault, 'n'>[] = [
  { call: 'sync', errno: 'EIO' },
  { call: 'sync', errno: 'EIO', flavour: 'persisted' },
  { call: 'write', errno: 'ENOSPC' },
  { call: 'write', errno: 'EIO', flavour: 'persisted' },
  { call: 'open', errno: 'EIO' },
  { call: 'rename', errno: 'ENOSPC' },
  { call: 'unlink', errno: 'EIO' },
]

describe('every call to the disk fails once', () => {
  for (const kind of KINDS) {
    it(`and nothing acknowledged is lost: ${Object.values(kind).join(' ')}`, async () => {
      for (const [name, start] of starts) {
        let n = 1
        while (n < CALLS_MAX && (await meetPair(start, kind, n))) n += stepAt(n)
        assert.ok(n > 2 && n < CALLS_MAX, `${name}: ${n} calls`)
      }
    })
  }
})

/** The n-th and the next at the same time; false when neither struck. */
async function meetPair(start: Start, kind: Omit<Fault, 'n'>, n: number): Promise<boolean> {
  const struck = await Promise.all([n, n + 1].map(n => meetFault(start, { ...kind, n })))
  return struck.includes(true)
}

const STRACE_KINDS = [
  ['fsync,fdatasync', 'EIO'],
  ['write,pwrite64,writev,pwritev,pwritev2', 'ENOSPC'],
  ['rename,renameat,renameat2', 'EIO'],
  ['unlink,unlinkat', 'EIO'],
] as const
/** strace counts per thread, so a run meets several faults, and this many numbers are enough. */
const STRACE_CALLS = 14

describe('system calls fail under strace', { skip: needProgram('strace') }, () => {
  for (const [calls, errno] of STRACE_KINDS) {
    it(`and nothing acknowledged is lost: ${calls} ${errno}`, async () => {
      for (let n = 1; n <= STRACE_CALLS; n++) {
        for (const [, start] of starts)
          await meetInStrace(start, `${calls}:error=${errno}:when=${n}`)
      }
    })
  }
})

async function meetInStrace(start: Start, inject: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-strace-'))
  cpSync(start.directory, directory, { recursive: true })
  const history = new History()
  for (const run of start.runs) history.take(run)
  const trace = inject.split(':')[0] ?? ''
  // Only the files of the directory: the pipe to this process must go on working.
  const wrapper = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${trace}`]
  const paths = ['-P', directory, ...pathsOf(directory)]
  const run = await runIngest(directory, {
    seed: 21,
    bodies: 10,
    wrapper: [...wrapper, '-e', `inject=${inject}`, ...paths],
  })
  history.take(run)
  assert.ok([0, 1, 3].includes(run.exitCode ?? -1), `${inject}\n${run.stderr}\n${run.lines.at(-1)}`)
  await settle(directory, history)
  if (history.vkey !== null) await history.judge(directory)
  rmSync(directory, { recursive: true })
}

/** strace -P takes exact paths: those that a run surely writes. */
function pathsOf(directory: string): readonly string[] {
  const names = [
    'keys/ring.sqlite',
    'keys/ring.sqlite-journal',
    'keys',
    'state/2026/ids',
    'state/2026/wal',
  ]
  names.push('log/2026/checkpoint', 'state/2026/checkpoint.new', 'log/2026', 'state/2026')
  for (let size = 0; size < 2; size++)
    names.push(`state/2026/wal/${String(size).padStart(16, '0')}.wal`)
  return names.flatMap(name => ['-P', join(directory, name)])
}
