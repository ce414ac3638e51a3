// Alerts, entities, investigations and jobs over HTTP, as an analyst and an attacker meet them.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Alert } from '@tocsin/detect/alert'
import type { EntityRef, Finding } from '@tocsin/detect/finding'
import { findingEvent } from '../../packages/server/src/watch/watch.ts'
import { type Answer, event, ndjson, openRig, type Rig } from './rig.ts'

const JSON_TYPE = 'application/json'
const HOUR = 3_600_000
const NOW = Math.floor(Date.now() / 60_000) * 60_000
let rig: Rig

before(async () => {
  // No rules: what is found here is what the tests say.
  rig = await openRig(undefined, { rules: [] })
})
after(() => rig.close())

let count = 0
const hex = (n: number) => n.toString(16).padStart(8, '0').padEnd(32, '0')

function finding(entity: EntityRef, more: Partial<Finding> = {}): Finding {
  count += 1
  const timeMs = more.timeMs ?? NOW - HOUR + count
  return {
    id: hex(count),
    rule: 'read-spike',
    title: 'Read spike',
    detector: 'baseline_ratio',
    level: 'high',
    tags: [],
    entity,
    timeMs,
    startMs: timeMs,
    score: 70,
    confidence: 1,
    p: null,
    expected: 10,
    seen: 100,
    sentence: `${entity.id} read a lot`,
    features: [],
    eventIds: [],
    eventCount: 1,
    learning: null,
    actor: { id: entity.id, type: 'service', verified: 'key', session: null, credential: null },
    ...more,
  }
}

/** An alert as the watch makes it: an event in the log, then in the store. */
async function raise(entity: EntityRef, more: Partial<Finding> = {}): Promise<string> {
  const one = finding(entity, more)
  const times = { startMs: one.timeMs, openedMs: one.timeMs, lastMs: one.timeMs }
  const id = `a${one.id.slice(1)}`
  const alert: Alert = { id, entity, ...times, score: 26.8, threshold: 20, findingIds: [one.id] }
  const found = findingEvent({ finding: one, alert })
  await rig.tocsin.record(found)
  rig.tocsin.alerts.take(found)
  return id
}

const actor = (id: string) => ({ type: 'actor', id }) as const
const post = (path: string, body: object, key?: string) =>
  rig.ask(path, {
    method: 'POST',
    body: JSON.stringify(body),
    type: JSON_TYPE,
    ...(key === undefined ? {} : { key }),
  })
const put = async (path: string, body: object) =>
  rig.app.inject({
    method: 'PUT',
    url: path,
    headers: { authorization: `Bearer ${rig.allKey}`, 'content-type': JSON_TYPE },
    payload: JSON.stringify(body),
  })

function isProblem({ status, json }: Answer, code: string, expected: number): void {
  assert.deepEqual([status, json?.code], [expected, code], JSON.stringify(json))
}

async function eventsOf(query: string): Promise<readonly Record<string, unknown>[]> {
  await rig.tocsin.query.settled()
  const { json } = await rig.ask(`/v1/events?limit=200&q=${encodeURIComponent(query)}`)
  return json.events
}

describe('who may triage', () => {
  it('is decided by the scopes read and triage', async () => {
    const id = await raise(actor('svc-scopes'))
    const read = await rig.key('read')
    const triage = await rig.key('triage')
    for (const path of [
      '/v1/alerts',
      `/v1/alerts/${id}`,
      '/v1/findings',
      '/v1/entities',
      '/v1/entities/actor/svc-scopes',
      '/v1/investigations?entity=svc-scopes',
      '/v1/jobs',
    ]) {
      isProblem(await rig.ask(path, { key: null }), 'auth.missing', 401)
      isProblem(await rig.ask(path, { key: triage }), 'auth.scope', 403)
    }
    for (const action of ['ack', 'reopen'])
      isProblem(await post(`/v1/alerts/${id}/${action}`, {}, read), 'auth.scope', 403)
    const resolve = { as: 'false', cause: 'other' }
    isProblem(await post(`/v1/alerts/${id}/resolve`, resolve, read), 'auth.scope', 403)
    const job = { actor: 'x', schedule: 'daily 01:00-02:00' }
    isProblem(await post('/v1/jobs', job, read), 'auth.scope', 403)
    assert.equal((await post(`/v1/alerts/${id}/ack`, {}, triage)).json.state, 'acknowledged')
  })
})

