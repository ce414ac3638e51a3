import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import {
  diskError,
  isDiskFull,
  makeDirectory,
  readFileIfThere,
  replaceFile,
  syncDirectory,
  syncFile,
} from './durable.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-durable-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const modeOf = (path: string) => statSync(path).mode & 0o777
const failing = (code: string) =>
  Object.assign(new Error(`${code}: what`), { code, syscall: 'write' })

describe('durable files', () => {
  it('makes directories with their parents, for their owner only', () => {
    const path = join(directory, 'a/b/c')
    makeDirectory(path)
    makeDirectory(path)
    for (const part of ['a', 'a/b', 'a/b/c']) assert.equal(modeOf(join(directory, part)), 0o700)
  })

  it('makes a directory that is given relative to where the process stands', () => {
    const before = process.cwd()
    process.chdir(directory)
    try {
      makeDirectory('./x/../y/z')
    } finally {
      process.chdir(before)
    }
    assert.ok(existsSync(join(directory, 'y/z')))
  })

  it('refuses to make a directory where a file stands', () => {
    writeFileSync(join(directory, 'a'), '')
    assert.throws(() => makeDirectory(join(directory, 'a/b')), { code: 'ENOTDIR' })
  })

  it('replaces a file as a whole and leaves nothing beside it', () => {
    const path = join(directory, 'f')
    replaceFile(path, 'first')
    replaceFile(path, Buffer.from('2'))
    assert.equal(readFileSync(path, 'utf8'), '2')
    assert.deepEqual(readdirSync(directory), ['f'])
    assert.equal(modeOf(path), 0o600)
  })

  it('writes the new bytes where it is told to, and takes up what a crash left there', () => {
    mkdirSync(join(directory, 'elsewhere'))
    const temporary = join(directory, 'elsewhere/t')
    writeFileSync(temporary, 'longer than the new bytes')
    replaceFile(join(directory, 'f'), 'new', temporary)
    assert.equal(readFileSync(join(directory, 'f'), 'utf8'), 'new')
    assert.ok(!existsSync(temporary))
  })

  it('leaves the old file and no other when it fails', () => {
    const path = join(directory, 'f')
    mkdirSync(join(path, 'full'), { recursive: true })
    assert.throws(() => replaceFile(path, 'x'))
    assert.deepEqual(readdirSync(directory), ['f'])
    assert.throws(() => replaceFile(join(directory, 'no/f'), 'x'), { code: 'ENOENT' })
  })

  it('reads a file or says that there is none, but does not hide other errors', () => {
    writeFileSync(join(directory, 'f'), 'x')
    assert.equal(readFileIfThere(join(directory, 'f'))?.toString(), 'x')
    assert.equal(readFileIfThere(join(directory, 'g')), null)
    assert.throws(() => readFileIfThere(directory), { code: 'EISDIR' })
    assert.throws(() => readFileIfThere(join(directory, 'f/g')), { code: 'ENOTDIR' })
  })

  it('calls a failed sync a failed disk', () => {
    // The kernel answers EINVAL for what it cannot synchronise.
    assert.throws(() => syncFile('/dev/null'), { code: 'log.disk_failed' })
    assert.throws(() => syncDirectory('/dev/null'), { code: 'log.disk_failed' })
    assert.throws(() => syncFile(join(directory, 'none')), { code: 'ENOENT' })
  })
})

describe('errors of the disk', () => {
  it('tell a full disk from a failed one and from missing rights', () => {
    const code = (error: unknown) => diskError(error, '/data').code
    assert.equal(code(failing('ENOSPC')), 'log.disk_full')
    assert.equal(code(failing('EDQUOT')), 'log.disk_full')
    assert.equal(code(failing('EROFS')), 'log.not_writable')
    assert.equal(code(failing('EACCES')), 'log.not_writable')
    assert.equal(code(failing('EIO')), 'log.disk_failed')
    assert.equal(code(new TypeError('a mistake')), 'internal.bug')
    assert.equal(code('anything'), 'internal.bug')
    assert.match(diskError(failing('EIO'), '/data').message, /\/data.*EIO/)
  })

  it('keep an error that already says what it means', () => {
    const error = diskError(failing('ENOSPC'), '/data')
    assert.equal(diskError(error, '/other'), error)
    assert.ok(isDiskFull(failing('ENOSPC')))
    assert.ok(!isDiskFull(failing('EIO')))
    assert.ok(!isDiskFull({ code: 'ENOSPC' }))
  })
})
