import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { directoryFetch, directoryParts } from './node.ts'

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

  it('says which file cannot be read', async () => {
    const { fetch } = directoryFetch(freshDirectory())
    await assert.rejects(fetch('a\0b'), { code: 'verify.unreadable', message: /a\0b/ })
  })
})
