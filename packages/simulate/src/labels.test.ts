import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { WireEvent } from '@tocsin/sdk/event'
import { DAY_MS, HOUR_MS } from './calendar.ts'
import { CAMPAIGNS } from './campaigns/campaigns.ts'
import { type Campaign, createWorld } from './simulate.ts'
import { makeStage } from './stage.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const FROM = NOW - 30 * DAY_MS
const world = createWorld({ seed: 1 })
const month: readonly WireEvent[] = [...world.events(FROM, NOW)]
const labels = world.labels(FROM, NOW)
const byId = new Map(month.map(e => [e.id, e]))
const BENIGN = [
  'benign:release-day',
  'benign:on-call-week',
  'benign:quarter-end-batch',
  'benign:new-joiner',
  'benign:conference-travel',
  'benign:batch-after-release',
  'benign:retry-storm',
]
const eventsOf = (campaign: string) =>
  labels.filter(l => l.campaign === campaign).map(l => l.eventIds.flatMap(id => byId.get(id) ?? []))

describe('labels', () => {
  it('name the hard negatives, each time they happen, with events that exist', () => {
    assert.deepEqual([...new Set(labels.map(l => l.campaign))], BENIGN)
    for (const label of labels) {
      assert.equal(label.kind, '')
      assert.ok(label.strength > 0 && label.strength <= 1)
      const events = label.eventIds.map(id => byId.get(id))
      assert.ok(events.length > 5 && events.every(e => e !== undefined), label.campaign)
      assert.equal(events[0]?.time, label.start)
      assert.equal(events.at(-1)?.time, label.end)
      assert.deepEqual(new Set(events.map(e => e?.actor.id)), new Set(label.entities))
    }
    const all = labels.flatMap(l => l.eventIds)
    assert.equal(new Set(all).size, all.length, 'an event belongs to one label')
  })

  it('of a part of the time are the part of the labels', () => {
    const from = NOW - 10 * DAY_MS
    const to = NOW - 3 * DAY_MS
    const part = createWorld({ seed: 1 }).labels(from, to)
    const within = (id: string) => {
      const time = byId.get(id)?.time ?? 0
      return time >= from && time < to
    }
    const expected = labels.map(l => l.eventIds.filter(within)).filter(ids => ids.length > 0)
    assert.deepEqual(
      part.map(l => l.eventIds),
      expected,
    )
    assert.deepEqual(createWorld({ seed: 1 }).labels(NOW, NOW), [])
  })

  it('are there in every thirty days of two years, whatever the seed', () => {
    for (const stage of [makeStage(1), makeStage(2)]) {
      for (const { name, events } of CAMPAIGNS) {
        const days = Array.from({ length: 730 }, (_, i) => Math.floor(FROM / DAY_MS) + i)
        const on = days.filter(day => events({ stage, day }).length > 0)
        const gaps = on.slice(1).map((day, i) => day - (on[i] ?? day))
        // From the begin of one such day to the begin of the next; a month holds thirty.
        assert.ok(Math.max(...gaps) <= 30, `${name} is away for ${Math.max(...gaps)} days`)
      }
    }
  })
})

