// A file of wire events, read in the order of event time whatever order its lines have. It is read
// twice: the first pass checks every line and keeps only where it stands and when it happened, so a
// million events need tens of megabytes; the second hands them out one by one, sealed as the server
// would seal them for a sender who may attest identities.

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TocsinError } from '@tocsin/sdk/errors'
import { findKind, parseEventLine, type SealedEvent, type WireEvent } from '@tocsin/sdk/event'
import { hasCode } from '../../base/durable.ts'
import { createLineSplitter, type Line, openImport } from '../../capture/capture.ts'

export interface EventFile {
  /** Events that are handed out. */
  readonly count: number
  readonly refused: number
  /** The first reasons, each with its line. */
  readonly reasons: readonly string[]
  /** Lines with an id that an earlier line has: the log would store them once. */
  readonly duplicates: number
  readonly isSorted: boolean
  readonly firstMs: number
  readonly lastMs: number
  /** In the order of time, events of one millisecond in the order of the file. */
  events(): Generator<SealedEvent>
  close(): void
}

const REASONS_KEPT = 3
/** No clock is asked: a file may be from the future of this machine. */
const ANY_TIME_MS = Number.MAX_SAFE_INTEGER
const WINDOW_BYTES = 128 * 1024
const FIRST_LINES = 4096

/** Throws `cli.not_found` without the file, `cli.usage` when no line of it is an event. */
export async function openEventFile(path: string): Promise<EventFile> {
  const scan = createScan()
  const copy = path.endsWith('.gz') ? openCopy() : null
  try {
    const splitter = createLineSplitter()
    for await (const chunk of openImport(path)) {
      if (copy) writeSync(copy.file, chunk)
      for (const line of splitter.push(chunk)) scan.add(line)
    }
    for (const line of splitter.end()) scan.add(line)
    if (scan.count === 0) throw noEvents(path, scan)
    const file = copy ? copy.file : openSync(path, 'r')
    return buildFile(scan, file, () => (copy ? copy.close() : closeSync(file)))
  } catch (cause) {
    copy?.close()
    if (hasCode(cause, 'Z_DATA_ERROR') || hasCode(cause, 'Z_BUF_ERROR')) {
      throw new TocsinError('cli.usage', { public: `${path} is damaged, or no gzip file`, cause })
    }
    if (!hasCode(cause, 'ENOENT') && !hasCode(cause, 'EISDIR')) throw cause
    throw new TocsinError('cli.not_found', { public: `there is no file ${path}`, cause })
  }
}

