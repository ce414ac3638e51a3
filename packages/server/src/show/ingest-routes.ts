// POST /v1/events: NDJSON or one JSON array, plain or gzip. Answered when everything stored is
// durable, with a fate per line: 200 when all are stored or already there, 207 when some are not,
// 400 when none could be read. Sending the same body again is always safe.

import { TocsinError } from '@tocsin/sdk/errors'
import type { Receipt } from '../capture/capture.ts'
import type { App, RouteDeps } from './app.ts'
import { plainBody } from './bodies.ts'
import { RECEIPT } from './schemas.ts'

export function ingestRoutes(app: App, deps: RouteDeps): void {
  app.register(async scope => {
    scope.removeContentTypeParser('application/json')
    scope.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer' },
      async (_: unknown, body: Buffer) => body,
    )
    scope.post('/v1/events', { schema: SCHEMA }, async (request, reply) => {
      const { principal, scopes } = deps.gate.admit(request, 'ingest')
      const body = await plainBody(bytesOf(request.body), request.headers['content-encoding'])
      const receipt = await deps.capture.receive(body, {
        tenant: deps.tenant,
        via: 'http',
        principal,
        mayAttest: scopes.includes('attest'),
        keepContent: deps.keepContent,
      })
      return reply.code(statusOf(receipt)).send(receipt)
    })
  })
}

const SCHEMA = {
  summary: 'Store events',
  description: 'NDJSON (application/x-ndjson) or a JSON array of wire events; gzip is taken.',
  response: { 200: RECEIPT, 207: RECEIPT, 400: RECEIPT },
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  throw new TocsinError('capture.empty', { public: 'the request has no body; send events' })
}

function statusOf({ stored, duplicate, conflict, refused }: Receipt): 200 | 207 | 400 {
  if (conflict + refused === 0) return 200
  return stored + duplicate + conflict === 0 ? 400 : 207
}
