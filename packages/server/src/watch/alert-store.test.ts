// The store of alerts: what the log says, once, in any repetition; what people say, in turn.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { type Alert, openAlertBook } from '@tocsin/detect/alert'
import type { EntityRef, Finding } from '@tocsin/detect/finding'
import type { SealedEvent, WireEvent } from '@tocsin/sdk/event'
import { sha256 } from '@tocsin/sdk/node'
import { type AlertStore, openAlertStore, parseDisposition } from './alert-store.ts'
import {
  checkAction,
  criticalityEvent,
  type Disposition,
  dispositionEvent,
  NOTHING_PREVENTED,
} from './dispositions.ts'
import { findingEvent } from './found.ts'

const START = Date.UTC(2026, 10, 21, 2)
const HOUR = 3_600_000
const clock = { nowMs: () => START }
const ANNA = { principal: 'anna@corp.example', keyId: 'k_1' }
const FEAST: EntityRef = { type: 'actor', id: 'svc-feast-nightly' }

let directory = ''
let store: AlertStore
/** Everything taken so far, in the order of the log. */
let log: WireEvent[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tocsin-alerts-'))
  store = openAlertStore(directory, clock)
  log = []
})
afterEach(() => {
  store.close()
  rmSync(directory, { recursive: true, force: true })
})

const hex = (n: number) => n.toString(16).padStart(32, '0')

function finding(n: number, more: Partial<Finding> = {}): Finding {
  const timeMs = more.timeMs ?? START + n * 60_000
  const entity = more.entity ?? FEAST
  return {
    id: hex(n),
    rule: `rule-${n}`,
    title: `Title ${n}`,
    detector: 'match',
    level: 'medium',
    tags: [],
    entity,
    timeMs,
    startMs: timeMs,
    score: 45,
    confidence: 1,
    p: null,
    expected: 4000,
    seen: 48_000,
    sentence: `${entity.id} did ${n}`,
    features: [],
    eventIds: [],
    eventCount: 1,
    learning: null,
    actor: { id: entity.id, type: 'service', verified: 'key', session: null, credential: null },
    ...more,
  }
}

function take(event: WireEvent): void {
  log.push(event)
  store.take(event)
}

const find = (one: Finding, alert: Alert | null) => take(findingEvent({ finding: one, alert }))

/** Findings through the real book: what the server does. */
function findAll(findings: readonly Finding[]): readonly (Alert | null)[] {
  const book = openAlertBook({ sha256, budget: 10 })
  return findings.map(one => {
    const alert = book.take(one)
    find(one, alert)
    return alert
  })
}

/** Findings of level high, each an alert of its own entity. */
function findMany(count: number): void {
  findAll(
    Array.from({ length: count }, (_, i) => {
      const entity = { type: 'actor', id: `svc-${i}` } as const
      return finding(i, { score: 70, entity })
    }),
  )
}

function say(
  alertId: string,
  action: Disposition['action'],
  more: Partial<Disposition> = {},
): void {
  const entity = store.get(alertId)?.entity ?? FEAST
  const revision = (store.get(alertId)?.history.length ?? 0) + 1
  const cause = null
  const prevented = NOTHING_PREVENTED
  const said = { alertId, entity, revision, action, cause, prevented, note: null, ...more }
  take(dispositionEvent(said, ANNA, START + revision * HOUR))
}

const onlyAlert = () => {
  const [alert, ...others] = store.list({ limit: 10 }).alerts
  assert.equal(others.length, 0)
  assert.ok(alert)
  return alert
}

const everything = (from: AlertStore) => ({
  list: from.list({ limit: 1000 }),
  details: from.list({ limit: 1000 }).alerts.map(({ id }) => from.get(id)),
  riskiest: from.riskiest(START + 24 * HOUR, 1000),
})

const sealed = (event: WireEvent, via = 'tocsin'): SealedEvent =>
  ({ ...event, via }) as unknown as SealedEvent

/** The longest id of an entity that the core makes. */
const KEY_CHARS_MAX = 256

