// Who is acted on and who never is, what holds, and how much at once.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TocsinError } from '@tocsin/sdk/errors'
import { OPEN_MAX } from './respond.ts'
import {
  APPROVAL,
  decide,
  found,
  HOUR_MS,
  NIGHT_MS,
  openRespondRig,
  policyOf,
  STEP_UP,
  THROTTLE,
  table,
} from './respond-rig.ts'

describe('who is acted on', () => {
  it('is nobody in dry run, and the log says what would have been', async () => {
    const rig = openRespondRig(policyOf(THROTTLE).replace('mode: enforce', 'mode: dry_run'))
    for (let i = 0; i < 20; i++)
      await rig.responder.onFinding(found({ id: `f${i}` }, { session: `s-${i}` }))
    assert.deepEqual(decide(rig), { decision: 'allow', reason: null, until: null })
    assert.deepEqual((await table(rig)).entries, [])
    assert.equal(rig.events.length, 1, 'once per actor and rule, not per finding')
    assert.equal(rig.events[0]?.reasonCode, 'throttle.dry_run')
    assert.deepEqual(
      rig.responder.list().map(({ state, rule }) => [state, rule]),
      [['dry_run', 'r1']],
    )
  })

  it('is nobody whose name was only claimed', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    await rig.responder.onFinding(found({}, { verified: 'none' }))
    assert.equal(decide(rig).decision, 'allow')
    assert.equal(rig.events.length, 0)
    assert.equal(rig.responder.counts.unverified, 1)
  })

  it('is nobody for what happened more than 15 minutes ago, by the clock of the server', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    const ages: readonly [number, string][] = [
      [15 * 60_000 + 1, 'allow'],
      [-10 * 60_000 - 1, 'allow'],
      [Number.NaN, 'allow'],
      [15 * 60_000, 'deny'],
    ]
    for (const [ageMs, expected] of ages) {
      await rig.responder.onFinding(found({ timeMs: NIGHT_MS - ageMs }))
      assert.equal(decide(rig).decision, expected, String(ageMs))
    }
    assert.equal(rig.responder.counts.stale, 3)
  })

  it('is one session where the rule says so, and never the others', async () => {
    const rig = openRespondRig(policyOf(THROTTLE))
    await rig.responder.onFinding(found())
    const { entries } = await table(rig)
    assert.deepEqual(
      entries.map(e => e.session),
      ['s-1'],
    )
    for (let i = 0; i < 5; i++) assert.equal(decide(rig, { session: 's-2' }).decision, 'allow')
    assert.equal(decide(rig, { actor: 'svc-other' }).decision, 'allow')
  })

  it('is asked for what it can answer: services for approval, people for a second factor', async () => {
    const cases: readonly [string, string, string][] = [
      [STEP_UP, 'service', 'approval_required'],
      [STEP_UP, 'agent', 'approval_required'],
      [STEP_UP, 'human', 'step_up'],
      [APPROVAL, 'human', 'step_up'],
      [APPROVAL, 'service', 'approval_required'],
    ]
    for (const [action, type, expected] of cases) {
      const rig = openRespondRig(policyOf(action))
      await rig.responder.onFinding(found({}, { type }))
      assert.equal((await table(rig)).entries[0]?.decision, expected, `${action} ${type}`)
    }
  })

  it('is all of an actor, more mildly, where the session to end is not known', async () => {
    for (const [type, expected] of [
      ['human', 'step_up'],
      ['service', 'approval_required'],
    ] as const) {
      const rig = openRespondRig(policyOf('then: end_session'))
      await rig.responder.onFinding(found({}, { type, session: null }))
      const [entry] = (await table(rig)).entries
      assert.deepEqual([entry?.decision, entry?.session], [expected, null])
    }
  })

  it('takes an actor of 10 kB for one that no event can name', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    assert.equal(decide(rig, { actor: 'x'.repeat(10_000) }).decision, 'allow')
    const names = ['__proto__', 'constructor', 'a\u0000b', '"', '😀']
    for (const id of names) await rig.responder.onFinding(found({}, { id }))
    for (const actor of names) assert.equal(decide(rig, { actor }).decision, 'deny', actor)
    assert.equal(decide(rig, { actor: 'a', session: 'b' }).decision, 'allow')
    assert.equal(decide(rig, { actor: 'toString' }).decision, 'allow')
  })
})

