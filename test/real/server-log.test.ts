// The log that a running server wrote is judged by strangers: the libraries of Go's checksum
// database, the fsck of Tessera (a log of another maker), and `tocsin verify` in all its ways. All
// take the log as it is and refuse every forged copy of it.

import assert from 'node:assert/strict'
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { needProgram, REPOSITORY } from '../need.ts'
import { execute, Live } from './live.ts'

const FSCK = 'github.com/transparency-dev/tessera/cmd/fsck@v1.0.4'
const BATCHES = 12
const BATCH_EVENTS = 300
const skip = needProgram('go')

type Judgement = { readonly isIntact: boolean; readonly words: string }

const KINDS = ['ai.invoke', 'ai.retrieve', 'ai.feature', 'data.read', 'model.read', 'http.request']

let live: Live
let shard: string
let goVerifier: string
/** A checkpoint that the server published before it had taken everything. */
let early: string

describe('the log of a running server', { skip }, () => {
  before(async () => {
    live = await Live.create()
    early = join(live.home, 'early')
    const key = await live.key('ingest,attest')
    await live.start()
    for (let batch = 0; batch < BATCHES; batch++) {
      if (batch === 5) await keepCheckpoint()
      await send(key, batch)
    }
    // Keys made while events flow, and a gap that a sender reports.
    await live.key('read')
    await sendLines(key, [gap(1), gap(2)], 2)
    await live.stop()
    const year = readdirSync(join(live.data, 'log'))[0] ?? assert.fail('no shard')
    shard = join(live.data, 'log', year)
    await buildGo()
  })

  after(() => live?.remove())

  it('holds what was sent', () => {
    const size = Number(readFileSync(join(shard, 'checkpoint'), 'utf8').split('\n')[1])
    assert.ok(size > BATCHES * BATCH_EVENTS, String(size))
    assert.ok(readdirSync(join(shard, 'tile/entries')).length > 10)
  })

  it("is intact for the checksum database's libraries and for Tessera's fsck", async () => {
    for (const judge of [judgeByGo, judgeByFsck]) {
      const { isIntact, words } = await judge(shard)
      assert.ok(isIntact, words)
    }
  })

  it('is intact in every way that `tocsin verify` can be asked', async () => {
    const vkey = join(shard, 'log.vkey')
    const ways: readonly (readonly string[])[] = [
      [live.data],
      [shard],
      [live.data, '--vkey', vkey],
      [shard, '--vkey', vkey, '--since', early],
    ]
    for (const way of ways) {
      const { code, out, err } = await live.tocsin(['verify', ...way])
      assert.equal(code, 0, `${way.join(' ')}\n${out}${err}`)
      assert.match(out, /^INTACT /)
    }
    const { out } = await live.tocsin(['verify', live.data, '--since', early, '--json'])
    const { since, counts } = parseReport(out)
    assert.ok(since > 1 && since < BATCHES * BATCH_EVENTS, out)
    assert.equal(counts.sectionsMatched, counts.sections)
    assert.ok(
      counts.sections > BATCHES * BATCH_EVENTS,
      'people acted for are sections of their own',
    )
  })

  it('is intact over HTTP, from the server and from any web folder', async () => {
    await live.start()
    try {
      for (const url of [live.url, `${live.url}/log/${shard.slice(-4)}`]) {
        const { code, out, err } = await live.tocsin(['verify', url])
        assert.equal(code, 0, `${url}\n${out}${err}`)
        assert.match(out, /sealed sections not checked/)
      }
    } finally {
      await live.stop()
    }
  })

  it('cannot be judged by a stranger without a key, and says what to do', async () => {
    const stranger = { XDG_STATE_HOME: join(live.home, 'stranger') }
    const { code, out, err } = await live.tocsin(['verify', live.data], stranger)
    assert.deepEqual([code, out], [1, ''])
    assert.match(err, /^tocsin: \d{4}: the key of this log is not known here .*give --vkey FILE/)
    const trusting = await live.tocsin(['verify', live.data, '--trust-directory'], stranger)
    assert.equal(trusting.code, 0, trusting.err)
    assert.match(trusting.out, /shows only that the log agrees with itself/)
  })

  for (const [name, forge] of Object.entries(forgeries())) {
    it(`is refused by all of them with ${name}`, async () => {
      const copy = join(live.home, 'copy')
      rmSync(copy, { recursive: true, force: true })
      mkdirSync(copy)
      for (const part of ['log', 'payloads']) {
        cpSync(join(live.data, part), join(copy, part), { recursive: true })
      }
      const forged = join(copy, 'log', shard.slice(-4))
      forge(forged)
      for (const judge of [judgeByGo, judgeByFsck]) {
        assert.equal((await judge(forged)).isIntact, false, judge.name)
      }
      const vkey = join(shard, 'log.vkey')
      for (const where of [copy, forged]) {
        const { code, out, err } = await live.tocsin(['verify', where, '--vkey', vkey])
        assert.equal(code, 3, `${where}\n${out}${err}`)
        assert.match(out, /^BROKEN {2}\d{4}: /)
      }
    })
  }

  it('is refused when a sealed section has changed, and when its end was cut off', async () => {
    const copy = join(live.home, 'cut')
    mkdirSync(copy)
    for (const part of ['log', 'payloads']) {
      cpSync(join(live.data, part), join(copy, part), { recursive: true })
    }
    const payload = files(join(copy, 'payloads')).at(0) ?? assert.fail('no payload')
    flip(payload, 100)
    const changed = await live.tocsin(['verify', copy])
    assert.equal(changed.code, 3, changed.out + changed.err)
    assert.match(changed.out, /BROKEN .*entry \d+/)
    flip(payload, 100)
    // The log as it was, with its own valid signature: only memory tells that it went back.
    writeFileSync(join(copy, 'log', shard.slice(-4), 'checkpoint'), readFileSync(early))
    const cut = await live.tocsin(['verify', copy])
    assert.equal(cut.code, 3, cut.out + cut.err)
    const told = await live.tocsin(
      ['verify', copy, '--vkey', join(shard, 'log.vkey'), '--since', join(shard, 'checkpoint')],
      { XDG_STATE_HOME: join(live.home, 'other') },
    )
    assert.equal(told.code, 3, told.out + told.err)
  })
})

