// Activity of entities and charts of alerts over HTTP, beside figures that are computed from the
// events themselves: sums by the hour, medians and percentiles, first times, ranks.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  busyEvents,
  DAY,
  event,
  HOSTILE,
  HOUR,
  MEASURES,
  NOW_HOUR,
  percentile,
  type Sent,
  sendAll,
  sumOf,
  WEEK,
} from './activity-rig.ts'
import { type Answer, openRig, type Rig } from './rig.ts'

let rig: Rig
const sent: Sent[] = []

async function send(...events: readonly Sent[]): Promise<void> {
  sent.push(...events)
  await sendAll(rig, events)
}

const activity = (id: string, query = '', type = 'actor') =>
  rig.ask(`/v1/entities/${type}/${encodeURIComponent(id)}/activity?${query}`)

before(async () => {
  rig = await openRig(undefined, { rules: [] })
  await send(...busyEvents('svc-busy'))
  await send(...HOSTILE.map(name => event(name, NOW_HOUR - 3 * HOUR, { rows: 7 })))
  await send(event('svc-once', NOW_HOUR - 30 * HOUR, { rows: 48_000 }))
  await rig.tocsin.query.settled()
})
after(() => rig.close())

const of = (id: string) => sent.filter(({ actor }) => actor.id === id)