describe('what holds', () => {
  it('lets a throttled session do its minute, then says when to come again', async () => {
    const rig = openRespondRig(policyOf(THROTTLE))
    await rig.responder.onFinding(found())
    const answers = [1, 2, 3].map(() => decide(rig))
    assert.deepEqual(
      answers.map(a => a.decision),
      ['allow', 'allow', 'throttle'],
    )
    const [, , answer] = answers
    assert.ok(answer)
    const { limits, retryAfterSeconds, reason, until, id } = answer
    assert.deepEqual(limits, { requestsPerMinute: 2, rowsPerMinute: 100 })
    assert.equal(retryAfterSeconds, 30)
    assert.match(String(reason), /48,000 rows/)
    assert.equal(until, NIGHT_MS + HOUR_MS)
    assert.match(String(id), /^d_[0-9a-f]{16}$/)
    rig.nowMs += 29_000
    assert.equal(decide(rig).decision, 'throttle')
    rig.nowMs += 1000
    assert.equal(decide(rig).decision, 'allow')
    rig.nowMs += HOUR_MS
    for (let i = 0; i < 9; i++) assert.equal(decide(rig).decision, 'allow', 'it has ended')
  })

  it('counts rows against a throttle, and refuses what never fits', async () => {
    const rig = openRespondRig(policyOf('then: { throttle: { rowsPerMinute: 100 } }'))
    await rig.responder.onFinding(found())
    assert.equal(decide(rig, { rows: 101 }).retryAfterSeconds, 60)
    assert.equal(decide(rig, { rows: 100 }).decision, 'allow')
    assert.equal(decide(rig, { rows: 10 }).retryAfterSeconds, 6)
    rig.nowMs -= 3_000
    assert.equal(decide(rig, { rows: 10 }).decision, 'throttle', 'a clock set back gives nothing')
  })

  it('challenges a person by RFC 9470 and says nothing of what was noticed', async () => {
    const rig = openRespondRig(policyOf(STEP_UP))
    await rig.responder.onFinding(found({ sentence: 'a"b\r\nX-Evil: 1' }, { type: 'human' }))
    const answer = decide(rig)
    assert.equal(
      answer.challenge,
      'Bearer error="insufficient_user_authentication", ' +
        'error_description="A more recent or stronger authentication is required", ' +
        'acr_values="urn:corp:aal2 phr", max_age="300"',
    )
    assert.equal(answer.reason, 'a"b  X-Evil: 1')
    const [entry] = (await table(rig)).entries
    assert.ok(entry)
    assert.equal(entry.challenge, answer.challenge)
    assert.deepEqual(
      [entry.acrValues, entry.maxAgeSeconds, entry.since],
      [['urn:corp:aal2', 'phr'], 300, NIGHT_MS],
    )
  })

  it('is the strictest of several, and the next when it ends or is undone', async () => {
    const rig = openRespondRig(
      policyOf('then: { throttle: { requestsPerMinute: 1, scope: actor } }'),
    )
    const { responder } = rig
    await responder.onFinding(found())
    const denied = await responder.take(
      {
        actor: 'svc-feast-nightly',
        session: null,
        action: { kind: 'deny' },
        durationMs: 60_000,
        reason: 'look',
      },
      'alice',
    )
    assert.equal(decide(rig).decision, 'deny')
    const { cursor } = await table(rig)
    rig.nowMs += 60_000
    responder.tick()
    const changed = await table(rig, cursor)
    assert.deepEqual(
      [changed.full, changed.entries.map((e: { decision: string }) => e.decision)],
      [false, ['throttle']],
    )
    await assert.rejects(responder.undo(denied.id, 'bob', 'late'), { code: 'respond.not_in_force' })
    assert.deepEqual([decide(rig).decision, decide(rig).decision], ['allow', 'throttle'])
  })

  it('does nothing to whoever came last from an address that a finding is about', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    await rig.responder.onFinding(found({ entity: { type: 'source', id: '198.18.0.9' } }))
    await rig.responder.onFinding(found({ entity: { type: 'actor', id: 'somebody-else' } }))
    assert.equal(rig.events.length, 0)
    await rig.responder.onFinding(found())
    assert.equal(rig.events.length, 1)
  })

  it('throttles what an approval lets pass', async () => {
    const rig = openRespondRig(policyOf(APPROVAL))
    await rig.responder.onFinding(found())
    const action = { kind: 'throttle', requestsPerMinute: 1, rowsPerMinute: null } as const
    await rig.responder.take(
      { actor: 'svc-feast-nightly', session: 's-1', action, durationMs: 60_000, reason: 'slow' },
      'alice',
    )
    const answers = [{ rows: 999 }, { rows: 999 }, { rows: 1000 }].map(
      more => decide(rig, more).decision,
    )
    assert.deepEqual(answers, ['allow', 'throttle', 'approval_required'])
  })

  it('lets through what an owner released, whatever a throttle says, and counts it once', async () => {
    const rig = openRespondRig(policyOf(APPROVAL))
    await rig.responder.onFinding(found())
    const action = { kind: 'throttle', requestsPerMinute: 1, rowsPerMinute: 10 } as const
    const slow = { session: 's-1', action, durationMs: 60_000, reason: 'slow' } as const
    await rig.responder.take({ actor: 'svc-feast-nightly', ...slow }, 'alice')
    const [one] = rig.responder.approvals()
    await rig.responder.grant(String(one?.id), { rows: 5000, minutes: 30 }, 'owner')
    const answers = [3000, 2000, 1000].map(rows => decide(rig, { rows }).decision)
    assert.deepEqual(answers, ['allow', 'allow', 'approval_required'])
  })

  it('is renewed by findings after half of its time, and left alone once a person undid it', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    const at = async (minutes: number) => {
      rig.nowMs = NIGHT_MS + minutes * 60_000
      await rig.responder.onFinding(found({ timeMs: rig.nowMs }))
      return rig.events.length
    }
    assert.deepEqual([await at(0), await at(29), await at(30), await at(31)], [1, 1, 2, 2])
    for (const { id, state } of rig.responder.list()) {
      if (state === 'in_force') await rig.responder.undo(id, 'bob', 'it was the migration')
    }
    assert.equal(decide(rig).decision, 'allow')
    assert.equal(await at(80), 4, 'two undone, none taken again')
    assert.equal(await at(90), 5, 'its time is over')
  })
})

