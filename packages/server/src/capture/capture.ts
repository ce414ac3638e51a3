// Everything that comes in passes here: a body of events is prepared on a thread, appended to the
// log, and answered line by line once it is durable. Nothing is acknowledged before; nothing is
// dropped without a count, a reason, and a row in the quarantine.

import { ERRORS, type ErrorCode, TocsinError } from '@tocsin/sdk/errors'
import type { Clock } from '../base/clock.ts'
import type { Telemetry } from '../base/emit.ts'
import { INFLIGHT_BYTES_MAX } from '../base/limits.ts'
import { startThread } from '../base/threads.ts'
import type { Log } from '../log/log.ts'
import { FORMATS, findFormat, type LineFormat } from './formats/formats.ts'
import type { LineResult, PrepareContext, Prepared, Work } from './prepare.ts'
import type { FromPrepare, PrepareConfig, ToPrepare } from './prepare-worker.ts'
import type { Quarantine, QuarantinedLine } from './quarantine.ts'
import type { FileLines, LineFate, Receipt } from './receipt.ts'

export { explainLines, renderReport } from './explain.ts'
export { type FileSource, fileConsumer } from './file-consumer.ts'
export { followFile, importLines, openImport, openPositionStore } from './follow/follow.ts'
export { detectFormat, FORMATS, findFormat, type LineFormat } from './formats/formats.ts'
export { createLineSplitter, type Line } from './lines.ts'
export type { PrepareContext } from './prepare.ts'
export { openQuarantine, type Quarantine, type QuarantinedLine } from './quarantine.ts'
export type { FileLines, LineFate, LineStatus, Receipt } from './receipt.ts'

export interface Capture {
  /**
   * Takes a body of NDJSON or one JSON array; the buffer is handed over and must not be used again.
   * Resolves when every stored line is durable. Throws when nothing of it could be read
   * (`event.not_json`, `capture.empty` …), or `log.pushback` and `log.disk_full`, after which the
   * same body may be sent again: lines that were stored are then duplicates.
   */
  receive(body: Uint8Array<ArrayBuffer>, context: PrepareContext): Promise<Receipt>
  /**
   * Takes lines of one log file, as `receive` does; each gets an id from where it stands, so taking
   * them again stores nothing twice.
   */
  receiveLines(lines: FileLines, context: PrepareContext): Promise<Receipt>
  close(): Promise<void>
}

export type CaptureDeps = {
  readonly dataDir: string
  readonly log: Log
  readonly telemetry: Telemetry
  /** Keeps refused lines for whoever mends the sender. */
  readonly quarantine: Pick<Quarantine, 'add'>
  readonly clock: Clock
}

const CONFLICT_REASON = 'this id is already stored with other content; give a new event a new id'

export function openCapture({ dataDir, log, telemetry, quarantine, clock }: CaptureDeps): Capture {
  const { kek, hashKey } = log.secrets
  const config: PrepareConfig = { dataDir, origin: log.origin, kek, hashKey }
  const thread = startThread<ToPrepare, FromPrepare>(import.meta.url, 'prepare-worker', config)
  const tickets = new Map<number, PromiseWithResolvers<Prepared>>()
  let lastTicket = 0
  let bytesPreparing = 0

  thread.onMessage(message => {
    const ticket = tickets.get(message.ticket)
    tickets.delete(message.ticket)
    if (message.kind === 'prepared') ticket?.resolve(message)
    else ticket?.reject(revive(message.code, message.reason))
  })
  thread.onFailure(cause => {
    const error = new TocsinError('internal.bug', { public: 'the prepare thread ended', cause })
    for (const { reject } of tickets.values()) reject(error)
    tickets.clear()
  })

  async function prepare(work: Work, context: PrepareContext): Promise<Prepared> {
    const size = work.bytes.length
    if (bytesPreparing > 0 && bytesPreparing + size > INFLIGHT_BYTES_MAX) {
      throw new TocsinError('log.pushback', {
        public: 'more is waiting to be prepared than the server takes; send again in a second',
      })
    }
    bytesPreparing += size
    const ticket = Promise.withResolvers<Prepared>()
    lastTicket += 1
    tickets.set(lastTicket, ticket)
    const { buffer } = work.bytes
    thread.send(
      { ticket: lastTicket, work, context },
      buffer instanceof ArrayBuffer ? [buffer] : [],
    )
    return ticket.promise.finally(() => {
      bytesPreparing -= size
    })
  }

  async function take(work: Work, context: PrepareContext): Promise<Receipt> {
    const { batch, lines } = await prepare(work, context)
    const { fates } = await log.append(batch)
    const receipt = summarise(lines, fates)
    for (const fate of FATES) {
      if (receipt[fate] > 0) {
        telemetry.add('capture.events', receipt[fate], { via: context.via, fate })
      }
    }
    if (receipt.refused + receipt.conflict > 0) {
      // Not awaited: an answer does not wait for the quarantine, which counts what it cannot keep.
      void quarantine.add(quarantined(lines, receipt, { ...context, timeMs: clock.nowMs(), work }))
    }
    return receipt
  }

  return {
    receive: (bytes, context) => take({ kind: 'body', bytes }, context),
    receiveLines: (file, context) => take(layOutLines(file), context),
    close: () => thread.stop(),
  }
}

