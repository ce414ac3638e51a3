// Work for the prepare thread → one prepared batch: cut into lines, parse, admit, seal, lay out as
// the log takes it. All the work an event costs before it is durable, and none of the waiting. A
// line that is refused is a row of the result and never stops the others.

import { isUtf8 } from 'node:buffer'
import { uuidBytes } from '@tocsin/sdk/entry'
import { TocsinError } from '@tocsin/sdk/errors'
import { parseEvent, parseEventLine, type WireEvent } from '@tocsin/sdk/event'
import {
  buildBatch,
  buildHmacKey,
  contentDigest,
  hmac,
  type PreparedBatch,
  splitEvent,
  type Vault,
} from '../log/log.ts'
import { type AdmitContext, admitEvent, uuidV8 } from './admit.ts'
import { type Line, splitBody } from './body.ts'
import { lineIdentity } from './follow/follow.ts'
import { findFormat, type LineFormat } from './formats/formats.ts'
import { utf8OrEscaped } from './utf8-text.ts'

export type PrepareContext = Omit<AdmitContext, 'nowMs' | 'hashKey'> & {
  /** Tocsin's own events, which may have kinds that no producer may send. */
  readonly own?: boolean
}

/** A body as it was sent, or lines of a log file with the places where they stand in it. */
export type Work =
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'lines'
      /** The lines without their ends, one after the other. */
      readonly bytes: Uint8Array
      /** Line i lies at `ends[i - 1]` to `ends[i]` of `bytes`. */
      readonly ends: Uint32Array
      /** Where line i stands in its file. */
      readonly offsets: Float64Array
      readonly format: string
      /** SHA-256 of the file's first line: the file's name for ids. */
      readonly fingerprint: Uint8Array
    }

/** A line that was refused, and why. */
export type RefusedLine = {
  /** Position among the lines, 0-based. */
  readonly line: number
  readonly refused: string
  readonly field?: string
  readonly reason: string
  /** The line's beginning and its whole size, for the quarantine. */
  readonly excerpt: string
  readonly bytes: number
}

export type Prepared = {
  readonly batch: PreparedBatch
  /** Which line each event of the batch was, in rising order; a number each, not an object. */
  readonly lines: Uint32Array
  readonly refused: readonly RefusedLine[]
}

export type Preparer = (work: Work, context: PrepareContext, nowMs: number) => Prepared

const EXCERPT_CHARS = 2048
/**
 * Lines that go through a step together before the next step: each step's code stays in the
 * processor's cache, which saves a quarter of an event's cost, and so do the events of few lines.
 */
const GROUP_LINES = 64

/** One line that can be read: what it says is parsed only when it is its turn. */
type Readable = {
  readonly line: number
  readonly read: () => WireEvent
  readonly text: () => string
}

/** What one step made of a line. */
type Step<T> = { readonly of: Readable; readonly value: T }

/**
 * `vault` seals; `hashKey` keys hashes, derived ids and digests. Not to be shared between threads.
 */
export function buildPreparer(vault: Vault, secretHashKey: Uint8Array): Preparer {
  const hashKey = buildHmacKey(secretHashKey)
  // Kept from batch to batch for its buffers; what a batch that failed left in it goes first.
  const layout = buildBatch()

  /** Without the events of the lines that it refuses. */
  function prepareGroup(group: readonly Readable[], context: AdmitContext, out: Collected): void {
    const { refused } = out
    const steps = group.map(of => ({ of, value: of }))
    const wires = each(steps, refused, readable => readable.read())
    const admitted = each(wires, refused, wire => admitEvent(wire, context))
    const split = each(admitted, refused, ({ event, ...ids }) => {
      const { sections, followed, meant } = splitEvent(event)
      return { ...ids, id: event.id, sections, followed, meant }
    })
    const plain = each(split, refused, ({ meant, ...event }) => {
      return { ...event, timeMs: context.nowMs, digest: contentDigest(hashKey, meant) }
    })
    each(plain, refused, (event, { line }) => {
      layout.add(uuidBytes(event.id), vault.seal(event), event.followed)
      out.lines.push(line)
    })
  }

  return (work, context, nowMs) => {
    const collected: Collected = { lines: [], refused: [] }
    const admit = { ...context, hashKey, nowMs }
    layout.clear()
    try {
      for (const group of inGroups(readables(work, admit))) prepareGroup(group, admit, collected)
    } finally {
      // Also of a batch that is given up: other threads wait for the key ring.
      vault.commitKeys()
    }
    const refused = collected.refused.sort((a, b) => a.line - b.line)
    return { batch: layout.finish(), lines: Uint32Array.from(collected.lines), refused }
  }
}

