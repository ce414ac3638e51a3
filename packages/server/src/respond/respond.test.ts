// The responder: who is acted on and who never is, what holds, how it ends, what a restart keeps.

import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TocsinError } from '@tocsin/sdk/errors'
import { parseEvent, type SealedEvent } from '@tocsin/sdk/event'
import {
  finding,
  HOUR_MS,
  NIGHT_MS,
  openRespondRig,
  policyOf,
  type RespondRig,
  readerOf,
} from './respond-rig.ts'

const open: RespondRig[] = []
after(async () => {
  for (const rig of open) await rig.close()
})

function rigOf(policy: string, options?: Parameters<typeof openRespondRig>[1]): RespondRig {
  const rig = openRespondRig(policy, options)
  open.push(rig)
  return rig
}

const THROTTLE = 'then: { throttle: { requestsPerMinute: 2, rowsPerMinute: 100 } }'
const APPROVAL = 'then: { approval: { bulkRows: 1000 } }'
const STEP_UP = 'then: { step_up: { acrValues: ["urn:corp:aal2", phr], maxAgeSeconds: 300 } }'

const found = (more = {}, actor = {}) => ({
  finding: finding(more, actor),
  alertId: 'a1',
  risk: 62,
})

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
const json = (text: string): any => JSON.parse(text)

function decide(rig: RespondRig, more: object = {}) {
  return json(rig.responder.decide({ actor: 'svc-feast-nightly', session: 's-1', ...more }))
}

async function table(rig: RespondRig, after?: string) {
  return json(await rig.responder.follow(after, 0, new AbortController().signal))
}