const isNear = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a} and ${b}`)

describe('activity of an entity', () => {
  it('is what its events sum up to, with the median and percentiles of four weeks', async () => {
    const events = of('svc-busy')
    for (const metric of Object.keys(MEASURES)) {
      const { status, json } = await activity('svc-busy', `metric=${metric}`)
      assert.equal(status, 200)
      assert.deepEqual([json.metric, json.stepMs, json.to - json.from], [metric, HOUR, 8 * DAY])
      assert.equal(json.points.length, 8 * 24)
      const value = (t: number) => sumOf(events, metric, t, t + HOUR)
      for (const { t, value: seen, expected, lo, hi } of json.points) {
        assert.equal(seen, value(t), `${metric} at ${new Date(t).toISOString()}`)
        const firstHour = Math.floor((events[0]?.time ?? 0) / HOUR) * HOUR
        const before = [1, 2, 3, 4].map(week => t - week * WEEK).filter(at => at >= firstHour)
        assert.ok(before.length >= 3)
        const samples = before.map(value)
        isNear(expected, percentile(samples, 50))
        isNear(lo, percentile(samples, 10))
        isNear(hi, percentile(samples, 90))
      }
      assert.deepEqual(json.learning, { days: 28, of: 28 })
    }
  })

  it('has the newest week beside the mean of those before, Monday first', async () => {
    const events = of('svc-busy')
    const { json } = await activity('svc-busy', 'metric=rows')
    const end = json.to
    for (let t = end - WEEK; t < end; t += HOUR) {
      const date = new Date(t)
      const hour = ((date.getUTCDay() + 6) % 7) * 24 + date.getUTCHours()
      assert.equal(json.week.now[hour], sumOf(events, 'rows', t, t + HOUR))
      const firstHour = Math.floor((events[0]?.time ?? 0) / HOUR) * HOUR
      const weeks = [1, 2, 3, 4].map(week => t - week * WEEK).filter(at => at >= firstHour)
      const sum = weeks.reduce((total, at) => total + sumOf(events, 'rows', at, at + HOUR), 0)
      isNear(json.week.usual[hour], sum / weeks.length)
    }
  })

  it('takes longer steps for longer ranges, at most 720 of them', async () => {
    for (const [from, stepMs] of [
      ['now-29d', HOUR],
      ['now-60d', 3 * HOUR],
      ['now-120d', 6 * HOUR],
      ['now-300d', DAY],
      ['1000000000000', DAY],
    ] as const) {
      const { json } = await activity('svc-busy', `from=${from}`)
      assert.equal(json.stepMs, stepMs, from)
      assert.ok(json.points.length <= 720, `${json.points.length}`)
      assert.ok(json.points.every((p: { t: number }) => p.t % stepMs === 0))
      const inside = sumOf(of('svc-busy'), 'requests', json.from, json.to)
      const total = json.points.reduce((sum: number, p: { value: number }) => sum + p.value, 0)
      assert.equal(total, inside)
    }
    const past = await activity('svc-busy', 'from=now-20d&to=now-18d')
    assert.equal(past.json.points.length, 49)
    const value = sumOf(of('svc-busy'), 'requests', past.json.from, past.json.to)
    assert.equal(
      past.json.points.reduce((s: number, p: { value: number }) => s + p.value, 0),
      value,
    )
  })

  it('says in words what stands out, and in which hour', async () => {
    await send(
      ...Array.from({ length: 3 }, () => event('svc-busy', NOW_HOUR - 5 * HOUR, { rows: 40_000 })),
    )
    await rig.tocsin.query.settled()
    const { json } = await activity('svc-busy', 'metric=rows')
    const at = new Date(NOW_HOUR - 5 * HOUR)
    const day = at.toLocaleDateString('en-GB', { weekday: 'long', timeZone: 'UTC' })
    assert.match(json.sentence, /^12\d,\d{3} rows on /)
    assert.ok(json.sentence.includes(` on ${day} ${at.getUTCDate()} `), json.sentence)
    assert.ok(json.sentence.includes(`between ${at.toISOString().slice(11, 16)} and `))
    assert.match(json.sentence, new RegExp(`; ${day}s at this hour it usually reads `))
  })

  it('claims nothing of an entity that was seen once', async () => {
    const { json } = await activity('svc-once', 'metric=rows&from=now-3d')
    assert.deepEqual(json.learning, { days: 1, of: 28 })
    const seen = json.points.filter((p: { value: number }) => p.value > 0)
    assert.deepEqual(seen, [
      { t: NOW_HOUR - 30 * HOUR, value: 48_000, expected: null, lo: null, hi: null },
    ])
    const usual = json.week.usual.filter((value: number | null) => value !== null)
    assert.deepEqual(usual, [])
    assert.equal(json.peers, null)
    assert.match(json.sentence, /is not known yet \(1 of 28 days are known\)\.$/)
  })

  it('is shown of any name, and of no other than it', async () => {
    for (const name of HOSTILE) {
      const { status, json } = await activity(name, 'metric=rows')
      assert.equal(status, 200, name)
      const seen = json.points.filter((p: { value: number }) => p.value > 0)
      assert.deepEqual(
        seen.map((p: { t: number; value: number }) => [p.t, p.value]),
        [[NOW_HOUR - 3 * HOUR, 7]],
        name,
      )
    }
  })

  it('is refused with what is wrong', async () => {
    const isProblem = ({ status, json }: Answer, code: string, expected: number) =>
      assert.deepEqual([status, json?.code], [expected, code], JSON.stringify(json))
    isProblem(await activity('nobody-knows'), 'entity.unknown', 404)
    isProblem(await activity('x'.repeat(1025)), 'entity.unknown', 404)
    isProblem(await activity('svc-busy', 'metric=wishes'), 'http.bad_request', 400)
    isProblem(await activity('svc-busy', 'from=now&to=now-1d'), 'http.bad_request', 400)
    isProblem(await activity('svc-busy', 'from=yesterday'), 'http.bad_request', 400)
    isProblem(await activity('svc-busy', '', 'thing'), 'http.bad_request', 400)
    const triage = await rig.key('triage')
    const path = '/v1/entities/actor/svc-busy/activity'
    isProblem(await rig.ask(path, { key: triage }), 'auth.scope', 403)
    isProblem(await rig.ask(path, { key: null }), 'auth.missing', 401)
  })

  it('that is looked at leaves a trace', async () => {
    await activity('svc-once')
    await rig.tocsin.query.settled()
    const q = encodeURIComponent('kind:tocsin.read operation:entity.activity')
    const { json } = await rig.ask(`/v1/events?q=${q}&limit=1`)
    assert.equal(json.events[0]?.ext.tocsin.entity, 'actor:svc-once')
  })
})

describe('first times', () => {
  it('tell the earliest of each value, and what is new to an entity that is not', async () => {
    const id = 'svc-first'
    const at = (days: number) => NOW_HOUR - days * DAY
    const read = (days: number, ...ids: readonly string[]) =>
      event(id, at(days), { resource: ids.map(one => ({ type: 'dataset', id: one })) })
    await send(
      read(40, 'orders'),
      read(20, 'orders', 'orders', 'prices'),
      read(2, 'prices', `customers' --`),
      event(id, at(39), { source: { ip: '10.0.0.1', geo: { country: 'DE' } } }),
      event(id, at(1), {
        source: { ip: '198.51.100.9', geo: { country: 'VN' } },
        tool: { name: 'sh' },
      }),
      event('svc-young', at(2), { source: { ip: '10.0.0.1' } }),
    )
    await rig.tocsin.query.settled()
    const { json } = await activity(id)
    assert.deepEqual(
      json.firstSeen.map((one: Record<string, unknown>) => [
        one.field,
        one.value,
        one.firstMs,
        one.events,
        one.isNew,
      ]),
      [
        ['source.ip', '198.51.100.9', at(1), 1, true],
        ['source.geo.country', 'VN', at(1), 1, true],
        ['tool.name', 'sh', at(1), 1, true],
        ['resource.id', `customers' --`, at(2), 1, true],
        ['resource.id', 'prices', at(20), 2, false],
        ['source.ip', '10.0.0.1', at(39), 1, false],
        ['source.geo.country', 'DE', at(39), 1, false],
        ['resource.id', 'orders', at(40), 2, false],
      ],
    )
    const young = (await activity('svc-young')).json.firstSeen
    assert.deepEqual(
      young.map((one: { isNew: boolean }) => one.isNew),
      [false],
    )
    const model = await activity(`customers' --`, '', 'resource')
    assert.equal(model.json.points.filter((p: { value: number }) => p.value > 0).length, 1)
  })

  it('are at most twenty of a field, the newest', async () => {
    await send(
      ...Array.from({ length: 70 }, (_, i) =>
        event('svc-roams', NOW_HOUR - i * HOUR, { source: { ip: `10.1.0.${i}` } }),
      ),
    )
    await rig.tocsin.query.settled()
    const { json } = await activity('svc-roams')
    assert.deepEqual(
      json.firstSeen.map((one: { value: string }) => one.value),
      Array.from({ length: 20 }, (_, i) => `10.1.0.${i}`),
    )
  })
})

