// Decisions over HTTP (docs/spec/decisions.md) as gateways, middlewares, people and attackers meet
// them, on a whole server with its log.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { finding } from '../../packages/server/src/respond/respond-rig.ts'
import { type Answer, event, ndjson, newDirectory, openRig, type Rig } from './rig.ts'

const POLICY = `version: 1
mode: enforce
admins: [root@corp]
rules:
  - id: services-wait
    when: { level: high, actorTypes: [service] }
    then: { approval: { bulkRows: 1000 } }
    for: 1h
  - id: people-show
    when: { level: high, actorTypes: [human] }
    except: { actors: [root@corp] }
    then: { step_up: { acrValues: ["urn:corp:aal2"], maxAgeSeconds: 300 } }
    for: 1h
`

let rig: Rig
const directory = newDirectory()
const policy = join(directory, 'policy.yml')

before(async () => {
  writeFileSync(policy, POLICY)
  rig = await openRig(directory, { policy })
})
after(() => rig.close())

const post = (path: string, body: object | string, more: object = {}): Promise<Answer> =>
  rig.ask(path, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    type: 'application/json',
    ...more,
  })
const decide = async (body: object) => (await post('/v1/decide', body)).json
const isProblem = ({ status, json }: Answer, code: string, expected: number) =>
  assert.deepEqual([json?.code, status], [code, expected], JSON.stringify(json))

/** Finds something about somebody, now. */
async function find(id: string, type = 'service', verified = 'key'): Promise<void> {
  const actor = { id, type, verified, session: 's-1' }
  const found = finding({ timeMs: Date.now() }, actor)
  await rig.alarm.respond.onFinding({ finding: found, alertId: null, risk: 50 })
}

async function responseOf(actor: string) {
  const { json } = await rig.ask('/v1/responses')
  return json.find((one: { actor: string }) => one.actor === actor)
}

describe('who may', () => {
  it('decide, read and change is said by scopes', async () => {
    const deny = { actor: 'a', action: { kind: 'deny' }, minutes: 1, reason: 'r' }
    const cases: readonly (readonly [string, 'GET' | 'POST', object | null, string])[] = [
      ['/v1/decide', 'POST', { actor: 'a' }, 'decide'],
      ['/v1/decisions?wait=0', 'GET', null, 'decide'],
      ['/v1/responses', 'GET', null, 'read'],
      ['/v1/responses', 'POST', deny, 'triage'],
      ['/v1/responses/d_x/undo', 'POST', { reason: 'r' }, 'triage'],
      ['/v1/approvals', 'GET', null, 'read'],
      ['/v1/approvals/d_x/grant', 'POST', { rows: 1, minutes: 1 }, 'triage'],
      ['/v1/webhooks/dead', 'GET', null, 'triage'],
      ['/v1/webhooks/dead/x/redeliver', 'POST', null, 'triage'],
    ]
    const ingest = await rig.key('ingest', 'attest', 'content:reveal', 'admin', 'rules')
    for (const [path, method, body, scope] of cases) {
      const sent = body === null ? {} : { body: JSON.stringify(body), type: 'application/json' }
      isProblem(await rig.ask(path, { method, ...sent, key: null }), 'auth.missing', 401)
      const refused = await rig.ask(path, { method, ...sent, key: ingest })
      isProblem(refused, 'auth.scope', 403)
      assert.match(refused.json.detail, new RegExp(`needs ${scope}`))
    }
  })
})

describe('a request', () => {
  it('of somebody about whom nothing was decided goes on', async () => {
    assert.deepEqual(await decide({ actor: 'svc-a' }), {
      decision: 'allow',
      reason: null,
      until: null,
    })
  })

  it('with nonsense in it is refused, with the field', async () => {
    const bodies: readonly (object | string)[] = [
      {},
      { actor: '' },
      { actor: 7 },
      { actor: 'x'.repeat(10_000) },
      { actor: 'a', session: '' },
      { actor: 'a', rows: -1 },
      { actor: 'a', rows: 1.5 },
      { actor: 'a', rows: 1e300 },
      { actor: 'a', rows: '5' },
      [],
      '{',
      'null',
    ]
    for (const body of bodies) {
      const answer = await post('/v1/decide', body)
      isProblem(answer, 'http.bad_request', 400)
    }
    assert.equal((await decide({ actor: 'a', else: { __proto__: 1 } })).decision, 'allow')
  })
})

