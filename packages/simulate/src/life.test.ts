import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { WireEvent } from '@tocsin/sdk/event'
import { DAY_MS, dayOf, dayStartMs, HOUR_MS, isWorkday, localDay } from './calendar.ts'
import { personDay } from './person-day.ts'
import { createWorld, type Person } from './simulate.ts'
import { makeStage } from './stage.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const FROM = NOW - 30 * DAY_MS
const world = createWorld({ seed: 1 })
const month: readonly WireEvent[] = [...world.events(FROM, NOW)]
const labelled = new Set(world.labels(FROM, NOW).flatMap(l => l.eventIds))
const everyday = month.filter(e => !labelled.has(e.id ?? ''))
const people: ReadonlyMap<string, Person> = new Map(world.cast.people.map(p => [p.id, p]))
const daytime = everyday.flatMap(event => {
  const person = people.get(event.actor.id)
  return person && person.crew === null ? [{ event, person }] : []
})

function count<T>(items: Iterable<T>, key: (item: T) => string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const item of items) found.set(key(item), (found.get(key(item)) ?? 0) + 1)
  return found
}

const share = <T>(items: readonly T[], is: (item: T) => boolean) =>
  items.filter(is).length / items.length

const quantile = (values: readonly number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(q * values.length)] ?? Number.NaN

describe('people', () => {
  it('live by the clock of their country', () => {
    for (const country of ['DE', 'US', 'JP'] as const) {
      const own = daytime.filter(({ person }) => person.country === country)
      const hours = own.map(({ event }) => {
        const startMs = dayStartMs(country, localDay(country, event.time))
        return (event.time - startMs) / HOUR_MS
      })
      assert.ok(own.length > 3000)
      assert.ok(share(hours, h => h >= 6 && h < 20) > 0.93, country)
      assert.ok(share(hours, h => h >= 1 && h < 5) < 0.002, country)
    }
  })

  it('rest on weekends, and on the holidays of their own country alone', () => {
    const perDay = count(
      daytime,
      ({ event, person }) =>
        `${person.country} ${localDay(person.country, event.time) - dayOf(2026, 1, 1)}`,
    )
    const on = (country: string, m: number, date: number) =>
      perDay.get(`${country} ${dayOf(2026, m, date) - dayOf(2026, 1, 1)}`) ?? 0
    assert.ok(on('DE', 11, 17) > 8 * on('DE', 11, 15), 'Tuesday against Sunday')
    // Culture day and labour thanksgiving in Japan, veterans day in America.
    assert.ok(on('JP', 11, 4) > 8 * on('JP', 11, 3), 'Japan on 3 November')
    assert.ok(on('US', 11, 12) > 8 * on('US', 11, 11), 'America on 11 November')
    assert.ok(on('DE', 11, 3) > 300 && on('US', 11, 3) > 100, 'the others work')
  })

  it('are quiet over Christmas and not the week before', () => {
    const days = [Date.UTC(2026, 11, 16), Date.UTC(2026, 11, 25)].map(at => {
      const events = [...createWorld({ seed: 1 }).events(at, at + DAY_MS)]
      return events.filter(e => {
        const person = people.get(e.actor.id)
        return person?.country === 'DE' && person.crew === null
      }).length
    })
    assert.ok((days[0] ?? 0) > 10 * (days[1] ?? 0), days.join(' against '))
  })

  it('rest at noon', () => {
    // Germans with whole days who begin at nine or so: fewer begin something between 12 and 14.
    const early = daytime.filter(({ person }) => person.startsAt < 8.5 && person.hours > 7)
    const hours = count(early, ({ event, person }) => {
      const startMs = dayStartMs(person.country, localDay(person.country, event.time))
      return String(Math.floor((event.time - startMs) / HOUR_MS))
    })
    const at = (hour: number) => hours.get(String(hour)) ?? 0
    assert.ok(Math.min(at(11), at(12)) < 0.85 * ((at(10) + at(14)) / 2))
  })

  it('keep support open around the clock', () => {
    const crews = everyday.filter(
      e => people.get(e.actor.id)?.crew !== null && people.has(e.actor.id),
    )
    const threeHours = count(crews, e => String(Math.floor(e.time / (3 * HOUR_MS))))
    const slots = Math.floor((NOW - FROM) / (3 * HOUR_MS))
    assert.ok(threeHours.size > 0.98 * slots, `${threeHours.size} of ${slots}`)
  })

  it('take vacations and fall ill', () => {
    const worked = new Set(
      daytime.map(({ event, person }) => {
        const day = localDay(person.country, event.time)
        return `${person.id} ${day}`
      }),
    )
    const absent: number[] = []
    for (const person of people.values()) {
      if (person.crew !== null || person.days.length < 5) continue
      let missing = 0
      for (let day = Math.ceil(FROM / DAY_MS) + 1; day < NOW / DAY_MS - 1; day++) {
        if (isWorkday(person.country, day) && !worked.has(`${person.id} ${day}`)) missing += 1
      }
      absent.push(missing)
    }
    const mean = absent.reduce((sum, x) => sum + x, 0) / absent.length
    assert.ok(mean > 0.5 && mean < 4, `${mean} days`)
    assert.ok(absent.some(x => x === 0) && absent.some(x => x >= 4))
  })

  it('have few addresses each, all of their own country', () => {
    const byActor = Map.groupBy(everyday, e => e.actor.id)
    for (const [id, person] of people) {
      const own = byActor.get(id) ?? []
      const places = new Set(own.map(e => e.source?.ip))
      assert.ok(places.size <= 4, `${id} ${[...places]}`)
      const countries = new Set(own.flatMap(e => e.source?.geo?.country ?? []))
      assert.ok(
        [...countries].every(c => c === person.country),
        id,
      )
    }
  })

  it('have favourites', () => {
    const chats = month.filter(e => e.actor.type === 'human' && e.operation === 'chat')
    const favourites = [...Map.groupBy(chats, e => e.actor.id).values()].flatMap(own => {
      const models = [...count(own, e => e.model?.served ?? '').values()]
      return own.length < 50 ? [] : [Math.max(...models) / own.length]
    })
    assert.ok(favourites.length > 30 && quantile(favourites, 0.5) > 0.6)
  })
})