describe('an alert', () => {
  it('goes from open to resolved and back, each step an event of whoever said it', async () => {
    const id = await raise(actor('svc-steps'))
    const anna = await rig.key('triage', 'read')
    const said = [
      ['ack', { note: 'looking' }, 'acknowledged', null],
      ['resolve', { as: 'true', cause: 'threat', rowsPrevented: 48_000 }, 'resolved', 'true'],
      ['reopen', {}, 'open', null],
      ['resolve', { as: 'benign', cause: 'batch_job', note: 'x' }, 'resolved', 'benign'],
    ] as const
    for (const [path, body, state, disposition] of said) {
      const { status, json } = await post(`/v1/alerts/${id}/${path}`, body, anna)
      assert.deepEqual([status, json.state, json.disposition], [200, state, disposition])
    }
    const { json } = await rig.ask(`/v1/alerts/${id}`)
    assert.deepEqual(
      json.history.map((one: { revision: number; action: string }) => [one.revision, one.action]),
      [
        [1, 'acknowledged'],
        [2, 'true'],
        [3, 'reopened'],
        [4, 'benign'],
      ],
    )
    assert.deepEqual(json.history[1].prevented, { rows: 48_000, costMicros: null })
    assert.match(json.history[0].by, /^key:key-/)
    const events = await eventsOf('kind:tocsin.disposition')
    const own = events.filter(one => JSON.stringify(one).includes(id))
    assert.deepEqual(
      own.map(one => one.operation),
      ['alert.resolve', 'alert.reopen', 'alert.resolve', 'alert.acknowledge'],
    )
    assert.deepEqual(
      own.map(one => one.id).toReversed(),
      json.history.map((one: { eventId: string }) => one.eventId),
    )
  })

  it('is decided once when many decide at the same moment', async () => {
    const id = await raise(actor('svc-race'))
    const ways = ['true', 'benign', 'false', 'true', 'false', 'benign', 'true', 'false']
    const answers = await Promise.all(
      ways.map(as => post(`/v1/alerts/${id}/resolve`, { as, cause: 'other' })),
    )
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, ...Array(7).fill(409)])
    for (const answer of answers.filter(({ status }) => status !== 200))
      isProblem(answer, 'alert.state', 409)
    const { json } = await rig.ask(`/v1/alerts/${id}`)
    assert.equal(json.history.length, 1)
  })

  it('refuses what is no disposition, and names what is wrong', async () => {
    const id = await raise(actor('svc-refused'))
    for (const body of [
      {},
      { as: 'true' },
      { as: 'reopened', cause: 'other' },
      { as: 'true', cause: 'because' },
      { as: 'true', cause: 'other', rowsPrevented: -1 },
      { as: 'true', cause: 'other', note: 'x'.repeat(1001) },
    ])
      isProblem(await post(`/v1/alerts/${id}/resolve`, body), 'http.bad_request', 400)
    isProblem(await post(`/v1/alerts/${id}/reopen`, {}), 'alert.state', 409)
    for (const bad of ['abc', 'ffffffffffff', '%00%1b', 'x'.repeat(90)])
      isProblem(await rig.ask(`/v1/alerts/${bad}`), 'alert.unknown', 404)
  })

  it('is found by the beginning of its id, and in lists by state, entity and time', async () => {
    const id = await raise(actor('svc-lists'))
    assert.equal((await rig.ask(`/v1/alerts/${id.slice(0, 12)}`)).json.id, id)
    const ids = async (query: string) =>
      (await rig.ask(`/v1/alerts?${query}`)).json.alerts.map((one: { id: string }) => one.id)
    assert.deepEqual(await ids('entity=svc-lists'), [id])
    assert.deepEqual(await ids('entity=actor:svc-lists&state=open'), [id])
    assert.deepEqual(await ids('entity=svc-lists&state=resolved'), [])
    assert.deepEqual(await ids('entity=svc-lists&from=now-30m'), [])
    assert.deepEqual(await ids('entity=svc-lists&from=now-2h&to=now-30m'), [id])
    isProblem(await rig.ask('/v1/alerts?state=closed'), 'http.bad_request', 400)
    isProblem(await rig.ask('/v1/alerts?cursor=x'), 'http.bad_request', 400)
    const { json } = await rig.ask('/v1/alerts?limit=1')
    assert.equal(json.alerts.length, 1)
    assert.equal(json.budget.perDay, 10)
    assert.ok(json.counts.open > 1)
    const findings = (await rig.ask('/v1/findings?entity=svc-lists')).json.findings
    assert.equal(findings.length, 1)
  })

  it('stands after a restart as it stood, also when its file is gone', async () => {
    const id = await raise(actor('svc-restart'))
    await post(`/v1/alerts/${id}/resolve`, { as: 'true', cause: 'misuse' })
    const before = (await rig.ask('/v1/alerts?limit=500')).json
    const { directory } = rig
    rig = await rig.restart()
    assert.deepEqual((await rig.ask('/v1/alerts?limit=500')).json.alerts, before.alerts)
    const { rmSync } = await import('node:fs')
    const { join } = await import('node:path')
    await rig.app.close()
    await rig.alarm.close()
    const { state } = rig.tocsin.log.paths
    await rig.tocsin.close()
    for (const end of ['', '-wal', '-shm'])
      rmSync(join(state, `alerts.sqlite${end}`), { force: true })
    rig = await openRig(directory, { rules: [] })
    assert.deepEqual((await rig.ask('/v1/alerts?limit=500')).json.alerts, before.alerts)
  })

  it('cannot be made or decided by an event from outside', async () => {
    const id = await raise(actor('svc-forged'))
    const carried = { alertId: id, entity: actor('svc-forged'), revision: 1, action: 'false' }
    const forged = event(7_000_001, { ext: { tocsin: { disposition: carried } } })
    const kinds = ['tocsin.disposition', 'tocsin.finding'].map((kind, i) =>
      event(7_000_002 + i, { kind, ext: { tocsin: { disposition: carried } } }),
    )
    const body = ndjson([forged, ...kinds])
    const sent = await rig.ask('/v1/events', { method: 'POST', body, type: 'application/x-ndjson' })
    assert.equal(sent.json.refused, 2)
    const { directory } = rig
    assert.ok(directory)
    rig = await rig.restart()
    assert.equal((await rig.ask(`/v1/alerts/${id}`)).json.state, 'open')
  })

  it('that is looked at leaves a trace', async () => {
    const id = await raise(actor('svc-looked'))
    await rig.ask(`/v1/alerts/${id}`)
    await rig.ask('/v1/entities/actor/svc-looked')
    await rig.ask('/v1/investigations?entity=svc-looked')
    const reads = await eventsOf(
      'kind:tocsin.read operation:(alert.* or entity.* or investigation.*)',
    )
    const own = reads.filter(one => /svc-looked|a0/.test(JSON.stringify(one.ext)))
    for (const operation of ['alert.open', 'entity.open'])
      assert.ok(
        own.some(one => one.operation === operation),
        operation,
      )
  })
})

