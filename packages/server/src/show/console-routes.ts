// The console: its page under every path that it knows, and the files that the page asks for.
// Nobody needs to be signed in for them; they hold no data.

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App, RouteDeps } from './app.ts'
import { type ConsoleFile, openConsoleFiles } from './console-files.ts'
import { noSuchRoute } from './problem.ts'
import { PAGE_HEADERS, SCRIPT_HEADERS } from './response-headers.ts'

/** First parts of the paths that are pages of the console; what follows them is its own matter. */
const PAGES = ['sign-in', 'events', 'alerts', 'entities', 'investigate', 'integrity', 'help']

const FIXED_CACHE = 'public, max-age=31536000, immutable'

export function consoleRoutes(app: App, { consoleDir }: RouteDeps): void {
  const files = openConsoleFiles(consoleDir)
  const options = { schema: { hide: true } }

  const page = async (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers(PAGE_HEADERS)
    const file = files.find('index.html')
    if (file) return sendFile(request, reply, file)
    return reply
      .code(503)
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(NOT_BUILT)
  }
  app.get('/', options, page)
  for (const name of PAGES) {
    app.get(`/${name}`, options, page)
    app.get(`/${name}/*`, options, page)
  }

  const named = (prefix: string) => async (request: FastifyRequest, reply: FastifyReply) => {
    const name = `${prefix}${String(Reflect.get(Object(request.params), 'file'))}`
    const file = name === 'index.html' ? null : files.find(name)
    if (!file) throw noSuchRoute(request)
    if (name.endsWith('.js')) reply.headers(SCRIPT_HEADERS)
    return sendFile(request, reply, file)
  }
  app.get('/assets/:file', options, named('assets/'))
  app.get('/:file', options, named(''))
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile): FastifyReply {
  const { type, etag, plain, gzip, brotli, isFixed } = file
  reply
    .header('cache-control', isFixed ? FIXED_CACHE : 'no-cache')
    .header('etag', etag)
    .header('vary', 'accept-encoding')
  const known = request.headers['if-none-match'] ?? ''
  if (known.split(',').some(tag => tag.trim().replace(/^W\//, '') === etag)) {
    return reply.code(304).send()
  }
  reply.type(type)
  const accepted = request.headers['accept-encoding'] ?? ''
  if (brotli && accepts(accepted, 'br')) {
    return reply.header('content-encoding', 'br').send(brotli)
  }
  if (gzip && accepts(accepted, 'gzip')) {
    return reply.header('content-encoding', 'gzip').send(gzip)
  }
  return reply.send(plain)
}

/** Whether a header Accept-Encoding names the coding, with any weight but zero. */
function accepts(header: string, coding: string): boolean {
  return header.split(',').some(part => {
    const [name = '', ...parameters] = part.split(';').map(text => text.trim().toLowerCase())
    return name === coding && !parameters.some(text => /^q=0(?:\.0*)?$/.test(text))
  })
}

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Tocsin</title>
<h1>The console is not built</h1>
<p>Tocsin runs and takes events; only its pages are missing.
Build them once with <code>npm run build</code> in the folder of Tocsin, and load this page
again.</p>
<p>The command line needs no console: <code>tocsin alerts list</code>.</p>
`
