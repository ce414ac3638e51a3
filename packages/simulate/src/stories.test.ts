import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseEvent, type WireEvent } from '@tocsin/sdk/event'
import { DAY_MS, HOUR_MS, weekday } from './calendar.ts'
import { lifeBefore } from './campaigns/story.ts'
import { createWorld, type Label, type Strength, storiesAt, type World } from './simulate.ts'
import { makeStage } from './stage.ts'

const NOW = Date.UTC(2026, 10, 24, 18, 30)
const DAYS = 24
const FROM = NOW - DAYS * DAY_MS
/** Four stories, one of them live, happen in it. */
const LAST_MS = 5 * DAY_MS
const END = NOW + 15 * 60_000
const SEEDS = [11, 12, 13]

const KINDS: Readonly<Record<string, string>> = {
  'feature-store-theft': 'T0025',
  'stolen-key': 'T0012',
  'guardrail-off': 'T0081',
  'weights-download': 'T0035',
  'slow-climb': 'T0036',
  'model-extraction': 'T0024.002',
  'boundary-probing': 'T0042',
  'cost-harvest': 'T0034',
  'denied-recon': 'T0075',
  'canary-touch': 'T0085',
}

type Told = {
  readonly seed: number
  readonly world: World
  readonly plain: readonly WireEvent[]
  readonly month: readonly WireEvent[]
  readonly labels: readonly Label[]
  readonly stories: readonly Label[]
  /** Events of a story; of the theft, the weekend's. */
  readonly of: (story: string) => readonly WireEvent[]
  /** Everyday events of a story's one entity. */
  readonly own: (story: string) => readonly WireEvent[]
}

function tell(seed: number): Told {
  const world = createWorld({ seed, stories: { nowMs: NOW } })
  const month = [...world.events(FROM, END)]
  const labels = world.labels(FROM, END)
  const stories = labels.filter(l => !l.campaign.startsWith('benign:'))
  const byId = new Map(month.map(e => [e.id ?? '', e]))
  const find = (story: string) => stories.find(l => l.campaign === story)
  const labelled = new Set(stories.flatMap(l => l.eventIds))
  return {
    seed,
    world,
    month,
    labels,
    stories,
    plain: [...createWorld({ seed }).events(NOW - LAST_MS, END)],
    of: story => (find(story)?.eventIds ?? []).flatMap(id => byId.get(id) ?? []),
    own: story => {
      const [id] = find(story)?.entities ?? []
      return month.filter(e => e.actor.id === id && !labelled.has(e.id ?? ''))
    },
  }
}

const told = SEEDS.map(tell)

const sum = (events: readonly WireEvent[], of: (event: WireEvent) => number) =>
  events.reduce((total, event) => total + of(event), 0)
const reads = (events: readonly WireEvent[]) =>
  events.filter(e => e.kind === 'data.read' || e.kind === 'ai.feature')
const rows = (events: readonly WireEvent[]) => sum(reads(events), e => e.rows ?? 0)
const tokens = (events: readonly WireEvent[]) =>
  sum(events, e => (e.usage?.in ?? 0) + (e.usage?.out ?? 0))
const before = (events: readonly WireEvent[], timeMs: number) => events.filter(e => e.time < timeMs)
const startOf = (events: readonly WireEvent[]) => events[0]?.time ?? Number.NaN
const values = (events: readonly WireEvent[], of: (event: WireEvent) => unknown) =>
  new Set(events.map(of))
/** What an event says, without its place in the stream. */
const content = ({ id, producerSeq, ...rest }: WireEvent) => JSON.stringify(rest)

