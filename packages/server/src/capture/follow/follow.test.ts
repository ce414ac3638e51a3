import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { importLines, openImport } from './follow.ts'
import { Rig } from './follow-rig.ts'
import { realLogFiles } from './log-files.ts'

let rig: Rig
beforeEach(() => {
  rig = new Rig()
})
afterEach(() => rig.close())

async function importAll(path: string): Promise<void> {
  const consumer = {
    lines: async (batch: Parameters<Rig['ledger']['take']>[0]) => rig.ledger.take(batch),
  }
  await importLines({ path, invalidUtf8: 'refuse' }, openImport(path), consumer)
}

describe('following', () => {
  it('gives out what is there and what comes, each line once', async () => {
    const first = rig.writeLines(3)
    await rig.poll()
    rig.assertExactly(first)
    const more = rig.writeLines(2)
    await rig.poll()
    rig.assertExactly([...first, ...more])
    await rig.poll()
    assert.equal(rig.ledger.received, 5)
    assert.deepEqual(rig.ledger.gaps, [])
  })

  it('waits for the end of a line, also when it comes in drops', async () => {
    for (const letter of 'a line') {
      rig.write(letter)
      await rig.poll()
      rig.assertExactly([])
    }
    rig.write('\nnext')
    await rig.poll()
    rig.assertExactly(['a line'])
    rig.write('\n')
    await rig.poll()
    rig.assertExactly(['a line', 'next'])
  })

  it('continues after a stop where it stood, and gives nothing out again', async () => {
    const before = rig.writeLines(4)
    await rig.poll()
    await rig.stop()
    const during = rig.writeLines(3)
    await rig.poll()
    rig.assertExactly([...before, ...during])
    assert.equal(rig.ledger.received, 7)
  })

  it('after kill -9 gives out again what was not saved, under the same identities', async () => {
    const before = rig.writeLines(2)
    await rig.poll()
    await rig.stop()
    const { saved } = rig
    const more = rig.writeLines(3)
    await rig.poll()
    await rig.kill()
    rig.saved = saved
    await rig.poll()
    rig.assertExactly([...before, ...more])
    assert.equal(rig.ledger.received, 8)
  })

  it('keeps the position before a batch that the consumer could not store', async () => {
    const lines = rig.writeLines(3)
    rig.consumerError = new Error('the disk is full')
    rig.start()
    assert.equal(await rig.failure(), rig.consumerError)
    assert.equal(rig.saved?.files[0]?.offset, 0)
    rig.consumerError = null
    await rig.poll()
    rig.assertExactly(lines)
  })

  it('moves the position only when lines are durable', async () => {
    rig.writeLines(3)
    const { promise, resolve } = Promise.withResolvers<void>()
    rig.durable = promise
    await rig.poll()
    await rig.poll()
    assert.equal(rig.ledger.received, 3)
    assert.equal(rig.saved?.files[0]?.offset, 0)
    resolve()
    await rig.poll()
    assert.equal(rig.saved?.files[0]?.offset, fs.statSync(rig.path).size)
  })

  it('does not take a failure of the consumer for trouble with the file', async () => {
    rig.writeLines(1)
    const error = Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' })
    rig.consumerError = error
    rig.start()
    assert.equal(await rig.failure(), error)
  })

  it('starts over when the saved position cannot be read, without doubling', async () => {
    const lines = rig.writeLines(3)
    await rig.poll()
    await rig.stop()
    rig.saved = null
    await rig.poll()
    rig.assertExactly(lines)
    assert.equal(rig.ledger.received, 6)
  })
})

