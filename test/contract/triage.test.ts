// Triage over HTTP: the inbox by question, assigning, many at once with an undo, and suppressions;
// each an event in the log, all of it there again after a restart.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { EntityRef } from '@tocsin/detect/finding'
import { assignAlert, listAlerts, showAlert } from '../../packages/server/src/cli/alerts.ts'
import type { Io } from '../../packages/server/src/cli/io.ts'
import {
  liftSuppression,
  listSuppressions,
  suppress,
} from '../../packages/server/src/cli/suppressions.ts'
import { findingOf, foundEvents } from '../../packages/server/src/watch/test-alerts.ts'
import { type Answer, openRig, type Request, type Rig } from './rig.ts'

const DAY = 86_400_000
let rig: Rig
let anna = ''
let count = 0

before(async () => {
  rig = await openRig(undefined, { rules: [] })
  anna = await rig.key('read', 'triage')
})
after(() => rig.close())

/** Alerts of a rule of their own, so that tests do not see one another's. */
async function raise(rule: string, ...names: readonly string[]): Promise<void> {
  const events = foundEvents(
    names.map(name => {
      count += 1
      const entity: EntityRef = { type: 'actor', id: name }
      return findingOf(count, entity, { rule, timeMs: Date.now() - 60_000 + count })
    }),
  )
  await rig.tocsin.recordAll(events)
  rig.tocsin.alerts.takeAll(events)
}

const ask = (path: string, method: NonNullable<Request['method']>, body?: object, key = anna) =>
  rig.ask(path, {
    method,
    key,
    ...(body === undefined ? {} : { body: JSON.stringify(body), type: 'application/json' }),
  })
const post = (path: string, body: object, key = anna) => ask(path, 'POST', body, key)
const list = async (q: string) =>
  (await rig.ask(`/v1/alerts?limit=500&q=${encodeURIComponent(q)}`)).json
const inbox = async (rule: string) => (await list(`rule:${rule}`)).alerts
const idOf = async (name: string) => (await list(`entity.id:${name} suppressed:*`)).alerts[0].id

function isProblem({ status, json }: Answer, code: string, expected: number, field?: string): void {
  assert.deepEqual([status, json?.code], [expected, code], JSON.stringify(json))
  if (field) assert.equal(json.errors?.[0]?.pointer, field)
}

async function eventsOf(operation: string) {
  await rig.tocsin.query.settled()
  const q = encodeURIComponent(`kind:tocsin.disposition operation:${operation}`)
  return (await rig.ask(`/v1/events?limit=500&q=${q}`)).json.events
}

describe('the inbox', () => {
  it('is asked in the query language, and says how many fit', async () => {
    await raise('inbox', 'svc-in-a', 'svc-in-b', 'svc-in-c')
    const page = await list('rule:inbox entity:svc-in-*')
    assert.deepEqual([page.total, page.alerts.length, page.suppressed], [3, 3, 0])
    const [alert] = page.alerts
    assert.deepEqual(
      [alert.level, alert.rules, alert.assignee, alert.suppressed, alert.eventCount],
      ['high', ['inbox'], null, null, 1],
    )
    assert.deepEqual(alert.actor, {
      ...{ id: 'svc-in-c', type: 'service', verified: 'key' },
      ...{ session: null, credential: null, claimed: null },
    })
    for (const [q, code] of [
      ['levle:high', 'query.unknown_field'],
      ['level:higher', 'query.bad_value'],
      ['(', 'query.syntax'],
    ] as const)
      isProblem(await rig.ask(`/v1/alerts?q=${encodeURIComponent(q)}`), code, 400)
  })
})

