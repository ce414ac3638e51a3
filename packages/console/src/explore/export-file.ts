// An export as a file of the browser: streamed, counted while it grows, hashed here, and compared
// with the manifest that the server recorded in the log.

import { encodeHex } from '@tocsin/sdk/bytes'
import { type Answer, type Asked, ask, openAnswer, Problem } from '../api/api.ts'

export type Format = 'ndjson' | 'csv'
type Manifest = Answer<'GET /v1/exports/{id}'>

export type Export = {
  readonly id: string
  readonly size: number
  /** null where the server has not recorded it. */
  readonly manifest: Manifest | null
  /** null where it was not compared: no manifest, no cryptography, or too large to hash at once. */
  readonly isAsRecorded: boolean | null
}

/** WebCrypto hashes only what lies in memory whole. */
const HASHED_BYTES_MAX = 256 * 1024 * 1024
const TELL_BYTES = 256 * 1024

export async function saveExport(
  query: NonNullable<Asked<'GET /v1/events/export'>['query']>,
  signal: AbortSignal,
  grown: (size: number) => void,
): Promise<Export> {
  const response = await openAnswer('GET /v1/events/export', { query, signal })
  const id = response.headers.get('x-tocsin-export') ?? ''
  const blob = await readWhole(response, grown)
  save(blob, `tocsin-events-${id.slice(0, 8)}.${query.format}`)
  const manifest = await manifestOf(id)
  return { id, size: blob.size, manifest, isAsRecorded: await compare(blob, manifest) }
}

async function readWhole(response: Response, grown: (size: number) => void): Promise<Blob> {
  const parts: BlobPart[] = []
  let size = 0
  let told = 0
  const body = response.body?.getReader()
  for (;;) {
    const piece = await body?.read()
    if (!piece || piece.done) break
    parts.push(piece.value)
    size += piece.value.length
    if (size - told < TELL_BYTES) continue
    told = size
    grown(size)
  }
  return new Blob(parts, { type: response.headers.get('content-type') ?? '' })
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has taken the file when the click returns to it.
  setTimeout(() => URL.revokeObjectURL(url), 0)
}

async function manifestOf(id: string): Promise<Manifest | null> {
  try {
    return await ask('GET /v1/exports/{id}', { params: { id } })
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null
    throw error
  }
}

async function compare(blob: Blob, manifest: Manifest | null): Promise<boolean | null> {
  if (!manifest || blob.size > HASHED_BYTES_MAX || !globalThis.crypto?.subtle) return null
  const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer())
  return encodeHex(new Uint8Array(digest)) === manifest.sha256
}