/** A compressed file cannot be read from the middle, so what it holds is written out once. */
function openCopy(): { readonly file: number; close(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-events-'))
  const file = openSync(join(directory, 'events.jsonl'), 'wx+', 0o600)
  return {
    file,
    close() {
      closeSync(file)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function noEvents(path: string, { refused, reasons }: Scan): TocsinError {
  const why = refused === 0 ? 'it is empty' : `the first reason is: ${reasons[0]}`
  return new TocsinError('cli.usage', {
    public: `no line of ${path} is an event, one JSON object per line is expected; ${why}`,
  })
}

type Scan = {
  add(line: Line): void
  count: number
  lines: number
  refused: number
  duplicates: number
  isSorted: boolean
  readonly reasons: string[]
  times: Float64Array
  offsets: Float64Array
  sizes: Uint32Array
  numbers: Uint32Array
}

function createScan(): Scan {
  const seen = new Set<string>()
  const scan: Scan = {
    add,
    count: 0,
    lines: 0,
    refused: 0,
    duplicates: 0,
    isSorted: true,
    reasons: [],
    times: new Float64Array(FIRST_LINES),
    offsets: new Float64Array(FIRST_LINES),
    sizes: new Uint32Array(FIRST_LINES),
    numbers: new Uint32Array(FIRST_LINES),
  }

  function add(line: Line): void {
    scan.lines += 1
    const read = readLine(line)
    if (typeof read === 'string') refuse(read)
    else if (read.id !== undefined && seen.has(read.id)) scan.duplicates += 1
    else {
      if (read.id !== undefined) seen.add(read.id)
      keep(read.time, line)
    }
  }

  function refuse(reason: string): void {
    scan.refused += 1
    if (scan.reasons.length < REASONS_KEPT) scan.reasons.push(`line ${scan.lines}: ${reason}`)
  }

  function keep(timeMs: number, { offset, bytes }: Line): void {
    const at = scan.count
    if (at === scan.times.length) growScan(scan)
    if (at > 0 && timeMs < (scan.times[at - 1] ?? 0)) scan.isSorted = false
    scan.times[at] = timeMs
    scan.offsets[at] = offset
    scan.sizes[at] = bytes.length
    scan.numbers[at] = scan.lines
    scan.count = at + 1
  }

  return scan
}

/** The event, or why it is none. */
function readLine(line: Line): WireEvent | string {
  if (line.kind === 'refused') return line.reason
  try {
    return parseEventLine(line.text, ANY_TIME_MS)
  } catch (error) {
    if (error instanceof TocsinError) return error.message
    throw error
  }
}

function growScan(scan: Scan): void {
  const size = scan.times.length * 2
  const times = new Float64Array(size)
  const offsets = new Float64Array(size)
  const sizes = new Uint32Array(size)
  const numbers = new Uint32Array(size)
  times.set(scan.times)
  offsets.set(scan.offsets)
  sizes.set(scan.sizes)
  numbers.set(scan.numbers)
  Object.assign(scan, { times, offsets, sizes, numbers })
}

function buildFile(scan: Scan, file: number, close: () => void): EventFile {
  const { count, refused, reasons, duplicates, isSorted, times, offsets, sizes, numbers } = scan
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  if (!isSorted) order.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b)
  const lineAt = openWindow(file)
  return {
    count,
    refused,
    reasons,
    duplicates,
    isSorted,
    firstMs: times[order[0] ?? 0] ?? 0,
    lastMs: times[order[count - 1] ?? 0] ?? 0,
    *events() {
      for (const at of order) {
        const text = lineAt(offsets[at] ?? 0, sizes[at] ?? 0)
        yield sealEvent(parseEventLine(text, ANY_TIME_MS), numbers[at] ?? 0)
      }
    },
    close,
  }
}

/** Reads lines by place; lines that follow each other come from one read. */
function openWindow(file: number): (offset: number, size: number) => string {
  let window = Buffer.alloc(WINDOW_BYTES)
  let startsAt = 0
  let length = 0
  return (offset, size) => {
    if (offset < startsAt || offset + size > startsAt + length) {
      if (size > window.length) window = Buffer.alloc(size)
      startsAt = offset
      length = readSync(file, window, 0, window.length, offset)
    }
    const from = offset - startsAt
    const text = window.toString('utf8', from, from + size)
    return text.startsWith('\uFEFF') ? text.slice(1) : text
  }
}

/**
 * What admission makes of an event whose sender may attest, as far as detectors can tell: hashes
 * need no key here, for only their being equal says something.
 */
export function sealEvent(wire: WireEvent, line: number): SealedEvent {
  const id = wire.id ?? `line-${line}`
  const { content, actor } = wire
  const sealed: SealedEvent = {
    v: 1,
    tenant: 'evaluation',
    observed: wire.time,
    via: 'file',
    retention: findKind(wire.kind)?.retention ?? 'r13m',
    requestId: id,
    ...withoutContent(wire),
    id,
    system: wire.system ?? 'unregistered',
    actor: { ...actor, verified: actor.type === 'unknown' ? 'none' : 'gateway' },
  }
  if (content === undefined) return sealed
  const { body: _, ...kept } = content
  return { ...sealed, content: kept }
}

/** Prompts and answers are not kept, so no rule may rest on them. */
function withoutContent(wire: WireEvent): Omit<WireEvent, 'content'> {
  if (wire.content === undefined) return wire
  const { content: _, ...rest } = wire
  return rest
}
