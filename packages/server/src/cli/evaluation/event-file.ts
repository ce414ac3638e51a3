// A file of wire events, read in the order of event time whatever order its lines have. It is read
// twice: the first pass only looks where each line stands and when it happened, so a million events
// need tens of megabytes; the second checks them and hands them out one by one, sealed as the
// server would seal them for a sender who may attest identities.

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TocsinError } from '@tocsin/sdk/errors'
import { findKind, parseEventLine, type SealedEvent, type WireEvent } from '@tocsin/sdk/event'
import { hasCode } from '../../base/durable.ts'
import { createLineSplitter, type Line, openImport } from '../../capture/capture.ts'

export interface EventFile {
  /** False when the lines were not in the order of time. */
  readonly isSorted: boolean
  /** To be read once, in the order of time, events of one millisecond in the order of the file. */
  events(): Generator<SealedEvent>
  /** What was read so far; all of the file once `events` has ended. */
  readonly read: ReadSoFar
  close(): void
}

export type ReadSoFar = {
  readonly count: number
  readonly refused: number
  /** The first reasons by line, each with its line. */
  readonly reasons: readonly string[]
  /** Lines with an id that another line has: the log would store them once. */
  readonly duplicates: number
  readonly firstMs: number
  readonly lastMs: number
}

const REASONS_KEPT = 3
/** No clock is asked: a file may be from the future of this machine. */
const ANY_TIME_MS = Number.MAX_SAFE_INTEGER
const WINDOW_BYTES = 128 * 1024
const FIRST_LINES = 4096

/** Throws `cli.not_found` without the file, `cli.usage` when it is damaged. */
export async function openEventFile(path: string): Promise<EventFile> {
  const copy = path.endsWith('.gz') ? openCopy() : null
  try {
    const scan = createScan()
    const splitter = createLineSplitter()
    for await (const chunk of openImport(path)) {
      if (copy) writeSync(copy.file, chunk)
      for (const line of splitter.push(chunk)) scan.add(line)
    }
    for (const line of splitter.end()) scan.add(line)
    const { file, close } = copy ?? openPlain(path)
    return buildFile(scan, file, close)
  } catch (cause) {
    copy?.close()
    if (hasCode(cause, 'Z_DATA_ERROR') || hasCode(cause, 'Z_BUF_ERROR')) {
      throw new TocsinError('cli.usage', { public: `${path} is damaged, or no gzip file`, cause })
    }
    if (!hasCode(cause, 'ENOENT') && !hasCode(cause, 'EISDIR')) throw cause
    throw new TocsinError('cli.not_found', { public: `there is no file ${path}`, cause })
  }
}

type OpenFile = { readonly file: number; close(): void }

function openPlain(path: string): OpenFile {
  const file = openSync(path, 'r')
  return { file, close: () => closeSync(file) }
}

/** A compressed file cannot be read from the middle, so what it holds is written out once. */
function openCopy(): OpenFile {
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

/** Where lines stand and when they happened. */
type Scan = {
  add(line: Line): void
  count: number
  isSorted: boolean
  readonly refusals: Refusals
  times: Float64Array
  offsets: Float64Array
  sizes: Uint32Array
  numbers: Uint32Array
}

function createScan(): Scan {
  let lines = 0
  const scan: Scan = {
    add,
    count: 0,
    isSorted: true,
    refusals: createRefusals(),
    times: new Float64Array(FIRST_LINES),
    offsets: new Float64Array(FIRST_LINES),
    sizes: new Uint32Array(FIRST_LINES),
    numbers: new Uint32Array(FIRST_LINES),
  }

  function add(line: Line): void {
    lines += 1
    const timeMs = line.kind === 'refused' ? line.reason : timeOf(line.text)
    if (typeof timeMs === 'string') scan.refusals.add(lines, timeMs)
    else keep(timeMs, line)
  }

  function keep(timeMs: number, { offset, bytes }: Line): void {
    const at = scan.count
    if (at === scan.times.length) growScan(scan)
    if (at > 0 && timeMs < (scan.times[at - 1] ?? 0)) scan.isSorted = false
    scan.times[at] = timeMs
    scan.offsets[at] = offset
    scan.sizes[at] = bytes.length
    scan.numbers[at] = lines
    scan.count = at + 1
  }

  return scan
}

const TIME_MEMBER = '"time":'

/**
 * The event's time, or why the line is no event. One member of that name with a number is the time,
 * or the event has none, which shows when it is read whole; everything else is read now.
 */
function timeOf(text: string): number | string {
  const at = text.indexOf(TIME_MEMBER)
  if (at >= 0 && text.indexOf(TIME_MEMBER, at + 1) < 0) {
    const from = at + TIME_MEMBER.length
    const digits = text.slice(from, from + MS_DIGITS)
    if (/^\d+$/.test(digits) && /^[,}]/.test(text.slice(from + MS_DIGITS))) return Number(digits)
  }
  const read = readLine(text)
  return typeof read === 'string' ? read : read.time
}

/** From September 2001 to 2286. */
const MS_DIGITS = 13

/** The event, or why it is none. */
function readLine(text: string): WireEvent | string {
  try {
    return parseEventLine(text, ANY_TIME_MS)
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

type Refusals = {
  add(line: number, reason: string): void
  readonly count: number
  readonly reasons: readonly string[]
}

/** Counts refusals and keeps those of the first lines, in whatever order they come. */
function createRefusals(): Refusals {
  let count = 0
  let kept: { readonly line: number; readonly reason: string }[] = []
  return {
    add(line, reason) {
      count += 1
      const last = kept.at(-1)
      if (last && kept.length === REASONS_KEPT && last.line < line) return
      kept = [...kept, { line, reason }].sort((a, b) => a.line - b.line).slice(0, REASONS_KEPT)
    },
    get count() {
      return count
    },
    get reasons() {
      return kept.map(({ line, reason }) => `line ${line}: ${reason}`)
    },
  }
}

function buildFile(scan: Scan, file: number, close: () => void): EventFile {
  const { isSorted, refusals, times, offsets, sizes, numbers } = scan
  const order = Uint32Array.from({ length: scan.count }, (_, i) => i)
  if (!isSorted) order.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b)
  const lineAt = openWindow(file)
  const seen = new Set<string>()
  let [count, duplicates, firstMs, lastMs] = [0, 0, 0, 0]

  function* events(): Generator<SealedEvent> {
    for (const at of order) {
      const line = numbers[at] ?? 0
      const wire = readLine(lineAt(offsets[at] ?? 0, sizes[at] ?? 0))
      if (typeof wire === 'string') refusals.add(line, wire)
      else if (wire.id !== undefined && seen.has(wire.id)) duplicates += 1
      else {
        if (wire.id !== undefined) seen.add(wire.id)
        if (count === 0) firstMs = wire.time
        lastMs = wire.time
        count += 1
        yield sealEvent(wire, line)
      }
    }
  }

  return {
    isSorted,
    events,
    get read() {
      const { count: refused, reasons } = refusals
      return { count, refused, reasons, duplicates, firstMs, lastMs }
    },
    close,
  }
}

/** Reads lines by place: much at once while they follow each other, little while they do not. */
function openWindow(file: number): (offset: number, size: number) => string {
  let window = Buffer.alloc(WINDOW_BYTES)
  let startsAt = 0
  let length = 0
  return (offset, size) => {
    const endsAt = startsAt + length
    if (offset < startsAt || offset + size > endsAt) {
      if (size > window.length) window = Buffer.alloc(size)
      const follows = offset >= startsAt && offset <= endsAt
      startsAt = offset
      length = readSync(file, window, 0, follows ? window.length : size, offset)
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
