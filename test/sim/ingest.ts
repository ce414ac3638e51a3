// A small program for the fault suites: opens the log and the capture of a data directory, sends
// bodies of events made from a seed, and says on standard output what it was told, one line each,
// at once, so that what a killed process had been promised is known:
//
//   open <vkey> <size>          the log is open
//   ack <id>,<id>,…             these events are stored
//   checkpoint <base64>         this checkpoint was published
//   err <code>                  a body was refused as a whole; it is sent again when that can help
//   fatal <code> <sentence>     the log can promise nothing any more; exit 1
//   refused <code> <sentence>   the directory could not be opened; exit 3
//   closed                      everything is closed; exit 0
//
// node ingest.ts <directory> <seed> [bodies]: without a number of bodies it goes on until killed.

import { writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { TocsinError } from '@tocsin/sdk/errors'
import { systemClock } from '../../packages/server/src/base/clock.ts'
import { createTelemetry } from '../../packages/server/src/base/emit.ts'
import { systemEntropy } from '../../packages/server/src/base/entropy.ts'
import { lockDirectory } from '../../packages/server/src/base/lock.ts'
import { type Capture, openCapture } from '../../packages/server/src/capture/capture.ts'
import { type Log, openKeyRing, openLog, openVault } from '../../packages/server/src/log/log.ts'
import { bodyOf, SHARD } from './traffic.ts'

const [directory = '', seedText = '1', bodiesText = 'Infinity'] = process.argv.slice(2)
const seed = Number(seedText)
const bodies = Number(bodiesText)
const SENDERS = 3
const CONTEXT = {
  tenant: 'default',
  via: 'http',
  principal: 'sim',
  mayAttest: true,
  keepContent: true,
}
/** A body that is refused as often as this is given up. */
const TRIES_MAX = 40

function say(...words: readonly (string | number)[]): void {
  writeSync(1, `${words.join(' ')}\n`)
}

function fatal(error: TocsinError): never {
  say('fatal', error.code, error.message)
  process.exit(1)
}

async function open(): Promise<{ log: Log; capture: Capture }> {
  const entropy = systemEntropy()
  const telemetry = createTelemetry((_, sentence) => say('report', sentence))
  lockDirectory(directory, process.pid)
  const log = await openLog(directory, SHARD, {
    clock: systemClock,
    entropy,
    telemetry,
    openVault: (origin, { kek }) =>
      openVault(origin, openKeyRing(directory, kek, entropy), entropy),
    onFatal: fatal,
  })
  log.onPublished(({ text }) => say('checkpoint', Buffer.from(text).toString('base64')))
  const quarantine = { add: async () => say('quarantine') }
  const capture = openCapture({
    dataDir: directory,
    log,
    telemetry,
    quarantine,
    clock: systemClock,
  })
  return { log, capture }
}

async function send(capture: Capture, body: number): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    try {
      const bytes = new Uint8Array(Buffer.from(bodyOf(seed, body)))
      const { results } = await capture.receive(bytes, CONTEXT)
      const wrong = results.filter(({ status }) => status === 'refused' || status === 'conflict')
      for (const { code, reason } of wrong) say('wrong', code ?? '', reason ?? '')
      say('ack', results.map(({ id }) => id).join(','))
      return
    } catch (error) {
      if (!(error instanceof TocsinError)) throw error
      say('err', error.code)
      if (error.fault !== 'busy') return
      await setTimeout(50)
    }
  }
}

async function main(): Promise<void> {
  const { log, capture } = await open().catch((error: unknown): never => {
    if (!(error instanceof TocsinError)) throw error
    say('refused', error.code, error.message)
    process.exit(3)
  })
  say('open', log.vkey, log.size)
  let next = 0
  const sender = async () => {
    while (next < bodies) await send(capture, next++)
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
  await capture.close()
  await log.close()
  say('closed')
  process.exit(0)
}

await main().catch((error: unknown) => {
  if (error instanceof TocsinError) fatal(error)
  throw error
})