function forgeries(): { readonly [name: string]: (directory: string) => void } {
  return {
    'one byte of a bundle changed': directory => flip(join(directory, 'tile/entries/003'), 500),
    'one byte of a tile changed': directory => flip(join(directory, 'tile/0/002'), 77),
    'one byte of an upper tile changed': directory => {
      const bySize = [...files(join(directory, 'tile/1'))].sort(
        (a, b) => statSync(b).size - statSync(a).size,
      )
      flip(bySize[0] ?? assert.fail('no upper tile'), 3)
    },
    'one byte of the root changed': directory => {
      flip(
        join(directory, 'checkpoint'),
        readFileSync(join(directory, 'checkpoint')).indexOf('\n') + 12,
      )
    },
    'one byte of the signature changed': directory => {
      const path = join(directory, 'checkpoint')
      flip(path, readFileSync(path).length - 20)
    },
    'a bundle removed': directory => rmSync(join(directory, 'tile/entries/002')),
  }
}

/** Another letter where a letter stood, so that text stays text. */
function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

function files(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
}

async function buildGo(): Promise<void> {
  goVerifier = join(live.home, 'go-verifier')
  const cwd = join(REPOSITORY, 'test/real/go-verifier')
  const built = await execute('go', ['build', '-o', goVerifier, '.'], { cwd })
  assert.equal(built.code, 0, built.err)
  const env = { ...process.env, GOBIN: live.home }
  const installed = await execute('go', ['install', FSCK], { cwd: live.home, env })
  assert.equal(installed.code, 0, installed.err)
}

async function judgeByGo(directory: string): Promise<Judgement> {
  const vkey = readFileSync(join(shard, 'log.vkey'), 'utf8').trim()
  const { code, out, err } = await execute(goVerifier, [directory, vkey], { cwd: live.home })
  if (code === 0) assert.match(out, /^ok \d+ /)
  return { isIntact: code === 0, words: err }
}

/**
 * fsck ends with 0 whatever it found; its verdict is a sentence. A worker that finds a fault ends,
 * and with the last of them fsck stands still: it gets more workers than there are faults.
 */
async function judgeByFsck(directory: string): Promise<Judgement> {
  const vkey = join(shard, 'log.vkey')
  const args = [
    `--storage_url=file://${directory}/`,
    `--public_key=${vkey}`,
    '--ui=false',
    '--N=16',
  ]
  const command = ['-k', '5', '60', join(live.home, 'fsck'), ...args]
  const { code, err } = await execute('timeout', command, { cwd: live.home })
  assert.equal(code, 0, err)
  const isIntact = err.includes("Successfully fsck'd log")
  assert.notEqual(isIntact, err.includes('fsck failed'), err)
  return { isIntact, words: err }
}

async function keepCheckpoint(): Promise<void> {
  const year = readdirSync(join(live.data, 'log'))[0] ?? assert.fail('no shard')
  const path = join(live.data, 'log', year, 'checkpoint')
  // The first one was signed when the key was made; one of events is wanted.
  const until = Date.now() + 20_000
  while (Number(readFileSync(path, 'utf8').split('\n')[1]) < BATCH_EVENTS) {
    assert.ok(Date.now() < until, 'no checkpoint was published')
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  writeFileSync(early, readFileSync(path))
}

function send(key: string, batch: number): Promise<void> {
  const events = Array.from({ length: BATCH_EVENTS }, (_, i) => event(batch * BATCH_EVENTS + i))
  return sendLines(key, events, BATCH_EVENTS)
}

async function sendLines(key: string, events: readonly object[], stored: number): Promise<void> {
  const answer = await fetch(`${live.url}/v1/events`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/x-ndjson' },
    body: events.map(e => `${JSON.stringify(e)}\n`).join(''),
  })
  const receipt = await answer.text()
  assert.equal(answer.status, 200, receipt.slice(0, 500))
  assert.ok(receipt.startsWith(`{"stored":${stored},`), receipt.slice(0, 100))
}

function event(n: number): object {
  return {
    kind: KINDS[n % KINDS.length],
    time: Date.now(),
    outcome: n % 7 === 0 ? 'denied' : 'success',
    actor: { type: 'service', id: `svc-${n % 20}` },
    operation: 'chat',
    producer: 'real-test',
    producerSeq: n,
    source: { ip: `10.0.${n % 3}.${n % 200}` },
    ...(n % 5 === 0 ? { onBehalfOf: [{ type: 'human', id: `u-${n % 30}` }] } : {}),
    ...(n % 50 === 0 ? { content: { body: 'x'.repeat(n) } } : {}),
  }
}

function gap(count: number): object {
  return {
    kind: 'audit.gap',
    time: Date.now(),
    outcome: 'unknown',
    actor: { type: 'service', id: 'svc-1' },
    operation: 'drop',
    reasonCode: 'spool_full',
    rows: count,
    producer: 'real-test',
  }
}

type Counts = { readonly sections: number; readonly sectionsMatched: number }

function parseReport(text: string): { readonly since: number; readonly counts: Counts } {
  return JSON.parse(text)
}
