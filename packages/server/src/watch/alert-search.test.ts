// Asking for alerts: every field of the catalogue, hostile names, suppressions that come and go,
// and counts that are exact whatever is asked.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { CAUSES, DISPOSITIONS } from '@tocsin/detect/alert'
import { ENTITY_TYPES, type EntityRef, type Finding, LEVEL_SCORES } from '@tocsin/detect/finding'
import { ALERT_FIELDS } from '@tocsin/sdk/alert-fields'
import type { WireEvent } from '@tocsin/sdk/event'
import { completions, lintQuery } from '@tocsin/sdk/query'
import type { AlertSummary } from './alert-head.ts'
import { factsOf } from './alert-search.ts'
import { type AlertStore, openAlertStore } from './alert-store.ts'
import {
  ALERT_STATES,
  type Disposition,
  dispositionEvent,
  NOTHING_PREVENTED,
} from './dispositions.ts'
import {
  checkSuppression,
  liftEvent,
  type SuppressionPlan,
  suppressionEvent,
} from './suppressions.ts'
import { FOUND_MS, findingOf, foundEvents, hexId } from './test-alerts.ts'

const ANNA = { principal: 'anna@corp.example', keyId: 'k_1' }
const HOUR = 3_600_000
const DAY = 24 * HOUR
const MINUTE = 60_000
const actor = (id: string): EntityRef => ({ type: 'actor', id })

let directory = ''
let store: AlertStore
let log: WireEvent[] = []
let nowMs = FOUND_MS

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-search-'))
  nowMs = FOUND_MS + DAY
  store = openAlertStore(directory, { nowMs: () => nowMs })
  log = []
})
afterEach(() => {
  store.close()
  rmSync(directory, { recursive: true, force: true })
})

function take(...events: readonly WireEvent[]): void {
  log.push(...events)
  store.takeAll(events)
}

const find = (...findings: readonly Finding[]) => take(...foundEvents(findings))
const names = (text: string) =>
  store.list({ text, limit: 100 }).alerts.map(({ entity }) => entity.id)

function say(name: string, action: Disposition['action'], more: Partial<Disposition> = {}): void {
  const alert = store.list({ text: 'suppressed:*', entity: actor(name), limit: 1 }).alerts[0]
  assert.ok(alert)
  const revision = store.historyOf(alert.id).length + 1
  const said = { cause: null, prevented: NOTHING_PREVENTED, note: null, ...more }
  const change = { alertId: alert.id, entity: alert.entity, revision, action, ...said }
  take(dispositionEvent(change, ANNA, nowMs))
}

let count = 0
function suppress(plan: Partial<SuppressionPlan>): string {
  count += 1
  const id = `s_${count}`
  const whole = { rule: null, entity: null, untilMs: nowMs + DAY, reason: 'known', ...plan }
  take(suppressionEvent({ id, ...whole }, ANNA, nowMs))
  return id
}

describe('the catalogue of fields of alerts', () => {
  const valuesOf = (path: string) => ALERT_FIELDS.find(field => field.path === path)?.values

  it('knows the values that there are', () => {
    assert.deepEqual(valuesOf('state'), [...ALERT_STATES])
    assert.deepEqual(valuesOf('level'), Object.keys(LEVEL_SCORES))
    assert.deepEqual(valuesOf('entity.type'), Object.values(ENTITY_TYPES))
    assert.deepEqual(valuesOf('cause'), [...CAUSES])
    assert.deepEqual(
      valuesOf('disposition'),
      DISPOSITIONS.filter(kind => kind !== 'reopened'),
    )
  })

  it('names what an alert has, and nothing else', () => {
    find(findingOf(1, actor('svc-a')))
    const facts = factsOf(store.list({ limit: 1 }).alerts[0] ?? assert.fail())
    const paths = Object.keys(facts).flatMap(key =>
      key === 'entity' ? ['entity.id', 'entity.type'] : [key],
    )
    assert.deepEqual(paths.sort(), ALERT_FIELDS.map(({ path }) => path).sort())
  })

  it('is completed and checked as events are', () => {
    const { items } = completions('disposition:', 12, ALERT_FIELDS)
    assert.deepEqual(
      items.map(({ label }) => label),
      ['true', 'benign', 'false', '*'],
    )
    const [problem] = lintQuery('levle:high', ALERT_FIELDS, nowMs).problems
    assert.match(problem?.message ?? '', /did you mean level\?/)
  })
})