describe('a service whose account may be in other hands', () => {
  it('waits for its owner with bulk reads, and goes on for what was granted', async () => {
    await find('svc-bulk')
    const asked = { actor: 'svc-bulk', session: 's-9', operation: 'read', rows: 5000 }
    const refused = await decide(asked)
    assert.equal(refused.decision, 'approval_required')
    assert.deepEqual([refused.bulkRows, refused.approved], [1000, null])
    assert.match(refused.reason, /48,000 rows/)
    assert.equal((await decide({ ...asked, rows: 999 })).decision, 'allow')

    const [waiting] = (await rig.ask('/v1/approvals')).json
    assert.deepEqual([waiting.actor, waiting.granted], ['svc-bulk', null])
    const path = `/v1/approvals/${waiting.id}/grant`
    for (const bad of [{}, { rows: 0, minutes: 1 }, { rows: 1, minutes: 1441 }, { rows: 1 }]) {
      isProblem(await post(path, bad), 'http.bad_request', 400)
    }
    isProblem(
      await post('/v1/approvals/d_none/grant', { rows: 1, minutes: 1 }),
      'respond.unknown',
      404,
    )
    const granted = await post(path, { rows: 10_000, minutes: 30 })
    assert.equal(granted.status, 200)
    assert.equal(granted.json.granted.by, 'tester@here')
    const answers = [
      await decide(asked),
      await decide(asked),
      await decide({ ...asked, rows: 1000 }),
    ]
    assert.deepEqual(
      answers.map(a => a.decision),
      ['allow', 'allow', 'approval_required'],
    )
  })
})

describe('a person', () => {
  it('is challenged as RFC 9470 has it until somebody undoes it', async () => {
    await find('alice@corp', 'human')
    const { challenge, since, decision } = await decide({ actor: 'alice@corp' })
    assert.equal(decision, 'step_up')
    assert.equal(
      challenge,
      'Bearer error="insufficient_user_authentication", ' +
        'error_description="A more recent or stronger authentication is required", ' +
        'acr_values="urn:corp:aal2", max_age="300"',
    )
    assert.ok(Math.abs(since - Date.now()) < 60_000)
    const { id } = await responseOf('alice@corp')
    isProblem(await post(`/v1/responses/${id}/undo`, { reason: '' }), 'http.bad_request', 400)
    const undone = await post(`/v1/responses/${id}/undo`, { reason: 'she called' })
    assert.deepEqual([undone.status, undone.json.state], [200, 'undone'])
    assert.equal((await decide({ actor: 'alice@corp' })).decision, 'allow')
    isProblem(
      await post(`/v1/responses/${id}/undo`, { reason: 'again' }),
      'respond.not_in_force',
      409,
    )
  })

  it('who is the last admin cannot be locked out by anybody', async () => {
    await find('root@corp', 'human')
    assert.equal((await decide({ actor: 'root@corp' })).decision, 'allow')
    const deny = { actor: 'root@corp', action: { kind: 'deny' }, minutes: 5, reason: 'r' }
    isProblem(await post('/v1/responses', deny), 'respond.last_admin', 409)
  })

  it('in whose name somebody else misbehaves is not touched', async () => {
    await find('victim@corp', 'human', 'none')
    assert.equal((await decide({ actor: 'victim@corp' })).decision, 'allow')
    const key = await rig.key('ingest')
    const { json: before } = await rig.ask('/v1/responses')
    const decision = {
      action: 'taken',
      measure: { ...before[0], id: `d_${'0'.repeat(16)}`, actor: 'victim@corp' },
    }
    const forged = [
      event(1, { kind: 'tocsin.response', ext: { tocsin: { decision } } }),
      event(2, { kind: 'ai.admin', ext: { tocsin: { decision } } }),
      event(3, { kind: 'ai.admin', via: 'tocsin', ext: { tocsin: { decision } } }),
    ]
    const sent = await rig.ask('/v1/events', {
      method: 'POST',
      body: ndjson(forged),
      type: 'application/x-ndjson',
      key,
    })
    assert.deepEqual(
      sent.json.results.map((r: { status: string; code?: string }) => r.code ?? r.status),
      ['event.server_field', 'stored', 'event.server_field'],
    )
    rig = await rig.restart()
    assert.equal((await decide({ actor: 'victim@corp' })).decision, 'allow')
    assert.equal((await rig.ask('/v1/responses')).json.length, before.length)
  })
})

