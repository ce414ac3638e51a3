// One body of events → one prepared batch: split into lines, parse, admit, seal, lay out as the log
// takes it. All the work an event costs before it is durable, and none of the waiting; runs on a
// prepare thread. A line that is refused is a row of the result and never stops the others.

import { uuidBytes } from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import { parseEvent, parseEventLine, type WireEvent } from '@tocsin/sdk/event'
import {
  buildBatch,
  contentDigest,
  type PreparedBatch,
  splitEvent,
  type Vault,
} from '../log/log.ts'
import { type AdmitContext, admitEvent } from './admit.ts'
import { type Line, splitBody } from './body.ts'

export type PrepareContext = Omit<AdmitContext, 'nowMs' | 'hashKey'> & {
  /** Tocsin's own events, which may have kinds that no producer may send. */
  readonly own?: boolean
}

/** What became of line `line` (0-based, as it stood in the body): its id, or why it was refused. */
export type LineResult =
  | { readonly line: number; readonly id: string }
  | {
      readonly line: number
      readonly refused: string
      readonly field?: string
      readonly reason: string
      /** The line's beginning, for the quarantine. */
      readonly excerpt: string
    }

export type Prepared = { readonly batch: PreparedBatch; readonly lines: readonly LineResult[] }

export type Preparer = (body: Uint8Array, context: PrepareContext, nowMs: number) => Prepared

const EXCERPT_CHARS = 2048

/** `vault` seals; `hashKey` keys hashes, derived ids and digests. Not to be shared between threads. */
export function buildPreparer(vault: Vault, hashKey: Uint8Array): Preparer {
  return (body, context, nowMs) => {
    const lines: LineResult[] = []
    const layout = buildBatch()
    const admit = { ...context, hashKey, nowMs }
    for (const line of splitBody(body)) {
      try {
        lines.push({ line: line.line, id: seal(parseLine(line, context, nowMs), admit) })
      } catch (error) {
        lines.push(refusal(line, error))
      }
    }
    vault.commitKeys()
    return { batch: layout.finish(), lines }

    function seal(wire: WireEvent, admit: AdmitContext): string {
      const { event, typeUid, statusId } = admitEvent(wire, admit)
      const { sections, followed, meant } = splitEvent(event)
      const digest = contentDigest(hashKey, meant)
      const { id } = event
      const plain = { id, timeMs: nowMs, typeUid, statusId, digest, sections }
      layout.add(uuidBytes(id), vault.seal(plain), followed)
      return id
    }
  }
}

function parseLine({ text, value }: Line, context: PrepareContext, nowMs: number): WireEvent {
  const by = context.own ? 'server' : 'producer'
  if (value !== undefined) return parseEvent(value, nowMs, by)
  if (text !== null) return parseEventLine(text, nowMs, by)
  throw new TocsinError('event.not_utf8', { public: 'the line is not UTF-8; send it in UTF-8' })
}

/** Only what a sender can mend is a row of the result; everything else ends the whole batch. */
function refusal({ line, text, value }: Line, error: unknown): LineResult {
  if (!(error instanceof TocsinError) || error.fault !== 'caller') throw error
  const excerpt = (text ?? JSON.stringify(value) ?? '').slice(0, EXCERPT_CHARS)
  const field = error.field === undefined ? {} : { field: error.field }
  return { line, refused: error.code, ...field, reason: error.message, excerpt }
}
