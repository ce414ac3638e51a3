// Data directories that were damaged: each opens with everything that was acknowledged, or is
// refused with the right code and a sentence that names the file and says what to do; and what is
// refused is left as it is.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { TocsinError } from '@tocsin/sdk/errors'
import { systemClock } from '../../packages/server/src/base/clock.ts'
import { createTelemetry } from '../../packages/server/src/base/emit.ts'
import { systemEntropy } from '../../packages/server/src/base/entropy.ts'
import { lockDirectory } from '../../packages/server/src/base/lock.ts'
import { type Log, openKeyRing, openLog, openVault } from '../../packages/server/src/log/log.ts'
import { killedStart } from './faults.ts'
import { History, type Run, runIngest, startIngest, verdictOn } from './ingest-rig.ts'
import { SHARD } from './traffic.ts'

/** The first seed of a killed start, so that what is sent again is known there too. */
const SEED = 11
const BODIES = 25

let root = ''
/** Closed in order, and killed while events flowed. */
let clean = ''
let killed = ''
let cleanRun: Run
let killedRuns: readonly Run[]

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'tocsin-damage-'))
  clean = join(root, 'clean')
  cleanRun = await runIngest(clean, { seed: SEED, bodies: BODIES })
  const start = await killedStart()
  killed = join(root, 'killed')
  renameSync(start.directory, killed)
  killedRuns = start.runs
  // A kill can come inside a transaction of the key ring, which whoever opens it next takes back.
  const ring = new DatabaseSync(join(killed, 'keys/ring.sqlite'))
  ring.exec('SELECT count(*) FROM sqlite_master')
  ring.close()
})
after(() => rmSync(root, { recursive: true }))

let copies = 0
function copyOf(directory: string): string {
  const copy = join(root, `copy-${copies++}`)
  cpSync(directory, copy, { recursive: true })
  return copy
}

type Opened = { readonly log: Log } | { readonly code: string; readonly message: string }

async function open(directory: string): Promise<Opened> {
  const entropy = systemEntropy()
  const lock = lockDirectory(directory, process.pid)
  try {
    const log = await openLog(directory, SHARD, {
      clock: systemClock,
      entropy,
      telemetry: createTelemetry(() => {}),
      openVault: (origin, { kek }) =>
        openVault(origin, openKeyRing(directory, kek, entropy), entropy),
      onFatal: error => assert.fail(error),
    })
    return { log }
  } catch (error) {
    if (!(error instanceof TocsinError)) throw error
    return { code: error.code, message: error.message }
  } finally {
    lock.release()
  }
}

/** Every file with its content, but for the lock's, as text to compare. */
function contentOf(directory: string): Map<string, string> {
  const content = new Map<string, string>()
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || /lock\.sqlite|owner\.json/.test(path)) continue
    content.set(path, readFileSync(path).toString('base64'))
  }
  return content
}

