import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { startThread } from './threads.ts'

const threadsUrl = new URL('./threads.ts', import.meta.url).href
let directory = ''
let here = ''

const WORKERS = {
  echo: `const thread = thisThread()
    thread.onMessage(message => thread.send({ message, data: thread.data }))`,
  throws: "const thread = thisThread(); thread.onMessage(() => { throw new Error('no') })",
  leaves: 'const thread = thisThread(); thread.onMessage(code => process.exit(code))',
  broken: "throw new Error('cannot start')",
}

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-threads-'))
  for (const [name, body] of Object.entries(WORKERS)) {
    const source = `import { thisThread } from ${JSON.stringify(threadsUrl)}\n${body}\n`
    writeFileSync(join(directory, `${name}.ts`), source)
  }
  here = pathToFileURL(join(directory, 'starter.ts')).href
})
after(() => rmSync(directory, { recursive: true }))

function failureOf(file: string, message?: unknown): Promise<Error> {
  const thread = startThread(here, file, null)
  if (message !== undefined) thread.send(message)
  return new Promise(resolve => thread.onFailure(resolve))
}

describe('a thread', () => {
  it('gets its data, answers in order, and takes buffers over without a copy', async () => {
    const thread = startThread<Uint8Array, { message: Uint8Array; data: unknown }>(here, 'echo', {
      name: 'n',
    })
    const answers: Uint8Array[] = []
    const bytes = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]
    await new Promise<void>(resolve => {
      thread.onMessage(({ message, data }) => {
        assert.deepEqual(data, { name: 'n' })
        answers.push(message)
        if (answers.length === 3) resolve()
      })
      for (const part of bytes) thread.send(part, [part.buffer])
    })
    assert.deepEqual(answers, [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)])
    assert.ok(bytes.every(part => part.length === 0))
    await thread.stop()
  })

  it('tells when it fails: by an error, by its own end, or before it began', async () => {
    assert.match((await failureOf('throws', 1)).message, /no/)
    assert.match((await failureOf('leaves', 3)).message, /ended with code 3/)
    assert.match((await failureOf('leaves', 0)).message, /ended with code 0/)
    assert.match((await failureOf('broken')).message, /cannot start/)
    assert.match((await failureOf('missing')).message, /missing/)
  })

  it('tells it once, and not when it was stopped', async () => {
    let failures = 0
    const thread = startThread(here, 'throws', null)
    const failed = new Promise<void>(resolve => {
      thread.onFailure(() => {
        failures += 1
        resolve()
      })
    })
    thread.send(1)
    thread.send(2)
    await failed
    await thread.stop()
    assert.equal(failures, 1)
    const stopped = startThread(here, 'echo', null)
    stopped.onFailure(() => assert.fail('it was stopped'))
    await stopped.stop()
    await stopped.stop()
    stopped.send(1)
  })

  it('ends the process when it fails and nobody listens', () => {
    const script = `const { startThread } = await import(${JSON.stringify(threadsUrl)})
      startThread(${JSON.stringify(here)}, 'throws', null).send(1)
      setTimeout(() => process.exit(0), 5000)`
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    assert.notEqual(status, 0)
    assert.match(stderr, /no/)
  })
})
