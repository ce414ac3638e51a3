// What a file format is: one line of text in, one event or one refusal out. The other files of this
// folder keep these promises, and capture relies on nothing else.

import { type ErrorCode, TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'

export type LineContext = {
  /** The receiver's clock. It only decides whether a time lies too far ahead. */
  readonly nowMs: number
  /** Name of the source, for the caller's own use. */
  readonly source: string
}

export type UnderstoodLine = {
  readonly kind: 'event'
  /** Without `id`: whoever knows the file and the offset derives it. */
  readonly event: WireEvent
  /** Fields of an audit-ready event that the line does not tell; see audit-ready.ts. */
  readonly missing: readonly string[]
  /** One sentence for each thing that was repaired, cut or not understood. No content. */
  readonly notes: readonly string[]
}

export type RefusedText = {
  readonly kind: 'refused'
  readonly code: ErrorCode
  readonly field?: string
  /** One sentence, without content of the line other than names of fields. */
  readonly reason: string
}

export type ParsedLine = UnderstoodLine | RefusedText

export interface LineFormat {
  readonly name: string
  readonly help: string
  /**
   * What the line reader does with bytes that are not UTF-8. Where a client chooses the bytes (an
   * access log), refusing the line would let the client choose not to be recorded, so the bytes are
   * spelled out as `\xXX`, as nginx and Apache do. Where a producer writes events, they are
   * refused.
   */
  readonly invalidUtf8: 'escape' | 'refuse'
  /**
   * Never throws. The event depends on the line alone, never on the context, so that a file that
   * is followed under one name and imported under another gives the same bytes.
   */
  parseLine(line: string, context: LineContext): ParsedLine
  /** Path of each field of the event → the input that filled it. Empty for a refused line. */
  origins(line: string): ReadonlyMap<string, string>
}

export function refused(code: ErrorCode, reason: string, field?: string): RefusedText {
  return field === undefined
    ? { kind: 'refused', code, reason }
    : { kind: 'refused', code, field, reason }
}

/** What a parser threw, as a refusal; anything but a TocsinError is a defect and named so. */
export function refusalOf(error: unknown): RefusedText {
  if (error instanceof TocsinError) return refused(error.code, error.message, error.field)
  return refused('internal.bug', 'the line could not be read because of a defect in Tocsin')
}
