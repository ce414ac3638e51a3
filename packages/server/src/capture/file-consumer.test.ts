import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TocsinError } from '@tocsin/sdk/errors'
import type { WireEvent } from '@tocsin/sdk/event'
import { createTelemetry } from '../base/emit.ts'
import { fileConsumer } from './file-consumer.ts'
import { createLineSplitter } from './lines.ts'
import type { QuarantinedLine } from './quarantine.ts'
import type { FileLines, Receipt } from './receipt.ts'

const NOTHING: Receipt = { stored: 0, duplicate: 0, conflict: 0, refused: 0, results: [] }
const context = {
  tenant: 'default',
  via: 'file',
  principal: 'file:a',
  mayAttest: true,
  keepContent: false,
}

function rig(receiveLines: (lines: FileLines) => Promise<Receipt>) {
  const quarantined: QuarantinedLine[] = []
  const recorded: WireEvent[] = []
  const slept: number[] = []
  const telemetry = createTelemetry(() => undefined)
  const consumer = fileConsumer(
    { name: 'file:a', format: 'combined', context },
    {
      capture: { receiveLines },
      quarantine: { add: async lines => void quarantined.push(...lines) },
      telemetry,
      clock: { nowMs: () => 5 },
      sleep: async ms => void slept.push(ms),
      record: async event => void recorded.push(event),
    },
  )
  return { consumer, quarantined, recorded, slept, telemetry }
}

const batch = (text: string) => ({
  path: 'a',
  fingerprint: new Uint8Array(32),
  lines: createLineSplitter({ lineBytesMax: 10 }).push(Buffer.from(text)),
})

describe('lines of a file', () => {
  it('are stored although nobody listens to receipts', async () => {
    const seen: number[] = []
    const { consumer } = rig(async ({ lines }) => {
      seen.push(...lines.map(line => line.offset))
      return NOTHING
    })
    await consumer.lines(batch('one\ntwo\n'))
    assert.deepEqual(seen, [0, 4])
  })

  it('are tried again while the log is busy, and given up on when it failed', async () => {
    let tries = 0
    const busy = rig(async () => {
      tries += 1
      if (tries < 3) throw new TocsinError('log.pushback', { public: 'later' })
      return NOTHING
    })
    await busy.consumer.lines(batch('one\n'))
    assert.deepEqual([tries, busy.slept.length], [3, 2])
    const failed = rig(async () => {
      throw new TocsinError('log.disk_failed', { public: 'gone' })
    })
    await assert.rejects(failed.consumer.lines(batch('one\n')), { code: 'log.disk_failed' })
  })

  it('that cannot be read are set aside and counted, and stop no others', async () => {
    const seen: string[] = []
    const { consumer, quarantined, telemetry } = rig(async ({ lines }) => {
      seen.push(...lines.map(line => Buffer.from(line.bytes).toString()))
      return NOTHING
    })
    await consumer.lines(batch(`one\n${'x'.repeat(50)}\ntwo\n`))
    assert.deepEqual(seen, ['one', 'two'])
    assert.deepEqual(
      quarantined.map(q => [q.offset, q.code, q.bytes]),
      [[4, 'line.too_long', 51]],
    )
    assert.equal(telemetry.get('capture.events', { via: 'file', fate: 'refused' }), 1)
  })
})

it('a known gap becomes an event', async () => {
  const { consumer, recorded } = rig(async () => NOTHING)
  await consumer.gap({
    path: '/var/log/a',
    reason: 'truncated',
    certain: true,
    fingerprint: null,
    offset: 10,
    bytes: 90,
    detail: 'emptied in place',
  })
  const [event] = recorded
  assert.deepEqual(
    [event?.kind, event?.reasonCode, event?.actor.id],
    ['audit.gap', 'truncated', 'file:a'],
  )
})
