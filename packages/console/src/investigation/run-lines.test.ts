import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Run } from './asked.ts'
import { placeOn, shownRuns, zoomOf } from './run-lines.ts'

const run = (fromMs: number, found = 0): Run => ({
  fromMs,
  toMs: fromMs,
  kind: 'data.read',
  operation: 'read',
  target: 't',
  outcome: 'success',
  source: '',
  count: 1,
  rows: 0,
  bytesOut: 0,
  found,
  firstId: String(fromMs),
})

it('a run lies on the axis, whatever its length', () => {
  const axis = { fromMs: 1000, toMs: 2000 }
  assert.deepEqual(placeOn(axis, { fromMs: 1500, toMs: 1750 }), { left: 50, width: 25 })
  assert.deepEqual(placeOn(axis, { fromMs: 1000, toMs: 2000 }), { left: 0, width: 100 })
  for (const one of [
    { fromMs: 2000, toMs: 2000 },
    { fromMs: 500, toMs: 600 },
    { fromMs: 0, toMs: 9000 },
  ]) {
    const { left, width } = placeOn(axis, one)
    assert.ok(left >= 0 && width > 0 && left + width <= 100.0001, JSON.stringify({ left, width }))
  }
})

it('of too many runs those stay that findings rest on, in the order of time', () => {
  const runs = [run(1), run(2), run(3), run(4, 5), run(5), run(6, 1)]
  assert.deepEqual(
    shownRuns(runs, 3, 'during').map(({ fromMs }) => fromMs),
    [1, 4, 6],
  )
  assert.deepEqual(
    shownRuns(runs, 3, 'before').map(({ fromMs }) => fromMs),
    [4, 5, 6],
  )
  assert.equal(shownRuns(runs, 1, 'after').length, 1)
  assert.deepEqual(shownRuns(runs, 6, 'before'), runs)
})

it('an unknown zoom of an address is the whole', () => {
  assert.equal(zoomOf('stretch'), 'stretch')
  assert.equal(zoomOf('x'), 'whole')
  assert.equal(zoomOf(undefined), 'whole')
})
