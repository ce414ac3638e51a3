// Investigations over small made-up pasts: each piece of evidence, and what it reads like.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EntityRef, Finding } from '@tocsin/detect/finding'
import type { SealedEvent, WireEvent } from '@tocsin/sdk/event'
import { type Investigation, investigate, type Subject } from './investigate.ts'
import { declareJob, jobEvent } from './jobs.ts'
import { memoryIndex, sealedEvent } from './test-index.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
/** A Saturday, 20:00 UTC. */
const NOW = Date.UTC(2026, 10, 21, 20)
const ANNA = { principal: 'anna@corp.example', keyId: 'k_1' }

let count = 0

function access(timeMs: number, more: Partial<WireEvent> = {}): SealedEvent {
  count += 1
  return sealedEvent({
    id: `00000000-0000-7000-8000-${String(count).padStart(12, '0')}`,
    kind: 'data.read',
    time: timeMs,
    outcome: 'success',
    actor: { type: 'service', id: 'svc-a', credential: 'key-a' },
    operation: 'read',
    resource: [{ type: 'dataset', id: 'orders' }],
    source: { ip: '10.0.0.1', userAgent: 'feast/1' },
    rows: 100,
    bytes: { out: 1000 },
    ...more,
  })
}

const many = (length: number, make: (i: number) => SealedEvent) =>
  Array.from({ length }, (_, i) => make(i))

/** Two at night of the day of NOW. */
const NIGHT = NOW - 18 * HOUR

/** Ten reads from two at night on, for four weeks. */
function nights(more: Partial<WireEvent> = {}): readonly SealedEvent[] {
  return many(280, i => access(NIGHT - (28 - Math.floor(i / 10)) * DAY + (i % 10) * 60_000, more))
}

function findingOn(events: readonly SealedEvent[], entity: EntityRef): Finding {
  const times = events.map(({ time }) => time)
  const [first] = events
  assert.ok(first)
  return {
    id: '1'.padStart(32, '0'),
    rule: 'r',
    title: 'R',
    detector: 'match',
    level: 'high',
    tags: [],
    entity,
    timeMs: Math.max(...times),
    startMs: Math.min(...times) - HOUR,
    score: 70,
    confidence: 1,
    p: null,
    expected: null,
    seen: null,
    sentence: '',
    features: [],
    eventIds: events.map(({ id }) => id),
    eventCount: events.length,
    learning: null,
    actor: {
      id: first.actor.id,
      type: first.actor.type,
      verified: 'key',
      session: null,
      credential: null,
    },
  }
}

const SERVICE: EntityRef = { type: 'actor', id: 'svc-a' }

function look(
  past: readonly SealedEvent[],
  now: readonly SealedEvent[],
  subject: Partial<Subject> = {},
): Promise<Investigation> {
  const events = [...past, ...now].sort((a, b) => a.time - b.time)
  const entity = subject.entity ?? SERVICE
  const findings = subject.findings ?? [findingOn(now.slice(0, 50), entity)]
  return investigate({ alertId: null, entity, findings }, { query: memoryIndex(events) })
}

const pointsOf = ({ readings }: Investigation, name: string) =>
  readings.find(one => one.name === name)?.points ?? Number.NaN

const textOf = ({ readings }: Investigation) =>
  readings.flatMap(({ reasons }) => reasons.map(({ text }) => text)).join('\n')

