// A body of events → its lines: NDJSON, or one JSON array. Only cuts; what a line says is parsed
// later, one by one, so that a bad line never stops the others.

import { isUtf8 } from 'node:buffer'
import { TocsinError } from '@tocsin/sdk/errors'
import { BATCH_EVENTS_MAX } from '../base/limits.ts'

const NEWLINE = 0x0a
const OPEN_BRACKET = 0x5b
const CARRIAGE_RETURN = 0x0d

export type Line = {
  /** Position in the body, 0-based. */
  readonly line: number
  /** null when the line is not UTF-8. */
  readonly text: string | null
  /** The element, when the body was one JSON array. */
  readonly value?: unknown
}

/** Throws when nothing of the body can be read: no event, too many, an array that is not JSON. */
export function splitBody(body: Uint8Array): readonly Line[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const lines = firstByte(bytes) === OPEN_BRACKET ? splitArray(bytes) : splitLines(bytes)
  if (lines.length === 0) {
    throw new TocsinError('capture.empty', { public: 'the body holds no event; send at least one' })
  }
  if (lines.length > BATCH_EVENTS_MAX) {
    throw new TocsinError('capture.too_many', {
      public: `the body holds ${lines.length} events; send at most ${BATCH_EVENTS_MAX} at once`,
    })
  }
  return lines
}

function firstByte(bytes: Buffer): number {
  for (const byte of bytes) if (byte > 0x20) return byte
  return 0
}

function splitArray(bytes: Buffer): readonly Line[] {
  let values: unknown
  try {
    values = JSON.parse(decode(bytes))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.slice(0, 200) : 'unreadable'
    throw new TocsinError('event.not_json', { public: `the body is not JSON: ${why}`, cause })
  }
  if (!Array.isArray(values)) return []
  return values.map((value: unknown, line) => ({ line, text: '', value: value ?? null }))
}

function splitLines(bytes: Buffer): readonly Line[] {
  const lines: Line[] = []
  const isValid = isUtf8(bytes)
  let start = 0
  for (let line = 0; start < bytes.length; line++) {
    const found = bytes.indexOf(NEWLINE, start)
    const end = found < 0 ? bytes.length : found
    const part = bytes.subarray(start, end)
    start = end + 1
    if (part.length === 0 || (part.length === 1 && part[0] === CARRIAGE_RETURN)) continue
    lines.push({ line, text: isValid || isUtf8(part) ? part.toString('utf8') : null })
  }
  return lines
}

function decode(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  throw new TocsinError('event.not_utf8', { public: 'the body is not UTF-8; send it in UTF-8' })
}