describe('an entity', () => {
  it('is shown with identity, score in parts that add up, alerts and findings', async () => {
    const id = 'svc-entity'
    const events = Array.from({ length: 30 }, (_, i) =>
      event(8_000_000 + i, {
        time: NOW - 2 * HOUR + i * 1000,
        actor: { type: 'service', id, credential: 'key-7', groups: ['ml'], session: 's-1' },
        source: { ip: '10.1.2.3', userAgent: 'feast/1' },
      }),
    )
    const sent = await rig.ask('/v1/events', {
      method: 'POST',
      body: ndjson(events),
      type: 'application/x-ndjson',
    })
    assert.equal(sent.json.stored, 30)
    await rig.tocsin.query.settled()
    const alertId = await raise(actor(id))
    const { status, json } = await rig.ask(`/v1/entities/actor/${id}`)
    assert.equal(status, 200)
    assert.deepEqual(json.identity.credentials[0].values, ['key-7'])
    assert.deepEqual(json.identity.sessions[0].values, ['s-1', '10.1.2.3'])
    assert.equal(json.identity.addresses[0].requests, 30)
    assert.deepEqual(json.identity.proofs[0].values.slice(0, 1), ['service'])
    assert.equal(json.alerts[0].id, alertId)
    assert.equal(json.findings.length, 1)
    const { parts, criticality, score } = json.risk
    const sum = parts.reduce((all: number, part: { points: number }) => all + part.points, 0)
    assert.ok(Math.abs(sum + criticality.points - score) < 1e-9)
    const { entities } = (await rig.ask('/v1/entities?limit=500')).json
    assert.ok(entities.some((one: { entity: EntityRef }) => one.entity.id === id))
    const scores = entities.map((one: { risk: { score: number } }) => one.risk.score)
    assert.deepEqual(
      scores,
      scores.toSorted((a: number, b: number) => b - a),
    )
  })

  it('is more at risk when more depends on it, which is an event and can be changed', async () => {
    await raise(actor('svc-critical'))
    const path = '/v1/entities/actor/svc-critical'
    const before = (await rig.ask(path)).json.risk.score
    const { statusCode, payload } = await put(`${path}/criticality`, { level: 'extreme' })
    assert.equal(statusCode, 200)
    assert.ok(JSON.parse(payload).score > before)
    assert.equal((await rig.ask(path)).json.risk.criticality.level, 'extreme')
    assert.equal((await put(`${path}/criticality`, { level: 'huge' })).statusCode, 400)
    await put(`${path}/criticality`, { level: 'medium' })
    assert.ok(Math.abs((await rig.ask(path)).json.risk.score - before) < 0.01)
    assert.equal((await eventsOf('operation:entity.criticality kind:tocsin*')).length, 2)
  })

  it('may be anything that rules group by, of any spelling', async () => {
    for (const id of ['s3://lake/customers_eu', '100%', 'a b&c=d?e#f', 'ü😀']) {
      await raise({ type: 'resource', id })
      const { status, json } = await rig.ask(`/v1/entities/resource/${encodeURIComponent(id)}`)
      assert.deepEqual([status, json.entity], [200, { type: 'resource', id }])
    }
  })

  it('that nobody knows is not there; ids of any shape do no harm', async () => {
    isProblem(await rig.ask('/v1/entities/actor/nobody-knows'), 'entity.unknown', 404)
    isProblem(await rig.ask('/v1/entities/planet/x'), 'http.bad_request', 400)
    const ids = [
      's3://lake/x',
      '100%',
      'a%2Fb',
      '"',
      '\\',
      'a" or *',
      '\u0000\u001b[2J',
      '*',
      'actor.id:*',
      'ü😀',
      '(',
      "'; --",
    ]
    for (const id of ids) {
      const answer = await rig.ask(`/v1/entities/actor/${encodeURIComponent(id)}`)
      isProblem(answer, 'entity.unknown', 404)
      const asked = await rig.ask(`/v1/investigations?entity=${encodeURIComponent(`actor:${id}`)}`)
      isProblem(asked, 'entity.unknown', 404)
    }
    const long = await rig.ask(`/v1/investigations?entity=actor:${'x'.repeat(10_000)}`)
    isProblem(long, 'entity.unknown', 404)
  })
})