describe('what it reads like', () => {
  it('its own hour, address and data, much more, after a release: a batch job', async () => {
    const release = access(NIGHT - 10 * HOUR, {
      kind: 'model.change',
      operation: 'promote',
      actor: { type: 'human', id: 'clara' },
      resource: [{ id: 'orders' }],
    })
    const past = [...nights(), release]
    const found = await look(
      past,
      many(45, i => access(NIGHT + i * 60_000)),
    )
    assert.equal(found.reading, 'misconfigured batch job')
    assert.deepEqual([found.habit?.kind, found.habit?.days], ['daily', 28])
    assert.match(textOf(found), /now with 4\.5 times the requests/)
    assert.match(textOf(found), /what it uses was changed: promote of orders by clara/)
    assert.deepEqual(
      found.changes.map(({ isRelated }) => isRelated),
      [true],
    )
  })

  it('its own address at an hour of its own making, out to a new place: misuse', async () => {
    const reads = many(40, i => access(NOW + i * 60_000))
    const out = access(NOW + 41 * 60_000, { kind: 'data.write', resource: [{ id: 's3://x' }] })
    const found = await look(nights(), [...reads, out])
    assert.equal(found.reading, 'insider or misuse')
    assert.equal(found.habit?.kind, 'none')
    assert.match(textOf(found), /it wrote to s3:\/\/x, where it never wrote before/)
    assert.match(textOf(found), /never at work at this hour/)
  })

  it('a new country and address, while its owner goes on: a compromised account', async () => {
    const own = many(10, i => access(NIGHT + i * 60_000))
    const source = { ip: '203.0.113.7', userAgent: 'curl/8', geo: { country: 'BR' } }
    const stolen = many(20, i => access(NIGHT + i * 50_000, { source }))
    const found = await look(nights(), [...own, ...stolen], {
      findings: [findingOn(stolen, SERVICE)],
    })
    assert.equal(found.reading, 'compromised account')
    for (const words of [
      /from BR/,
      /203\.0\.113\.7 was never/,
      /curl\/8/,
      /key-a was used from a known/,
    ])
      assert.match(textOf(found), words)
    const uses = found.elsewhere.find(({ kind }) => kind === 'credential')?.uses
    assert.deepEqual(
      uses?.map(({ address, isNew, isMeanwhile }) => [address, isNew, isMeanwhile]),
      [
        ['10.0.0.1', false, true],
        ['203.0.113.7', true, true],
      ],
    )
  })

  it('an address from which others were tried, too, and logins that failed', async () => {
    const source = { ip: '203.0.113.7' }
    const stolen = many(5, i => access(NIGHT + i * 50_000, { source }))
    const other = access(NIGHT, { source, actor: { type: 'human', id: 'bob' } })
    const failed = access(NIGHT - HOUR, { source, kind: 'auth.failed', outcome: 'failure' })
    const found = await look([...nights(), other, failed], stolen)
    assert.match(textOf(found), /from there others were used too: bob/)
    assert.match(textOf(found), /1 logins failed/)
  })

  it('never a job where it is a person', async () => {
    const actor = { type: 'human', id: 'svc-a' } as const
    const found = await look(
      nights({ actor }),
      many(45, i => access(NIGHT + i * 60_000, { actor })),
    )
    assert.notEqual(found.reading, 'misconfigured batch job')
    assert.ok(pointsOf(found, 'misconfigured batch job') < 0)
  })

  it('unclear for an account without a past, and says so', async () => {
    const found = await look(
      [],
      many(30, i => access(NOW + i * 1000)),
    )
    assert.equal(found.reading, 'unclear')
    assert.match(found.notes.join(), /hardly a past/)
  })

  it('unclear for an account of the last days, whatever it does', async () => {
    const past = many(100, i => access(NOW - 6 * DAY + i * HOUR))
    const source = { ip: '203.0.113.7', geo: { country: 'BR' } }
    const found = await look(
      past,
      many(30, i => access(NOW + i * 1000, { source })),
    )
    assert.equal(found.reading, 'unclear')
    assert.match(found.notes.join(), /100 requests in 6 days/)
  })

  it('unclear for one that works around the clock and does more of the same', async () => {
    const always = many(28 * 48, i => access(NOW - 28 * DAY + i * HOUR * 0.5))
    const found = await look(
      always,
      many(40, i => access(NOW + i * 1000)),
    )
    assert.equal(found.habit?.kind, 'always')
    assert.equal(found.reading, 'unclear')
  })

  it('counts all days of an account with more than one question can hold', async () => {
    const past = many(28 * 400, i => {
      const day = 28 - Math.floor(i / 400)
      return access(NIGHT - day * DAY + (i % 400) * 1000)
    })
    const found = await look(
      past,
      many(40, i => access(NIGHT + i * 1000)),
    )
    assert.deepEqual([found.habit?.days, found.habit?.kind], [28, 'daily'])
    assert.equal(found.habit?.usual?.requests, 400)
  })

  it('is the sum of reasons, and the same each time', async () => {
    const now = many(40, i => access(NOW + i * 60_000))
    const past = nights()
    const found = await look(past, now)
    for (const { points, reasons } of found.readings)
      assert.equal(
        reasons.reduce((sum, reason) => sum + reason.points, 0),
        points,
      )
    assert.deepEqual(await look(past, now), found)
  })
})

