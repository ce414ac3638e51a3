import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DAY_MS, HOUR_MS } from '../rule.ts'
import { readState, writeState } from '../state-bytes.ts'
import { makeTestFinding, sha256, T0 } from '../test-events.ts'
import { type AlertBook, openAlertBook, THRESHOLD_MIN, THRESHOLD_USUAL } from './alert-book.ts'

const open = (budget = 10) => openAlertBook({ sha256, budget })
const at = (hours: number) => T0 + hours * HOUR_MS
const high = (parts = {}) => makeTestFinding({ level: 'high', score: 70, ...parts })
const medium = (parts = {}) => makeTestFinding({ level: 'medium', score: 45, ...parts })

function saved(book: AlertBook): Uint8Array {
  const out = writeState()
  book.save(out)
  return out.finish()
}

describe('the book of findings', () => {
  it('one finding of level high is an alert, one of medium is not, two of medium are', () => {
    assert.ok(open().take(high()))
    const book = open()
    assert.equal(book.take(medium({ rule: 'a' })), null)
    const second = book.take(medium({ rule: 'b', timeMs: at(2) }))
    assert.equal(second?.startMs, T0)
    assert.equal(second?.openedMs, at(2))
    assert.equal(second?.findingIds.length, 2)
  })

  it('the same rule said again makes nothing more likely', () => {
    const book = open()
    for (let hour = 0; hour < 20; hour++) {
      assert.equal(book.take(medium({ timeMs: at(hour) })), null)
    }
  })

  it('findings of two entities are never one alert', () => {
    const book = open()
    book.take(medium({ rule: 'a' }))
    const other = medium({ rule: 'b', entity: { type: 'actor', id: 'svc-b' } })
    assert.equal(book.take(other), null)
  })

  it('findings more than a day apart are not added', () => {
    const book = open()
    book.take(medium({ rule: 'a' }))
    assert.equal(book.take(medium({ rule: 'b', timeMs: T0 + DAY_MS + 1 })), null)
  })

  it('stays one alert for 24 h, then begins another under another id', () => {
    const book = open()
    const first = book.take(high())
    const later = book.take(high({ rule: 'b', timeMs: at(23) }))
    const next = book.take(high({ timeMs: at(25) }))
    assert.equal(later?.id, first?.id)
    assert.ok(next)
    assert.notEqual(next.id, first?.id)
  })

  it('a disposition begins a new count', () => {
    const book = open()
    book.take(medium({ rule: 'a' }))
    book.dispose({ type: 'actor', id: 'svc-a' }, at(1))
    assert.equal(book.take(medium({ rule: 'b', timeMs: at(2) })), null)
  })

  it('the bar rises until the days before would have met the budget, and no further', () => {
    const book = open(1)
    const noisy = (day: number, i: number) =>
      medium({
        rule: 'a',
        score: 54 + i / 10,
        timeMs: T0 + day * DAY_MS + i,
        entity: { type: 'actor', id: `person-${i}` },
      })
    for (let day = 0; day < 10; day++) for (let i = 0; i < 20; i++) book.take(noisy(day, i))
    assert.ok(book.threshold > THRESHOLD_USUAL)
    assert.ok(book.expectedPerDay <= 1, String(book.expectedPerDay))
    const critical = makeTestFinding({ level: 'critical', score: 95, timeMs: T0 + 10 * DAY_MS })
    assert.ok(book.take(critical), 'a critical finding passes at any budget')
  })

  it('comes down while a stated budget is not used, and only to 20 where nobody stated one', () => {
    const quiet = (book: AlertBook) => {
      for (let day = 0; day < 10; day++) {
        book.take(medium({ score: 25, timeMs: T0 + day * DAY_MS, id: `f${day}` }))
      }
      return book.threshold
    }
    assert.equal(quiet(open(10)), THRESHOLD_MIN)
    assert.equal(quiet(openAlertBook({ sha256, budget: null })), THRESHOLD_USUAL)
  })

  it('rows, requests and cost above the usual are the same thing said thrice', () => {
    const book = open()
    const volume = (rule: string) => medium({ rule, detector: 'baseline_ratio' })
    for (const rule of ['rows', 'requests', 'cost']) assert.equal(book.take(volume(rule)), null)
    assert.ok(book.take(medium({ rule: 'network', detector: 'first_seen' })))
  })

  it('what a person decided about no longer raises the bar', () => {
    const book = open(1)
    for (let day = 0; day < 4; day++) {
      for (let i = 0; i < 9; i++) {
        const entity = { type: 'actor', id: `a-${i}` } as const
        book.take(high({ timeMs: T0 + day * DAY_MS, entity, rule: `r${i}` }))
      }
    }
    const before = book.threshold
    for (let i = 0; i < 9; i++) book.dispose({ type: 'actor', id: `a-${i}` }, T0 + 4 * DAY_MS)
    book.take(medium({ timeMs: T0 + 5 * DAY_MS }))
    assert.ok(before > THRESHOLD_USUAL && book.threshold < before)
  })

  it('what comes from long ago is judged by the bar of today and does not move it', () => {
    const book = open(10)
    for (let day = 0; day < 8; day++) {
      book.take(medium({ score: 25, timeMs: T0 + day * DAY_MS, id: `f${day}` }))
    }
    assert.equal(book.threshold, THRESHOLD_MIN)
    book.take(medium({ timeMs: T0 - 30 * DAY_MS, entity: { type: 'actor', id: 'old' } }))
    assert.equal(book.threshold, THRESHOLD_MIN)
    const again = open()
    again.take(medium({ rule: 'a' }))
    const older = medium({ rule: 'b', timeMs: T0 - 3 * DAY_MS })
    assert.equal(again.take(older), null, 'three days apart are not one day')
  })

  it('what is found in a name that nobody proved says nothing of who has that name', () => {
    const book = open()
    const actor = { ...medium().actor, verified: 'none' }
    book.take(medium({ rule: 'a', actor }))
    assert.equal(book.take(medium({ rule: 'b' })), null)
    assert.ok(book.take(medium({ rule: 'c', actor })))
  })

  it('a storm cannot raise the bar of its own day', () => {
    const book = open(1)
    for (let i = 0; i < 500; i++) {
      book.take(high({ timeMs: T0 + i, entity: { type: 'actor', id: `a-${i}` } }))
    }
    assert.equal(book.threshold, THRESHOLD_USUAL)
  })

  it('bytes and back: the same future, whatever came before', () => {
    const step = fc.record({
      minutes: fc.integer({ min: 0, max: 5000 }),
      who: fc.constantFrom('a', 'b', 'ü'),
      rule: fc.constantFrom('r1', 'r2', 'r3'),
      score: fc.constantFrom(20, 45, 70, 95),
    })
    fc.assert(
      fc.property(fc.array(step), fc.array(step), (before, after) => {
        const book = open(2)
        let timeMs = T0
        const feed = (to: AlertBook, { minutes, who, rule, score }: (typeof before)[number]) =>
          to.take(
            makeTestFinding({
              rule,
              score,
              entity: { type: 'actor', id: who },
              timeMs: timeMs + minutes * 60_000,
            }),
          )
        for (const one of before) {
          feed(book, one)
          timeMs += one.minutes * 60_000
        }
        const again = openAlertBook({ sha256, budget: 2 }, readState(saved(book)))
        for (const one of after) assert.deepEqual(feed(again, one), feed(book, one))
        assert.deepEqual(saved(again), saved(book))
      }),
    )
  })
})