describe('an investigation', () => {
  it('shows the chain, the burst, the same key elsewhere, and says what it reads like', async () => {
    const at = NOW - 40 * 60_000
    const who = {
      actor: { type: 'agent', id: 'agent-7', credential: 'key-agent' },
      onBehalfOf: [{ type: 'human', id: 'zoe@corp.example' }],
      agent: { id: 'agent-7' },
      tool: { name: 'sql' },
      resource: [{ type: 'dataset', id: 'customers' }],
      model: undefined,
    }
    const past = Array.from({ length: 40 }, (_, i) =>
      event(9_000_000 + i, { ...who, time: at - (i + 1) * 6 * HOUR, source: { ip: '10.9.9.9' } }),
    )
    const now = Array.from({ length: 20 }, (_, i) =>
      event(9_100_000 + i, {
        ...who,
        kind: 'data.read',
        outcome: 'success',
        operation: 'read',
        rows: 100,
        time: at + i * 1000,
        source: { ip: '203.0.113.9', geo: { country: 'BR' } },
      }),
    )
    const body = ndjson([...past, ...now])
    const sent = await rig.ask('/v1/events', { method: 'POST', body, type: 'application/x-ndjson' })
    assert.equal(sent.json.stored, 60)
    const eventIds = now.slice(0, 10).map(one => String(one.id))
    const startMs = at - HOUR
    const timeMs = at + 10_000
    const id = await raise(actor('agent-7'), { startMs, timeMs, eventIds, eventCount: 10 })
    const { status, json } = await rig.ask(`/v1/investigations?alert=${id.slice(0, 12)}`)
    assert.equal(status, 200, JSON.stringify(json))
    assert.deepEqual([json.actor, json.fromMs, json.toMs], ['agent-7', at, at + 19_000])
    const [path] = json.chain
    assert.deepEqual(
      [path.human, path.actor, path.credential, path.agent, path.tool, path.target, path.found],
      ['zoe@corp.example', 'agent-7', 'key-agent', 'agent-7', 'sql', 'customers', 10],
    )
    assert.equal(path.rows, 2000)
    assert.deepEqual(
      json.during.map((run: { count: number; found: number }) => [run.count, run.found]),
      [[20, 10]],
    )
    const key = json.elsewhere.find((one: { kind: string }) => one.kind === 'credential')
    assert.deepEqual(
      key.uses.map((use: { address: string; isNew: boolean }) => [use.address, use.isNew]),
      [
        ['10.9.9.9', false],
        ['203.0.113.9', true],
      ],
    )
    assert.equal(json.reading, 'compromised account')
    for (const { points, reasons } of json.readings) {
      const sum = reasons.reduce((all: number, one: { points: number }) => all + one.points, 0)
      assert.equal(sum, points)
    }
    assert.equal(json.complete, true)
  })

  it('asks for one thing', async () => {
    isProblem(await rig.ask('/v1/investigations'), 'http.bad_request', 400)
    isProblem(await rig.ask('/v1/investigations?alert=aaaa&entity=x'), 'http.bad_request', 400)
    isProblem(await rig.ask('/v1/investigations?alert=ffffffffff'), 'alert.unknown', 404)
  })
})