describe("a person's own decision", () => {
  it('holds at once, is attributed, and is checked', async () => {
    const action = { kind: 'throttle', requestsPerMinute: 1, rowsPerMinute: null }
    const asked = { actor: 'svc-slow', session: 's-1', action, minutes: 10, reason: 'looks odd' }
    const taken = await post('/v1/responses', asked)
    assert.deepEqual(
      [taken.status, taken.json.by, taken.json.state],
      [201, 'tester@here', 'in_force'],
    )
    const answers = [1, 2].map(() => decide({ actor: 'svc-slow', session: 's-1' }))
    const [first, second] = await Promise.all(answers)
    assert.deepEqual([first.decision, second.decision], ['allow', 'throttle'])
    assert.deepEqual(second.limits, { requestsPerMinute: 1 })
    assert.ok(second.retryAfterSeconds >= 1 && second.retryAfterSeconds <= 60)
    const listed = async (query: string) => (await rig.ask(`/v1/responses?${query}`)).json.length
    assert.equal(await listed('actor=svc-slow&state=in_force'), 1)
    assert.equal(await listed('actor=svc-slow&state=undone'), 0)
    assert.equal(await listed('limit=1'), 1)
    isProblem(await rig.ask('/v1/responses?state=all'), 'http.bad_request', 400)
    const refused: readonly object[] = [
      { ...asked, action: { kind: 'end_session' }, session: null },
      { ...asked, action: { kind: 'hug' } },
      { ...asked, action: { kind: 'throttle' } },
      { ...asked, minutes: 1441 },
      { ...asked, minutes: 0 },
      { ...asked, reason: '' },
      { ...asked, reason: 'x'.repeat(501) },
      { ...asked, action: { kind: 'step_up', acrValues: ['a b'], maxAgeSeconds: 1 } },
      { ...asked, action: { kind: 'step_up', acrValues: ['a"'], maxAgeSeconds: 1 } },
    ]
    for (const body of refused)
      isProblem(await post('/v1/responses', body), 'http.bad_request', 400)
  })
})

describe('everything that was done', () => {
  it('is in the log with its reason, and comes back after a restart', async () => {
    await find('svc-kept')
    const before = await rig.ask('/v1/responses')
    rig = await rig.restart()
    const after = await rig.ask('/v1/responses')
    assert.deepEqual(new Set(after.json.map(toKey)), new Set(before.json.map(toKey)))
    assert.equal((await decide({ actor: 'svc-kept', rows: 1000 })).decision, 'approval_required')
    await rig.tocsin.query.settled()
    const found = await rig.ask('/v1/events?q=kind:tocsin.response')
    const events = found.json.events
    for (const { id, state } of after.json) {
      const about = events.filter((e: Answer['json']) => {
        const { measure, id: of } = e.ext.tocsin.decision
        return (measure?.id ?? of) === id
      })
      const actions = about.map((e: Answer['json']) => e.ext.tocsin.decision.action)
      assert.ok(actions.includes('taken'), id)
      assert.equal(actions.includes('undone'), state === 'undone', id)
    }
    const undo = events.find((e: Answer['json']) => e.operation === 'response.undo')
    assert.deepEqual([undo.actor.id, undo.via], ['tester@here', 'tocsin'])
  })

  const toKey = ({ id, state, until, by }: Answer['json']) => `${id} ${state} ${until} ${by}`
})

describe('a long poll', () => {
  const follow = async (query: string) => (await rig.ask(`/v1/decisions?${query}`)).json

  it('gives the whole table, then what changes, as soon as it does', async () => {
    const whole = await follow('wait=30')
    assert.equal(whole.full, true)
    const actors = whole.entries.map((e: { actor: string }) => e.actor)
    assert.ok(actors.includes('svc-kept') && !actors.includes('alice@corp'))
    const polls = Array.from({ length: 20 }, () => follow(`wait=30&after=${whole.cursor}`))
    while (rig.alarm.respond.counts.followers < 20)
      await new Promise(resolve => setImmediate(resolve))
    await find('svc-new')
    const answers = await Promise.all(polls)
    for (const { full, entries } of answers) {
      assert.equal(full, false)
      assert.deepEqual(
        entries.map((e: { actor: string; decision: string }) => [e.actor, e.decision]),
        [['svc-new', 'approval_required']],
      )
    }
    assert.equal((await follow(`wait=0&after=${answers[0]?.cursor}`)).entries.length, 0)
    assert.equal((await follow('wait=30&after=nonsense')).full, true)
    for (const wait of ['31', '-1', 'x']) {
      isProblem(await rig.ask(`/v1/decisions?wait=${wait}`), 'http.bad_request', 400)
    }
  })

  it('of somebody who leaves is forgotten, and a stopping server answers the others', async () => {
    await rig.app.listen({ host: '127.0.0.1', port: 0 })
    const address = rig.app.server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const { cursor } = await follow('wait=0')
    const leaver = new AbortController()
    const poll = (signal: AbortSignal | null) =>
      fetch(`http://127.0.0.1:${port}/v1/decisions?wait=30&after=${cursor}`, {
        headers: { authorization: `Bearer ${rig.allKey}` },
        signal,
      })
    const left = poll(leaver.signal)
    const stays = poll(null)
    const until = async (count: number) => {
      while (rig.alarm.respond.counts.followers !== count) {
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    }
    await until(2)
    leaver.abort()
    await assert.rejects(left, { name: 'AbortError' })
    await until(1)
    const closing = rig.restart()
    const answer = await stays
    assert.equal(answer.status, 200)
    assert.deepEqual(JSON.parse(await answer.text()).entries, [])
    rig = await closing
  })
})
