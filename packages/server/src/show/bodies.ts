// Bodies as bytes: events are parsed on a thread, so the HTTP side only bounds, unpacks and hands
// over. gzip is unpacked with a limit on what comes out, so that a small bomb stays small.

import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { TocsinError } from '@tocsin/sdk/errors'
import { hasCode } from '../base/durable.ts'
import { BODY_BYTES_MAX, BODY_PLAIN_BYTES_MAX } from '../base/limits.ts'
import type { App } from './app.ts'

const unpack = promisify(gunzip)

/** application/json bodies of other routes are small and parsed as usual. */
export function installBodies(app: App): void {
  app.removeContentTypeParser('text/plain')
  const options = { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX } as const
  for (const type of ['application/x-ndjson', 'application/ndjson', 'application/jsonl']) {
    app.addContentTypeParser(type, options, async (_: unknown, body: Buffer) => body)
  }
}

/** The request's bytes, unpacked, in a buffer of their own. */
export async function plainBody(
  body: Uint8Array,
  encoding: string | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return owned(body)
  if (encoding !== 'gzip') {
    throw new TocsinError('http.media_type', {
      public: `content-encoding ${encoding.slice(0, 40)} is not taken here; send gzip or none`,
    })
  }
  try {
    return owned(await unpack(body, { maxOutputLength: BODY_PLAIN_BYTES_MAX }))
  } catch (cause) {
    if (hasCode(cause, 'ERR_BUFFER_TOO_LARGE')) {
      throw new TocsinError('http.too_large', {
        public: `the body unpacks to more than ${BODY_PLAIN_BYTES_MAX} bytes; send it in parts`,
        cause,
      })
    }
    throw new TocsinError('http.bad_request', { public: 'the body is not gzip', cause })
  }
}

/** A thread takes the whole buffer, so it must hold nothing else. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength) {
    return new Uint8Array(bytes.buffer)
  }
  return new Uint8Array(bytes)
}
