// The thread that prepares: it owns a vault of its own and answers every body with a sealed batch,
// in the order in which bodies came.

import { TocsinError } from '@tocsin/sdk/errors'
import { systemClock } from '../base/clock.ts'
import { isDiskFull } from '../base/durable.ts'
import { systemEntropy } from '../base/entropy.ts'
import { thisThread } from '../base/threads.ts'
import { openKeyRing, openVault, type PreparedBatch } from '../log/log.ts'
import { buildPreparer, type LineResult, type PrepareContext, type Work } from './prepare.ts'

export type PrepareConfig = {
  readonly dataDir: string
  readonly origin: string
  readonly kek: Uint8Array
  readonly hashKey: Uint8Array
}

export type ToPrepare = {
  readonly ticket: number
  readonly work: Work
  readonly context: PrepareContext
}

export type FromPrepare =
  | {
      readonly kind: 'prepared'
      readonly ticket: number
      readonly batch: PreparedBatch
      readonly lines: readonly LineResult[]
    }
  | {
      readonly kind: 'refused'
      readonly ticket: number
      readonly code: string
      readonly reason: string
    }

const thread = thisThread<ToPrepare, FromPrepare, PrepareConfig>()
const { dataDir, origin, kek, hashKey } = thread.data
const entropy = systemEntropy()
const vault = openVault(origin, openKeyRing(dataDir, kek, entropy), entropy)
const prepare = buildPreparer(vault, hashKey)

thread.onMessage(({ ticket, work, context }) => {
  try {
    const { batch, lines } = prepare(work, context, systemClock.nowMs())
    const { bytes, events } = batch
    thread.send({ kind: 'prepared', ticket, batch, lines }, [ownBuffer(bytes), ownBuffer(events)])
  } catch (error) {
    thread.send({ kind: 'refused', ticket, ...describe(error) })
  }
})

function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  if (bytes.buffer instanceof ArrayBuffer) return bytes.buffer
  throw new TocsinError('internal.bug', { public: 'a prepared batch lies in shared memory' })
}

/** Errors lose their class between threads; the code brings it back. */
function describe(error: unknown): { code: string; reason: string } {
  if (error instanceof TocsinError) return { code: error.code, reason: error.message }
  if (isDiskFull(error) || /full/.test(String(error))) {
    return { code: 'log.disk_full', reason: 'the disk of the data directory is full' }
  }
  return { code: 'internal.bug', reason: `a batch could not be prepared: ${String(error)}` }
}