describe('assigning', () => {
  it('is an event of whoever did it, refused where it says nothing new', async () => {
    await raise('assigned', 'svc-as')
    const id = await idOf('svc-as')
    const { status, json } = await post(`/v1/alerts/${id}/assign`, { to: 'ben', note: 'yours' })
    assert.deepEqual([status, json.assignee, json.state], [200, 'ben', 'open'])
    assert.deepEqual(
      json.history.map((one: Record<string, unknown>) => [one.action, one.assignee, one.note]),
      [['assigned', 'ben', 'yours']],
    )
    isProblem(await post(`/v1/alerts/${id}/assign`, { to: 'ben' }), 'alert.state', 409)
    assert.equal((await post(`/v1/alerts/${id}/assign`, { to: null })).json.assignee, null)
    for (const body of [{}, { to: '' }, { to: 5 }, { to: 'x'.repeat(257) }])
      isProblem(await post(`/v1/alerts/${id}/assign`, body), 'http.bad_request', 400)
    const read = await rig.key('read')
    isProblem(await post(`/v1/alerts/${id}/assign`, { to: 'x' }, read), 'auth.scope', 403)
    const [event] = (await eventsOf('alert.assign')).toReversed()
    assert.equal(event.ext.tocsin.disposition.assignee, 'ben')
    assert.match(event.actor.id, /^key:/)
  })

  it('keeps any name as it is, and what the log refuses is not shown', async () => {
    await raise('hostile', 'svc-hostile')
    const id = await idOf('svc-hostile')
    for (const name of [`'; DROP TABLE alert; --`, '\u202e<b>', '"\\', '名前🔥']) {
      assert.equal((await post(`/v1/alerts/${id}/assign`, { to: name })).json.assignee, name)
      assert.equal((await list(`rule:hostile assignee:*`)).alerts[0].assignee, name)
    }
    const { status, json } = await post(`/v1/alerts/${id}/assign`, { to: 'a\ud800' })
    assert.ok(status === 400 || json.assignee === (await rig.ask(`/v1/alerts/${id}`)).json.assignee)
  })
})

describe('many at once', () => {
  const bulk = (body: object, key = anna) => post('/v1/alerts/bulk', body, key)

  it('is done by question and exact count, and undone by its batch', async () => {
    await raise('bulk', 'svc-1', 'svc-2', 'svc-3')
    const q = 'rule:bulk'
    const wrong = await bulk({ q, expect: 2, action: 'ack' })
    isProblem(wrong, 'alert.count_changed', 409, 'expect')
    assert.match(wrong.json.detail, /finds 3 alerts now, not 2/)
    const { status, json } = await bulk({
      q,
      expect: 3,
      action: 'resolve',
      as: 'benign',
      cause: 'batch_job',
    })
    assert.deepEqual([status, json.done, json.failed], [200, 3, []])
    assert.ok(json.undoUntilMs > Date.now() + 9 * 60_000)
    assert.deepEqual(
      (await inbox('bulk')).map((one: Record<string, unknown>) => [one.state, one.disposition]),
      Array(3).fill(['resolved', 'benign']),
    )
    const events = (await eventsOf('alert.resolve')).filter(
      (one: { ext: { tocsin: { disposition: { batch: string } } } }) =>
        one.ext.tocsin.disposition.batch === json.batch,
    )
    assert.equal(events.length, 3)
    rig = await rig.restart()
    const undone = await post(`/v1/alerts/bulk/${json.batch}/undo`, {})
    assert.deepEqual([undone.status, undone.json], [200, { done: 3, failed: [] }])
    assert.ok((await inbox('bulk')).every((one: { state: string }) => one.state === 'open'))
    assert.equal((await eventsOf('alert.undo')).length, 3)
    const again = await post(`/v1/alerts/bulk/${json.batch}/undo`, {})
    assert.deepEqual([again.json.done, again.json.failed.length], [0, 3])
    isProblem(await post('/v1/alerts/bulk/b_none/undo', {}), 'alert.batch_unknown', 404)
  })

  it('assigns, acknowledges and reopens, within a range of time', async () => {
    await raise('several', 'svc-s1', 'svc-s2')
    const q = 'rule:several'
    assert.equal((await bulk({ q, expect: 2, action: 'assign', assignee: 'ben' })).json.done, 2)
    assert.equal((await bulk({ q, expect: 2, action: 'ack', note: 'x' })).json.done, 2)
    const reopened = await bulk({ q, from: 'now-1h', to: 'now', expect: 2, action: 'reopen' })
    assert.equal(reopened.json.done, 2)
    isProblem(await bulk({ q, to: 'now-1h', expect: 2, action: 'ack' }), 'alert.count_changed', 409)
    assert.deepEqual(
      (await inbox('several')).map((one: Record<string, unknown>) => [one.state, one.assignee]),
      Array(2).fill(['open', 'ben']),
    )
    const freed = await bulk({ q, expect: 2, action: 'assign', assignee: null })
    assert.equal(freed.json.done, 2)
  })

  it('is refused when it is half said, with the member that is missing', async () => {
    await raise('half', 'svc-half')
    const q = 'rule:half'
    for (const [more, field] of [
      [{ action: 'assign' }, 'assignee'],
      [{ action: 'resolve', as: 'true' }, 'cause'],
      [{ action: 'resolve', cause: 'threat' }, 'as'],
    ] as const)
      isProblem(await bulk({ q, expect: 1, ...more }), 'http.bad_request', 400, field)
    for (const more of [{ action: 'delete' }, { action: 'ack', expect: 0 }, { expect: 1 }])
      isProblem(await bulk({ q, ...more }), 'http.bad_request', 400)
    isProblem(await bulk({ q: 'x:y', expect: 1, action: 'ack' }), 'query.unknown_field', 400)
    const read = await rig.key('read')
    isProblem(await bulk({ q, expect: 1, action: 'ack' }, read), 'auth.scope', 403)
    isProblem(await post('/v1/alerts/bulk/b_x/undo', {}, read), 'auth.scope', 403)
    assert.equal((await inbox('half'))[0].state, 'open')
  })

  it('is decided once when many decide at the same moment', async () => {
    await raise('race', 'svc-r1', 'svc-r2')
    const body = { q: 'rule:race', expect: 2, action: 'resolve', as: 'true', cause: 'misuse' }
    const answers = await Promise.all(Array.from({ length: 6 }, () => bulk(body)))
    assert.equal(
      answers.reduce((sum, { json }) => sum + json.done, 0),
      2,
    )
    for (const { json } of answers) assert.equal(json.done + json.failed.length, 2)
  })
})

