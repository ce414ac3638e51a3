import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { TocsinError } from '@tocsin/sdk/errors'
import { openEventFile } from './event-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'tocsin-event-file-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const T0 = Date.UTC(2031, 4, 1)

function line(time: number, more: object = {}): string {
  const actor = { type: 'service', id: 'svc-a' }
  return JSON.stringify({
    kind: 'ai.invoke',
    time,
    outcome: 'success',
    actor,
    operation: 'chat',
    ...more,
  })
}

function write(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text)
  return path
}

test('events come in the order of time, those of one millisecond in the order of the file', async () => {
  const times = Array.from({ length: 9000 }, (_, i) => T0 + ((i * 7919) % 4500))
  const lines = times.map((time, i) =>
    line(time, { operation: `op-${i}`, endpoint: 'ü'.repeat(i % 90) }),
  )
  for (const name of ['mixed.jsonl', 'mixed.jsonl.gz']) {
    const file = await openEventFile(write(name, lines.join('\n')))
    const seen = [...file.events()]
    file.close()
    const expected = times
      .map((time, i) => ({ time, i }))
      .sort((a, b) => a.time - b.time || a.i - b.i)
      .map(({ i }) => `op-${i}`)
    assert.deepEqual(
      seen.map(event => event.operation),
      expected,
    )
    assert.equal(file.isSorted, false)
    assert.equal(file.read.firstMs, T0)
    assert.equal(file.read.lastMs, T0 + 4499)
  }
})

test('lines that are no events are counted, and the first three reasons name their lines', async () => {
  const bad = ['not json', line(T0, { colour: 'red' }), line(1_790_000_000), '[]', '7']
  const path = write('bad.jsonl', `\uFEFF${line(T0)}\r\n\n${bad.join('\n')}\n${line(T0 + 1)}`)
  const file = await openEventFile(path)
  assert.equal([...file.events()].length, 2)
  file.close()
  const { count, refused, reasons } = file.read
  assert.deepEqual([count, refused, reasons.length], [2, 5, 3])
  assert.match(reasons[0] ?? '', /^line 2: not JSON/)
  assert.match(reasons[1] ?? '', /^line 3: .*colour/)
  assert.match(reasons[2] ?? '', /^line 4: /)
})

test('an event sent twice is handed out once, as the log would store it', async () => {
  const id = '01890000-0000-7000-8000-000000000001'
  const twice = [line(T0, { id }), line(T0, { id: id.toUpperCase() }), line(T0), line(T0)]
  const file = await openEventFile(write('twice.jsonl', twice.join('\n')))
  const ids = [...file.events()].map(event => event.id)
  file.close()
  assert.equal(file.read.duplicates, 1)
  assert.equal(new Set(ids).size, 3)
})

test('identities count as those of a sender who may attest; nobody is nobody; no content stays', async () => {
  const content = { body: 'a secret', sketch: 's' }
  const unknown = { type: 'unknown', id: '-' }
  const path = write('who.jsonl', [line(T0, { content }), line(T0, { actor: unknown })].join('\n'))
  const file = await openEventFile(path)
  const [first, second] = [...file.events()]
  file.close()
  assert.equal(first?.actor.verified, 'gateway')
  assert.equal(first?.observed, T0)
  assert.equal(first?.system, 'unregistered')
  assert.deepEqual(first?.content, { sketch: 's' })
  assert.equal(second?.actor.verified, 'none')
})

test('no file, and no event in it, are one sentence each; nothing is left behind', async () => {
  const before = readdirSync(tmpdir()).filter(name => name.startsWith('tocsin-events-'))
  for (const name of ['nowhere.jsonl', 'nowhere.jsonl.gz', '.']) {
    await assert.rejects(
      openEventFile(join(directory, name)),
      error => error instanceof TocsinError && error.code === 'cli.not_found',
    )
  }
  const torn = join(directory, 'torn.jsonl.gz')
  writeFileSync(torn, gzipSync(`${line(T0)}\n`).subarray(0, 40))
  await assert.rejects(openEventFile(torn), /torn\.jsonl\.gz is damaged/)
  writeFileSync(torn, line(T0))
  await assert.rejects(openEventFile(torn), /torn\.jsonl\.gz is damaged/)
  const after = readdirSync(tmpdir()).filter(name => name.startsWith('tocsin-events-'))
  assert.deepEqual(after, before)
})

test('the time is found wherever it stands and however it is written', async () => {
  const spelled = new Date(T0 + 2).toISOString()
  const lines = [
    line(T0 + 4, { ext: { my: { time: T0 + 9 } } }),
    line(T0 + 3).replace('"time":', ' "time" : '),
    line(T0 + 2).replace(`"time":${T0 + 2}`, `"time":"${spelled}"`),
    line(T0 + 1, { endpoint: `"time":${T0 + 8},` }),
    line(T0, { endpoint: '\\"time":1' }),
    JSON.stringify({ ...JSON.parse(line(T0)), time: undefined, ext: { time: T0 } }),
  ]
  const file = await openEventFile(write('times.jsonl', lines.join('\n')))
  const times = [...file.events()].map(event => event.time - T0)
  file.close()
  assert.deepEqual(times, [0, 1, 2, 3, 4])
  assert.match(file.read.reasons[0] ?? '', /^line 6: .*time/)
})
