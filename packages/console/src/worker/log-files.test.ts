import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import { after, describe, it } from 'node:test'
import { buildEd25519Signer } from '@tocsin/sdk/node'
import { ed25519, logFiles } from './log-files.ts'

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
  return `http://127.0.0.1:${address.port}/log/2026`
}

const LONGEST = 256 * (2 + 65_535)

describe('files of a log over HTTP', () => {
  it('come whole, are counted, and never from a cache', async () => {
    const asked: string[] = []
    const prefix = await serve((request, response) => {
      asked.push(`${request.url} ${request.headers['cache-control']}`)
      response.end('twelve bytes')
    })
    let bytes = 0
    const fetch = logFiles(prefix, more => {
      bytes += more
    })
    const body = await fetch('tile/entries/x001/234.p/17')
    assert.equal(Buffer.from(body ?? []).toString(), 'twelve bytes')
    assert.equal(bytes, 12)
    assert.deepEqual(asked, ['/log/2026/tile/entries/x001/234.p/17 no-cache'])
  })

  it('are absent or unreadable, which is not the same', async () => {
    const prefix = await serve((request, response) => {
      response.writeHead(Number(request.url?.split('/').at(-1))).end('text')
    })
    const fetch = logFiles(prefix, () => undefined)
    assert.equal(await fetch('404'), null)
    assert.equal(await fetch('410'), null)
    for (const status of ['401', '403', '429', '500', '503', '206']) {
      await assert.rejects(fetch(status), new RegExp(`the server answered ${status}`))
    }
    const nowhere = logFiles('http://127.0.0.1:1', () => undefined)
    await assert.rejects(nowhere('checkpoint'), /the server does not answer/)
  })

  it('are cut off where the server sends without end', async () => {
    const prefix = await serve((_request, response) => {
      const send = () => {
        while (!response.destroyed && response.write(new Uint8Array(65_536))) {}
        if (!response.destroyed) response.once('drain', send)
      }
      send()
    })
    const body = await logFiles(prefix, () => undefined)('checkpoint')
    assert.equal(body?.length, LONGEST + 1)
  })

  it('that break off in the middle are unreadable', async () => {
    const prefix = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half')
      setTimeout(() => response.destroy(), 20)
    })
    await assert.rejects(logFiles(prefix, () => undefined)('checkpoint'), /connection broke/)
  })
})

describe('Ed25519 of the browser', () => {
  const signer = buildEd25519Signer(new Uint8Array(32).fill(7))
  const message = Uint8Array.of(1, 2, 3)

  it('takes the right signature and no other', async () => {
    const signature = await signer.sign(message)
    assert.equal(await ed25519.verify(signer.publicKey, message, signature), true)
    assert.equal(await ed25519.verify(signer.publicKey, Uint8Array.of(1, 2), signature), false)
    for (const at of [0, 31, 32, 63]) {
      const wrong = signature.slice()
      wrong[at] = (wrong[at] ?? 0) ^ 1
      assert.equal(await ed25519.verify(signer.publicKey, message, wrong), false, `${at}`)
    }
    const other = buildEd25519Signer(new Uint8Array(32).fill(8))
    assert.equal(await ed25519.verify(other.publicKey, message, signature), false)
  })

  it('is false, not a fault, for keys and signatures of wrong lengths', async () => {
    const signature = await signer.sign(message)
    for (const length of [0, 31, 33, 64]) {
      assert.equal(await ed25519.verify(new Uint8Array(length), message, signature), false)
    }
    for (const length of [0, 63, 65]) {
      const cut = new Uint8Array(length)
      assert.equal(await ed25519.verify(signer.publicKey, message, cut), false)
    }
  })
})