describe('suppressions', () => {
  const until = () => new Date(Date.now() + DAY).toISOString()
  const suppressions = async () => (await rig.ask('/v1/suppressions')).json.suppressions

  it('hold back alerts, are listed with how many, and are lifted', async () => {
    await raise('noisy', 'svc-n1', 'svc-n2')
    const { status, json } = await post('/v1/suppressions', {
      rule: 'noisy',
      until: until(),
      reason: 'moved',
    })
    assert.deepEqual(
      [status, json.state, json.alerts, json.rule, json.entity],
      [201, 'in_force', 2, 'noisy', null],
    )
    assert.deepEqual(await inbox('noisy'), [])
    const hidden = await list('rule:noisy suppressed:true')
    assert.deepEqual([hidden.total, hidden.suppressed], [2, 2])
    assert.deepEqual(hidden.alerts[0].suppressed, {
      ...{ untilMs: json.untilMs, reason: 'moved', by: json.by, suppressionId: json.id },
    })
    const opened = await rig.ask(`/v1/alerts/${hidden.alerts[0].id}`)
    assert.equal(opened.json.suppressed.reason, 'moved', 'it is still there to be opened')
    const page = (await rig.ask('/v1/entities/actor/svc-n1')).json
    assert.equal(page.alerts.length, 1, 'an entity shows all of its alerts')
    await raise('noisy', 'svc-n3')
    assert.equal((await suppressions()).find((one: { id: string }) => one.id === json.id).alerts, 3)
    assert.equal((await ask(`/v1/suppressions/${json.id}`, 'DELETE')).status, 204)
    assert.equal((await inbox('noisy')).length, 3)
    isProblem(await ask(`/v1/suppressions/${json.id}`, 'DELETE'), 'suppression.over', 409)
    const [listed] = await suppressions()
    assert.deepEqual([listed.state, listed.lifted.by, listed.alerts], ['lifted', json.by, 0])
    assert.deepEqual(
      (await eventsOf('suppression.*')).map((one: { operation: string }) => one.operation),
      ['suppression.lift', 'suppression.create'],
    )
  })

  it('take an entity of any name', async () => {
    const names = [`o'neil"; --`, '\u202e<img>', 'é'.repeat(128), 'a:b']
    await raise('names', ...names)
    for (const name of names) {
      const body = { entity: `actor:${name}`, rule: 'names', until: Date.now() + DAY, reason: name }
      const { status, json } = await post('/v1/suppressions', body)
      assert.deepEqual([status, json.alerts, json.entity.id], [201, 1, name])
    }
    assert.deepEqual(await inbox('names'), [])
  })

  it('are refused when they hide everything, forever or without a reason', async () => {
    const rule = 'r'
    const reason = 'x'
    for (const [body, field] of [
      [{ until: until(), reason }, 'rule'],
      [{ rule, until: until(), reason: '  ' }, 'reason'],
      [{ rule, until: 'now', reason }, 'until'],
      [{ rule, until: Date.now() + 91 * DAY, reason }, 'until'],
      [{ rule, until: 'tomorrow', reason }, 'until'],
      [{ entity: 'actor:', until: until(), reason }, 'entity'],
    ] as const)
      isProblem(await post('/v1/suppressions', body), 'http.bad_request', 400, field)
    for (const body of [
      { rule, reason },
      { rule: '', until: until(), reason },
      { rule, until: until() },
    ])
      isProblem(await post('/v1/suppressions', body), 'http.bad_request', 400)
    const read = await rig.key('read')
    isProblem(
      await post('/v1/suppressions', { rule, until: until(), reason }, read),
      'auth.scope',
      403,
    )
    isProblem(await ask('/v1/suppressions/s_x', 'DELETE', undefined, read), 'auth.scope', 403)
    isProblem(await ask('/v1/suppressions/s_x', 'DELETE'), 'suppression.unknown', 404)
    isProblem(await rig.ask('/v1/suppressions', { key: null }), 'auth.missing', 401)
  })
})

