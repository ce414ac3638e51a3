// Everything that comes in passes here: a body of events is prepared on a thread, appended to the
// log, and answered line by line once it is durable. Nothing is acknowledged before; nothing is
// dropped without a count, a reason, and a row in the quarantine.

import { TocsinError } from '@tocsin/sdk/errors'
import type { Clock } from '../base/clock.ts'
import type { Telemetry } from '../base/emit.ts'
import { PREPARE_THREADS } from '../base/limits.ts'
import type { Log } from '../log/log.ts'
import { FORMATS, findFormat, type LineFormat } from './formats/formats.ts'
import type { PrepareContext, Prepared, Work } from './prepare.ts'
import { startPrepareThreads } from './prepare-threads.ts'
import type { Quarantine, QuarantinedLine } from './quarantine.ts'
import { buildReceipt, type FileLines, type Receipt } from './receipt.ts'

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
  /** As `receive`; bodies of one principal stand in the log in the order of the calls. */
  receiveInTurn(body: Uint8Array<ArrayBuffer>, context: PrepareContext): Promise<Receipt>
  /**
   * Takes lines of one log file, as `receive` does; each gets an id from where it stands, so taking
   * them again stores nothing twice.
   */
  receiveLines(lines: FileLines, context: PrepareContext): Promise<Receipt>
  /** Waits for what was taken to be prepared and refuses the rest. Close it before the log. */
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

export function openCapture({ dataDir, log, telemetry, quarantine, clock }: CaptureDeps): Capture {
  const { kek, hashKey } = log.secrets
  const config = { dataDir, origin: log.origin, kek, hashKey }
  const threads = startPrepareThreads(config, PREPARE_THREADS)

  async function prepare(work: Work, context: PrepareContext): Promise<Prepared> {
    try {
      return await threads.prepare(work, context)
    } catch (error) {
      // Keys that cannot be made durable are a failed disk, as the log's own files are.
      if (error instanceof TocsinError && error.fault === 'broken') log.fail(error)
      throw error
    }
  }

  /** Of each sender the piece that was taken last; resolves once the log has it. */
  const handedOver = new Map<string, Promise<void>>()

  /** Prepared at the same time, handed over in turn: detectors read a file in its own order. */
  async function takeInTurn(work: Work, context: PrepareContext): Promise<Receipt> {
    const { principal } = context
    const before = handedOver.get(principal)
    const { promise, resolve } = Promise.withResolvers<void>()
    handedOver.set(principal, promise)
    try {
      return await take(work, context, { before, handed: resolve })
    } finally {
      await before
      resolve()
      if (handedOver.get(principal) === promise) handedOver.delete(principal)
    }
  }

  async function take(work: Work, context: PrepareContext, turn?: Turn): Promise<Receipt> {
    const prepared = await prepare(work, context)
    await turn?.before
    const appended = log.append(prepared.batch)
    turn?.handed()
    const { fates } = await appended
    const receipt = buildReceipt(prepared, fates)
    for (const fate of FATES) {
      if (receipt[fate] > 0) {
        telemetry.add('capture.events', receipt[fate], { via: context.via, fate })
      }
    }
    if (receipt.refused + receipt.conflict > 0) {
      const rows = quarantined(prepared, receipt, { ...context, timeMs: clock.nowMs(), work })
      // Not awaited: an answer does not wait for the quarantine, which counts what it cannot keep.
      void quarantine.add(rows)
    }
    return receipt
  }

  return {
    receive: (bytes, context) => take({ kind: 'body', bytes }, context),
    receiveInTurn: (bytes, context) => takeInTurn({ kind: 'body', bytes }, context),
    receiveLines: (file, context) => takeInTurn(layOutLines(file), context),
    close: threads.close,
  }
}

type Turn = { readonly before: Promise<void> | undefined; readonly handed: () => void }

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

type QuarantineContext = PrepareContext & { readonly timeMs: number; readonly work: Work }

function quarantined(
  { refused }: Prepared,
  { results }: Receipt,
  { principal, timeMs, work }: QuarantineContext,
): readonly QuarantinedLine[] {
  const refusedLines = new Map(refused.map(row => [row.line, row]))
  const rows: QuarantinedLine[] = []
  for (const { line, status, code = '', reason = '', id = '', field } of results) {
    if (status !== 'refused' && status !== 'conflict') continue
    const { excerpt, bytes } = refusedLines.get(line) ?? { excerpt: id, bytes: id.length }
    const where = work.kind === 'lines' ? { offset: work.offsets[line] ?? 0 } : {}
    const what = field === undefined ? {} : { field }
    rows.push({ timeMs, source: principal, ...where, code, ...what, reason, bytes, line: excerpt })
  }
  return rows
}
