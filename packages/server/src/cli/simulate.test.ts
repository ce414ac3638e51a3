import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { TocsinError } from '@tocsin/sdk/errors'
import { parseEvent } from '@tocsin/sdk/event'
import type { Io } from './io.ts'
import { type SimulateFlags, simulate } from './simulate.ts'

const directory = mkdtempSync(join(tmpdir(), 'tocsin-simulate-'))
after(() => rmSync(directory, { recursive: true }))

const TO = '2026-11-24T18:30Z'
const path = (name: string) => join(directory, name)

async function run(flags: Partial<SimulateFlags>): Promise<string> {
  let out = ''
  const io: Io = {
    env: {},
    out: text => {
      out += text
    },
    say: () => {},
    isTerminal: false,
    width: 80,
  }
  const events = path('events')
  await simulate({ seed: '1', days: '4', to: TO, events, ...flags }, io)
  return out
}

const linesOf = (name: string) =>
  readFileSync(path(name), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))

describe('tocsin simulate', () => {
  it('writes events that the server takes, and labels of events that are there', async () => {
    const said = await run({ labels: path('labels'), stories: true })
    const events = linesOf('events')
    const labels = linesOf('labels')
    assert.equal(
      said,
      `${events.length} events in ${path('events')}, ${labels.length} labels in ${path('labels')}\n`,
    )
    const nowMs = Date.parse(TO)
    for (const event of events) parseEvent(event, nowMs)
    assert.ok(events.length > 15_000 && events.every(e => e.time < nowMs))
    const ids = new Set(events.map(e => e.id))
    const theft = labels.filter(l => l.campaign === 'feature-store-theft')
    assert.equal(theft.length, 1, 'the live one is not over')
    assert.equal(theft[0]?.strength, 1)
    assert.ok(labels.every(l => l.eventIds.every((id: string) => ids.has(id))))
  })

  it('writes the same bytes again', async () => {
    await run({ events: path('a'), stories: 'weak', days: '1' })
    await run({ events: path('b'), stories: 'weak', days: '1' })
    assert.ok(readFileSync(path('a')).equals(readFileSync(path('b'))))
  })

  it('has no attacks unless it is asked for them', async () => {
    const json = await run({ labels: path('labels'), json: true })
    assert.deepEqual(JSON.parse(json), {
      events: linesOf('events').length,
      labels: linesOf('labels').length,
    })
    assert.ok(linesOf('labels').every(l => l.campaign.startsWith('benign:') && l.kind === ''))
  })

  it('refuses what it cannot do, in a sentence that says what', async () => {
    const refused: readonly (readonly [Partial<SimulateFlags>, RegExp])[] = [
      [{ seed: '-1' }, /--seed takes a whole number from 0/],
      [{ seed: '1e3' }, /--seed/],
      [{ days: '0' }, /--days takes a whole number from 1 to 400/],
      [{ days: '401' }, /--days/],
      [{ stories: 'huge' }, /--stories takes weak, medium, strong/],
      [{ to: 'yesterday' }, /to is "yesterday"/],
      [{ to: '1970-01-03' }, /outside 1970 to 2200/],
      [{ to: '9999999999999999' }, /outside/],
      [{ labels: path('events') }, /same file/],
      [{ events: join(directory, 'no', 'such') }, /cannot be written: ENOENT/],
      [{ events: directory }, /cannot be written: EISDIR/],
    ]
    for (const [flags, sentence] of refused) {
      await assert.rejects(run(flags), (error: unknown) => {
        assert.ok(error instanceof TocsinError)
        assert.match(error.message, sentence)
        return true
      })
    }
  })
})