describe('the bounds', () => {
  it('locks out no more in an hour than the policy says; the rest runs dry and is reported once', async () => {
    const rig = openRespondRig(policyOf('then: deny', 'lockOutsPerHour: 3'))
    for (let i = 0; i < 6; i++) await rig.responder.onFinding(found({}, { id: `svc-${i}` }))
    const states = rig.responder.list().map(({ state, heldBack }) => [state, heldBack !== null])
    assert.deepEqual(states.filter(([state]) => state === 'in_force').length, 3)
    assert.deepEqual(states.filter(([, held]) => held).length, 3)
    assert.equal(rig.reports.filter(text => /held back/.test(text)).length, 1)
    const again = await rig.restart()
    await again.responder.onFinding(found({}, { id: 'svc-7' }))
    assert.equal(
      decide(again, { actor: 'svc-7' }).decision,
      'allow',
      'a restart does not forget them',
    )
    again.nowMs += HOUR_MS
    await again.responder.onFinding(found({ timeMs: again.nowMs }, { id: 'svc-8' }))
    assert.equal(decide(again, { actor: 'svc-8' }).decision, 'deny')
  })

  it('takes no more once as many stand as may at once, and says so once', async () => {
    const rig = openRespondRig(policyOf(THROTTLE))
    const ids = Array.from({ length: OPEN_MAX + 50 }, (_, i) => `svc-${i}`)
    for (const id of ids) await rig.responder.onFinding(found({}, { id }))
    const { open: standing, dropped } = rig.responder.counts
    assert.deepEqual([standing, dropped, rig.events.length], [OPEN_MAX, 50, OPEN_MAX])
    assert.equal(rig.reports.length, 1)
    rig.nowMs += HOUR_MS
    rig.responder.tick()
    assert.equal(rig.responder.counts.open, 0)
    assert.ok(rig.responder.list().length <= 1000, 'what ended is forgotten')
  })

  it('takes one measure for findings that come at once', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    await Promise.all(Array.from({ length: 50 }, () => rig.responder.onFinding(found())))
    assert.equal(rig.events.length, 1)
  })

  it('does nothing that the log did not take, and may do it later', async () => {
    const rig = openRespondRig(policyOf('then: deny'))
    rig.refuse = new TocsinError('log.disk_failed', { public: 'gone' })
    await rig.responder.onFinding(found())
    assert.equal(decide(rig).decision, 'allow')
    assert.match(rig.reports.join(), /not in the log and was not taken/)
    rig.refuse = null
    await rig.responder.onFinding(found())
    assert.equal(decide(rig).decision, 'deny')
  })
})

describe("a person's own decisions", () => {
  it('leave one admin able to work', async () => {
    const rig = openRespondRig(
      policyOf('then: deny').replace('[root@corp]', '[root@corp, ops@corp]'),
    )
    const deny = (actor: string) =>
      rig.responder.take(
        { actor, session: null, action: { kind: 'deny' }, durationMs: 60_000, reason: 'r' },
        'eve',
      )
    await deny('root@corp')
    await assert.rejects(deny('ops@corp'), { code: 'respond.last_admin' })
    await deny('somebody')
    rig.nowMs += 60_000
    await deny('ops@corp')
  })
})
