// Saying something of many alerts at once and taking it back: counts that must fit, alerts that
// cannot follow, what the log refuses, what others said meanwhile, and the same again from the log.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { WireEvent } from '@tocsin/sdk/event'
import fc from 'fast-check'
import { systemEntropy } from '../base/entropy.ts'
import type { LineFate, Receipt } from '../capture/capture.ts'
import { type AlertStore, openAlertStore } from './alert-store.ts'
import { suppressionEvent } from './suppressions.ts'
import { FOUND_MS, findingOf, foundEvents } from './test-alerts.ts'
import {
  BULK_ALERTS_MAX,
  type BulkDone,
  NOTHING_SAID,
  openTriage,
  type Said,
  type Triage,
  UNDO_MS,
} from './triage.ts'

const ANNA = { principal: 'anna@corp.example', keyId: 'k_1' }
const BEN = { principal: 'ben@corp.example', keyId: 'k_2' }
const ACK: Said = { ...NOTHING_SAID, action: 'acknowledged' }
const BENIGN: Said = { ...NOTHING_SAID, action: 'benign', cause: 'batch_job' }
const REOPEN: Said = { ...NOTHING_SAID, action: 'reopened' }
const to = (assignee: string | null): Said => ({ ...NOTHING_SAID, action: 'assigned', assignee })

let directory = ''
let store: AlertStore
let triage: Triage
let nowMs = FOUND_MS
/** What is in the log, and in how many batches it came. */
let log: WireEvent[] = []
let batches = 0
/** Lines of the next batch that the log does not take. */
let refusing = new Map<number, 'refused' | 'conflict'>()

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-triage-'))
  store = openAlertStore(directory, { nowMs: () => nowMs })
  nowMs = FOUND_MS
  log = []
  batches = 0
  refusing = new Map()
  triage = openTriage({
    alerts: store,
    recordAll: record,
    clock: { nowMs: () => nowMs },
    entropy: systemEntropy(),
  })
})
afterEach(() => {
  store.close()
  rmSync(directory, { recursive: true, force: true })
})

async function record(events: readonly WireEvent[]): Promise<Receipt> {
  batches += 1
  const results = events.map((event, line): LineFate => {
    const status = refusing.get(line) ?? 'stored'
    if (status === 'stored') log.push(event)
    return { line, status, ...(status === 'refused' ? { code: 'x', reason: 'no room' } : {}) }
  })
  refusing = new Map()
  return { stored: 0, duplicate: 0, conflict: 0, refused: 0, results }
}

function find(count: number): void {
  const findings = Array.from({ length: count }, (_, i) =>
    findingOf(i, { type: 'actor', id: `svc-${i}` }),
  )
  for (const event of foundEvents(findings)) {
    log.push(event)
    store.take(event)
  }
}

const bulk = (text: string, expect: number, said: Said, by = ANNA): Promise<BulkDone> =>
  triage.sayAll({ text, range: null, expect, said }, by)
const standing = () =>
  Object.fromEntries(
    store
      .list({ text: 'suppressed:*', limit: 2000 })
      .alerts.map(({ entity, state, disposition, assignee }) => [
        entity.id,
        [state, disposition, assignee].filter(one => one !== null).join(' '),
      ]),
  )
const idOf = (name: string) =>
  store.list({ text: `entity.id:${name}`, limit: 1 }).alerts[0]?.id ?? ''

/** The log alone makes the same again. */
function assertComesAgain(): void {
  const other = mkdtempSync(join(tmpdir(), 'tocsin-triage-'))
  const again = openAlertStore(other, { nowMs: () => nowMs })
  for (const event of log.toReversed()) again.take(event)
  const all = { text: 'suppressed:*', limit: 2000 }
  assert.deepEqual(again.list(all), store.list(all))
  for (const { id } of store.list(all).alerts) assert.deepEqual(again.get(id), store.get(id))
  again.close()
  rmSync(other, { recursive: true })
}