describe('a world with stories', () => {
  it('tells each once in its history and the theft again live, with exact labels', () => {
    for (const { seed, month, stories } of told) {
      const names = stories.map(l => l.campaign)
      assert.deepEqual(names, [...Object.keys(KINDS), 'feature-store-theft'], `seed ${seed}`)
      const byId = new Map(month.map(e => [e.id ?? '', e]))
      for (const label of stories) {
        const events = label.eventIds.map(id => byId.get(id))
        assert.equal(label.kind, KINDS[label.campaign])
        assert.equal(label.strength, 1)
        assert.equal(label.entities.length, 1, label.campaign)
        assert.ok(events.length > 0 && events.every(e => e?.actor.id === label.entities[0]))
        assert.equal(events[0]?.time, label.start)
        assert.equal(events.at(-1)?.time, label.end)
      }
      const all = stories.flatMap(l => l.eventIds)
      assert.equal(new Set(all).size, all.length)
    }
  })

  it('changes nothing of everyday life but ids and numbers', () => {
    for (const { month, plain, stories } of told) {
      const labelled = new Set(stories.flatMap(l => l.eventIds))
      const last = month.filter(e => e.time >= NOW - LAST_MS && !labelled.has(e.id ?? ''))
      const rest = last.map(content)
      assert.ok(rest.length === plain.length && plain.every((e, i) => content(e) === rest[i]))
    }
  })

  it('has events that the server takes, in order, with ids of their own, numbered gapless', () => {
    for (const { month, stories } of told) {
      const ids = new Set(stories.flatMap(l => l.eventIds))
      const isTold = ({ id = '' }: WireEvent) => ids.has(id)
      assert.equal(new Set(month.map(e => e.id)).size, month.length)
      const last = new Map<string, number>()
      month.forEach((event, i) => {
        if (i % 10 === 0 || isTold(event)) parseEvent(event, END)
        assert.ok((month[i - 1]?.time ?? 0) <= event.time)
        const { producer = '', producerSeq = 0 } = event
        if (last.has(producer)) assert.equal(producerSeq, (last.get(producer) ?? 0) + 1, producer)
        last.set(producer, producerSeq)
      })
    }
  })

  it('is the same whatever part is asked for, second by second where it is live', () => {
    const [{ seed, month } = tell(1)] = told
    const world = createWorld({ seed, stories: { nowMs: NOW } })
    const live: WireEvent[] = []
    for (let at = NOW - 60_000; at < NOW + 120_000; at += 1000) {
      live.push(...world.events(at, at + 1000))
    }
    const same = month.filter(e => e.time >= NOW - 60_000 && e.time < NOW + 120_000)
    assert.equal(JSON.stringify(live), JSON.stringify(same))
    const day = Math.floor(NOW / DAY_MS) * DAY_MS - 3 * DAY_MS
    const part = month.filter(e => e.time >= day && e.time < day + DAY_MS)
    assert.equal(JSON.stringify([...world.events(day, day + DAY_MS)]), JSON.stringify(part))
  })

  it('keeps what it told when it is started again: one more live theft, nothing else', () => {
    const [{ seed } = tell(1)] = told
    const later = NOW + HOUR_MS
    const again = createWorld({ seed, stories: { nowMs: NOW, liveMs: [NOW, later] } })
    const once = createWorld({ seed, stories: { nowMs: NOW } })
    const range = [NOW - HOUR_MS, later] as const
    assert.deepEqual([...again.events(...range)], [...once.events(...range)])
    const live = again.labels(later, later + 60_000).filter(l => l.kind === 'T0025')
    assert.equal(live.length, 1)
  })

  it('has other people, accounts and hours for another seed', () => {
    const seeds = Array.from({ length: 8 }, (_, i) => i + 1)
    const acts = seeds.map(seed => {
      const stage = makeStage(seed)
      return storiesAt({ nowMs: NOW }).map(campaign => {
        const days = Array.from({ length: 22 }, (_, i) => Math.floor(NOW / DAY_MS) - i)
        const first = days.flatMap(day => campaign.events({ stage, day }).slice(0, 1)).at(-1)
        return { id: first?.actor.id, time: first?.time }
      })
    })
    for (const i of Object.keys(KINDS).keys()) {
      const ids = new Set(acts.map(act => act[i]?.id))
      const times = new Set(acts.map(act => act[i]?.time))
      assert.ok(ids.size >= 3 && times.size >= 7, `${Object.keys(KINDS)[i]}: ${ids.size}`)
    }
  })

  it('leaves those alone who look like attackers and are none', () => {
    for (const { labels, stories } of told) {
      const benign = labels.filter(l => l.campaign.startsWith('benign:'))
      assert.ok(new Set(benign.map(l => l.campaign)).size >= 6)
      for (const story of stories) {
        const near = benign.filter(
          l => l.start - DAY_MS < story.end && story.start < l.end + DAY_MS,
        )
        const both = near.filter(l => l.entities.some(id => story.entities.includes(id)))
        assert.deepEqual(both, [], `${story.campaign} of ${story.entities}`)
      }
      const history = stories.filter(l => l.start < NOW)
      assert.equal(new Set(history.flatMap(l => l.entities)).size, 10, 'one account each')
    }
  })
})

