import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { lockDirectory, readOwner } from './lock.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-lock-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** Takes the lock in another process, prints what came of it, and ends without releasing it. */
function lockElsewhere(): string {
  const url = new URL('./lock.ts', import.meta.url).href
  const script = `
    const { lockDirectory } = await import(${JSON.stringify(url)})
    try { lockDirectory(${JSON.stringify(directory)}, process.pid); console.log('locked') }
    catch (error) { console.log(error.code, error.message) }
    process.exit(0)`
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  }).stdout.trim()
}

describe('the lock of a data directory', () => {
  it('is held against another process, which is told who holds it', () => {
    const lock = lockDirectory(directory, process.pid)
    assert.match(lockElsewhere(), new RegExp(`^log.in_use .*process ${process.pid};`))
    lock.announce({ pid: process.pid, url: 'http://127.0.0.1:7117' })
    assert.match(lockElsewhere(), /at http:\/\/127\.0\.0\.1:7117;/)
    lock.release()
    assert.equal(lockElsewhere(), 'locked')
  })

  it('ends with the process that held it, however it ended', () => {
    assert.equal(lockElsewhere(), 'locked')
    assert.ok(existsSync(join(directory, 'owner.json')))
    lockDirectory(directory, process.pid).release()
  })

  it('is held against a second try in the same process, and survives it', () => {
    const lock = lockDirectory(directory, process.pid)
    assert.throws(() => lockDirectory(directory, 1), { code: 'log.in_use' })
    assert.match(lockElsewhere(), /^log.in_use/)
    lock.release()
    lock.release()
    lockDirectory(directory, 1).release()
  })

  it('is held by whoever took it and forgot about it', () => {
    const { gc } = globalThis
    setFlagsFromString('--expose-gc')
    const collect = gc ?? runInNewContext('gc')
    lockDirectory(directory, process.pid)
    for (let i = 0; i < 5; i++) collect()
    assert.match(lockElsewhere(), /^log.in_use/)
  })

  it('makes the directory where it is missing, for its owner only', () => {
    const made = join(directory, 'a/b')
    lockDirectory(made, 1).release()
    assert.equal(statSync(made).mode & 0o777, 0o700)
  })

  it('writes nothing into the lock file and forgets the owner at the end', () => {
    const lock = lockDirectory(directory, 7)
    assert.deepEqual(readOwner(directory), { pid: 7 })
    assert.equal(statSync(join(directory, 'lock.sqlite')).size, 0)
    lock.release()
    assert.equal(readOwner(directory), null)
  })

  it('says that a directory cannot be written rather than that it is in use', () => {
    writeFileSync(join(directory, 'file'), '')
    assert.throws(() => lockDirectory(join(directory, 'file/x'), 1), { code: 'log.not_writable' })
    writeFileSync(join(directory, 'lock.sqlite'), 'garbage'.repeat(1000))
    assert.throws(() => lockDirectory(directory, 1), {
      code: 'log.not_writable',
      message: /lock\.sqlite is not the lock file.*remove it while no server runs/,
    })
    assert.match(readFileSync(join(directory, 'lock.sqlite'), 'utf8'), /^garbage/)
  })

  it('can be found by anyone even where the hint of its owner is unreadable', () => {
    const lock = lockDirectory(directory, 1)
    for (const text of ['', '{"pi', '[]', 'null', '{"pid":"x"}', '\u0000\u0000']) {
      writeFileSync(join(directory, 'owner.json'), text)
      assert.equal(readOwner(directory), null, text)
      assert.match(lockElsewhere(), /^log.in_use .*another process/)
    }
    lock.release()
  })
})