describe('saying something of many', () => {
  it('does it to what the question finds, each an event of whoever said it, in one batch', async () => {
    find(5)
    const { batch, done, failed, undoUntilMs } = await bulk('rule:(rule-1 or rule-3)', 2, BENIGN)
    assert.deepEqual([done, failed, batches, undoUntilMs], [2, [], 1, nowMs + UNDO_MS])
    const now = standing()
    assert.deepEqual(now, {
      'svc-0': 'open',
      'svc-1': 'resolved benign',
      'svc-2': 'open',
      'svc-3': 'resolved benign',
      'svc-4': 'open',
    })
    const said = store.saidAtOnce(batch)
    assert.deepEqual(
      said.map(({ by, action, cause, revision }) => [by, action, cause, revision]),
      Array(2).fill([ANNA.principal, 'benign', 'batch_job', 1]),
    )
    assert.equal(new Set(said.map(({ eventId }) => eventId)).size, 2)
    assertComesAgain()
  })

  it('does nothing when it finds another number than was seen', async () => {
    find(3)
    for (const expect of [1, 2, 4, 1000]) {
      await assert.rejects(bulk('state:open', expect, ACK), {
        code: 'alert.count_changed',
        message: `the question finds 3 alerts now, not ${expect}; look again before you decide`,
      })
    }
    assert.equal(batches, 0)
    assert.equal((await bulk('', 3, ACK)).done, 3)
    await assert.rejects(bulk('state:open', 3, ACK), { code: 'alert.count_changed' })
  })

  it('does nothing when it is asked for too many or what cannot be asked', async () => {
    find(BULK_ALERTS_MAX + 1)
    await assert.rejects(bulk('', BULK_ALERTS_MAX + 1, ACK), { code: 'alert.too_many' })
    await assert.rejects(bulk('nonsense:1', 1, ACK), { code: 'query.unknown_field' })
    assert.equal(batches, 0)
    assert.equal((await bulk('not rule:rule-7', BULK_ALERTS_MAX, ACK)).done, BULK_ALERTS_MAX)
    assert.equal(batches, 1)
  })

  it('tells of those that cannot follow, and does the others', async () => {
    find(3)
    await triage.say(idOf('svc-1'), ACK, BEN)
    refusing.set(1, 'conflict')
    const { done, failed } = await bulk('', 3, ACK)
    assert.equal(done, 1)
    assert.deepEqual(
      failed.map(({ id, code }) => [id, code]),
      [
        [idOf('svc-1'), 'alert.state'],
        [idOf('svc-0'), 'alert.state'],
      ],
    )
    assert.match(failed[0]?.detail ?? '', /acknowledged by ben@corp\.example/)
    assert.deepEqual(standing(), {
      'svc-0': 'open',
      'svc-1': 'acknowledged',
      'svc-2': 'acknowledged',
    })
    assertComesAgain()
  })

  it('shows nothing that the log refused, of one alert or of many', async () => {
    find(2)
    refusing.set(0, 'refused')
    await assert.rejects(triage.say(idOf('svc-0'), ACK, ANNA), {
      code: 'http.bad_request',
      message: 'no room',
    })
    refusing.set(0, 'conflict')
    await assert.rejects(triage.say(idOf('svc-0'), ACK, ANNA), { code: 'alert.state' })
    refusing = new Map([
      [0, 'refused'],
      [1, 'refused'],
    ])
    const { done, failed } = await bulk('', 2, ACK)
    assert.deepEqual([done, failed.map(({ code }) => code)], [0, ['x', 'x']])
    assert.deepEqual(standing(), { 'svc-0': 'open', 'svc-1': 'open' })
  })

  it('leaves out what is suppressed unless it is named', async () => {
    find(2)
    const event = suppressionEvent(
      { id: 's_1', rule: 'rule-0', entity: null, untilMs: nowMs + 1000, reason: 'x' },
      ANNA,
      nowMs,
    )
    log.push(event)
    store.take(event)
    assert.equal((await bulk('', 1, ACK)).done, 1)
    assert.deepEqual(standing(), { 'svc-0': 'open', 'svc-1': 'acknowledged' })
    assert.equal((await bulk('suppressed:true', 1, ACK)).done, 1)
    assertComesAgain()
  })
})

