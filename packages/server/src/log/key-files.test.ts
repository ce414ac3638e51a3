import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { systemEntropy } from '../base/entropy.ts'
import { loadSecrets, type MayMake } from './key-files.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-keys-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const load = (shard: string, mayMake: MayMake) =>
  loadSecrets(directory, shard, { entropy: systemEntropy(), mayMake })
const missing = { code: 'log.key_missing' }
const FILES = ['hash.key', 'kek-1.key', 'log-2026.key', 'node']

describe('the secrets of a node', () => {
  it('are made once, for their owner only, and read from then on', () => {
    const made = load('2026', 'node')
    assert.deepEqual(readdirSync(join(directory, 'keys')).sort(), FILES)
    for (const name of FILES) {
      assert.equal(statSync(join(directory, 'keys', name)).mode & 0o777, 0o600, name)
    }
    assert.equal(statSync(join(directory, 'keys')).mode & 0o777, 0o700)
    assert.match(made.node, /^[0-9a-f]{8}$/)
    for (const mayMake of ['node', 'shard', 'nothing'] as const) {
      const { logSeed, kek, hashKey, node } = load('2026', mayMake)
      const read = [logSeed, kek, hashKey].map(key => Buffer.from(key).toString('hex'))
      const first = [made.logSeed, made.kek, made.hashKey].map(k => Buffer.from(k).toString('hex'))
      assert.deepEqual([...read, node], [...first, made.node])
      assert.equal(new Set(read).size, 3)
    }
  })

  it('of a new shard are its log key alone: the others are the old ones or missing', () => {
    const first = load('2026', 'node')
    const second = load('2027', 'shard')
    assert.notDeepEqual(second.logSeed, first.logSeed)
    assert.deepEqual(Buffer.from(second.kek), Buffer.from(first.kek))
    for (const name of ['hash.key', 'kek-1.key', 'node']) {
      const other = mkdtempSync(join(directory, 'other-'))
      loadSecrets(other, '2026', { entropy: systemEntropy(), mayMake: 'node' })
      rmSync(join(other, 'keys', name))
      const deps = { entropy: systemEntropy(), mayMake: 'shard' } as const
      assert.throws(() => loadSecrets(other, '2027', deps), missing)
      assert.ok(!existsSync(join(other, 'keys', name)), 'it was not made')
    }
  })

  it('are never made again for a shard that is there', () => {
    for (const name of FILES) {
      load('2026', 'node')
      rmSync(join(directory, 'keys', name))
      assert.throws(() => load('2026', 'nothing'), {
        ...missing,
        message: new RegExp(`${name} is missing`),
      })
      assert.ok(!existsSync(join(directory, 'keys', name)))
    }
    rmSync(join(directory, 'keys'), { recursive: true })
    assert.throws(() => load('2026', 'nothing'), missing)
    assert.ok(!existsSync(join(directory, 'keys')))
  })

  it('are refused, and left as they are, when a file has another length', () => {
    load('2026', 'node')
    for (const name of FILES) {
      const path = join(directory, 'keys', name)
      for (const length of [0, 3, 31, 33]) {
        writeFileSync(path, Buffer.alloc(length))
        for (const mayMake of ['node', 'shard', 'nothing'] as const) {
          assert.throws(() => load('2026', mayMake), { ...missing, message: /is damaged/ })
        }
        assert.equal(statSync(path).size, length)
      }
      rmSync(path)
      load('2026', 'node')
    }
  })
})
