// The content of one event, from its opened sections (docs/spec/log.md §3.1): the body stands in a
// section of its own, with a class of its own; the event keeps its keyed hash and its size.

import { TocsinError } from '@tocsin/sdk/errors'
import { buildHmacKey, hmac } from '../log/log.ts'

export type Content =
  | {
      readonly kind: 'kept'
      readonly body: unknown
      readonly hash: string | null
      readonly size: number | null
      readonly isAsHashed: boolean
    }
  /** none: nothing was sent · hashed: policy kept the hash alone · gone: it was kept. */
  | { readonly kind: 'none' | 'hashed' | 'gone' }

export function contentOf(
  [first, ...further]: readonly (Uint8Array | null)[],
  hashKey: Uint8Array,
): Content {
  const head = first ? parseHead(first) : {}
  for (const bytes of further) {
    const part = bytes && parsePart(bytes)
    if (part?.at !== 'content.body') continue
    const { hash = null, size = null } = head
    const isAsHashed = hash !== null && hash === keyedHash(part.value, hashKey)
    return { kind: 'kept', body: part.value, hash, size, isAsHashed }
  }
  if (!first || 'body' in head) return { kind: 'gone' }
  return { kind: head.hash === undefined ? 'none' : 'hashed' }
}

/** As the hash was made when the event came in (capture/admit.ts). */
function keyedHash(body: unknown, hashKey: Uint8Array): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return hmac(buildHmacKey(hashKey), Buffer.from(text)).toString('hex')
}

type Head = { readonly hash?: string; readonly size?: number; readonly body?: null }

function parseHead(bytes: Uint8Array): Head {
  const event = JSON.parse(Buffer.from(bytes).toString('utf8')) as { content?: Head }
  return event.content ?? {}
}

function parsePart(bytes: Uint8Array): { readonly at?: unknown; readonly value?: unknown } {
  return JSON.parse(Buffer.from(bytes).toString('utf8'))
}

const WHY: { readonly [K in Exclude<Content['kind'], 'kept'>]: string } = {
  none: 'the event came without content',
  hashed: 'the policy here keeps the hash and size of content, not the content itself',
  gone: 'the content was kept once; its time ran out, or it was erased',
}

export function noContent(kind: keyof typeof WHY): TocsinError {
  return new TocsinError('event.no_content', { public: WHY[kind] })
}