describe('assigning', () => {
  it('gives an alert to somebody and back to nobody, and leaves its state', async () => {
    find(1)
    const id = idOf('svc-0')
    await triage.say(id, BENIGN, ANNA)
    const hostile = '"; DROP TABLE alert; --\u202e<img>'
    assert.equal((await triage.say(id, to(hostile), ANNA)).assignee, hostile)
    assert.deepEqual(standing(), { 'svc-0': `resolved benign ${hostile}` })
    await assert.rejects(triage.say(id, to(hostile), BEN), { code: 'alert.state' })
    assert.equal((await triage.say(id, to(null), BEN)).assignee, null)
    await assert.rejects(triage.say(id, to(null), BEN), /nobody has the alert/)
    const { history, cause } = store.get(id) ?? assert.fail()
    assert.deepEqual(
      history.map(({ action, assignee, by }) => [action, assignee, by]),
      [
        ['benign', null, ANNA.principal],
        ['assigned', hostile, ANNA.principal],
        ['assigned', null, BEN.principal],
      ],
    )
    assert.equal(cause, 'batch_job')
    assertComesAgain()
  })
})

describe('undoing', () => {
  it('puts each back to what it was: state, disposition and assignee', async () => {
    find(4)
    await triage.say(idOf('svc-1'), ACK, BEN)
    await triage.say(idOf('svc-1'), to('ben'), BEN)
    await triage.say(idOf('svc-2'), { ...BENIGN, action: 'true', cause: 'threat' }, BEN)
    await triage.say(idOf('svc-2'), REOPEN, BEN)
    const before = standing()
    const { batch } = await bulk('', 4, BENIGN)
    assert.notDeepEqual(standing(), before)
    assert.deepEqual(await triage.undo(batch, BEN), { done: 4, failed: [] })
    assert.deepEqual(standing(), before)
    const last = store.get(idOf('svc-1'))?.history.at(-1)
    assert.deepEqual([last?.action, last?.by, last?.undoes], ['undone', BEN.principal, 3])
    assertComesAgain()
    const again = await triage.undo(batch, BEN)
    assert.equal(again.done, 0)
    assert.match(again.failed[0]?.detail ?? '', /undone already/)
    assert.deepEqual(standing(), before)
    const assigned = await bulk('state:open', 3, to('anna'))
    assert.equal((await triage.undo(assigned.batch, ANNA)).done, 3)
    assert.deepEqual(standing(), before)
  })

  it('leaves alone what somebody spoke of since', async () => {
    find(2)
    const { batch } = await bulk('', 2, ACK)
    await triage.say(idOf('svc-1'), BENIGN, BEN)
    const { done, failed } = await triage.undo(batch, ANNA)
    assert.equal(done, 1)
    assert.deepEqual(
      failed.map(({ id, code }) => [id, code]),
      [[idOf('svc-1'), 'alert.state']],
    )
    assert.match(failed[0]?.detail ?? '', /benign by ben@corp\.example/)
    assert.deepEqual(standing(), { 'svc-0': 'open', 'svc-1': 'resolved benign' })
  })

  it('ends after ten minutes, and knows no other batches', async () => {
    find(1)
    const { batch, undoUntilMs } = await bulk('', 1, ACK)
    for (const other of ['', 'b_0', "' OR 1=1 --", 'x'.repeat(5000)])
      await assert.rejects(triage.undo(other, ANNA), { code: 'alert.batch_unknown' })
    nowMs = undoUntilMs + 1
    await assert.rejects(triage.undo(batch, ANNA), { code: 'alert.undo_over' })
    nowMs = undoUntilMs
    assert.equal((await triage.undo(batch, ANNA)).done, 1)
  })

  it('brings back any state that any history led to', async () => {
    const words = fc.constantFrom(ACK, BENIGN, REOPEN, to('anna'), to(null))
    await fc.assert(
      fc.asyncProperty(fc.array(words, { maxLength: 6 }), words, async (past, last) => {
        const entity = { type: 'actor', id: 'svc-any' } as const
        const findings = [findingOf(log.length + 5000, entity)]
        for (const event of foundEvents(findings)) store.take(event)
        const { id } = store.list({ text: 'entity.id:svc-any', limit: 1 }).alerts[0] ?? { id: '' }
        for (const said of past) await triage.say(id, said, ANNA).catch(() => undefined)
        const shown = () => {
          const { state, disposition, cause, assignee } = store.get(id) ?? assert.fail()
          return [state, disposition, cause, assignee]
        }
        const before = shown()
        const { batch, done } = await bulk(`id:${id}`, 1, last)
        if (done === 1) assert.deepEqual(await triage.undo(batch, BEN), { done: 1, failed: [] })
        assert.deepEqual(shown(), before)
        // It can be said again after it was undone.
        assert.equal((await bulk(`id:${id}`, 1, last)).done, done)
      }),
      { numRuns: 40 },
    )
  })
})
