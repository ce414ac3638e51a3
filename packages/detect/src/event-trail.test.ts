import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { loadTrail, openTrail } from './event-trail.ts'
import { readState, writeState } from './state-bytes.ts'

describe('the trail of events', () => {
  it('keeps the newest by time, in their order, whatever order they come in', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30)), fc.nat(31), fc.nat(31), (times, afterMs, untilMs) => {
        const trail = openTrail(5)
        const kept: { timeMs: number; id: string }[] = []
        times.forEach((timeMs, i) => {
          trail.add(timeMs, `e${i}`)
          kept.push({ timeMs, id: `e${i}` })
          kept.sort((a, b) => a.timeMs - b.timeMs)
          if (kept.length > 5) kept.shift()
        })
        const expected = kept.filter(e => e.timeMs > afterMs && e.timeMs <= untilMs)
        assert.deepEqual(
          trail.within(afterMs, untilMs),
          expected.map(({ id }) => id),
        )
      }),
    )
  })

  it('forgets, and comes back from bytes', () => {
    const trail = openTrail(50)
    for (let timeMs = 1; timeMs <= 20; timeMs++) trail.add(timeMs, `e${timeMs}`)
    trail.forget(15)
    assert.equal(trail.within(0, 99).length, 20)
    trail.forget(18)
    const out = writeState()
    trail.save(out)
    const again = loadTrail(readState(out.finish()), 50)
    assert.deepEqual(again.within(0, 99), ['e19', 'e20'])
    again.forget(99)
    assert.deepEqual(again.within(0, 99), [])
  })
})
