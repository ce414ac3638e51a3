import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import { after, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { LOG_FILE_BYTES_MAX } from '../fetch-file.ts'
import { urlFetch } from './node.ts'

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

const unreadable = { code: 'verify.unreadable' }

describe('a file behind a URL', () => {
  it('may say that a file is absent; every other refusal is an error', async () => {
    const base = await serve((request, response) => {
      response.writeHead(Number((request.url ?? '').slice(1))).end('text')
    })
    const { fetch } = urlFetch(base)
    assert.equal(await fetch('404'), null)
    assert.equal(await fetch('410'), null)
    for (const status of ['403', '429', '500', '503', '204', '206']) {
      await assert.rejects(fetch(status), unreadable, status)
    }
  })

  it('is cut off where it sends too much, also when it unpacks to too much', async () => {
    const base = await serve((request, response) => {
      if (request.url === '/bomb') {
        response.setHeader('content-encoding', 'gzip')
        response.end(gzipSync(new Uint8Array(LOG_FILE_BYTES_MAX * 3)))
        return
      }
      const send = () => {
        while (!response.destroyed && response.write(new Uint8Array(65_536))) {}
        if (!response.destroyed) response.once('drain', send)
      }
      send()
    })
    for (const path of ['bomb', 'endless']) {
      assert.equal((await urlFetch(base).fetch(path))?.length, LOG_FILE_BYTES_MAX + 1)
    }
  })

  it('that hangs, stalls or is not there is an error in time', async () => {
    const base = await serve((request, response) => {
      if (request.url === '/stall') response.write('some')
    })
    const { fetch } = urlFetch(base, 150)
    await assert.rejects(fetch('hang'), unreadable)
    await assert.rejects(fetch('stall'), unreadable)
    await assert.rejects(urlFetch('http://127.0.0.1:1').fetch('x'), unreadable)
    await assert.rejects(urlFetch('not a url').fetch('x'), unreadable)
  })
})