describe('the theft over the weekend', () => {
  it('is an authorised account with its own key and address, at hours never its own', () => {
    for (const { of, own } of told) {
      const theft = of('feature-store-theft')
      const life = own('feature-store-theft')
      for (const part of ['ip', 'userAgent', 'zone', 'geo', 'asn'] as const) {
        const usual = values(life, e => JSON.stringify(e.source?.[part]))
        assert.ok(
          theft.every(e => usual.has(JSON.stringify(e.source?.[part]))),
          part,
        )
      }
      const credentials = values(life, e => e.actor.credential)
      assert.ok(theft.every(e => credentials.has(e.actor.credential)))
      assert.ok(theft.every(e => e.outcome === 'success'))
      assert.equal(values(theft, e => e.actor.session).size, 1)
      assert.ok(theft[0]?.actor.session)
      const hours = values(theft, e => new Date(e.time).getUTCHours())
      // It fetches a new key every four weeks, as a day begins.
      const work = life.filter(e => e.kind !== 'auth.key')
      const then = work.filter(e => hours.has(new Date(e.time).getUTCHours()))
      assert.deepEqual(then, [])
    }
  })

  it('is a chain: list, describe, pages, out to a bucket that nobody else knows', () => {
    for (const { of, month } of told) {
      const theft = of('feature-store-theft')
      assert.deepEqual(
        theft.slice(0, 2).map(e => e.operation),
        ['list', 'describe'],
      )
      const written = theft.filter(e => e.kind === 'data.write')
      const target = written[0]?.resource?.[0]?.id
      const others = month.filter(e => !theft.includes(e))
      assert.ok(written.length >= 5 && target)
      assert.ok(written.every(e => e.resource?.[0]?.id === target))
      assert.ok(others.every(e => e.resource?.every(r => r.id !== target) ?? true))
      const taken = rows(theft.slice(2))
      assert.equal(
        sum(written, e => e.rows ?? 0),
        taken,
        'what went out is what was read',
      )
    }
  })

  it('reads thirty, eight or five times its own day', () => {
    const wanted: readonly (readonly [Strength, number, number])[] = [
      ['weak', 0.3, 5],
      ['medium', 0.6, 8],
      ['strong', 1, 30],
    ]
    for (const seed of SEEDS) {
      for (const [strength, label, times] of wanted) {
        const stage = makeStage(seed)
        const [weekend] = storiesAt({ nowMs: NOW, strength })
        const day = Math.floor(NOW / DAY_MS) - 3
        const theft = weekend?.events({ stage, day }) ?? []
        const thief = stage.cast.services.find(s => s.id === theft[0]?.actor.id)
        assert.ok(thief && weekend?.strength === label)
        const aDay = rows(lifeBefore({ stage, day }, thief, 14)) / 14
        const ratio = rows(theft) / aDay
        assert.ok(ratio > times && ratio < 1.2 * times, `${strength}: ${ratio}`)
        assert.ok(reads(theft).length > 60)
        const length = (theft.at(-1)?.time ?? 0) - (theft[0]?.time ?? 0)
        assert.ok(length > HOUR_MS && length < 4 * HOUR_MS)
      }
    }
  })

  it('is over when the history ends, on the last Saturday night, whenever that is', () => {
    for (let hours = 0; hours < 7 * 24; hours += 7) {
      const nowMs = NOW + hours * HOUR_MS
      const stage = makeStage(SEEDS[hours % 3] ?? 1)
      const today = Math.floor(nowMs / DAY_MS)
      const [weekend] = storiesAt({ nowMs })
      const days = Array.from({ length: 9 }, (_, i) => today - i)
      const theft = days.flatMap(day => weekend?.events({ stage, day }) ?? [])
      assert.equal(weekday(Math.floor(startOf(theft) / DAY_MS)), 6)
      assert.ok(theft.length > 100 && theft.every(e => e.time < nowMs))
      assert.ok(startOf(theft) > nowMs - 7.5 * DAY_MS, new Date(nowMs).toISOString())
    }
  })
})