describe('the command line', () => {
  const said: string[] = []
  const io = (url: string): Io => ({
    env: { TOCSIN_URL: url, TOCSIN_API_KEY: anna },
    out: text => said.push(text),
    say: text => said.push(`${text}\n`),
    isTerminal: false,
    width: 100,
  })
  const spoken = () => said.splice(0).join('')

  it('asks, assigns, suppresses and lifts, and shows hostile names harmlessly', async () => {
    const name = 'svc-\u001b[31m\u202ecli'
    await raise('cli', name)
    const id = (await inbox('cli'))[0].id
    await rig.app.listen({ host: '127.0.0.1', port: 0 })
    const address = rig.app.server.address()
    const terminal = io(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
    const flags = { limit: '50' }
    await listAlerts('rule:cli state:open', flags, terminal)
    assert.match(spoken(), new RegExp(`${id.slice(0, 8)}[\\s\\S]*\n1 open, 0 acknowledged`))
    await assert.rejects(listAlerts('levle:high', flags, terminal), { code: 'query.unknown_field' })
    await assignAlert(id, { to: 'anna' }, terminal)
    assert.match(spoken(), /has anna now/)
    const reason = 'x\u001b[2J'
    await suppress({ rule: 'cli', for: '7d', reason }, terminal)
    const [, suppression = ''] = /^(s_\w+) holds back 1 alert until /.exec(spoken()) ?? []
    await listAlerts('rule:cli', flags, terminal)
    assert.match(spoken(), /^No alert fits\.\n0 open, 0 acknowledged, 0 resolved\. 1 suppressed\./)
    await showAlert(id, {}, terminal)
    const shown = spoken()
    assert.match(shown, /Assigned to anna\n/)
    assert.match(shown, /Held back by key:\S+ until [\s\S]*: x/)
    assert.match(shown, /assigned to anna/)
    await listSuppressions({}, terminal)
    const listed = spoken()
    assert.match(listed, new RegExp(`${suppression} +in force +[\\s\\S]*1 +cli +anything`))
    for (const text of [shown, listed]) assert.ok(!/[\u001b\u202e]/.test(text))
    await liftSuppression(suppression, {}, terminal)
    await assignAlert(id, { json: true }, terminal)
    assert.match(spoken(), /is lifted[\s\S]*"assignee":null/)
    for (const span of ['7', '7m', '-1d', 'soon'])
      await assert.rejects(suppress({ for: span, reason }, terminal), { code: 'cli.usage' })
    await assert.rejects(suppress({ for: '91d', rule: 'x', reason }, terminal), /at most 90 days/)
  })
})

describe('what was said', () => {
  it('is there after a restart, also when its file is gone', async () => {
    const all = async () => {
      const alerts = await list('suppressed:*')
      const { suppressions } = (await rig.ask('/v1/suppressions')).json
      return { alerts: alerts.alerts, suppressions }
    }
    const stood = await all()
    assert.ok(stood.alerts.length > 10 && stood.suppressions.length > 4)
    const { directory } = rig
    rig = await rig.restart()
    assert.deepEqual(await all(), stood)
    await rig.app.close()
    await rig.alarm.close()
    const { state } = rig.tocsin.log.paths
    await rig.tocsin.close()
    for (const end of ['', '-wal', '-shm'])
      rmSync(join(state, `alerts.sqlite${end}`), { force: true })
    rig = await openRig(directory, { rules: [] })
    assert.deepEqual(await all(), stood)
  })
})
