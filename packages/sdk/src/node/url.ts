// A log behind a URL as the verifier's source of files (C2SP tlog-tiles): plain GETs below a
// prefix, bounded in time and size. A URL cannot be listed.

import { concatBytes } from '../bytes.ts'
import { TocsinError } from '../errors.ts'
import { type FetchFile, LOG_FILE_BYTES_MAX } from '../fetch-file.ts'

const REQUEST_MS_MAX = 30_000

/**
 * `prefix` is what a log's files lie below, with or without a final slash. 404 and 410 mean absent;
 * any other answer but 200, and no whole answer within `requestMsMax`, reject with
 * `verify.unreadable`.
 */
export function urlFetch(
  prefix: string,
  requestMsMax: number = REQUEST_MS_MAX,
): { fetch: FetchFile } {
  const base = prefix.endsWith('/') ? prefix : `${prefix}/`
  return {
    fetch: async path => {
      const url = base + path.split('/').map(encodeURIComponent).join('/')
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(requestMsMax) })
        if (answer.status === 200) return await readBody(answer)
        await answer.body?.cancel()
        if (answer.status === 404 || answer.status === 410) return null
        throw new Error(`status ${answer.status}`)
      } catch (cause) {
        throw new TocsinError('verify.unreadable', {
          public: `${url} cannot be read (${reasonOf(cause)})`,
          cause,
        })
      }
    },
  }
}

/** As much of the body as a file may have, and one byte more where it is longer. */
async function readBody(answer: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of answer.body ?? []) {
    parts.push(part)
    size += part.length
    // Leaving the loop ends the request.
    if (size > LOG_FILE_BYTES_MAX) break
  }
  return concatBytes(...parts).subarray(0, LOG_FILE_BYTES_MAX + 1)
}

/** Undici says only "fetch failed"; its cause says why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message
}
