import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { TocsinError } from '@tocsin/sdk/errors'
import { type FollowPosition, openPositionStore } from './position.ts'

const POSITION: FollowPosition = {
  files: [
    {
      inode: '12',
      device: '34',
      fingerprint: 'ab'.repeat(32),
      offset: 100,
      tail: { offset: 90, size: 9, sha256: 'cd'.repeat(32) },
      mtimeNs: '1800000000000000001',
      bornNs: '0',
    },
  ],
}

let directory: string
let path: string
before(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'tocsin-position-'))
  path = join(directory, 'nginx.json')
})
after(() => fs.rmSync(directory, { recursive: true }))

describe('openPositionStore', () => {
  it('knows nothing before the first saving', async () => {
    assert.equal(await openPositionStore(path).load(), null)
  })

  it('gives back what was saved, also the waiting for a first file', async () => {
    const store = openPositionStore(path)
    for (const position of [POSITION, { files: [], waitingSinceMs: 5 }, { files: [] }]) {
      await store.save(position)
      assert.deepEqual(await openPositionStore(path).load(), position)
    }
  })

  it('replaces the file in one step, readable by the owner alone, and leaves nothing behind', async () => {
    const { ino } = fs.statSync(path)
    await openPositionStore(path).save(POSITION)
    assert.notEqual(fs.statSync(path).ino, ino)
    assert.equal(fs.statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(fs.readdirSync(directory), ['nginx.json'])
  })

  it('refuses what is damaged or from another version', async () => {
    const whole = JSON.parse(fs.readFileSync(path, 'utf8'))
    const [file] = whole.files
    const damaged: unknown[] = [
      '',
      '{',
      'null',
      '[]',
      { ...whole, version: 2 },
      { ...whole, files: 'x' },
      { ...whole, waitingSinceMs: -1 },
      { ...whole, files: [{ ...file, offset: -1 }] },
      { ...whole, files: [{ ...file, offset: 1.5 }] },
      { ...whole, files: [{ ...file, inode: '../x' }] },
      { ...whole, files: [{ ...file, fingerprint: 'AB'.repeat(32) }] },
      // Without a fingerprint nothing can have been given out.
      { ...whole, files: [{ ...file, fingerprint: null }] },
      { ...whole, files: [{ ...file, tail: { offset: 1 } }] },
      { ...whole, files: new Array(1025).fill(file) },
    ]
    for (const value of damaged) {
      fs.writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
      await assert.rejects(openPositionStore(path).load(), (error: unknown) => {
        return error instanceof TocsinError && error.code === 'source.position_malformed'
      })
    }
  })

  it('rejects when the directory cannot be written', async () => {
    await assert.rejects(openPositionStore(join(directory, 'no', 'x.json')).save(POSITION))
  })
})
