// The thread that prepares: it owns a vault of its own and answers every body with a sealed batch,
// in the order in which bodies came.

import { TocsinError } from '@tocsin/sdk/errors'
import { systemClock } from '../base/clock.ts'
import { diskError } from '../base/durable.ts'
import { systemEntropy } from '../base/entropy.ts'
import { thisThread } from '../base/threads.ts'
import { openKeyRing, openVault } from '../log/log.ts'
import { buildPreparer, type PrepareContext, type Prepared, type Work } from './prepare.ts'

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
  | ({ readonly kind: 'prepared'; readonly ticket: number } & Prepared)
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
    const prepared = prepare(work, context, systemClock.nowMs())
    const { bytes, events } = prepared.batch
    const transfer = [ownBuffer(bytes), ownBuffer(events)]
    thread.send({ kind: 'prepared', ticket, ...prepared }, transfer)
  } catch (error) {
    const { code, message } = diskError(error, dataDir)
    thread.send({ kind: 'refused', ticket, code, reason: message })
  }
})

function ownBuffer(bytes: Uint8Array): ArrayBuffer {
  if (bytes.buffer instanceof ArrayBuffer) return bytes.buffer
  throw new TocsinError('internal.bug', { public: 'a prepared batch lies in shared memory' })
}
