// Where a thread that verifies gets its ports: the files of a log over HTTP, and Ed25519 from
// WebCrypto. Nothing comes out of the browser's cache: what is verified is what the server has now.

import { concatBytes } from '@tocsin/sdk/bytes'
import type { Ed25519Verifier } from '@tocsin/sdk/crypto'

const REQUEST_MS_MAX = 30_000
/** As `LOG_FILE_BYTES_MAX` of the SDK: an entry bundle of 256 longest entries. */
const FILE_BYTES_MAX = 256 * (2 + 65_535)
const KEY_BYTES = 32
const SIGNATURE_BYTES = 64

export type FetchFile = (path: string) => Promise<Uint8Array | null>

/** The files below `prefix`, as the SDK wants them. `heard` is told of bytes that came. */
export function logFiles(prefix: string, heard: (bytes: number) => void): FetchFile {
  return async path => {
    const url = `${prefix}/${path.split('/').map(encodeURIComponent).join('/')}`
    const answer = await open(url)
    if (answer.status === 404 || answer.status === 410) return null
    if (answer.status !== 200) {
      throw new Error(`${url} could not be read: the server answered ${answer.status}`)
    }
    const body = await readBody(answer, url)
    heard(body.length)
    return body
  }
}

async function open(url: string): Promise<Response> {
  try {
    return await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(REQUEST_MS_MAX) })
  } catch {
    throw new Error(`${url} could not be read: the server does not answer`)
  }
}

/** One byte more than a file may have is enough to see that it is too long. */
async function readBody(answer: Response, url: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  const reader = answer.body?.getReader()
  try {
    while (reader && size <= FILE_BYTES_MAX) {
      const { done, value } = await reader.read()
      if (done) break
      parts.push(value)
      size += value.length
    }
    if (size > FILE_BYTES_MAX) await reader?.cancel()
  } catch {
    throw new Error(`${url} could not be read: the connection broke`)
  }
  return concatBytes(...parts).subarray(0, FILE_BYTES_MAX + 1)
}

export const ed25519: Ed25519Verifier = {
  async verify(publicKey, message, signature) {
    if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false
    const key = await importKey(publicKey)
    return await crypto.subtle.verify('Ed25519', key, own(signature), own(message))
  },
}

async function importKey(publicKey: Uint8Array): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey('raw', own(publicKey), 'Ed25519', false, ['verify'])
  } catch {
    throw new Error('this browser cannot check Ed25519 signatures; use `tocsin verify` instead')
  }
}

/** WebCrypto takes no bytes of shared memory, and its type says so. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