describe('trouble with the file', () => {
  it('waits for a file and for a directory that are not there, and says each once', async () => {
    fs.rmSync(rig.directory, { recursive: true })
    for (let i = 0; i < 3; i++) await rig.poll()
    fs.mkdirSync(rig.directory)
    for (let i = 0; i < 3; i++) await rig.poll()
    const lines = rig.writeLines(1)
    for (let i = 0; i < 2; i++) await rig.poll()
    rig.assertExactly(lines)
    assert.deepEqual(rig.reports, [
      `the directory ${rig.directory} does not exist; check the path of the source`,
      `${rig.path} does not exist yet; it is read as soon as it does`,
      `reading ${rig.path}`,
    ])
  })

  it('says once that reading is not permitted, and reads as soon as it is', async () => {
    const lines = rig.writeLines(2)
    let denied = true
    rig.files = {
      ...realLogFiles,
      open: async path => {
        if (denied) throw Object.assign(new Error('no'), { code: 'EACCES', syscall: 'open' })
        return realLogFiles.open(path)
      },
    }
    for (let i = 0; i < 3; i++) await rig.poll()
    assert.equal(rig.reports.length, 1)
    assert.match(rig.reports[0] ?? '', /may not be read \(EACCES\); let the user that runs Tocsin/)
    denied = false
    await rig.poll()
    rig.assertExactly(lines)
  })

  it('goes on after a read error without losing or doubling', async () => {
    let failing = false
    rig.files = {
      ...realLogFiles,
      open: async path => {
        const log = await realLogFiles.open(path)
        const read: typeof log.read = async (offset, into) => {
          if (failing) throw Object.assign(new Error('i/o'), { code: 'EIO', syscall: 'read' })
          return log.read(offset, into)
        }
        return { ...log, read }
      },
    }
    const lines = [...rig.writeLines(2)]
    await rig.poll()
    failing = true
    lines.push(...rig.writeLines(2))
    await rig.poll()
    failing = false
    await rig.poll()
    rig.assertExactly(lines)
    assert.equal(rig.ledger.received, 4)
    assert.match(rig.reports[0] ?? '', /cannot be read \(EIO\)/)
  })

  it('refuses a directory and a pipe instead of hanging', async () => {
    fs.mkdirSync(rig.path)
    for (let i = 0; i < 2; i++) await rig.poll()
    assert.deepEqual(rig.reports, [
      `${rig.path} is not a regular file; give the file that the server writes its log to`,
    ])
  })

  it('reports a line of 10 MB by place and size, and reads on behind it', async () => {
    const first = rig.writeLines(1)
    rig.write('x'.repeat(10 * 1024 * 1024))
    await rig.poll()
    rig.write('\n')
    const last = rig.writeLines(1)
    await rig.poll()
    rig.assertExactly([...first, '(line.too_long)', ...last])
    await rig.stop()
    rig.writeLines(1)
    await rig.poll()
    assert.equal(rig.ledger.received, 4)
  })
})

describe('identity', () => {
  it('is the same when a followed file is imported, plain or compressed', async () => {
    const lines = [...rig.writeLines(20)]
    rig.write('\n\r\n')
    await rig.poll()
    await importAll(rig.path)
    rig.rotate()
    rig.compress(1)
    await importAll(`${rig.path}.1.gz`)
    rig.assertExactly(lines)
    assert.equal(rig.ledger.received, 60)
  })

  it('is the same for a last line that has no end yet', async () => {
    rig.write('one\ntwo')
    await importAll(rig.path)
    rig.write('\n')
    await rig.poll()
    rig.assertExactly(['one', 'two'])
  })

  it('tells equal lines apart, in one file and in two', async () => {
    rig.write('same\nsame\n')
    await rig.poll()
    rig.rotate()
    rig.reopen()
    rig.write('other\nsame\n')
    await rig.poll()
    rig.assertExactly(['same', 'same', 'other', 'same'])
  })

  it('imports an empty file, and one without any end of line', async () => {
    fs.writeFileSync(rig.path, '')
    await importAll(rig.path)
    fs.writeFileSync(rig.path, 'only')
    await importAll(rig.path)
    rig.assertExactly(['only'])
  })
})