describe('a question over alerts', () => {
  beforeEach(() => {
    find(
      findingOf(1, actor('svc-low'), { level: 'low', tags: ['atlas.aml-t0025'] }),
      findingOf(2, actor('svc-mix'), { rule: 'read_spike', level: 'medium' }),
      findingOf(3, actor('svc-mix'), { rule: 'off_hours', level: 'critical', score: 95 }),
      findingOf(4, { type: 'source', id: '198.51.100.7' }),
    )
    say('svc-low', 'false', { cause: 'other' })
    say('svc-mix', 'assigned', { assignee: 'Anna' })
  })

  it('finds by every field', () => {
    const first = FOUND_MS + MINUTE
    for (const [text, expected] of [
      ['', ['198.51.100.7', 'svc-mix', 'svc-low']],
      ['*', ['198.51.100.7', 'svc-mix', 'svc-low']],
      ['level:critical', ['svc-mix']],
      ['level:medium', []],
      ['rule:READ_spike', ['svc-mix']],
      ['rule:(read_spike or rule-1)', ['svc-mix', 'svc-low']],
      ['not rule:off_hours', ['198.51.100.7', 'svc-low']],
      ['state:resolved', ['svc-low']],
      ['disposition:false cause:other', ['svc-low']],
      ['disposition:*', ['svc-low']],
      ['-disposition:*', ['198.51.100.7', 'svc-mix']],
      ['entity:svc-*', ['svc-mix', 'svc-low']],
      ['entity.type:source', ['198.51.100.7']],
      ['assignee:anna', ['svc-mix']],
      ['assignee:*', ['svc-mix']],
      ['findings>1', ['svc-mix']],
      ['score>30', ['svc-mix']],
      ['tag:atlas.*', ['svc-low']],
      ['title:"Title 3"', ['svc-mix']],
      ['"did 4"', ['198.51.100.7']],
      [`opened<=${first}`, ['svc-low']],
      ['opened>now-1h', []],
      ['opened>now-2d suppressed:false', ['198.51.100.7', 'svc-mix', 'svc-low']],
      ['suppressed:true', []],
      [`id:${store.list({ limit: 1 }).alerts[0]?.id}`, ['198.51.100.7']],
    ] as const) {
      assert.deepEqual(names(text), expected, text)
      assert.equal(store.list({ text, limit: 1 }).total, expected.length, text)
    }
  })

  it('says what is wrong with it, and never fails otherwise', () => {
    for (const [text, code] of [
      ['level:hihg', 'query.bad_value'],
      ['actor.id:x', 'query.unknown_field'],
      ['(state:open', 'query.syntax'],
      ['findings:many', 'query.bad_value'],
      ['x '.repeat(3000), 'query.too_complex'],
      [`"${'x'.repeat(9000)}"`, 'query.too_complex'],
    ] as const)
      assert.throws(() => store.list({ text, limit: 1 }), { code }, text.slice(0, 30))
  })

  it('counts all that fit on every page, by state, and pages the same list', () => {
    const pages = [store.list({ text: 'score>0', limit: 1 })]
    for (let next = pages[0]?.next; next; next = pages.at(-1)?.next)
      pages.push(store.list({ text: 'score>0', limit: 1, cursor: next }))
    assert.deepEqual(
      pages.flatMap(({ alerts }) => alerts.map(({ entity }) => entity.id)),
      ['198.51.100.7', 'svc-mix', 'svc-low'],
    )
    for (const { total, counts } of pages)
      assert.deepEqual([total, counts], [3, { open: 2, acknowledged: 0, resolved: 1 }])
    const resolved = store.list({ state: 'resolved', limit: 9 })
    assert.deepEqual([resolved.total, resolved.counts.open], [1, 2])
  })
})

describe('what an alert says in one line', () => {
  it('is of all its findings: worst level, rules, the heaviest, events each once', () => {
    const claimed = { id: 'svc-a', type: 'service', verified: 'key', claimed: 'root\u202e' }
    const who = { ...claimed, session: 's1', credential: null }
    const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `e${i}`)
    find(
      findingOf(1, actor('svc-a'), { level: 'critical', rule: 'b', eventIds: ids(0, 3) }),
      findingOf(2, actor('svc-a'), { score: 90, rule: 'a', actor: who, eventIds: ids(0, 5) }),
      findingOf(3, actor('svc-a'), { rule: 'b', eventIds: ids(0, 2), eventCount: 2 }),
    )
    const [alert] = store.list({ limit: 1 }).alerts
    assert.deepEqual(
      [alert?.level, alert?.rules, alert?.sentence, alert?.findings, alert?.eventCount],
      ['critical', ['a', 'b'], 'svc-a did 2', 3, 5],
    )
    assert.deepEqual(alert?.actor, who)
    // The same alert: its first finding names it.
    find(
      findingOf(1, actor('svc-a'), { level: 'critical', rule: 'b', eventIds: ids(0, 3) }),
      findingOf(4, actor('svc-a'), { eventCount: 48_000, eventIds: ids(0, 50) }),
    )
    assert.equal(store.list({ limit: 1 }).alerts[0]?.eventCount, 48_000)
    assert.deepEqual(store.get(alert?.id ?? '')?.rules, ['a', 'b', 'rule-4'])
  })
})