type Collected = { readonly lines: number[]; readonly refused: RefusedLine[] }

/** Takes a step for every line; those it refuses go no further. */
function each<In, Out>(
  items: readonly Step<In>[],
  refused: RefusedLine[],
  step: (value: In, of: Readable) => Out,
): readonly Step<Out>[] {
  const done: Step<Out>[] = []
  for (const { of, value } of items) {
    try {
      done.push({ of, value: step(value, of) })
    } catch (error) {
      refused.push(refusal(of, error))
    }
  }
  return done
}

function* inGroups<T>(items: Iterable<T>): Generator<readonly T[]> {
  let group: T[] = []
  for (const item of items) {
    if (group.push(item) < GROUP_LINES) continue
    yield group
    group = []
  }
  yield group
}

type ReadContext = PrepareContext & Pick<AdmitContext, 'hashKey' | 'nowMs'>

function* readables(work: Work, context: ReadContext): Generator<Readable> {
  if (work.kind === 'lines') return yield* fileLines(work, context)
  for (const line of splitBody(work.bytes)) {
    yield {
      line: line.line,
      read: () => parseLine(line, context),
      text: () => line.text ?? JSON.stringify(line.value) ?? '',
    }
  }
}

function parseLine({ text, value }: Line, { own, nowMs }: ReadContext): WireEvent {
  const by = own ? 'server' : 'producer'
  if (value !== undefined) return parseEvent(value, nowMs, by)
  if (text !== null) return parseEventLine(text, nowMs, by)
  throw new TocsinError('event.not_utf8', { public: 'the line is not UTF-8; send it in UTF-8' })
}

type FileLines = Extract<Work, { kind: 'lines' }>

function* fileLines(work: FileLines, context: ReadContext): Generator<Readable> {
  const format = findFormat(work.format)
  if (!format) throw new TocsinError('internal.bug', { public: `no format ${work.format}` })
  const bytes = Buffer.from(work.bytes.buffer, work.bytes.byteOffset, work.bytes.length)
  for (let line = 0; line < work.ends.length; line++) {
    const part = bytes.subarray(line === 0 ? 0 : work.ends[line - 1], work.ends[line])
    yield {
      line,
      read: () => parseFileLine(part, work.offsets[line] ?? 0, { work, format, context }),
      text: () => utf8OrEscaped(part, 'keep'),
    }
  }
}

type FileContext = {
  readonly work: FileLines
  readonly format: LineFormat
  readonly context: ReadContext
}

/**
 * The event with an id made from where the line stands, so that reading it again stores nothing
 * twice.
 */
function parseFileLine(
  part: Buffer,
  offset: number,
  { work, format, context }: FileContext,
): WireEvent {
  const text = fileText(part, format)
  const parsed = format.parseLine(text, { nowMs: context.nowMs, source: context.principal })
  if (parsed.kind === 'refused') {
    const where = parsed.field === undefined ? {} : { field: parsed.field }
    throw new TocsinError(parsed.code, { public: parsed.reason, ...where })
  }
  const { fingerprint } = work
  const identity = lineIdentity({ fingerprint, offset, bytes: part })
  return { ...parsed.event, id: parsed.event.id ?? uuidV8(hmac(context.hashKey, identity)) }
}

function fileText(part: Buffer, format: LineFormat): string {
  if (isUtf8(part)) return part.toString('utf8')
  if (format.invalidUtf8 === 'escape') return utf8OrEscaped(part, 'keep')
  throw new TocsinError('event.not_utf8', { public: 'the line is not UTF-8; write it in UTF-8' })
}

/** Only what a sender can mend is a row of the result; everything else ends the whole batch. */
function refusal({ line, text }: Readable, error: unknown): RefusedLine {
  if (!(error instanceof TocsinError) || error.fault !== 'caller') throw error
  const field = error.field === undefined ? {} : { field: error.field }
  const whole = text()
  const excerpt = whole.slice(0, EXCERPT_CHARS)
  const bytes = Buffer.byteLength(whole)
  return { line, refused: error.code, ...field, reason: error.message, excerpt, bytes }
}