describe('hard negatives', () => {
  it('look like copied weights: downloads in an evening, on a release day', () => {
    for (const events of eventsOf('benign:release-day')) {
      const downloads = events.filter(e => e.operation === 'download')
      assert.ok(downloads.length >= 2)
      assert.ok(downloads.every(e => (e.bytes?.out ?? 0) > 5e7))
      assert.equal(new Date(events[0]?.time ?? 0).getUTCDay(), 2)
    }
  })

  it('look like a stolen account: a night and a change', () => {
    for (const events of eventsOf('benign:on-call-week')) {
      assert.ok(events.some(e => e.kind === 'ai.admin'))
      assert.ok(events.some(e => e.kind === 'auth.logon'))
    }
  })

  it('look like a bulk copy: a service reads ten times its rows', () => {
    const usual = month.filter(
      e => e.actor.id === 'svc-report-writer' && e.kind === 'data.read' && (e.rows ?? 0) < 5000,
    )
    const mean = (events: readonly WireEvent[]) =>
      events.reduce((sum, e) => sum + (e.rows ?? 0), 0) / events.length
    const closing = eventsOf('benign:quarter-end-batch').flat()
    assert.ok(closing.length >= 120 && mean(closing) > 5 * mean(usual))
  })

  it('look like reconnaissance: every model and dataset in a first week, some refused', () => {
    const events = eventsOf('benign:new-joiner').flat()
    const newcomer = events.find(e => e.actor.id.startsWith('ext.'))?.actor.id
    const first = month.find(e => e.actor.id === newcomer)
    assert.ok(first && events.includes(first), 'nobody saw them before')
    const seen = new Set(events.flatMap(e => (e.resource ?? []).map(r => r.id)))
    assert.ok(world.cast.datasets.every(d => seen.has(d.id)))
    assert.ok(events.some(e => e.kind === 'data.read' && e.outcome === 'denied'))
  })

  it('look like a stolen session: another country, and nothing from home meanwhile', () => {
    for (const events of eventsOf('benign:conference-travel')) {
      for (const [id, own] of Map.groupBy(
        events.filter(e => e.actor.type === 'human'),
        e => e.actor.id,
      )) {
        const abroad = new Set(own.map(e => e.source?.geo?.country))
        assert.equal(abroad.size, 1)
        assert.ok(!['DE', 'US', 'JP', undefined].includes([...abroad][0]), id)
        const from = (own[0]?.time ?? 0) + HOUR_MS
        const to = (own.at(-1)?.time ?? 0) - HOUR_MS
        const others = month.filter(
          e => e.actor.id === id && e.time > from && e.time < to && !own.includes(e),
        )
        assert.deepEqual(
          others.map(e => e.kind),
          [],
          id,
        )
      }
    }
  })

  it('look like a bulk copy: a job does its own work again, more of it, at its own time', () => {
    const episodes = eventsOf('benign:batch-after-release')
    assert.ok(episodes.length >= 2)
    for (const again of episodes) {
      const [first] = again
      const day = Math.floor((first?.time ?? 0) / DAY_MS)
      assert.equal(new Date(day * DAY_MS).getUTCDay(), 3, 'the day after a release')
      const own = month.filter(e => e.actor.id === first?.actor.id && !again.includes(e))
      const run = own.filter(e => Math.floor(e.time / DAY_MS) === day)
      const ratio = again.length / run.length
      assert.ok(ratio >= 1.4 && ratio <= 4.1, `${ratio}`)
      assert.ok((first?.time ?? 0) - (run.at(-1)?.time ?? 0) < HOUR_MS / 2)
      assert.ok((again.at(-1)?.time ?? 0) - (run[0]?.time ?? 0) < 3 * HOUR_MS)
      const said = (e: WireEvent) => JSON.stringify([e.kind, e.resource, e.source, e.actor.id])
      const usual = new Set(own.map(said))
      assert.ok(again.every(e => usual.has(said(e))))
    }
  })

  it('look like denial of wallet: the same requests ten times, nearly all failed', () => {
    const episodes = eventsOf('benign:retry-storm')
    assert.ok(episodes.length >= 1)
    for (const storm of episodes) {
      const requests = Map.groupBy(storm, e => e.inputHash)
      const tries = [...requests.values()]
      assert.ok(requests.size >= 30 && tries.some(t => t.length === 10))
      const failed = storm.filter(e => e.status === 502)
      assert.ok(failed.length > 0.75 * storm.length, `${failed.length} of ${storm.length}`)
      // Given up, or served by the last try.
      assert.ok(tries.every(t => t.slice(0, -1).every(e => e.outcome !== 'success')))
    }
  })
})

it('a campaign is one thing that is handed in: its events are merged, numbered and labelled', () => {
  const nothing: Campaign = {
    name: 'test:nothing',
    kind: 'none',
    strength: 1,
    episodeOf: day => day,
    events: () => [],
  }
  const bare = createWorld({ seed: 1, campaigns: [nothing] })
  const day = [NOW - DAY_MS, NOW] as const
  assert.deepEqual(bare.labels(...day), [])
  const seen = [...bare.events(...day)].map(e => `${e.time} ${e.kind} ${e.actor.id}`)
  const mine = month.filter(e => e.time >= day[0] && e.time < day[1])
  const labelled = new Set(labels.flatMap(l => l.eventIds))
  const others = mine.filter(e => !labelled.has(e.id ?? ''))
  assert.deepEqual(
    seen,
    others.map(e => `${e.time} ${e.kind} ${e.actor.id}`),
  )
})
