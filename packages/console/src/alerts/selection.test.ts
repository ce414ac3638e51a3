import assert from 'node:assert/strict'
import { it } from 'node:test'
import { bulkQuestion, isSelected, NOTHING, sizeOf, toggled } from './selection.ts'

const ASKED = { q: 'level:high', state: 'open', from: 'now-30d', to: 'now' } as const

it('rows are selected one by one, and let go again', () => {
  const one = toggled(NOTHING, 'a', ['a', 'b'])
  assert.equal(isSelected(one, 'a'), true)
  assert.equal(isSelected(one, 'b'), false)
  assert.equal(sizeOf(toggled(one, 'a', ['a', 'b'])), 0)
})

it('all that match are more than is loaded; letting one go leaves what is loaded', () => {
  const all = { kind: 'all', count: 132 } as const
  assert.equal(isSelected(all, 'not loaded'), true)
  const fewer = toggled(all, 'a', ['a', 'b', 'c'])
  assert.deepEqual(
    [sizeOf(fewer), isSelected(fewer, 'a'), isSelected(fewer, 'b')],
    [2, false, true],
  )
})

it('is a question with its exact number', () => {
  assert.deepEqual(bulkQuestion({ kind: 'all', count: 132 }, ASKED), {
    q: 'level:high and state:open',
    from: 'now-30d',
    to: 'now',
    expect: 132,
  })
  const two = toggled(toggled(NOTHING, 'a', []), 'b', [])
  assert.deepEqual(bulkQuestion(two, ASKED), { q: 'id:(a or b)', expect: 2 })
})