describe('alerts out of findings', () => {
  it('are not there before the findings of an entity make one', () => {
    assert.deepEqual(findAll([finding(1)]), [null])
    assert.deepEqual(store.list({ limit: 10 }).alerts, [])
    assert.ok(store.has(hex(1)))
    assert.ok(!store.has(hex(2)))
  })

  it('hold all findings, also those from before, and their parts add up to the score', () => {
    const alerts = findAll([finding(1), finding(2), finding(3, { score: 95 })])
    const { id, score, findings, sentence } = onlyAlert()
    assert.equal(alerts[0], null)
    assert.equal(findings, 3)
    assert.equal(sentence, 'svc-feast-nightly did 3', 'the heaviest finding speaks')
    const detail = store.get(id)
    assert.deepEqual(
      detail?.findings.map(f => f.id),
      [hex(1), hex(2), hex(3)],
    )
    const points = detail?.risk.parts.reduce((sum, part) => sum + part.points, 0) ?? 0
    assert.ok(Math.abs(points - score) < 1e-9, `${points} and ${score}`)
    assert.equal(alerts[2]?.score, score)
  })

  it('count the same rule once in the score, as the book does', () => {
    const again = Array.from({ length: 5 }, (_, i) => finding(i, { rule: 'same', score: 60 + i }))
    const last = findAll(again).at(-1)
    const detail = store.get(onlyAlert().id)
    assert.equal(detail?.risk.parts.length, 1)
    assert.ok(Math.abs((detail?.risk.score ?? 0) - (last?.score ?? 0)) < 1e-9)
  })

  it('stand as after the newest finding, also when earlier ones come later', () => {
    const [, first, second] = findAll([finding(1), finding(2), finding(3, { score: 95 })])
    assert.ok(first && second)
    const before = onlyAlert()
    find(finding(4, { timeMs: START + 90_000, score: 5 }), { ...first, findingIds: [hex(4)] })
    const { findings, rules, ...rest } = onlyAlert()
    const { findings: _, rules: __, ...restBefore } = before
    assert.deepEqual(rest, restBefore)
    assert.equal(findings, 4)
    assert.deepEqual(rules, ['rule-1', 'rule-2', 'rule-3', 'rule-4'])
    assert.deepEqual(
      store.get(rest.id)?.findings.map(f => f.id),
      [hex(1), hex(4), hex(2), hex(3)],
    )
  })

  it('come newest first, in pages without gap or repeat', () => {
    findMany(25)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = store.list({ limit: 7, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(...page.alerts.map(({ entity }) => entity.id))
      assert.deepEqual(page.counts, { open: 25, acknowledged: 0, resolved: 0 })
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    assert.deepEqual(
      seen,
      Array.from({ length: 25 }, (_, i) => `svc-${24 - i}`),
    )
    for (const bad of ['', 'x', "1.' OR 1=1", `1.${'a'.repeat(100)}`])
      assert.throws(() => store.list({ limit: 1, cursor: bad }), { code: 'http.bad_request' })
  })

  it('are narrowed by state, entity and time', () => {
    findMany(5)
    const ids = (question: object) =>
      store.list({ limit: 10, ...question }).alerts.map(({ entity }) => entity.id)
    assert.deepEqual(ids({ entity: { type: 'actor', id: 'svc-3' } }), ['svc-3'])
    assert.deepEqual(ids({ entity: { type: 'session', id: 'svc-3' } }), [])
    assert.deepEqual(ids({ fromMs: START + 60_000, toMs: START + 3 * 60_000 }), ['svc-2', 'svc-1'])
    assert.deepEqual(ids({ state: 'resolved' }), [])
  })

  it('are found by the beginning of their id when only one begins so', () => {
    findMany(40)
    const { id } = store.list({ limit: 1 }).alerts[0] ?? { id: '' }
    assert.equal(store.resolveId(id), id)
    assert.equal(store.resolveId(id.slice(0, 12).toUpperCase()), id)
    for (const bad of ['', 'abc', 'zzzz', "' OR 1=1", `${id}0`, 'g'.repeat(10_000)])
      assert.throws(() => store.resolveId(bad), { code: 'alert.unknown' })
    const twins = ['abcd1'.padEnd(32, '0'), 'abcd2'.padEnd(32, '0')]
    for (const [i, twin] of twins.entries()) {
      const one = finding(100 + i)
      const alert = { id: twin, startMs: 1, openedMs: 1, lastMs: 1, score: 30, threshold: 20 }
      find(one, { ...alert, entity: FEAST, findingIds: [one.id] })
    }
    assert.throws(() => store.resolveId('abcd'), { code: 'alert.ambiguous' })
    assert.equal(store.resolveId('abcd1'), twins[0])
  })

  it('keep an id of control characters, as long as a key can be, as it is', () => {
    const id = `\u0000\u001b[2J'; DROP TABLE alert; --${'x'.repeat(KEY_CHARS_MAX)}`.slice(
      0,
      KEY_CHARS_MAX,
    )
    const entity = { type: 'actor', id } as const
    findAll([finding(1, { score: 70, entity })])
    assert.deepEqual(onlyAlert().entity, entity)
    assert.equal(store.findings({ entity, limit: 5 }).length, 1)
    assert.equal(store.riskiest(START, 5)[0]?.entity.id, id)
  })
})

describe('the same again', () => {
  it('changes nothing, whatever comes again in whatever order', () => {
    findAll([finding(1), finding(2), finding(3, { score: 95 })])
    const { id } = onlyAlert()
    say(id, 'acknowledged')
    say(id, 'benign', { cause: 'batch_job' })
    const before = everything(store)
    for (const event of [...log, ...log.toReversed()]) store.take(event)
    assert.deepEqual(everything(store), before)
  })

  it('comes out of the log alone when the file is lost, damaged or of another version', () => {
    findAll([finding(1), finding(2), finding(3, { score: 95 })])
    say(onlyAlert().id, 'true', { cause: 'threat', prevented: { rows: 9, costMicros: null } })
    take(criticalityEvent({ entity: FEAST, level: 'extreme' }, ANNA, START))
    const before = everything(store)
    const path = join(directory, 'alerts.sqlite')
    for (const damage of ['', 'no database', 'SQLite format 3\u0000'.padEnd(9000, 'x')]) {
      store.close()
      for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
      writeFileSync(path, damage)
      store = openAlertStore(directory, clock)
      assert.equal(store.list({ limit: 9 }).alerts.length, 0)
      for (const event of log) store.take(event)
      assert.deepEqual(everything(store), before)
    }
  })

  it('is all there after a restart', () => {
    findMany(3)
    const before = everything(store)
    store.close()
    store = openAlertStore(directory, clock)
    assert.deepEqual(everything(store), before)
  })

  it('keeps what was said of an alert whose findings come later', () => {
    findAll([finding(1, { score: 70 })])
    say(onlyAlert().id, 'acknowledged')
    const before = everything(store)
    const other = mkdtempSync(join(tmpdir(), 'tocsin-alerts-'))
    const reversed = openAlertStore(other, clock)
    for (const event of log.toReversed()) reversed.take(event)
    assert.deepEqual(everything(reversed), before)
    reversed.close()
    rmSync(other, { recursive: true })
  })
})

describe('events of others', () => {
  it('make no finding, no alert and no disposition', () => {
    findAll([finding(1, { score: 70 })])
    const before = everything(store)
    const { id, entity } = onlyAlert()
    const forged = { alertId: id, entity, revision: 1, action: 'false', cause: null } as const
    const said = { ...forged, prevented: NOTHING_PREVENTED, note: null }
    const bad = finding(9, { score: 100 })
    const events = [
      dispositionEvent(said, ANNA, START),
      findingEvent({ finding: bad, alert: null }),
      criticalityEvent({ entity, level: 'low' }, ANNA, START),
    ]
    for (const event of events) {
      store.apply(sealed(event, 'http'))
      assert.equal(parseDisposition(sealed(event, 'http')), null)
    }
    assert.deepEqual(everything(store), before)
    for (const event of events) store.apply(sealed(event))
    assert.notDeepEqual(everything(store), before)
  })

  it('of any shape are passed over', () => {
    const shapes = [
      undefined,
      {},
      { tocsin: null },
      { tocsin: { disposition: { action: 'true' } } },
    ]
    for (const kind of ['tocsin.disposition', 'tocsin.finding', 'ai.invoke']) {
      for (const ext of shapes) {
        const event = { ...dispositionEvent(SAID, ANNA, START), kind, ext } as unknown as WireEvent
        store.take(event)
      }
    }
    assert.deepEqual(store.list({ limit: 5 }).alerts, [])
  })
})

const SAID: Disposition = {
  alertId: hex(5),
  entity: FEAST,
  revision: 1,
  action: 'benign',
  cause: 'data_fault',
  prevented: { rows: 12, costMicros: 5 },
  note: 'x',
}

describe('what people say', () => {
  it('goes into the log and comes out the same, with who and when', () => {
    const event = dispositionEvent(SAID, ANNA, START)
    const back = parseDisposition(sealed(event))
    assert.deepEqual(back, {
      ...SAID,
      assignee: null,
      undoes: null,
      batch: null,
      by: 'anna@corp.example',
      timeMs: START,
      eventId: event.id,
      isFinal: true,
      isNormal: false,
    })
    const normal = dispositionEvent({ ...SAID, cause: 'batch_job' }, ANNA, START)
    assert.equal(parseDisposition(sealed(normal))?.isNormal, true)
    const again = dispositionEvent({ ...SAID, note: 'other' }, ANNA, START + 1)
    assert.equal(again.id, event.id, 'two of one number are one event to the log')
    const next = dispositionEvent({ ...SAID, revision: 2 }, ANNA, START)
    assert.notEqual(next.id, event.id)
  })

  it('moves an alert from open to acknowledged to resolved and back', () => {
    findAll([finding(1, { score: 70 })])
    const { id } = onlyAlert()
    const standing = () => {
      const { state, disposition, cause } = onlyAlert()
      return [state, disposition, cause]
    }
    assert.deepEqual(standing(), ['open', null, null])
    say(id, 'acknowledged')
    assert.deepEqual(standing(), ['acknowledged', null, null])
    say(id, 'true', { cause: 'threat' })
    assert.deepEqual(standing(), ['resolved', 'true', 'threat'])
    say(id, 'reopened')
    assert.deepEqual(standing(), ['open', null, null])
    assert.deepEqual(
      store.get(id)?.history.map(({ action, by }) => [action, by]),
      [
        ['acknowledged', 'anna@corp.example'],
        ['true', 'anna@corp.example'],
        ['reopened', 'anna@corp.example'],
      ],
    )
    assert.deepEqual(store.list({ limit: 1, state: 'open' }).alerts[0]?.id, id)
  })

  it('is refused where it says nothing new, naming who said it before', () => {
    findAll([finding(1, { score: 70 })])
    const { id } = onlyAlert()
    const history = () => store.get(id)?.history ?? []
    assert.throws(() => checkAction('reopened', history()), { code: 'alert.state' })
    say(id, 'acknowledged')
    assert.throws(
      () => checkAction('acknowledged', history()),
      /acknowledged by anna@corp\.example/,
    )
    checkAction('false', history())
    say(id, 'false', { cause: 'other' })
    for (const action of ['true', 'benign', 'false', 'acknowledged'] as const)
      assert.throws(() => checkAction(action, history()), /resolved as false by anna/)
    checkAction('reopened', history())
  })

  it('takes an entity down again when it was benign or false, and up when it is taken back', () => {
    findAll([finding(1, { score: 70 })])
    const { id } = onlyAlert()
    const risk = () => store.riskOf(FEAST, START + HOUR).score
    const before = risk()
    assert.ok(before > 20)
    say(id, 'true', { cause: 'threat' })
    assert.equal(risk(), before)
    say(id, 'reopened')
    say(id, 'benign', { cause: 'batch_job' })
    assert.equal(risk(), 0)
    assert.deepEqual(store.riskiest(START + HOUR, 5), [])
    say(id, 'reopened')
    assert.equal(risk(), before)
  })
})

describe('risk of entities', () => {
  it('ranks the riskiest first, with parts that add up, and forgets after 30 days', () => {
    findAll([
      finding(1, { entity: { type: 'actor', id: 'a' }, score: 45 }),
      finding(2, { entity: { type: 'actor', id: 'b' }, score: 95 }),
      finding(3, { entity: { type: 'actor', id: 'a' }, score: 45, rule: 'other' }),
    ])
    const ranked = store.riskiest(START + HOUR, 10)
    assert.deepEqual(
      ranked.map(({ entity, findings }) => [entity.id, findings]),
      [
        ['b', 1],
        ['a', 2],
      ],
    )
    for (const { risk, entity } of ranked) {
      const sum = risk.parts.reduce((total, { points }) => total + points, 0)
      assert.ok(Math.abs(sum + risk.criticality.points - risk.score) < 1e-9)
      assert.deepEqual(store.riskOf(entity, START + HOUR), risk)
    }
    assert.equal(ranked[1]?.newest.id, hex(3))
    assert.deepEqual(store.riskiest(START + HOUR, 1).length, 1)
    assert.deepEqual(store.riskiest(START + 31 * 24 * HOUR, 10), [])
  })

  it('weighs a critical entity more; the newest word counts, in whatever order it comes', () => {
    findAll([finding(1, { score: 70 })])
    const medium = store.riskOf(FEAST, START)
    const low = criticalityEvent({ entity: FEAST, level: 'low' }, ANNA, START)
    const extreme = criticalityEvent({ entity: FEAST, level: 'extreme' }, ANNA, START + 1)
    for (const event of [extreme, low]) store.take(event)
    assert.equal(store.criticalityOf(FEAST), 'extreme')
    const risk = store.riskOf(FEAST, START)
    assert.ok(risk.score > medium.score)
    assert.ok(Math.abs(medium.score + risk.criticality.points - risk.score) < 1e-9)
  })
})