const FATES = ['stored', 'duplicate', 'conflict', 'refused'] as const

function layOutLines({ format, fingerprint, lines }: FileLines): Work {
  const bytes = new Uint8Array(lines.reduce((sum, line) => sum + line.bytes.length, 0))
  const ends = new Uint32Array(lines.length)
  const offsets = new Float64Array(lines.length)
  let at = 0
  lines.forEach((line, i) => {
    bytes.set(line.bytes, at)
    at += line.bytes.length
    ends[i] = at
    offsets[i] = line.offset
  })
  return { kind: 'lines', bytes, ends, offsets, format, fingerprint: Uint8Array.from(fingerprint) }
}

/** The format of that name. Throws `capture.unknown_format`, naming what there is. */
export function parseFileFormat(name: string): LineFormat {
  const format = findFormat(name)
  if (format) return format
  throw new TocsinError('capture.unknown_format', {
    public: `${JSON.stringify(name)} is no format; there are ${FORMATS.map(f => f.name).join(', ')}`,
    field: 'format',
  })
}

function revive(code: string, reason: string): TocsinError {
  const known = code in ERRORS ? (code as ErrorCode) : 'internal.bug'
  return new TocsinError(known, { public: reason })
}

function summarise(
  lines: readonly LineResult[],
  fates: readonly ('stored' | 'duplicate' | 'conflict')[],
): Receipt {
  const counts = { stored: 0, duplicate: 0, conflict: 0, refused: 0 }
  let next = 0
  const results = lines.map((result): LineFate => {
    if ('refused' in result) {
      counts.refused += 1
      const { line, refused: code, reason } = result
      const field = result.field === undefined ? {} : { field: result.field }
      return { line, status: 'refused', code, ...field, reason }
    }
    const status = fates[next++] ?? 'stored'
    counts[status] += 1
    const { line, id } = result
    if (status !== 'conflict') return { line, status, id }
    return { line, status, id, code: 'event.conflict', field: 'id', reason: CONFLICT_REASON }
  })
  return { ...counts, results }
}

type QuarantineContext = PrepareContext & { readonly timeMs: number; readonly work: Work }

function quarantined(
  lines: readonly LineResult[],
  { results }: Receipt,
  { principal, timeMs, work }: QuarantineContext,
): readonly QuarantinedLine[] {
  const rows: QuarantinedLine[] = []
  results.forEach((result, i) => {
    if (result.status !== 'refused' && result.status !== 'conflict') return
    const { code = '', reason = '', id = '', field } = result
    const line = lines[i]
    const { excerpt, bytes } = line && 'refused' in line ? line : { excerpt: id, bytes: id.length }
    const where = work.kind === 'lines' ? { offset: work.offsets[result.line] ?? 0 } : {}
    const what = field === undefined ? {} : { field }
    rows.push({ timeMs, source: principal, ...where, code, ...what, reason, bytes, line: excerpt })
  })
  return rows
}