describe('a declared job', () => {
  const declare = (maxRows: number | null, more: object = {}) => {
    const plan = { actor: 'svc-a', resource: 'orders', schedule: 'Sat 19:00-21:00 UTC', maxRows }
    const job = declareJob({ ...plan, untilMs: null, ...more }, NOW - DAY)
    const event = jobEvent('declare', job, { by: ANNA, timeMs: NOW - DAY })
    return sealedEvent({ ...event, id: `job-${maxRows}` }, { via: 'tocsin' })
  }
  const now = () => many(40, i => access(NOW + i * 60_000))

  it('explains what it announced', async () => {
    const without = await look(nights(), now())
    const found = await look([...nights(), declare(5000)], now())
    assert.deepEqual(
      found.jobs.map(({ isTime, isResource, isOver }) => [isTime, isResource, isOver]),
      [[true, true, false]],
    )
    const name = 'misconfigured batch job'
    assert.ok(pointsOf(found, name) > pointsOf(without, name))
    assert.ok(pointsOf(found, 'insider or misuse') < pointsOf(without, 'insider or misuse'))
  })

  it('says when it was more than announced', async () => {
    const found = await look([...nights(), declare(3999)], now())
    assert.deepEqual(found.jobs[0]?.rows, { seen: 4000, most: 3999 })
    assert.match(textOf(found), /but not for so much/)
  })

  it('explains nothing at another time, of another dataset or account, or when it is over', async () => {
    const name = 'misconfigured batch job'
    const without = pointsOf(await look(nights(), now()), name)
    for (const more of [
      { schedule: 'Sun 19:00-21:00 UTC' },
      { schedule: 'Sat 19:00-20:10 UTC' },
      { resource: 'customers' },
      { actor: 'svc-b' },
      { untilMs: NOW - 1 },
    ]) {
      const found = await look([...nights(), declare(5000, more)], now())
      assert.equal(pointsOf(found, name), without, JSON.stringify(more))
    }
  })

  it('of somebody outside is none', async () => {
    const forged = { ...declare(5000), via: 'http' }
    assert.deepEqual((await look([...nights(), forged], now())).jobs, [])
  })
})