describe('the live theft', () => {
  it('starts within ten seconds at every hour, by an account that never works then', () => {
    for (const seed of SEEDS) {
      const stage = makeStage(seed)
      const thieves = new Set<string>()
      for (let hour = 0; hour < 24; hour++) {
        const nowMs = NOW + hour * HOUR_MS
        const campaigns = storiesAt({ nowMs })
        const day = Math.floor(nowMs / DAY_MS)
        const live = campaigns.at(-1)?.events({ stage, day }) ?? []
        const first = startOf(live)
        assert.ok(first > nowMs && first <= nowMs + 10_000)
        const early = reads(before(live, nowMs + 25_000))
        assert.ok(early.length >= 40 && rows(early) > 60_000, `${early.length}`)
        assert.ok(early.slice(2).every(e => (e.rows ?? 0) >= 1000 && (e.rows ?? 0) <= 5000))
        assert.ok((live.at(-1)?.time ?? 0) - nowMs > 9 * 60_000)
        assert.ok(live.every(e => e.actor.session === live[0]?.actor.session))
        const thief = stage.cast.services.find(s => s.id === live[0]?.actor.id)
        assert.ok(thief)
        thieves.add(thief.id)
        const life = lifeBefore({ stage, day: day + 1 }, thief, 15)
        const hours = new Set(live.map(e => new Date(e.time).getUTCHours()))
        const busy = life.filter(e => hours.has(new Date(e.time).getUTCHours()))
        assert.deepEqual(busy, [], `seed ${seed}, ${hour}, ${thief.id}`)
        assert.ok(life.length > 10, 'somebody with a past')
      }
      assert.ok(thieves.size >= 3, `${[...thieves]}`)
    }
  })

  it('is done by somebody else than the weekend’s, and not before now', () => {
    for (const { stories } of told) {
      const [weekend, live] = stories.filter(l => l.campaign === 'feature-store-theft')
      assert.ok(weekend && live && weekend.entities[0] !== live.entities[0])
      assert.ok(weekend.end < NOW && live.start > NOW)
    }
  })
})

