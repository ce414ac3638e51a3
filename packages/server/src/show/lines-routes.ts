// POST /v1/lines: lines of a log file on the sender's machine, in a format that Tocsin reads. The
// way of `tocsin import` to a running server; ids come from where the lines stand, so sending again
// is safe.

import { Type } from 'typebox'
import { parseFileFormat } from '../capture/capture.ts'
import type { App, RouteDeps } from './app.ts'
import { PROBLEMS, RECEIPT } from './schemas.ts'

const LINES_MAX = 20_000

const BODY = Type.Object({
  name: Type.String({ maxLength: 256, description: "The file's name, for the record" }),
  format: Type.String({ maxLength: 40 }),
  fingerprint: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of its first line' }),
  lines: Type.Array(
    Type.Object({
      offset: Type.Integer({ minimum: 0, description: "Where the line's first byte stands" }),
      bytes: Type.String({ description: 'The line without its end, base64' }),
    }),
    { maxItems: LINES_MAX },
  ),
})

export function linesRoutes(app: App, deps: RouteDeps): void {
  const schema = {
    summary: 'Store the events of log lines',
    body: BODY,
    response: { 200: RECEIPT, 207: RECEIPT, ...PROBLEMS },
  }
  app.post('/v1/lines', { schema }, async (request, reply) => {
    const { principal, scopes } = deps.gate.admit(request, 'ingest')
    const { format, fingerprint, lines } = request.body
    const receipt = await deps.capture.receiveLines(
      {
        format: parseFileFormat(format).name,
        fingerprint: Buffer.from(fingerprint, 'hex'),
        lines: lines.map(line => ({
          offset: line.offset,
          bytes: Buffer.from(line.bytes, 'base64'),
        })),
      },
      {
        tenant: deps.tenant,
        via: 'file',
        principal,
        mayAttest: scopes.includes('attest'),
        keepContent: deps.keepContent,
      },
    )
    return reply.code(receipt.conflict + receipt.refused === 0 ? 200 : 207).send(receipt)
  })
}