describe('who is acted on', () => {
  it('is nobody in dry run, and the log says what would have been', async () => {
    const rig = rigOf(policyOf(THROTTLE).replace('mode: enforce', 'mode: dry_run'))
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
    const rig = rigOf(policyOf('then: deny'))
    await rig.responder.onFinding(found({}, { verified: 'none' }))
    assert.equal(decide(rig).decision, 'allow')
    assert.equal(rig.events.length, 0)
    assert.equal(rig.responder.counts.unverified, 1)
  })

  it('is nobody for what happened more than 15 minutes ago, by the clock of the server', async () => {
    const rig = rigOf(policyOf('then: deny'))
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
    const rig = rigOf(policyOf(THROTTLE))
    await rig.responder.onFinding(found())
    const { entries } = await table(rig)
    assert.deepEqual(
      entries.map((e: { session: string }) => e.session),
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
      const rig = rigOf(policyOf(action))
      await rig.responder.onFinding(found({}, { type }))
      assert.equal((await table(rig)).entries[0]?.decision, expected, `${action} ${type}`)
    }
  })

  it('is all of an actor, more mildly, where the session to end is not known', async () => {
    for (const [type, expected] of [
      ['human', 'step_up'],
      ['service', 'approval_required'],
    ]) {
      const rig = rigOf(policyOf('then: end_session'))
      await rig.responder.onFinding(found({}, { type, session: null }))
      const [entry] = (await table(rig)).entries
      assert.deepEqual([entry.decision, entry.session], [expected, null])
    }
  })

  it('takes an actor of 10 kB for one that no event can name', async () => {
    const rig = rigOf(policyOf('then: deny'))
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
    const rig = rigOf(policyOf(THROTTLE))
    await rig.responder.onFinding(found())
    const answers = [1, 2, 3].map(() => decide(rig))
    assert.deepEqual(
      answers.map(a => a.decision),
      ['allow', 'allow', 'throttle'],
    )
    const { limits, retryAfterSeconds, reason, until, id } = answers[2]
    assert.deepEqual(limits, { requestsPerMinute: 2, rowsPerMinute: 100 })
    assert.equal(retryAfterSeconds, 30)
    assert.match(reason, /48,000 rows/)
    assert.equal(until, NIGHT_MS + HOUR_MS)
    assert.match(id, /^d_[0-9a-f]{16}$/)
    rig.nowMs += 29_000
    assert.equal(decide(rig).decision, 'throttle')
    rig.nowMs += 1000
    assert.equal(decide(rig).decision, 'allow')
    rig.nowMs += HOUR_MS
    for (let i = 0; i < 9; i++) assert.equal(decide(rig).decision, 'allow', 'it has ended')
  })

  it('counts rows against a throttle, and refuses what never fits', async () => {
    const rig = rigOf(policyOf('then: { throttle: { rowsPerMinute: 100 } }'))
    await rig.responder.onFinding(found())
    assert.equal(decide(rig, { rows: 101 }).retryAfterSeconds, 60)
    assert.equal(decide(rig, { rows: 100 }).decision, 'allow')
    assert.equal(decide(rig, { rows: 10 }).retryAfterSeconds, 6)
    rig.nowMs -= 3_000
    assert.equal(decide(rig, { rows: 10 }).decision, 'throttle', 'a clock set back gives nothing')
  })

  it('challenges a person by RFC 9470 and says nothing of what was noticed', async () => {
    const rig = rigOf(policyOf(STEP_UP))
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
    assert.equal(entry.challenge, answer.challenge)
    assert.deepEqual(
      [entry.acrValues, entry.maxAgeSeconds, entry.since],
      [['urn:corp:aal2', 'phr'], 300, NIGHT_MS],
    )
  })

  it('is the strictest of several, and the next when it ends or is undone', async () => {
    const rig = rigOf(policyOf('then: { throttle: { requestsPerMinute: 1, scope: actor } }'))
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

  it('throttles what an approval lets pass', async () => {
    const rig = rigOf(policyOf(APPROVAL))
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

  it('is renewed by findings after half of its time, and left alone once a person undid it', async () => {
    const rig = rigOf(policyOf('then: deny'))
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
    const rig = rigOf(policyOf('then: deny', 'lockOutsPerHour: 3'))
    for (let i = 0; i < 6; i++) await rig.responder.onFinding(found({}, { id: `svc-${i}` }))
    const states = rig.responder.list().map(({ state, heldBack }) => [state, heldBack !== null])
    assert.deepEqual(states.filter(([state]) => state === 'in_force').length, 3)
    assert.deepEqual(states.filter(([, held]) => held).length, 3)
    assert.equal(rig.reports.filter(text => /held back/.test(text)).length, 1)
    const again = await rig.restart()
    open.push(again)
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

  it('takes one measure for findings that come at once', async () => {
    const rig = rigOf(policyOf('then: deny'))
    await Promise.all(Array.from({ length: 50 }, () => rig.responder.onFinding(found())))
    assert.equal(rig.events.length, 1)
  })

  it('does nothing that the log did not take, and may do it later', async () => {
    const rig = rigOf(policyOf('then: deny'))
    rig.refuse = new TocsinError('log.disk_failed', { public: 'gone' })
    await rig.responder.onFinding(found())
    assert.equal(decide(rig).decision, 'allow')
    assert.match(rig.reports.join(), /not in the log and was not taken/)
    rig.refuse = null
    await rig.responder.onFinding(found())
    assert.equal(decide(rig).decision, 'deny')
  })
})

describe('a clock that jumps', () => {
  it('back does not make anything last longer than its own time', async () => {
    const rig = rigOf(policyOf('then: deny'))
    await rig.responder.onFinding(found())
    const { cursor } = await table(rig)
    rig.nowMs += 60_000
    assert.equal(decide(rig).decision, 'deny')
    rig.nowMs -= 365 * 24 * HOUR_MS
    const setBackMs = rig.nowMs
    assert.equal(decide(rig).decision, 'deny')
    assert.equal(decide(rig).until, setBackMs + 59 * 60_000)
    assert.equal((await table(rig, cursor)).entries[0].until, setBackMs + 59 * 60_000)
    const again = await rig.restart()
    open.push(again)
    assert.equal(decide(again).until, setBackMs + 59 * 60_000, 'on disk, too')
    again.nowMs += HOUR_MS
    assert.equal(decide(again).decision, 'allow')
  })

  it('while the server was down is noticed at the start', async () => {
    const rig = rigOf(policyOf('then: deny'))
    await rig.responder.onFinding(found())
    rig.nowMs -= 100 * 24 * HOUR_MS
    const again = await rig.restart()
    open.push(again)
    assert.equal(decide(again).until, again.nowMs + HOUR_MS)
  })

  it('forwards ends what holds', async () => {
    const rig = rigOf(policyOf('then: deny'))
    await rig.responder.onFinding(found())
    rig.nowMs += 365 * 24 * HOUR_MS
    assert.equal(decide(rig).decision, 'allow')
    assert.deepEqual((await table(rig)).entries, [])
  })
})

describe('a restart', () => {
  it('keeps what holds, what was undone and what a release has left; so does a rebuild from the log', async () => {
    const rig = rigOf(policyOf(APPROVAL))
    await rig.responder.onFinding(found())
    await rig.responder.onFinding(found({}, { id: 'svc-b' }))
    const [second, first] = rig.responder.list()
    assert.ok(first && second)
    await rig.responder.undo(second.id, 'bob', 'known')
    await rig.responder.grant(first.id, { rows: 10_000, minutes: 30 }, 'owner')
    assert.equal(decide(rig, { rows: 4000 }).decision, 'allow')
    const before = await table(rig)
    assert.deepEqual(before.entries[0].approved, { rows: 10_000, until: NIGHT_MS + 1_800_000 })

    const again = await rig.restart()
    open.push(again)
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
    const rig = rigOf(policyOf(APPROVAL))
    await rig.responder.onFinding(found())
    const [one] = rig.responder.list()
    assert.ok(one)
    await rig.responder.grant(one.id, { rows: 10_000, minutes: 30 }, 'owner')
    const rebuilt = await rig.rebuild()
    open.push(rebuilt)
    assert.equal(decide(rebuilt, { rows: 1000 }).decision, 'approval_required')
    await rebuilt.responder.grant(one.id, { rows: 1000, minutes: 30 }, 'owner')
    assert.equal(decide(rebuilt, { rows: 1000 }).decision, 'allow')
  })

  it('believes only what the server itself wrote', async () => {
    const rig = rigOf(policyOf('then: deny'))
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
    const victim = rigOf(policyOf('then: deny'))
    victim.responder.replay(readerOf(forged), forged.length)
    assert.deepEqual(victim.responder.list(), [])
    victim.responder.replay(readerOf([...forged, own ?? {}]), forged.length + 1)
    assert.equal(decide(victim).decision, 'deny')
  })

  it('records events that the server accepts', async () => {
    const rig = rigOf(policyOf(APPROVAL))
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

describe('approvals', () => {
  const event = (rows: number, more: object = {}, actor: object = {}) => {
    const who = { id: 'svc-feast-nightly', type: 'service', verified: 'key', ...actor }
    return {
      outcome: 'success',
      time: NIGHT_MS,
      rows,
      actor: who,
      ...more,
    } as unknown as SealedEvent
  }

  async function granted(rows: number) {
    const rig = rigOf(policyOf(APPROVAL))
    await rig.responder.onFinding(found())
    const [one] = rig.responder.approvals()
    assert.ok(one && one.granted === null)
    await rig.responder.grant(one.id, { rows, minutes: 30 }, 'owner')
    return { rig, id: one.id }
  }

  it('let small reads pass, and bulk only when an owner released it', async () => {
    const rig = rigOf(policyOf(APPROVAL))
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
    rig.responder.onEvent(event(6000))
    assert.equal(rig.responder.approvals()[0]?.granted?.left, 4000, 'the same rows count once')
    for (const ignored of [
      event(9000, { outcome: 'denied' }),
      event(9000, { time: NIGHT_MS - 1 }),
      event(9000, {}, { id: 'svc-other' }),
      event(9000, {}, { verified: 'none' }),
      event(0, { rows: undefined }),
    ]) {
      rig.responder.onEvent(ignored)
    }
    assert.equal(rig.responder.approvals()[0]?.granted?.left, 4000)
    const { cursor } = await table(rig)
    rig.responder.onEvent(event(5000))
    await new Promise(resolve => setImmediate(resolve))
    const changed = await table(rig, cursor)
    assert.equal(changed.entries[0].approved, null)
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

describe("a person's own decisions", () => {
  it('leave one admin able to work', async () => {
    const rig = rigOf(policyOf('then: deny').replace('[root@corp]', '[root@corp, ops@corp]'))
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

describe('following', () => {
  it('gives the whole table first and to strangers, then only what changed', async () => {
    const rig = rigOf(policyOf('then: deny'))
    await rig.responder.onFinding(found())
    const first = await table(rig)
    assert.deepEqual([first.full, first.entries.length], [true, 1])
    for (const cursor of ['', 'x', '0.0', `${'0'.repeat(12)}.1`, `${first.cursor}0`, '\u0000']) {
      assert.equal((await table(rig, cursor)).full, true, cursor)
    }
    const same = await table(rig, first.cursor)
    assert.deepEqual([same.full, same.entries, same.cursor], [false, [], first.cursor])
    await rig.responder.undo(first.entries[0].id, 'bob', 'known')
    const changed = await table(rig, first.cursor)
    assert.deepEqual(changed.entries, [
      { actor: 'svc-feast-nightly', session: null, decision: 'allow' },
    ])
    const again = await rig.restart()
    open.push(again)
    assert.equal((await table(again, changed.cursor)).full, true)
  })

  it('waits until something changes, the time is up, or the follower leaves', async () => {
    const rig = rigOf(policyOf('then: deny'))
    const { cursor } = await table(rig)
    const leaver = new AbortController()
    const [change, timeUp, left] = [30_000, 20, 30_000].map((waitMs, i) =>
      rig.responder.follow(cursor, waitMs, i === 2 ? leaver.signal : new AbortController().signal),
    )
    assert.equal(json(await (timeUp ?? '')).entries.length, 0)
    leaver.abort()
    assert.equal(json(await (left ?? '')).entries.length, 0)
    assert.equal(rig.responder.counts.followers, 1)
    await rig.responder.onFinding(found())
    assert.equal(json(await (change ?? '')).entries.length, 1)
    assert.equal(rig.responder.counts.followers, 0)
  })

  it('is bounded, and ends with the server', async () => {
    const rig = rigOf(policyOf('then: deny'))
    const { cursor } = await table(rig)
    const wait = () => rig.responder.follow(cursor, 30_000, new AbortController().signal)
    const waiting = Array.from({ length: 1000 }, wait)
    await assert.rejects(wait(), { code: 'respond.busy' })
    await rig.responder.onFinding(found())
    const texts = new Set(await Promise.all(waiting))
    assert.equal(texts.size, 1)
    const last = rig.responder.follow(
      json([...texts][0] ?? '').cursor,
      30_000,
      new AbortController().signal,
    )
    await rig.responder.close()
    assert.equal(json(await last).entries.length, 0)
  })
})