describe('sessions', () => {
  it('begin with a logon, belong to one person at one place, and are not used after logoff', () => {
    const sessions = Map.groupBy(
      month.filter(e => e.actor.session !== undefined),
      e => e.actor.session ?? '',
    )
    assert.ok(sessions.size > 1000)
    for (const [id, events] of sessions) {
      const [first] = events
      // Of sessions that began before the window the logon is not seen.
      const isWhole = (first?.time ?? 0) > FROM + DAY_MS
      if (isWhole) assert.equal(first?.kind, 'auth.logon', id)
      assert.equal(new Set(events.map(e => `${e.actor.id} ${e.source?.ip}`)).size, 1, id)
      const off = events.findIndex(e => e.kind === 'auth.logoff')
      assert.ok(off === -1 || off === events.length - 1, id)
    }
  })

  it('of scripts are none: they have a key', () => {
    const scripts = month.filter(e => e.actor.type === 'human' && e.actor.credential)
    assert.ok(scripts.length > 3000)
    assert.ok(scripts.every(e => e.actor.session === undefined))
  })

  it('fail to begin now and then', () => {
    const failed = month.filter(e => e.kind === 'auth.failed').length
    const logons = month.filter(e => e.kind === 'auth.logon').length
    assert.ok(failed > 0.02 * logons && failed < 0.15 * logons, `${failed} of ${logons}`)
  })
})

describe('services', () => {
  const of = (id: string) => month.filter(e => e.actor.id === id)

  it('follow customers: the shop sells in the evening and more on weekends, offices do not', () => {
    const hour = (e: WireEvent) => new Date(e.time).getUTCHours()
    const shop = of('svc-checkout-fraud')
    assert.ok(shop.filter(e => hour(e) === 17).length > 4 * shop.filter(e => hour(e) === 4).length)
    const isWeekend = (e: WireEvent) => [0, 6].includes(new Date(e.time).getUTCDay())
    assert.ok(share(shop, isWeekend) > 0.29)
    assert.ok(share(of('svc-support-rag'), isWeekend) < 0.12)
  })

  it('begin their batches at the same minute each day', () => {
    const reads = of('svc-churn-nightly').filter(e => e.kind === 'data.read')
    const runs = Map.groupBy(reads, e => Math.floor(e.time / DAY_MS))
    const minutes = [...runs.values()]
      .slice(1)
      .map(([first]) => Math.floor(((first?.time ?? 0) % DAY_MS) / 60_000))
    assert.equal(new Set(minutes).size, 1)
    assert.ok(minutes.length >= 29)
  })

  it('join what belongs together: features before the score, in one trace', () => {
    const traces = Map.groupBy(of('svc-checkout-fraud'), e => e.trace?.id ?? '')
    traces.delete('')
    assert.ok(traces.size > 5000)
    for (const [first, second] of traces.values()) {
      assert.equal(first?.kind, 'ai.feature')
      assert.equal(second?.kind, 'ai.invoke')
    }
  })

  it('try again with the same input when they are refused in passing', () => {
    const refused = of('svc-mail-triage').filter(e => e.status === 429)
    const byInput = Map.groupBy(of('svc-mail-triage'), e => e.inputHash)
    assert.ok(refused.length > 5)
    assert.ok(refused.every(e => (byInput.get(e.inputHash)?.length ?? 0) >= 2))
  })
})