describe('the other stories', () => {
  it('stolen-key: abroad, another network and program, probing first, then dear calls', () => {
    for (const { of, own } of told) {
      const theft = of('stolen-key')
      const life = own('stolen-key')
      for (const part of ['ip', 'userAgent', 'asn'] as const) {
        const usual = values(life, e => e.source?.[part])
        assert.ok(
          theft.every(e => e.source?.[part] && !usual.has(e.source[part])),
          part,
        )
      }
      assert.ok(theft.every(e => !['DE', 'US', 'JP', undefined].includes(e.source?.geo?.country)))
      assert.ok(theft.every(e => e.actor.credential === theft[0]?.actor.credential))
      assert.ok(life.some(e => e.actor.credential === theft[0]?.actor.credential))
      assert.equal(theft[0]?.endpoint, 'GET /v1/models')
      assert.ok(theft.slice(1, 7).every(e => e.outcome !== 'success'))
      assert.ok(sum(theft, e => e.costMicros ?? 0) > 2_000_000)
      assert.ok(
        life.some(e => e.time > startOf(theft)),
        'the owner goes on',
      )
    }
  })

  it('guardrail-off: refused, switched off, said again, switched on', () => {
    for (const { of, own } of told) {
      const events = of('guardrail-off')
      const switched = events.filter(e => e.kind === 'ai.admin')
      assert.deepEqual(
        switched.map(e => e.operation),
        ['guardrail.disable', 'guardrail.enable'],
      )
      const [off = Number.NaN, on = Number.NaN] = switched.map(e => e.time)
      const calls = events.filter(e => e.kind === 'ai.invoke')
      assert.ok(before(calls, off).length >= 2)
      assert.ok(before(calls, off).every(e => e.outcome === 'denied'))
      const between = calls.filter(e => e.time > off)
      assert.ok(between.length >= 8 && between.every(e => e.time < on && e.outcome !== 'denied'))
      assert.ok(events.every(e => !e.actor.groups?.includes('security')))
      assert.ok(own('guardrail-off').every(e => e.operation !== 'guardrail.disable'))
    }
  })

  it('weights-download: all of them, by an account that never read any', () => {
    for (const { of, own } of told) {
      const taken = of('weights-download').filter(e => e.operation === 'download')
      assert.equal(values(taken, e => e.resource?.[0]?.id).size, 6)
      assert.ok(sum(taken, e => e.bytes?.out ?? 0) > 5e8)
      assert.ok(own('weights-download').every(e => e.kind !== 'model.read'))
    }
  })

  it('slow-climb: eight per cent more a day for twenty days, no jump, in its own hours', () => {
    for (const { of, own } of told) {
      const extra = Map.groupBy(of('slow-climb'), e => Math.floor(e.time / DAY_MS))
      const life = Map.groupBy(reads(own('slow-climb')), e => Math.floor(e.time / DAY_MS))
      const first = Math.floor(NOW / DAY_MS) - 20
      const ratio = (from: number, to: number) => {
        const days = Array.from({ length: to - from }, (_, i) => first + from + i)
        const added = days.reduce((n, day) => n + (extra.get(day)?.length ?? 0), 0)
        return 1 + added / days.reduce((n, day) => n + (life.get(day)?.length ?? 0), 0)
      }
      const near = (value: number, wanted: number) => Math.abs(value / wanted - 1) < 0.15
      assert.ok(near(ratio(0, 3), 1.17) && near(ratio(9, 12), 2.33), `${ratio(9, 12)}`)
      assert.ok(near(ratio(17, 20), 4.32), `${ratio(17, 20)}`)
      assert.ok(ratio(19, 20) / ratio(18, 19) < 1.3)
      assert.ok(before(of('slow-climb'), first * DAY_MS).length === 0)
    }
  })

  it('model-extraction: distinct inputs, log probabilities, one model, days and nights', () => {
    for (const { of, own } of told) {
      const calls = of('model-extraction')
      const life = own('model-extraction').filter(e => e.kind === 'ai.invoke')
      assert.equal(values(calls, e => e.model?.served).size, 1)
      assert.equal(values(calls, e => e.inputHash).size, calls.length)
      assert.ok(calls.every(e => e.params?.logprobs === true))
      assert.ok(life.every(e => e.params?.logprobs === undefined))
      assert.ok(values(calls, e => new Date(e.time).getUTCHours()).size === 24)
      assert.ok(calls.length / 5 > 10 * (life.length / DAYS), `${calls.length} ${life.length}`)
    }
  })

  it('boundary-probing: records all but alike, one model, an even beat', () => {
    for (const { of, own } of told) {
      const calls = of('boundary-probing')
      const life = own('boundary-probing').filter(e => e.kind === 'ai.invoke')
      assert.equal(values(calls, e => e.model?.served).size, 1)
      const sizes = [...values(calls, e => e.bytes?.in)].map(Number)
      assert.ok(sizes.length <= 12 && calls.length > 5 * (life.length / DAYS))
      assert.ok(calls.some(e => e.status === 422))
      const gaps = calls.slice(1).map((e, i) => e.time - (calls[i]?.time ?? 0))
      assert.ok(gaps.filter(gap => gap >= 2000 && gap <= 3200).length >= calls.length - 3)
    }
  })

  it('cost-harvest: a night of tokens, twenty times the person’s day', () => {
    for (const { of, own } of told) {
      const night = of('cost-harvest')
      const life = own('cost-harvest')
      assert.ok(tokens(night) > (20 * tokens(life)) / DAYS, `${tokens(night)}`)
      assert.ok((night.at(-1)?.time ?? 0) - startOf(night) < 4 * HOUR_MS)
      const ips = values(life, e => e.source?.ip)
      assert.ok(
        night.every(e => ips.has(e.source?.ip)),
        'from an address of theirs',
      )
    }
  })

  it('denied-recon: minutes of refusals over tens of things', () => {
    for (const { of } of told) {
      const tries = of('denied-recon')
      const denied = tries.filter(e => e.outcome === 'denied')
      assert.ok(denied.length >= 0.85 * tries.length && tries.length === 90)
      assert.ok((tries.at(-1)?.time ?? 0) - startOf(tries) < HOUR_MS / 2)
      const things = values(denied, e => JSON.stringify([e.resource, e.model?.served, e.endpoint]))
      assert.ok(things.size >= 35, `${things.size}`)
    }
  })

  it('canary-touch: what nobody reads is read', () => {
    for (const { of, month } of told) {
      const isCanary = (e: WireEvent) => e.resource?.some(r => r.class === 'canary') ?? false
      const touched = of('canary-touch').filter(isCanary)
      assert.equal(touched.length, 6)
      assert.ok(touched.every(e => e.outcome === 'success' && (e.rows ?? 0) > 0))
      assert.equal(month.filter(isCanary).length, touched.length)
    }
  })
})

