// A disk that is really full: a small tmpfs. What cannot be stored is refused and nothing of it is
// there; the server goes on when space is freed, and starts, or says why not, at every moment.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { REPOSITORY } from '../need.ts'
import { History, type Ingest, runIngest, settle, startIngest } from './ingest-rig.ts'

const DISK_BYTES = 8 * 1024 * 1024
const BALLAST_BYTES = 2 * 1024 * 1024
const WAIT_MS_MAX = 60_000

const mountPoint = mkdtempSync(join(tmpdir(), 'tocsin-full-'))
const skip = mountSmall(mountPoint)

/** The reason to skip, or false. */
function mountSmall(path: string): string | false {
  const args = ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', path]
  const { status } = spawnSync('mount', args, { stdio: 'ignore' })
  return status === 0 ? false : 'needs root, to mount a small disk that can be filled'
}

const countOf = (ingest: Ingest, start: string) =>
  ingest.lines.filter(line => line.startsWith(start)).length

async function until(ingest: Ingest, isTrue: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX
  while (!isTrue()) {
    const said = [what, ...ingest.lines.slice(-5)].join('\n')
    assert.equal(ingest.child.exitCode, null, `it ended: ${said}`)
    assert.ok(performance.now() < endMs, `it took too long: ${said}`)
    await setTimeout(10)
  }
}

describe('a full disk', { skip }, () => {
  const directory = join(mountPoint, 'data')
  const history = new History()
  const ballast = (n: number) => join(mountPoint, `ballast-${n}`)

  before(() => {
    mkdirSync(directory)
    for (const n of [1, 2]) writeFileSync(ballast(n), Buffer.alloc(BALLAST_BYTES, 1))
  })
  after(() => {
    // Lazily: a process that was killed may not have let go yet.
    spawnSync('umount', ['-l', mountPoint])
    rmSync(mountPoint, { recursive: true })
  })

  it('is waited out: appends fail, and succeed once space is freed', async () => {
    const ingest = startIngest(directory, { seed: 1 })
    await until(ingest, () => countOf(ingest, 'err log.disk_full') > 5, 'the disk gets full')
    const before = countOf(ingest, 'ack')
    rmSync(ballast(1))
    await until(ingest, () => countOf(ingest, 'ack') > before + 20, 'events flow again')
    await until(ingest, () => countOf(ingest, 'err log.disk_full') > 15, 'it is full again')
    ingest.child.kill('SIGKILL')
    const run = await ingest.ended
    assert.ok(!run.lines.some(line => line.startsWith('fatal')), run.lines.join('\n'))
    history.take(run)
  })

  it('does not keep a server from starting and being killed, again and again', async () => {
    for (let round = 0; round < 4; round++) {
      const ingest = startIngest(directory, { seed: 2 + round })
      const answered = () =>
        countOf(ingest, 'err') + countOf(ingest, 'refused') + countOf(ingest, 'ack') > 0
      await Promise.race([
        until(ingest, answered, 'it answers').catch(() => {}),
        ingest.ended,
        setTimeout(WAIT_MS_MAX, undefined, { ref: false }),
      ])
      ingest.child.kill('SIGKILL')
      const run = await ingest.ended
      history.take(run)
      const codes = run.lines
        .filter(line => /^(err|refused|fatal)/.test(line))
        .map(l => l.split(' ')[1])
      assert.ok(
        codes.every(code => code === 'log.disk_full'),
        run.lines.join('\n') + run.stderr,
      )
    }
  })

  it('leaves nothing half-stored, and nothing acknowledged is lost', async () => {
    rmSync(ballast(2))
    // While nothing could be published the write-ahead log was not trimmed: it and the payload
    // files can fill the whole disk by themselves, and then tiles find no room on what the ballast
    // held. The judge reads what is published, so the disk grows before it is asked.
    const grown = spawnSync('mount', ['-o', `remount,size=${8 * DISK_BYTES}`, mountPoint])
    assert.equal(grown.status, 0, String(grown.stderr))
    await settle(directory, history)
    await history.judge(directory)
    const run = await runIngest(directory, { seed: 9, bodies: 20 })
    assert.equal(run.exitCode, 0, run.lines.slice(-5).join('\n'))
    history.take(run)
    await history.judge(directory)
  })
})

describe('a server that is stopped while its disk is full', { skip }, () => {
  const small = mkdtempSync(join(tmpdir(), 'tocsin-full-'))
  before(() => mountSmall(small))
  after(() => {
    spawnSync('umount', ['-l', small])
    rmSync(small, { recursive: true })
  })

  it('says that events wait for a checkpoint, and seals them at the next start', async () => {
    const first = await serve(small)
    while (!(await isSealed(first))) await setTimeout(20)
    await send(first, 'svc-a')
    // Within the second that the next checkpoint waits for more.
    const ballast = join(small, 'ballast')
    assert.throws(() => writeFileSync(ballast, Buffer.alloc(DISK_BYTES)), /ENOSPC/)
    const { exitCode, said } = await first.stop()
    assert.equal(exitCode, 1, said)
    assert.match(said, /searches miss the newest events: the disk of \S+ is full/)
    assert.doesNotMatch(said, /thread ended/)
    assert.match(said, /\d stored events? .*disk of \S+ is full; they are safe/)
    rmSync(ballast)
    const second = await serve(small)
    assert.equal((await second.stop()).exitCode, 0)
    const verify = spawnSync(TOCSIN, ['verify', small, '--trust-directory'], { encoding: 'utf8' })
    assert.equal(verify.status, 0, verify.stderr)
    assert.match(verify.stdout, /INTACT .* [2-9] entries/)
  })
})

const TOCSIN = join(REPOSITORY, 'node_modules/.bin/tocsin')

async function serve(data: string) {
  const env = { ...process.env, TOCSIN_DATA: data, XDG_STATE_HOME: join(data, 'home') }
  const child = spawn(TOCSIN, ['serve', '--listen', '127.0.0.1:0'], { env })
  let said = ''
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  const listening = new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      said += part
      if (said.includes('listens on')) resolve()
    })
    void ended.then(() => reject(new Error(`it ended: ${said}`)))
  })
  child.stdout.resume()
  await listening
  const local: { url: string; apiKey: string } = JSON.parse(
    readFileSync(join(data, 'local.json'), 'utf8'),
  )
  const stop = async () => {
    child.kill('SIGTERM')
    return { exitCode: await ended, said }
  }
  return { ...local, stop }
}

async function isSealed({ url, apiKey }: Awaited<ReturnType<typeof serve>>): Promise<boolean> {
  const headers = { authorization: `Bearer ${apiKey}` }
  const answer = await fetch(`${url}/v1/log`, { headers })
  const state = (await answer.json()) as { size: number; checkpointSize: number }
  return state.size > 0 && state.checkpointSize === state.size
}

async function send(
  { url, apiKey }: { readonly url: string; readonly apiKey: string },
  id: string,
): Promise<void> {
  const event = {
    kind: 'ai.invoke',
    time: Date.now(),
    outcome: 'success',
    actor: { type: 'service', id },
    operation: 'chat',
  }
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  const body = JSON.stringify([event])
  const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers, body })
  assert.equal(answer.status, 200, await answer.text())
}
