import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { LOG_FILE_BYTES_MAX } from '../fetch-file.ts'
import { directoryFetch, directoryParts, ed25519, sha256, urlFetch } from '../node/node.ts'
import { buildLog, logSigner, type TestLog } from './test-log.ts'
import { verifyLog } from './verify.ts'

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

const servers: Server[] = []
after(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `http://127.0.0.1:${address.port}`
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

  it('is broken when a tile became a directory, a pipe or a link to nowhere', async () => {
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

describe('a log behind a URL', () => {
  it('verifies, plain and compressed, below a prefix', async () => {
    const log = await buildLog(600)
    let isGzip = false
    const base = await serve((request, response) => {
      const bytes = log.files.get((request.url ?? '').replace('/my/log/', ''))
      if (bytes === undefined) response.writeHead(404).end('no')
      else if (isGzip) response.setHeader('content-encoding', 'gzip').end(gzipSync(bytes))
      else response.end(bytes)
    })
    for (const prefix of [`${base}/my/log`, `${base}/my/log/`]) {
      const verdict = await verifyLog({
        log: urlFetch(prefix),
        keys: [logSigner.key],
        crypto: { sha256, ed25519 },
      })
      assert.equal(verdict.kind, 'intact', JSON.stringify(verdict))
      isGzip = true
    }
  })
})