describe('weaker stories', () => {
  it('do less of everything', () => {
    const stage = makeStage(SEEDS[0] ?? 1)
    const sizes = (['weak', 'medium', 'strong'] as const).map(strength =>
      storiesAt({ nowMs: NOW, strength, liveMs: [] }).map(campaign => {
        const days = Array.from({ length: 22 }, (_, i) => Math.floor(NOW / DAY_MS) - i)
        return days.flatMap(day => campaign.events({ stage, day })).length
      }),
    )
    const [weak = [], medium = [], strong = []] = sizes
    for (const [i, name] of Object.keys(KINDS).entries()) {
      const [a = 0, b = 0, c = 0] = [weak[i], medium[i], strong[i]]
      assert.ok(a > 0 && a <= b && b < c, `${name}: ${a} ${b} ${c}`)
    }
  })
})

it('they can be told on any day of a year, holidays and New Year too', () => {
  for (let day = 0; day < 370; day += 37) {
    const nowMs = NOW + day * DAY_MS
    const stage = makeStage(7 + day)
    for (const campaign of storiesAt({ nowMs })) {
      const days = Array.from({ length: 30 }, (_, i) => Math.floor(nowMs / DAY_MS) - i)
      const drafts = days.flatMap(at => campaign.events({ stage, day: at }))
      assert.ok(drafts.length > 0, `${campaign.name} on ${new Date(nowMs).toISOString()}`)
      const isLive = drafts.some(e => e.time > nowMs)
      assert.ok(isLive ? drafts.every(e => e.time > nowMs) : true, campaign.name)
      for (const draft of drafts) {
        assert.ok(draft.time > nowMs - 22 * DAY_MS && draft.time < nowMs + 11 * 60_000)
      }
    }
  }
})
