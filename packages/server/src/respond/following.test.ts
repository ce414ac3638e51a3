// Long polls: what a follower gets, when it is answered, and how many there may be.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { found, openRespondRig, policyOf, table } from './respond-rig.ts'

describe('following', () => {
  it('gives the whole table first and to strangers, then only what changed', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    await rig.responder.onFinding(found())
    const first = await table(rig)
    assert.deepEqual([first.full, first.entries.length], [true, 1])
    for (const cursor of ['', 'x', '0.0', `${'0'.repeat(12)}.1`, `${first.cursor}0`, '\u0000']) {
      assert.equal((await table(rig, cursor)).full, true, cursor)
    }
    const same = await table(rig, first.cursor)
    assert.deepEqual([same.full, same.entries, same.cursor], [false, [], first.cursor])
    await rig.responder.undo(String(first.entries[0]?.id), 'bob', 'known')
    const changed = await table(rig, first.cursor)
    assert.deepEqual(changed.entries, [
      { actor: 'svc-feast-nightly', session: null, decision: 'allow' },
    ])
    const again = await rig.restart()
    assert.equal((await table(again, changed.cursor)).full, true)
  })

  it('waits until something changes, the time is up, or the follower leaves', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    const { cursor } = await table(rig)
    const leaver = new AbortController()
    const [change, timeUp, left] = [30_000, 20, 30_000].map((waitMs, i) =>
      rig.responder.follow(cursor, waitMs, i === 2 ? leaver.signal : new AbortController().signal),
    )
    assert.equal(JSON.parse(await (timeUp ?? '')).entries.length, 0)
    leaver.abort()
    assert.equal(JSON.parse(await (left ?? '')).entries.length, 0)
    assert.equal(rig.responder.counts.followers, 1)
    await rig.responder.onFinding(found())
    assert.equal(JSON.parse(await (change ?? '')).entries.length, 1)
    assert.equal(rig.responder.counts.followers, 0)
  })

  it('is bounded, and ends with the server', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    const { cursor } = await table(rig)
    const wait = () => rig.responder.follow(cursor, 30_000, new AbortController().signal)
    const waiting = Array.from({ length: 1000 }, wait)
    await assert.rejects(wait(), { code: 'respond.busy' })
    await rig.responder.onFinding(found())
    const texts = new Set(await Promise.all(waiting))
    assert.equal(texts.size, 1)
    const last = rig.responder.follow(
      JSON.parse([...texts][0] ?? '').cursor,
      30_000,
      new AbortController().signal,
    )
    await rig.responder.close()
    assert.equal(JSON.parse(await last).entries.length, 0)
  })
})
