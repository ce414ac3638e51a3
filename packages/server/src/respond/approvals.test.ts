// Approvals: what they let through, when they end, who may give one.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DurableBatch } from '../log/log.ts'
import {
  APPROVAL,
  decide,
  found,
  HOUR_MS,
  NIGHT_MS,
  openRespondRig,
  policyOf,
  table,
} from './respond-rig.ts'

describe('approvals', () => {
  const event = (rows: number, more: object = {}, actor: object = {}): DurableBatch => {
    const who = { id: 'svc-feast-nightly', type: 'service', verified: 'key', ...actor }
    const lines = [
      '',
      JSON.stringify({ actor: { id: 'svc-x' }, rows: 1e9 }),
      JSON.stringify({ outcome: 'success', time: NIGHT_MS, rows, actor: who, ...more }),
    ].map(line => Buffer.from(`${line}\n`))
    const offsets = [0]
    for (const line of lines) offsets.push((offsets.at(-1) ?? 0) + line.length)
    return {
      firstIndex: 0,
      count: lines.length,
      events: Buffer.concat(lines),
      eventOffsets: Uint32Array.from(offsets),
    }
  }

  async function granted(rows: number) {
    const rig = openRespondRig(policyOf(APPROVAL))
    await rig.responder.onFinding(found())
    const [one] = rig.responder.approvals()
    assert.ok(one && one.granted === null)
    await rig.responder.grant(one.id, { rows, minutes: 30 }, 'owner')
    return { rig, id: one.id }
  }

  it('let small reads pass, and bulk only when an owner released it', async () => {
    const rig = openRespondRig(policyOf(APPROVAL))
    await rig.responder.onFinding(found())
    const cases: readonly [object, string][] = [
      [{ rows: 999 }, 'allow'],
      [{ rows: 1000 }, 'approval_required'],
      [{ operation: 'chat' }, 'allow'],
      [{ operation: 'read' }, 'approval_required'],
    ]
    for (const [more, expected] of cases)
      assert.equal(decide(rig, more).decision, expected, JSON.stringify(more))
    assert.deepEqual(
      [decide(rig, { rows: 1000 }).bulkRows, decide(rig, { rows: 1000 }).approved],
      [1000, null],
    )
  })

  it('end with their rows, asked for or seen in events, whichever is more', async () => {
    const { rig } = await granted(10_000)
    assert.equal(decide(rig, { rows: 6000 }).decision, 'allow')
    rig.responder.onBatch(event(6000))
    assert.equal(rig.responder.approvals()[0]?.granted?.left, 4000, 'the same rows count once')
    for (const ignored of [
      event(9000, { outcome: 'denied' }),
      event(9000, { time: NIGHT_MS - 1 }),
      event(9000, {}, { id: 'svc-other' }),
      event(9000, {}, { verified: 'none' }),
      event(0, { rows: undefined }),
    ]) {
      rig.responder.onBatch(ignored)
    }
    assert.equal(rig.responder.approvals()[0]?.granted?.left, 4000)
    const { cursor } = await table(rig)
    rig.responder.onBatch(event(5000))
    await new Promise(resolve => setImmediate(resolve))
    const changed = await table(rig, cursor)
    assert.equal(changed.entries[0]?.approved, null)
    assert.equal(decide(rig, { rows: 1000 }).decision, 'approval_required')
    assert.equal(rig.events.at(-1)?.operation, 'approval.used_up')
  })

  it('end with their time, and a newer one takes the place of the older', async () => {
    const { rig, id } = await granted(5000)
    rig.nowMs += 30 * 60_000
    assert.equal(decide(rig, { rows: 1000 }).decision, 'approval_required')
    assert.equal(rig.responder.approvals()[0]?.granted, null)
    await rig.responder.grant(id, { rows: 2000, minutes: 5 }, 'owner')
    assert.equal(decide(rig, { rows: 2000 }).decision, 'allow')
    assert.equal(decide(rig, { rows: 1000 }).decision, 'approval_required')
  })

  it('are decided by somebody else, and only where one is asked for', async () => {
    const { rig, id } = await granted(5000)
    const self = 'svc-feast-nightly'
    await assert.rejects(rig.responder.grant(id, { rows: 1, minutes: 1 }, self), {
      code: 'respond.own_case',
    })
    await assert.rejects(rig.responder.undo(id, self, 'me'), { code: 'respond.own_case' })
    await assert.rejects(rig.responder.undo('d_x', 'bob', 'no'), { code: 'respond.unknown' })
    const action = { kind: 'deny' } as const
    const { id: denied } = await rig.responder.take(
      { actor: 'x', session: null, action, durationMs: 1e12, reason: 'r' },
      'bob',
    )
    const [shown] = rig.responder.list()
    assert.equal(shown?.until, NIGHT_MS + 24 * HOUR_MS, 'never longer than a day')
    await assert.rejects(rig.responder.grant(denied, { rows: 1, minutes: 1 }, 'bob'), {
      code: 'respond.not_in_force',
    })
  })
})