describe('models', () => {
  it('of the company change their version when they are promoted, and only then', () => {
    const own = month.filter(e => e.model?.provider === 'own' && e.model.digest)
    let changes = 0
    for (const [name, events] of Map.groupBy(own, e => e.model?.served ?? '')) {
      let version = ''
      for (const { kind, operation, model } of events) {
        if (operation === 'register' || model?.version === version) continue
        if (version !== '') {
          assert.equal(`${kind} ${operation}`, 'model.change promote', name)
          changes += 1
        }
        version = model?.version ?? ''
      }
    }
    assert.ok(changes >= 4, `${changes}`)
  })

  it('are promoted by their manager, also when that is at noon', () => {
    let promoted = 0
    for (const seed of [1, 2, 3]) {
      const stage = makeStage(seed)
      for (let day = dayOf(2026, 1, 1); day < dayOf(2027, 1, 1); day++) {
        const managed = stage.releasesOn(day).filter(r => r.manager !== null)
        const manager = managed[0]?.manager
        if (!manager) continue
        const changes = personDay({ stage, person: manager, day }).filter(
          e => e.kind === 'model.change',
        )
        const expected = managed.map(r => [r.timeMs, r.model.name])
        assert.deepEqual(
          changes.map(e => [e.time, e.model?.served]),
          expected,
        )
        promoted += changes.length
      }
    }
    assert.ok(promoted > 200, `${promoted}`)
  })

  it('answer with sizes, durations and costs that have long tails', () => {
    const chats = month.filter(e => e.operation === 'chat' && e.outcome === 'success')
    const value = {
      out: chats.map(e => e.usage?.out ?? 0),
      duration: chats.map(e => e.durationMs ?? 0),
      cost: chats.flatMap(e => (e.costMicros ? [e.costMicros] : [])),
    }
    for (const [name, values] of Object.entries(value)) {
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length
      assert.ok(mean > 1.2 * quantile(values, 0.5), name)
      assert.ok(quantile(values, 0.99) > 4 * quantile(values, 0.5), name)
    }
    assert.ok(chats.every(e => (e.usage?.cachedRead ?? 0) <= (e.usage?.in ?? 0)))
  })

  it('fail, refuse and are left as it happens, and not more', () => {
    const calls = month.filter(e => e.kind === 'ai.invoke')
    const failed = share(calls, e => e.outcome !== 'success')
    assert.ok(failed > 0.005 && failed < 0.04, `${failed}`)
    const reasons = count(calls, e => e.reasonCode ?? '')
    for (const reason of ['rate_limited', 'upstream_error', 'client_closed', 'guard-pii']) {
      assert.ok((reasons.get(reason) ?? 0) > 5, reason)
    }
    assert.ok(month.some(e => e.kind === 'data.read' && e.reasonCode === 'not_allowed'))
  })
})

it('agents work for people who have a session, and use tools only after they thought', () => {
  const runs = Map.groupBy(
    month.filter(e => e.conversation?.startsWith('run-')),
    e => e.conversation ?? '',
  )
  assert.ok(runs.size > 1500)
  const kinds = new Set(month.map(e => e.kind))
  for (const [id, [first, second]] of runs) {
    if ((first?.time ?? 0) < FROM + HOUR_MS) continue
    assert.ok(first?.operation === 'wake' || first?.operation === 'invoke_agent', id)
    if (first?.operation === 'invoke_agent') {
      assert.ok(first.actor.session)
      assert.equal(second?.onBehalfOf?.[0]?.id, first.actor.id)
    }
    assert.equal(second?.kind, 'ai.invoke', id)
  }
  assert.ok(kinds.size >= 16, [...kinds].join(' '))
})
