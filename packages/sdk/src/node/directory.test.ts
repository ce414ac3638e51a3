import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { LOG_FILE_BYTES_MAX } from '../fetch-file.ts'
import { buildLog, logSigner, type TestLog } from '../verify/test-log.ts'
import { verifyLog } from '../verify/verify.ts'
import { directoryFetch, directoryParts, ed25519, sha256 } from './node.ts'

const root = mkdtempSync(join(tmpdir(), 'tocsin-directory-'))
after(() => rmSync(root, { recursive: true, force: true }))

let made = 0
function freshDirectory(): string {
  made += 1
  const path = join(root, String(made))
  mkdirSync(path)
  return path
}

function writeAll(directory: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), bytes)
  }
}

async function listed(directory: string): Promise<string[]> {
  const paths: string[] = []
  for await (const path of directoryFetch(directory).list()) paths.push(path)
  return paths.sort()
}

function store(log: TestLog): { log: string; payloads: string } {
  const places = { log: freshDirectory(), payloads: freshDirectory() }
  writeAll(places.log, log.files)
  writeAll(places.payloads, log.payloads)
  return places
}

const verify = (places: { log: string; payloads: string }) =>
  verifyLog({
    log: directoryFetch(places.log),
    payloads: directoryParts(places.payloads),
    keys: [logSigner.key],
    crypto: { sha256, ed25519 },
  })

describe('a log in a directory', () => {
  it('verifies as it does in memory', async () => {
    const places = store(await buildLog(600, [3, 300, 600]))
    const verdict = await verify(places)
    assert.equal(verdict.kind, 'intact', JSON.stringify(verdict))
  })

  it('is broken when a tile became a directory, a pipe, a dead link or a link to itself', async () => {
    const forgeries: ((path: string) => void)[] = [
      path => mkdirSync(path),
      path => execFileSync('mkfifo', [path]),
      path => symlinkSync('/nowhere/at/all', path),
      path => symlinkSync(path, path),
    ]
    for (const forge of forgeries) {
      const places = store(await buildLog(3))
      const path = join(places.log, 'tile/0/000.p/3')
      rmSync(path)
      forge(path)
      const verdict = await verify(places)
      assert.ok(verdict.kind === 'broken')
      assert.deepEqual([verdict.why, verdict.file], ['tile_missing', 'tile/0/000.p/3'])
    }
  })

  it('is broken when a file grew beyond all measure, and only its beginning is read', async () => {
    const places = store(await buildLog(3))
    truncateSync(join(places.log, 'tile/entries/000.p/3'), 2 ** 40)
    const bytes = await directoryFetch(places.log).fetch('tile/entries/000.p/3')
    assert.equal(bytes?.length, LOG_FILE_BYTES_MAX + 1)
    const verdict = await verify(places)
    assert.ok(verdict.kind === 'broken')
    assert.equal(verdict.why, 'bundle_malformed')
  })

  it('needs no payload directory where there are no payloads', async () => {
    const places = store(await buildLog(1))
    rmSync(places.payloads, { recursive: true })
    assert.equal((await verify(places)).kind, 'intact')
  })
})

describe('reading a directory', () => {
  it('never leaves it', async () => {
    const directory = freshDirectory()
    writeFileSync(join(root, 'secret'), 'x')
    const { fetch } = directoryFetch(directory)
    for (const path of ['../secret', 'a/../../secret', join(root, 'secret'), '..', '']) {
      assert.equal(await fetch(path), null, path)
    }
  })

  it('lists what is not a directory, links included and not followed', async () => {
    const directory = freshDirectory()
    writeAll(
      directory,
      new Map([
        ['a/b/c', new Uint8Array(1)],
        ['d', new Uint8Array(0)],
      ]),
    )
    mkdirSync(join(directory, 'empty/e'), { recursive: true })
    symlinkSync(directory, join(directory, 'a/loop'))
    assert.deepEqual(await listed(directory), ['a/b/c', 'a/loop', 'd'])
    assert.deepEqual(await listed(join(directory, 'nothing')), [])
  })

  it('gives parts as they are asked for', async () => {
    const directory = freshDirectory()
    writeFileSync(join(directory, 'f'), Uint8Array.of(0, 1, 2, 3, 4))
    const { fetch } = directoryParts(directory)
    assert.deepEqual(await fetch('f', 1, 3), Uint8Array.of(1, 2, 3))
    assert.deepEqual(await fetch('f', 3, 100), Uint8Array.of(3, 4))
    assert.deepEqual(await fetch('f', 5, 1), new Uint8Array(0))
    assert.deepEqual(await fetch('f', 50, 1), new Uint8Array(0))
    assert.equal(await fetch('g', 0, 1), null)
  })

  it('says which folder cannot be read', async () => {
    const directory = freshDirectory()
    writeFileSync(join(directory, 'f'), 'x')
    await assert.rejects(listed(join(directory, 'f')), { code: 'verify.unreadable' })
  })

  it('says which file cannot be read', async t => {
    if (process.getuid?.() === 0) {
      t.skip('root may read everything')
      return
    }
    const directory = freshDirectory()
    writeFileSync(join(directory, 'f'), 'x', { mode: 0 })
    await assert.rejects(directoryFetch(directory).fetch('f'), { code: 'verify.unreadable' })
  })
})
