// What a clock that jumps, a restart and a lost view change about what holds, and what they do not.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseEvent } from '@tocsin/sdk/event'
import {
  APPROVAL,
  decide,
  found,
  HOUR_MS,
  NIGHT_MS,
  openRespondRig,
  policyOf,
  readerOf,
  table,
} from './respond-rig.ts'

describe('a clock that jumps', () => {
  it('back does not make anything last longer than its own time', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    await rig.responder.onFinding(found())
    const { cursor } = await table(rig)
    rig.nowMs += 60_000
    assert.equal(decide(rig).decision, 'deny')
    rig.nowMs -= 365 * 24 * HOUR_MS
    const setBackMs = rig.nowMs
    assert.equal(decide(rig).decision, 'deny')
    assert.equal(decide(rig).until, setBackMs + 59 * 60_000)
    assert.equal((await table(rig, cursor)).entries[0]?.until, setBackMs + 59 * 60_000)
    const again = await rig.restart()
    assert.equal(decide(again).until, setBackMs + 59 * 60_000, 'on disk, too')
    again.nowMs += HOUR_MS
    assert.equal(decide(again).decision, 'allow')
  })

  it('back does not make a release of an owner last longer, either', async () => {
    const rig = openRespondRig(policyOf(APPROVAL))
    await rig.responder.onFinding(found())
    const [one] = rig.responder.approvals()
    await rig.responder.grant(String(one?.id), { rows: 9000, minutes: 30 }, 'owner')
    rig.nowMs -= HOUR_MS
    assert.equal(decide(rig, { rows: 1000 }).decision, 'allow')
    rig.nowMs += 31 * 60_000
    assert.equal(decide(rig, { rows: 1000 }).decision, 'approval_required')
  })

  it('while the server was down is noticed at the start', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    await rig.responder.onFinding(found())
    rig.nowMs -= 100 * 24 * HOUR_MS
    const again = await rig.restart()
    assert.equal(decide(again).until, again.nowMs + HOUR_MS)
  })

  it('forwards ends what holds', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    await rig.responder.onFinding(found())
    rig.nowMs += 365 * 24 * HOUR_MS
    assert.equal(decide(rig).decision, 'allow')
    assert.deepEqual((await table(rig)).entries, [])
  })
})

describe('a restart', () => {
  it('keeps what holds, what was undone and what a release has left; so does a rebuild from the log', async () => {
    const rig = openRespondRig(policyOf(APPROVAL))
    await rig.responder.onFinding(found())
    await rig.responder.onFinding(found({}, { id: 'svc-b' }))
    const [second, first] = rig.responder.list()
    assert.ok(first && second)
    await rig.responder.undo(second.id, 'bob', 'known')
    await rig.responder.grant(first.id, { rows: 10_000, minutes: 30 }, 'owner')
    assert.equal(decide(rig, { rows: 4000 }).decision, 'allow')
    const before = await table(rig)
    assert.deepEqual(before.entries[0]?.approved, { rows: 10_000, until: NIGHT_MS + 1_800_000 })

    const again = await rig.restart()
    again.responder.replay(readerOf(again.events), again.events.length)
    const { cursor: _, ...kept } = await table(again)
    assert.deepEqual(kept.entries, before.entries)
    assert.equal(decide(again, { actor: 'svc-b', rows: 5000 }).decision, 'allow')
    const left = again.responder.approvals()[0]?.granted?.left ?? -1
    assert.ok(
      left <= 6000 && left >= 5000,
      `never more than granted, at most a tenth less: ${left}`,
    )
    assert.equal(decide(again, { rows: left + 1 }).decision, 'approval_required')
    assert.equal(decide(again, { rows: left }).decision, 'allow')
    assert.equal(decide(again, { rows: 1000 }).decision, 'approval_required')
  })

  it('without its view gives no release away twice', async () => {
    const rig = openRespondRig(policyOf(APPROVAL))
    await rig.responder.onFinding(found())
    const [one] = rig.responder.list()
    assert.ok(one)
    await rig.responder.grant(one.id, { rows: 10_000, minutes: 30 }, 'owner')
    const rebuilt = await rig.rebuild()
    assert.equal(decide(rebuilt, { rows: 1000 }).decision, 'approval_required')
    await rebuilt.responder.grant(one.id, { rows: 1000, minutes: 30 }, 'owner')
    assert.equal(decide(rebuilt, { rows: 1000 }).decision, 'allow')
  })

  it('in the middle of a change loses nothing: what is in the log is in force afterwards', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    const taking = rig.responder.onFinding(found())
    const again = await rig.restart()
    await taking
    assert.equal(rig.events.length, 1)
    assert.equal(decide(again).decision, 'deny')
    rig.responder.replay(readerOf(rig.events), rig.events.length)
  })

  it('believes only what the server itself wrote', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    await rig.responder.onFinding(found())
    const [own] = rig.events
    const forged = [
      { ...own, via: 'http' },
      { ...own, via: undefined },
      { ...own, kind: 'ai.admin' },
      { ...own, ext: { tocsin: { decision: { action: 'taken' } } } },
      { ...own, ext: { tocsin: { decision: { action: 'taken', measure: { id: 'd_0' } } } } },
      { ...own, ext: {} },
      { via: 'tocsin' },
    ]
    const victim = openRespondRig(policyOf('then: deny'))
    victim.responder.replay(readerOf(forged), forged.length)
    assert.deepEqual(victim.responder.list(), [])
    victim.responder.replay(readerOf([...forged, own ?? {}]), forged.length + 1)
    assert.equal(decide(victim).decision, 'deny')
  })

  it('records events that the server accepts', async () => {
    const rig = openRespondRig(policyOf(APPROVAL))
    const sentence = '\ud800"\n'.repeat(4000)
    await rig.responder.onFinding(found({ sentence }))
    const [one] = rig.responder.list()
    assert.ok(one)
    await rig.responder.grant(one.id, { rows: 1, minutes: 1 }, 'owner')
    await rig.responder.undo(one.id, 'bob', 'x'.repeat(9000))
    for (const { via: _, ...event } of rig.events as (object & { via?: string })[]) {
      assert.equal(parseEvent({ ...event }, NIGHT_MS, 'server').kind, 'tocsin.response')
    }
    assert.deepEqual(
      rig.events.map(({ operation, actor }) => [operation, actor.id]),
      [
        ['response.take', 'svc-feast-nightly'],
        ['approval.grant', 'owner'],
        ['response.undo', 'bob'],
      ],
    )
  })
})