describe('what it shows', () => {
  it('the stretch of activity around the findings, runs of equal operations, before and after', async () => {
    const burst = many(60, i => access(NOW + i * 60_000))
    const early = access(NOW - 2 * HOUR, { operation: 'list' })
    const late = access(NOW + 4 * HOUR, { operation: 'delete', outcome: 'denied' })
    const events = [early, ...burst, late]
    const found = await look([], events, { findings: [findingOn(burst.slice(10, 20), SERVICE)] })
    assert.deepEqual([found.fromMs, found.toMs], [NOW, NOW + 59 * 60_000])
    const shape = (runs: Investigation['during']) =>
      runs.map(({ operation, outcome, count: n, rows, found: hits }) => [
        operation,
        outcome,
        n,
        rows,
        hits,
      ])
    assert.deepEqual(shape(found.before), [['list', 'success', 1, 100, 0]])
    assert.deepEqual(shape(found.during), [['read', 'success', 60, 6000, 10]])
    assert.deepEqual(shape(found.after), [['delete', 'denied', 1, 100, 0]])
    assert.equal(found.isCut, false)
  })

  it('runs that alternate are two, and a pause ends a run', async () => {
    const pair = many(40, i => access(NOW + i * 60_000, { operation: i % 2 === 0 ? 'a' : 'b' }))
    const again = access(NOW + 60 * 60_000, { operation: 'a' })
    const found = await look([], [...pair, again])
    assert.deepEqual(
      found.during.map(({ operation, count: n }) => [operation, n]),
      [
        ['a', 20],
        ['b', 20],
        ['a', 1],
      ],
    )
  })

  it('the chain from a person over agent and tool to the data, found ones first', async () => {
    const chain = {
      actor: { type: 'agent', id: 'svc-a', credential: 'k', session: 's' },
      onBehalfOf: [
        { type: 'agent', id: 'outer' },
        { type: 'human', id: 'zoe' },
      ],
      agent: { id: 'helper' },
      tool: { name: 'sql' },
    } as const
    const noise = many(30, i => access(NOW + i * 1000))
    const own = many(3, i => access(NOW + i * 1000, chain))
    const found = await look([], [...noise, ...own], { findings: [findingOn(own, SERVICE)] })
    const [first, second] = found.chain
    const { human, actor, credential, session, agent, tool, target, found: hits } = first ?? {}
    assert.deepEqual(
      [human, actor, credential, session, agent, tool, target, hits],
      ['zoe', 'svc-a', 'k', 's', 'helper', 'sql', 'orders', 3],
    )
    assert.deepEqual([second?.count, second?.human], [30, ''])
    assert.deepEqual(
      found.sessions.map(({ session: name }) => name),
      ['s'],
    )
  })

  it('who is behind an entity that is no account', async () => {
    const now = many(20, i => access(NOW + i * 1000))
    for (const entity of [
      { type: 'resource', id: 'orders' },
      { type: 'credential', id: 'key-a' },
      { type: 'source', id: '10.0.0.1' },
    ] as const) {
      const found = await look(nights(), now, { entity })
      assert.equal(found.actor, 'svc-a', entity.type)
      assert.ok(found.readings.length > 0)
    }
  })

  it('nobody where a source fell silent', async () => {
    const entity = { type: 'producer', id: 'gateway' } as const
    const now = many(3, i => access(NOW + i * 1000, { producer: 'gateway' }))
    const finding = findingOn(now, entity)
    const nobody = { ...finding, actor: { ...finding.actor, id: 'tocsin' }, eventIds: [] }
    const found = await look([], now, { entity, findings: [nobody] })
    assert.deepEqual([found.actor, found.reading, found.notes.length], [null, 'unclear', 1])
  })

  it('the newest activity of an entity without findings', async () => {
    const found = await look(
      nights(),
      many(5, i => access(NOW + i * 1000)),
      { findings: [] },
    )
    assert.deepEqual([found.fromMs, found.toMs], [NOW, NOW + 4000])
  })

  it('the newest day of findings that go on for weeks', async () => {
    const weeks = nights()
    const findings = [findingOn(weeks.slice(0, 10), SERVICE), findingOn(weeks.slice(-10), SERVICE)]
    const found = await look([], weeks, { findings })
    assert.equal(found.fromMs, NIGHT - DAY)
  })

  it('that events were left out, of an account with very many', async () => {
    const found = await look(
      [],
      many(5000, i => access(NOW + i * 1000)),
    )
    assert.equal(found.isCut, true)
    assert.ok(found.during.length > 0)
  })
})

describe('an entity of any name', () => {
  it('is looked for by that name alone', async () => {
    for (const id of ['"', 'a" or *', '\\', '\u0000\u001b', '*', 'svc-*', 'ü', '(', ' ']) {
      const entity = { type: 'actor', id } as const
      await assert.rejects(look(nights(), [], { entity, findings: [] }), { code: 'entity.unknown' })
      const own = many(3, i => access(NOW + i, { actor: { type: 'service', id } }))
      const found = await look(nights(), own, { entity })
      assert.deepEqual(
        found.during.map(({ count: n }) => n),
        [3],
        JSON.stringify(id),
      )
    }
    for (const id of ['', 'x'.repeat(10_000)]) {
      const entity = { type: 'actor', id } as const
      await assert.rejects(look(nights(), [], { entity, findings: [] }), { code: 'entity.unknown' })
    }
  })
})