/** Damages a copy and expects the refusal; nothing of it may have changed afterwards. */
async function assertRefused(
  directory: string,
  code: string,
  damage: (path: (name: string) => string) => void,
): Promise<void> {
  const copy = copyOf(directory)
  damage(name => join(copy, name))
  const before = contentOf(copy)
  const opened = await open(copy)
  if ('log' in opened) {
    await opened.log.close()
    assert.fail(`it opened: ${damage}`)
  }
  assert.equal(opened.code, code, opened.message)
  assert.ok(opened.message.includes(copy) || /keys\//.test(opened.message), opened.message)
  assert.match(opened.message, /restore|copy|remove|run /, opened.message)
  const after = contentOf(copy)
  for (const [path, content] of before)
    assert.equal(after.get(path), content, `${path} was changed`)
  rmSync(copy, { recursive: true })
}

/**
 * Damages a copy and expects that everything is there, and that sending it again stores nothing.
 */
async function assertHeals(
  directory: string,
  runs: readonly Run[],
  damage: (path: (name: string) => string) => void,
): Promise<void> {
  const copy = copyOf(directory)
  damage(name => join(copy, name))
  const history = new History()
  for (const run of runs) history.take(run)
  const again = await runIngest(copy, { seed: SEED, bodies: BODIES })
  assert.equal(again.exitCode, 0, again.lines.slice(-3).join('\n'))
  history.take(again)
  await history.judge(copy)
  rmSync(copy, { recursive: true })
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  const place = at < 0 ? bytes.length + at : at
  bytes[place] = (bytes[place] ?? 0) ^ 0x20
  writeFileSync(path, bytes)
}

const LOG = `log/${SHARD}`
const STATE = `state/${SHARD}`

function lastIn(directory: string, pattern: RegExp): string {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return join(
    directory,
    names
      .filter(name => pattern.test(name))
      .sort()
      .at(-1) ?? 'none',
  )
}

const lastSegment = (path: (name: string) => string) => lastIn(path(`${STATE}/wal`), /\.wal$/)

describe('a checkpoint', () => {
  it('that is missing, damaged, foreign or of another key keeps a log from being grown', async () => {
    const other = join(root, 'other')
    await runIngest(other, { seed: 1, bodies: 3 })
    for (const directory of [clean, killed]) {
      await assertRefused(directory, 'log.corrupt', path => flip(path(`${LOG}/checkpoint`), 30))
      await assertRefused(directory, 'log.corrupt', path =>
        truncateSync(path(`${LOG}/checkpoint`), 50),
      )
      await assertRefused(directory, 'log.corrupt', path =>
        cpSync(join(other, LOG, 'checkpoint'), path(`${LOG}/checkpoint`)),
      )
      await assertRefused(directory, 'log.corrupt', path =>
        cpSync(join(other, 'keys', `log-${SHARD}.key`), path(`keys/log-${SHARD}.key`)),
      )
    }
    await assertRefused(clean, 'log.corrupt', path => rmSync(path(`${LOG}/checkpoint`)))
    await assertRefused(clean, 'log.corrupt', path => {
      rmSync(path(`${LOG}/checkpoint`))
      rmSync(path(STATE), { recursive: true })
    })
    await assertRefused(clean, 'log.corrupt', path => {
      rmSync(path('log'), { recursive: true })
    })
    await assertRefused(clean, 'log.corrupt', path => {
      rmSync(path('log'), { recursive: true })
      rmSync(path('state'), { recursive: true })
    })
  })

  it('that was put back to an earlier state is noticed', async () => {
    const early = join(root, 'early')
    await runIngest(early, { seed: SEED, bodies: 3 })
    const late = copyOf(early)
    await runIngest(late, { seed: SEED, bodies: 30 })
    for (const name of readdirSync(join(early, LOG), { recursive: true, encoding: 'utf8' })) {
      const from = join(early, LOG, name)
      if (!statSync(from).isFile()) continue
      mkdirSync(dirname(join(late, LOG, name)), { recursive: true })
      cpSync(from, join(late, LOG, name))
    }
    await assertRefused(late, 'log.corrupt', () => {})
  })
})

describe('tiles', () => {
  it('that the next ones are built on are missed at the start', async () => {
    for (const [pattern, of] of [
      [/^0\/.*\.p\/\d+$/, 'tile'],
      [/^1\/.*\.p\/\d+$/, 'tile'],
      [/^entries\/.*\.p\/\d+$/, 'tile'],
    ] as const) {
      await assertRefused(clean, 'log.corrupt', path =>
        rmSync(lastIn(path(`${LOG}/${of}`), pattern)),
      )
      await assertRefused(clean, 'log.corrupt', path =>
        flip(lastIn(path(`${LOG}/${of}`), pattern), 40),
      )
    }
  })

  it('that are full are judged by the verifier, not by the start', async () => {
    const copy = copyOf(clean)
    rmSync(join(copy, LOG, 'tile/0/000'))
    const opened = await open(copy)
    assert.ok('log' in opened)
    await opened.log.close()
    const verdict = await verdictOn(copy, opened.log.vkey)
    assert.equal(verdict.kind === 'broken' && verdict.why, 'tile_missing')
    rmSync(copy, { recursive: true })
  })

  it('that a crash left torn beyond the checkpoint heal', async () => {
    await assertHeals(killed, killedRuns, path => {
      for (const name of ['0/002.p/7', 'entries/002.p/7', '0/009.p/200', '1/000.p/200']) {
        const file = path(`${LOG}/tile/${name}`)
        mkdirSync(dirname(file), { recursive: true })
        if (!existsSync(file)) writeFileSync(file, Buffer.alloc(100))
      }
      for (const name of ['keys/x.new', `${STATE}/checkpoint.new`, `${STATE}/tile.new`]) {
        writeFileSync(path(name), 'torn')
      }
    })
  })

  it('and the copy of the key beside them is written again', async () => {
    await assertHeals(clean, [cleanRun], path => rmSync(path(`${LOG}/log.vkey`)))
    await assertHeals(clean, [cleanRun], path => writeFileSync(path(`${LOG}/log.vkey`), 'x'))
  })
})

describe('keys', () => {
  it('that are missing or short are asked for, never made again', async () => {
    for (const name of [`log-${SHARD}.key`, 'kek-1.key', 'hash.key', 'node']) {
      await assertRefused(clean, 'log.key_missing', path => rmSync(path(`keys/${name}`)))
      await assertRefused(clean, 'log.key_missing', path => truncateSync(path(`keys/${name}`), 3))
      await assertRefused(killed, 'log.key_missing', path => truncateSync(path(`keys/${name}`), 0))
    }
    await assertRefused(clean, 'log.key_missing', path => rmSync(path('keys'), { recursive: true }))
  })

  it('of another node are noticed', async () => {
    await assertRefused(clean, 'log.key_missing', path =>
      writeFileSync(path('keys/kek-1.key'), Buffer.alloc(32, 9)),
    )
    await assertRefused(clean, 'log.corrupt', path => writeFileSync(path('keys/node'), 'abcd'))
  })

  it('are lost with their ring', async () => {
    await assertRefused(clean, 'log.key_missing', path => rmSync(path('keys/ring.sqlite')))
    await assertRefused(clean, 'log.key_missing', path =>
      writeFileSync(path('keys/ring.sqlite'), Buffer.alloc(9000, 'x')),
    )
  })
})

describe('the table of ids', () => {
  it('heals when it is missing, short, damaged or garbage', async () => {
    const ids = `${STATE}/ids`
    await assertHeals(clean, [cleanRun], path => rmSync(path(ids)))
    await assertHeals(clean, [cleanRun], path => flip(path(ids), 1000))
    await assertHeals(clean, [cleanRun], path => writeFileSync(path(ids), Buffer.alloc(5000, 'x')))
    await assertHeals(clean, [cleanRun], path => truncateSync(path(ids), 1000))
    await assertHeals(killed, killedRuns, path => rmSync(path(ids)))
    await assertHeals(killed, killedRuns, path => truncateSync(path(ids), 24 * 50))
    await assertHeals(clean, [cleanRun], path => rmSync(path('state'), { recursive: true }))
  })

  it('knows of entries that the log has lost', async () => {
    await assertRefused(clean, 'log.corrupt', path =>
      appendFileSync(path(`${STATE}/ids`), Buffer.alloc(24, 1)),
    )
  })
})

describe('the write-ahead log', () => {
  it('loses a torn tail that was never acknowledged, and nothing else', async () => {
    for (const tail of [Buffer.alloc(1), Buffer.alloc(4000), Buffer.alloc(300, 0x11)]) {
      await assertHeals(killed, killedRuns, path => appendFileSync(lastSegment(path), tail))
    }
  })

  it('is refused when what it lost was acknowledged', async () => {
    const size = statSync(lastSegment(name => join(killed, name))).size
    for (const at of [0, 9, 20, 40, Math.floor(size / 2)]) {
      await assertRefused(killed, 'log.corrupt', path => flip(lastSegment(path), at))
    }
    await assertRefused(killed, 'log.corrupt', path =>
      truncateSync(lastSegment(path), Math.floor(size / 2)),
    )
    await assertRefused(killed, 'log.corrupt', path => rmSync(lastSegment(path)))
    await assertRefused(killed, 'log.corrupt', path =>
      rmSync(path(`${STATE}/wal`), { recursive: true }),
    )
  })
})

describe('payload files', () => {
  it('that do not hold what the checkpoint covers keep the log from being grown', async () => {
    for (const directory of [clean, killed]) {
      const seal = (path: (name: string) => string) => lastIn(path('payloads'), /r6m.*\.seal$/)
      await assertRefused(directory, 'log.corrupt', path => truncateSync(seal(path), 100))
      await assertRefused(directory, 'log.corrupt', path => flip(seal(path), 2))
    }
  })
})

describe('a data directory', () => {
  it('of a running server is refused to another, with its number', async () => {
    const copy = copyOf(clean)
    const ingest = startIngest(copy, { seed: 1 })
    while (!ingest.lines.some(line => line.startsWith('open'))) {
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    const second = await runIngest(copy, { seed: 2, bodies: 1 })
    ingest.child.kill('SIGKILL')
    await ingest.ended
    assert.equal(second.exitCode, 3)
    assert.match(
      second.lines.at(-1) ?? '',
      new RegExp(`^refused log.in_use .*process ${ingest.child.pid};`),
    )
    assert.ok((second.lines.at(-1) ?? '').includes(copy))
  })

  it('that may only be read is refused with a sentence that says so', async t => {
    const copy = mkdtempSync(join(tmpdir(), 'tocsin-readonly-'))
    // Root may write anywhere but on a disk that is mounted to be read.
    const mount = (...args: string[]) => spawnSync('mount', args, { stdio: 'ignore' }).status === 0
    const isRoot = process.getuid?.() === 0
    if (isRoot && !mount('-t', 'tmpfs', 'tmpfs', copy)) return t.skip('needs mount')
    const directory = join(copy, 'data')
    cpSync(clean, directory, { recursive: true })
    if (isRoot) assert.ok(mount('-o', 'remount,ro', copy))
    else spawnSync('chmod', ['-R', 'a-w', directory])
    const run = await runIngest(directory, { seed: 1, bodies: 1 })
    if (isRoot) spawnSync('umount', [copy])
    else spawnSync('chmod', ['-R', 'u+w', directory])
    rmSync(copy, { recursive: true })
    assert.equal(run.exitCode, 3, run.stderr)
    assert.match(run.lines.at(-1) ?? '', /^refused log.not_writable .*as its owner/)
    assert.ok((run.lines.at(-1) ?? '').includes(directory))
  })
})
