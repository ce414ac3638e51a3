import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { makeDirectory } from '../base/durable.ts'
import { systemEntropy } from '../base/entropy.ts'
import { hasKeyRing, openKeyRing } from './key-ring.ts'

const entropy = systemEntropy()
const kek = entropy.bytes(32)
const scope = { subject: 'svc-1', retention: 'r6m', month: '2026-11' }

let directory = ''
let path = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-ring-'))
  makeDirectory(join(directory, 'keys'))
  path = join(directory, 'keys', 'ring.sqlite')
})
afterEach(() => rmSync(directory, { recursive: true }))

const open = (key = kek) => openKeyRing(directory, key, entropy)

describe('the key ring', () => {
  it('has one key for each subject, class and month, and finds it by its id', () => {
    const ring = open()
    const scopes = [
      scope,
      { ...scope, subject: 'svc-2' },
      { ...scope, retention: 'r6y' },
      { ...scope, month: '2026-12' },
      { ...scope, subject: "'; DROP TABLE dek; --\u0000ü" },
    ]
    const keys = scopes.map(ring.keyFor)
    ring.commit()
    assert.equal(new Set(keys.map(key => Buffer.from(key.dek).toString('hex'))).size, scopes.length)
    assert.equal(
      new Set(keys.map(key => Buffer.from(key.keyId).toString('hex'))).size,
      scopes.length,
    )
    const again = open()
    scopes.forEach((scope, i) => {
      assert.deepEqual(Buffer.from(again.keyFor(scope).dek), Buffer.from(keys[i]?.dek ?? []))
      const found = again.find(keys[i]?.keyId ?? new Uint8Array(8))
      assert.deepEqual(Buffer.from(found?.dek ?? []), Buffer.from(keys[i]?.dek ?? []))
    })
    assert.equal(again.find(new Uint8Array(8)), null)
    ring.close()
    again.close()
  })

  it('forgets keys that were not committed, and keeps those that were', () => {
    const ring = open()
    const kept = ring.keyFor(scope)
    ring.commit()
    ring.commit()
    const lost = ring.keyFor({ ...scope, subject: 'x' })
    ring.close()
    const again = open()
    assert.notEqual(again.find(kept.keyId), null)
    assert.equal(again.find(lost.keyId), null)
    again.close()
  })

  it('holds no key in clear', () => {
    const ring = open()
    const { dek } = ring.keyFor(scope)
    ring.commit()
    ring.close()
    const rows = new DatabaseSync(path).prepare('SELECT wrapped FROM dek').all()
    assert.equal(rows.length, 1)
    const [row] = rows
    assert.ok(row?.wrapped instanceof Uint8Array && row.wrapped.length === 12 + 32 + 16)
    assert.ok(!Buffer.from(row.wrapped).includes(Buffer.from(dek)))
    assert.equal(statSync(path).mode & 0o077, 0)
  })

  it('is refused with another key-encryption key, before anything is sealed', () => {
    const ring = open()
    ring.keyFor(scope)
    ring.commit()
    ring.close()
    assert.throws(() => open(entropy.bytes(32)), { code: 'log.key_missing', message: /one copy/ })
    open().close()
  })

  it('is refused when its file is damaged', () => {
    const ring = open()
    for (let i = 0; i < 500; i++) ring.keyFor({ ...scope, subject: `svc-${i}` })
    ring.commit()
    ring.close()
    const size = statSync(path).size
    truncateSync(path, size - 4096)
    assert.throws(
      () => {
        const cut = open()
        for (let i = 0; i < 500; i++) cut.keyFor({ ...scope, subject: `svc-${i}` })
      },
      { code: 'log.key_missing', message: /damaged/ },
    )
    writeFileSync(path, Buffer.alloc(8192, 'x'))
    assert.throws(() => open(), { code: 'log.key_missing', message: /damaged/ })
  })

  it('notices a wrapped key of another row, or one that was changed', () => {
    const ring = open()
    const first = ring.keyFor(scope)
    const second = ring.keyFor({ ...scope, subject: 'svc-2' })
    ring.commit()
    const database = new DatabaseSync(path)
    const swap = database.prepare(
      'UPDATE dek SET wrapped = (SELECT wrapped FROM dek WHERE key_id = ?) WHERE key_id = ?',
    )
    swap.run(first.keyId, second.keyId)
    assert.throws(() => ring.find(second.keyId), { code: 'log.key_missing' })
    database
      .prepare('UPDATE dek SET wrapped = ? WHERE key_id = ?')
      .run(Buffer.alloc(5), first.keyId)
    assert.throws(() => ring.find(first.keyId), { code: 'log.key_missing' })
    database.close()
    ring.close()
  })

  it('lets go of the file when a step fails, and works again once it is well', () => {
    const ring = open()
    const database = new DatabaseSync(path)
    database.exec('PRAGMA busy_timeout = 0')
    ring.keyFor(scope)
    assert.throws(() => database.exec('BEGIN IMMEDIATE'), /locked/)
    ring.commit()
    database.exec('ALTER TABLE dek RENAME TO away')
    assert.throws(() => ring.keyFor({ ...scope, subject: 'x' }), { code: 'log.disk_failed' })
    database.exec('BEGIN IMMEDIATE; ALTER TABLE away RENAME TO dek; COMMIT')
    assert.ok(ring.keyFor({ ...scope, subject: 'x' }))
    ring.commit()
    database.close()
    ring.close()
  })

  it('is missing until it is made', () => {
    assert.ok(!hasKeyRing(directory))
    open().close()
    assert.ok(hasKeyRing(directory))
  })

  it('lets threads that meet a subject at the same time agree on one key', async () => {
    open().close()
    const workers = Array.from({ length: 4 }, () => startWorker())
    const answers = await Promise.all(workers)
    const byScope = new Map<string, Set<string>>()
    for (const answer of answers) {
      for (const [subject, key] of answer) {
        const keys = byScope.get(subject) ?? new Set()
        byScope.set(subject, keys.add(key))
      }
    }
    assert.equal(byScope.size, 60)
    for (const [subject, keys] of byScope) assert.equal(keys.size, 1, subject)
  })

  function startWorker(): Promise<[string, string][]> {
    const url = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)
    const source = `
      import { parentPort } from 'node:worker_threads'
      import { openKeyRing } from ${url('./key-ring.ts')}
      import { systemEntropy } from ${url('../base/entropy.ts')}
      const kek = Buffer.from(${JSON.stringify(Buffer.from(kek).toString('hex'))}, 'hex')
      const ring = openKeyRing(${JSON.stringify(directory)}, kek, systemEntropy())
      const keys = []
      for (let i = 0; i < 60; i++) {
        const subject = 'svc-' + (i * 7) % 60
        const { dek } = ring.keyFor({ subject, retention: 'r6m', month: '2026-11' })
        keys.push([subject, Buffer.from(dek).toString('hex')])
        if (i % 5 === 0) ring.commit()
      }
      ring.commit()
      parentPort.postMessage(keys)`
    const script = new URL(`data:text/javascript,${encodeURIComponent(source)}`)
    const worker = new Worker(script)
    return new Promise((resolve, reject) => {
      worker.on('error', reject)
      worker.on('message', resolve)
    })
  }
})
