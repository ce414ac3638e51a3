// Everything that comes in passes here: a body of events is prepared on a thread, appended to the log,
// and answered line by line once it is durable. Nothing is acknowledged before; nothing is dropped
// without a count, a reason, and a row in the quarantine.

import { ERRORS, type ErrorCode, TocsinError } from '@tocsin/sdk/errors'
import type { Telemetry } from '../base/emit.ts'
import { INFLIGHT_BYTES_MAX } from '../base/limits.ts'
import { startThread } from '../base/threads.ts'
import type { Log } from '../log/log.ts'
import type { LineResult, PrepareContext, Prepared } from './prepare.ts'
import type { FromPrepare, PrepareConfig, ToPrepare } from './prepare-worker.ts'

export type { PrepareContext } from './prepare.ts'

export type LineStatus = 'stored' | 'duplicate' | 'conflict' | 'refused'

/** What became of one line of a body. */
export type LineFate = {
  /** Position in the body, 0-based. */
  readonly line: number
  readonly status: LineStatus
  readonly id?: string
  readonly code?: string
  readonly field?: string
  readonly reason?: string
}

export type Receipt = {
  readonly stored: number
  readonly duplicate: number
  readonly conflict: number
  readonly refused: number
  readonly results: readonly LineFate[]
}

export type RefusedLine = {
  readonly via: string
  readonly principal: string
  readonly code: string
  readonly field?: string
  readonly reason: string
  readonly excerpt: string
}

export interface Capture {
  /**
   * Takes a body of NDJSON or one JSON array; the buffer is handed over and must not be used again.
   * Resolves when every stored line is durable. Throws when nothing of it could be read
   * (`event.not_json`, `capture.empty` …), or `log.pushback` and `log.disk_full`, after which the
   * same body may be sent again: lines that were stored are then duplicates.
   */
  receive(body: Uint8Array<ArrayBuffer>, context: PrepareContext): Promise<Receipt>
  close(): Promise<void>
}

export type CaptureDeps = {
  readonly dataDir: string
  readonly log: Log
  readonly telemetry: Telemetry
  /** Keeps refused lines for whoever mends the sender; never throws. */
  readonly quarantine: (lines: readonly RefusedLine[]) => void
}

const CONFLICT_REASON = 'this id is already stored with other content; give a new event a new id'

export function openCapture({ dataDir, log, telemetry, quarantine }: CaptureDeps): Capture {
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

  async function prepare(
    body: Uint8Array<ArrayBuffer>,
    context: PrepareContext,
  ): Promise<Prepared> {
    const size = body.length
    if (bytesPreparing > 0 && bytesPreparing + size > INFLIGHT_BYTES_MAX) {
      throw new TocsinError('log.pushback', {
        public: 'more is waiting to be prepared than the server takes; send again in a second',
      })
    }
    bytesPreparing += size
    const ticket = Promise.withResolvers<Prepared>()
    lastTicket += 1
    tickets.set(lastTicket, ticket)
    thread.send({ ticket: lastTicket, body, context }, [body.buffer])
    return ticket.promise.finally(() => {
      bytesPreparing -= size
    })
  }

  async function receive(body: Uint8Array<ArrayBuffer>, context: PrepareContext): Promise<Receipt> {
    const { batch, lines } = await prepare(body, context)
    const { fates } = await log.append(batch)
    const receipt = summarise(lines, fates)
    for (const fate of ['stored', 'duplicate', 'conflict', 'refused'] as const) {
      if (receipt[fate] > 0) {
        telemetry.add('capture.events', receipt[fate], { via: context.via, fate })
      }
    }
    if (receipt.refused + receipt.conflict > 0) quarantine(refusedLines(lines, receipt, context))
    return receipt
  }

  return { receive, close: () => thread.stop() }
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

function refusedLines(
  lines: readonly LineResult[],
  { results }: Receipt,
  { via, principal }: PrepareContext,
): readonly RefusedLine[] {
  const rows: RefusedLine[] = []
  results.forEach(({ status, code, field, reason, id }, i) => {
    if (status !== 'refused' && status !== 'conflict') return
    const line = lines[i]
    const excerpt = line && 'refused' in line ? line.excerpt : (id ?? '')
    const where = field === undefined ? {} : { field }
    rows.push({ via, principal, code: code ?? '', ...where, reason: reason ?? '', excerpt })
  })
  return rows
}