describe('hostile names', () => {
  const NAMES = [
    `"; DROP TABLE alert; --`,
    `a' OR '1'='1`,
    '\u202egnp.exe\u2066',
    '<script>alert(1)</script>',
    '\u0000\u001b[2J',
    'x'.repeat(256),
    'a:b:c',
    '*',
    'not (open',
    '\\"\\',
    '名前🔥',
  ]

  it('are found by themselves and suppress nothing but themselves', () => {
    find(...NAMES.map((name, i) => findingOf(i, actor(name), { rule: 'same' })))
    for (const name of NAMES) {
      const quoted = `entity.id:"${name.replaceAll(/["\\]/g, '\\$&')}"`
      assert.deepEqual(names(quoted), [name], quoted)
      const id = suppress({ entity: actor(name), reason: name })
      assert.deepEqual(names(quoted), [])
      assert.equal(names('').length, NAMES.length - 1)
      const { suppressed } = store.list({ text: 'suppressed:true', limit: 1 }).alerts[0] ?? {}
      assert.equal(suppressed?.reason, name)
      take(liftEvent(id, ANNA, nowMs))
    }
    assert.equal(names('').length, NAMES.length)
  })
})

describe('a suppression', () => {
  const total = (text: string) => store.list({ text, limit: 1 }).total

  beforeEach(() => {
    find(
      findingOf(1, actor('svc-a'), { rule: 'spike' }),
      findingOf(2, actor('svc-b'), { rule: 'spike' }),
      findingOf(3, actor('svc-b'), { rule: 'hours' }),
      findingOf(4, { type: 'session', id: 'svc-a' }, { rule: 'hours' }),
    )
  })

  it('hides an alert when it covers every rule of it, and only then', () => {
    for (const [plan, shown] of [
      [{ rule: 'spike' }, ['svc-a', 'svc-b']],
      [{ entity: actor('svc-b') }, ['svc-a', 'svc-a']],
      [{ rule: 'hours', entity: actor('svc-b') }, ['svc-a', 'svc-b', 'svc-a']],
      [{ rule: 'none' }, ['svc-a', 'svc-b', 'svc-a']],
    ] as const) {
      const id = suppress(plan)
      assert.deepEqual(names(''), shown, JSON.stringify(plan))
      assert.equal(total('suppressed:*'), 3, 'nothing is lost')
      assert.equal(store.list({ limit: 1 }).suppressed, 3 - shown.length)
      assert.equal(store.heldBack().get(id) ?? 0, 3 - shown.length)
      take(liftEvent(id, ANNA, nowMs))
      assert.equal(total(''), 3)
    }
    suppress({ rule: 'hours', untilMs: nowMs + 3 * HOUR, reason: 'later' })
    suppress({ rule: 'spike', untilMs: nowMs + 2 * HOUR, reason: 'sooner' })
    suppress({ rule: 'spike', untilMs: nowMs + HOUR, reason: 'soonest' })
    const [both] = store.list({ text: 'suppressed:true entity:svc-b', limit: 1 }).alerts
    assert.deepEqual(
      [both?.suppressed?.untilMs, both?.suppressed?.reason, both?.suppressed?.by],
      [nowMs + 2 * HOUR, 'sooner', ANNA.principal],
    )
  })

  it('ends by itself: what it hid is there again, and what came meanwhile, too', () => {
    suppress({ rule: 'spike', untilMs: nowMs + HOUR })
    find(findingOf(9, actor('svc-c'), { rule: 'spike' }))
    assert.deepEqual(names(''), ['svc-a', 'svc-b'])
    nowMs += HOUR - 1
    assert.equal(total(''), 2)
    nowMs += 1
    assert.deepEqual(names(''), ['svc-c', 'svc-a', 'svc-b', 'svc-a'])
    assert.deepEqual(
      store.suppressions(nowMs, 10).map(({ state }) => state),
      ['ended'],
    )
  })

  it('shows an alert as soon as something else is found of it', () => {
    suppress({ rule: 'spike', entity: actor('svc-a') })
    assert.equal(total('entity:svc-a entity.type:actor'), 0)
    find(
      findingOf(1, actor('svc-a'), { rule: 'spike' }),
      findingOf(8, actor('svc-a'), { rule: 'other' }),
    )
    assert.equal(total('entity:svc-a entity.type:actor'), 1)
  })

  it('changes neither score, risk nor state', () => {
    const before = store.list({ text: 'suppressed:*', limit: 9 }).alerts
    const risk = store.riskiest(nowMs, 10)
    suppress({ entity: actor('svc-b') })
    const bare = (alerts: readonly AlertSummary[]) => alerts.map(a => ({ ...a, suppressed: null }))
    assert.deepEqual(bare(store.list({ text: 'suppressed:*', limit: 9 }).alerts), bare(before))
    assert.deepEqual(store.riskiest(nowMs, 10), risk)
  })

  it('comes out of the log in any order, also when the file is lost', () => {
    const lifted = suppress({ rule: 'spike' })
    take(liftEvent(lifted, ANNA, nowMs))
    suppress({ entity: actor('svc-b'), reason: 'x'.repeat(500) })
    say('svc-b', 'assigned', { assignee: 'ben' })
    const all = () => [
      store.list({ limit: 9 }),
      store.list({ text: 'suppressed:*', limit: 9 }),
      store.suppressions(nowMs, 9),
      [...store.heldBack()],
    ]
    const before = all()
    store.takeAll(log)
    assert.deepEqual(all(), before)
    for (const events of [log, log.toReversed()]) {
      store.close()
      for (const end of ['-wal', '-shm'])
        rmSync(join(directory, `alerts.sqlite${end}`), { force: true })
      writeFileSync(join(directory, 'alerts.sqlite'), 'lost')
      store = openAlertStore(directory, { nowMs: () => nowMs })
      for (const event of events) store.take(event)
      assert.deepEqual(all(), before)
    }
  })

  it('is refused when it hides everything, gives no reason, or ends too late or before now', () => {
    const plan = { rule: 'r', entity: null, untilMs: nowMs + DAY, reason: 'x' }
    checkSuppression(plan, nowMs)
    checkSuppression({ ...plan, untilMs: nowMs + 90 * DAY }, nowMs)
    for (const [wrong, field] of [
      [{ rule: null }, 'rule'],
      [{ reason: ' \t' }, 'reason'],
      [{ untilMs: nowMs }, 'until'],
      [{ untilMs: nowMs + 90 * DAY + 1 }, 'until'],
    ] as const)
      assert.throws(() => checkSuppression({ ...plan, ...wrong }, nowMs), {
        code: 'http.bad_request',
        field,
      })
  })

  it('cannot be made by an event from outside, and shapes that are none are passed over', () => {
    const event = suppressionEvent(
      { id: 's_x', rule: 'spike', entity: null, untilMs: nowMs + DAY, reason: 'x' },
      ANNA,
      nowMs,
    )
    store.apply({ ...event, via: 'http' } as unknown as Parameters<AlertStore['apply']>[0])
    for (const suppression of [null, {}, { id: 5 }, { id: 'a', untilMs: 'x' }, 'text', []])
      take({ ...event, ext: { tocsin: { suppression, lifts: suppression } } } as WireEvent)
    assert.deepEqual(store.suppressions(nowMs, 9), [])
    assert.equal(total(''), 3)
  })
})

describe('risk since yesterday', () => {
  it('is what was added in 24 hours', () => {
    nowMs = FOUND_MS + 3 * DAY
    const old = findingOf(1, actor('old'), { timeMs: nowMs - 2 * DAY })
    const fresh = findingOf(2, actor('fresh'), { timeMs: nowMs - HOUR })
    const both = [old, fresh].map((one, i) => ({
      ...one,
      id: hexId(50 + i),
      entity: actor('both'),
    }))
    find(old, fresh, ...both)
    const deltas = new Map(store.riskiest(nowMs, 9).map(one => [one.entity.id, one]))
    const { delta = 0, risk } = deltas.get('fresh') ?? {}
    assert.equal(delta, risk?.score)
    const before = store.riskOf(actor('old'), nowMs - DAY).score
    assert.ok(
      Math.abs(
        (deltas.get('old')?.delta ?? 0) - (store.riskOf(actor('old'), nowMs).score - before),
      ) < 1e-9,
    )
    assert.ok((deltas.get('old')?.delta ?? 0) < 0, 'it fades')
    assert.ok((deltas.get('both')?.delta ?? 0) > 0)
  })
})