describe('peers', () => {
  it('are those of its type that share a group, else those of its type', async () => {
    const people = Array.from({ length: 9 }, (_, i) => `user-${i}@corp.example`)
    const groups = (i: number) => (i < 5 ? ['fraud', `team'${i % 2}`] : ['sales'])
    const reads = people.flatMap((id, i) =>
      Array.from({ length: i + 1 }, () =>
        event(id, NOW_HOUR - 2 * HOUR, {
          actor: { type: 'human', id, groups: groups(i) },
          rows: 10,
        }),
      ),
    )
    const alone = event('ceo', NOW_HOUR - HOUR, {
      actor: { type: 'human', id: 'ceo', groups: ['board'] },
    })
    const old = event(people[0] ?? '', NOW_HOUR - 3 * DAY, {
      actor: { type: 'human', id: people[0], groups: ['fraud'] },
      rows: 1e9,
    })
    await send(...reads, alone, old)
    await rig.tocsin.query.settled()
    const values = people.map((_, i) => (i + 1) * 10)
    for (const [i, id] of people.entries()) {
      const { json } = await activity(id, 'metric=rows')
      const among = i < 5 ? values.slice(0, 5) : values.slice(5)
      const own = values[i] ?? 0
      const less = among.filter(value => value < own).length
      assert.deepEqual(json.peers, {
        cohort: i < 5 ? `people of fraud, team'${i % 2}` : 'people of sales',
        of: among.length,
        rank: among.filter(value => value > own).length + 1,
        percentile: (100 * less) / (among.length - 1),
        median: percentile(among, 50),
        value: own,
      })
    }
    const { json } = await activity('ceo', 'metric=rows')
    assert.deepEqual(json.peers, {
      cohort: 'people',
      // Who made the keys of this test is one of them.
      of: 11,
      rank: 10,
      percentile: 5,
      median: percentile([...values, 0, 0], 50),
      value: 0,
    })
  })

  it('count half of those with as much, and are none where it did nothing today', async () => {
    await send(
      ...['a', 'b', 'c', 'd'].map(id =>
        event(`agent-${id}`, NOW_HOUR - HOUR, {
          actor: { type: 'agent', id: `agent-${id}` },
          rows: 5,
        }),
      ),
      event('agent-e', NOW_HOUR - 3 * DAY, { actor: { type: 'agent', id: 'agent-e' }, rows: 5 }),
    )
    await rig.tocsin.query.settled()
    const { json } = await activity('agent-b', 'metric=rows')
    assert.deepEqual(json.peers, {
      cohort: 'agents',
      of: 4,
      rank: 1,
      percentile: 50,
      median: 5,
      value: 5,
    })
    assert.equal((await activity('agent-e', 'metric=rows')).json.peers, null)
  })
})

describe('after a restart', () => {
  it('everything is the same, read from files', async () => {
    const asked = [
      ['svc-busy', 'metric=cost&from=now-30d'],
      ['svc-first', 'metric=requests'],
      ['user-3@corp.example', 'metric=rows'],
      ...HOSTILE.map(name => [name, 'metric=rows'] as const),
    ] as const
    const answers = async () =>
      Promise.all(asked.map(async ([id, query]) => (await activity(id, query)).json))
    const stood = await answers()
    rig = await rig.restart()
    await rig.tocsin.query.settled()
    assert.deepEqual(await answers(), stood)
  })
})
