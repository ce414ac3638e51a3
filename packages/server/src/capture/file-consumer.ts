// What becomes of the lines of a log file: those that can be read go to the log, the others to the
// quarantine, a known gap into the log as an event. While the log is busy it waits and tries again,
// so that the position in the file never passes a line that is not durable.

import { TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import type { Clock } from '../base/clock.ts'
import type { Telemetry } from '../base/emit.ts'
import type { Gap, LineBatch, LineConsumer } from './follow/follow.ts'
import type { RefusedBytes, TextLine } from './lines.ts'
import type { PrepareContext } from './prepare.ts'
import type { Quarantine } from './quarantine.ts'
import type { FileLines, Receipt } from './receipt.ts'

const BUSY_RETRY_MS = 500

export type FileSource = {
  /** How the log names the source. */
  readonly name: string
  readonly format: string
  readonly context: PrepareContext
}

export type FileConsumerDeps = {
  readonly capture: {
    receiveLines(lines: FileLines, context: PrepareContext): Promise<Receipt>
  }
  readonly quarantine: Pick<Quarantine, 'add'>
  readonly telemetry: Telemetry
  readonly clock: Clock
  readonly sleep: (ms: number) => Promise<void>
  readonly record: (event: WireEvent) => Promise<unknown>
  /** Told of every batch that is durable. */
  readonly onReceipt?: (receipt: Receipt) => void
}

export function fileConsumer(source: FileSource, deps: FileConsumerDeps): LineConsumer {
  const { capture, clock } = deps

  async function lines({ fingerprint, lines: all }: LineBatch): Promise<void> {
    const readable = all.filter(line => line.kind === 'line')
    await setAside(all.filter(line => line.kind === 'refused'))
    if (readable.length === 0) return
    const receipt = await store(fingerprint, readable)
    deps.onReceipt?.(receipt)
  }

  async function store(fingerprint: Uint8Array, readable: readonly TextLine[]): Promise<Receipt> {
    for (;;) {
      try {
        const file = { format: source.format, fingerprint, lines: readable }
        return await capture.receiveLines(file, source.context)
      } catch (error) {
        if (!(error instanceof TocsinError) || error.fault !== 'busy') throw error
        await deps.sleep(BUSY_RETRY_MS)
      }
    }
  }

  async function setAside(refused: readonly RefusedBytes[]): Promise<void> {
    if (refused.length === 0) return
    deps.telemetry.add('capture.events', refused.length, {
      via: source.context.via,
      fate: 'refused',
    })
    const timeMs = clock.nowMs()
    await deps.quarantine.add(
      refused.map(({ offset, size, code, reason, bytes }) => ({
        timeMs,
        source: source.name,
        offset,
        code,
        reason,
        bytes: size,
        line: bytes,
      })),
    )
  }

  async function gap(found: Gap): Promise<void> {
    deps.telemetry.add('capture.gaps', 1, { reason: found.reason })
    await deps.record(gapEvent(source.name, found, clock.nowMs()))
  }

  return { lines, gap }
}

function gapEvent(source: string, { reason, ...rest }: Gap, timeMs: number): WireEvent {
  return {
    kind: 'audit.gap',
    time: timeMs,
    outcome: 'unknown',
    actor: { type: 'service', id: source },
    operation: 'follow',
    system: 'tocsin',
    reasonCode: reason,
    ext: { tocsin: { ...rest } },
  }
}