describe('declared jobs', () => {
  it('are declared, listed, seen by an investigation, and taken back', async () => {
    const minute = (ms: number) => new Date(ms).toISOString().slice(11, 16)
    const at = NOW - 20 * 60_000
    const schedule = `daily ${minute(at - 600_000)}-${minute(at + 1_200_000)} UTC`
    const plan = { actor: 'svc-job', resource: 'orders', schedule, maxRows: 500 }
    const made = await post('/v1/jobs', plan)
    assert.equal(made.status, 201, made.text)
    const events = Array.from({ length: 10 }, (_, i) =>
      event(9_200_000 + i, {
        kind: 'data.read',
        time: at + i * 1000,
        rows: 100,
        actor: { type: 'service', id: 'svc-job' },
        resource: [{ id: 'orders' }],
      }),
    )
    const body = ndjson(events)
    await rig.ask('/v1/events', { method: 'POST', body, type: 'application/x-ndjson' })
    await rig.tocsin.query.settled()
    const { json } = await rig.ask('/v1/investigations?entity=svc-job')
    assert.equal(json.jobs.length, 1, JSON.stringify(json))
    const [{ job, ...fit }] = json.jobs
    assert.equal(job.id, made.json.id)
    assert.deepEqual(fit, {
      isTime: true,
      isResource: true,
      rows: { seen: 1000, most: 500 },
      isOver: true,
    })
    assert.deepEqual((await rig.ask('/v1/jobs')).json, [made.json])
    const path = `/v1/jobs/${made.json.id}`
    assert.equal((await rig.ask(path, { method: 'DELETE' })).status, 204)
    assert.deepEqual((await rig.ask('/v1/jobs')).json, [])
    isProblem(await rig.ask(path, { method: 'DELETE' }), 'jobs.unknown', 404)
    const changes = await eventsOf('kind:tocsin.rule')
    assert.deepEqual(
      changes.map(one => one.operation),
      ['job.remove', 'job.declare'],
    )
  })

  it('are refused when the schedule cannot be read', async () => {
    for (const schedule of [
      '',
      'sometimes',
      'Sat',
      'Sat 25:00-26:00',
      'Sat 02:00-02:00',
      'x'.repeat(90),
    ])
      isProblem(await post('/v1/jobs', { actor: 'a', schedule }), 'jobs.malformed', 400)
    isProblem(await post('/v1/jobs', { schedule: 'daily 1:00-2:00' }), 'http.bad_request', 400)
  })
})
