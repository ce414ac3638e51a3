import assert from 'node:assert/strict'
import { it } from 'node:test'
import { askedIn, askedValue, byIds, wholeOf, withValue } from './question.ts'

it('takes the state out of a question, so that every state of the rest is counted', () => {
  assert.deepEqual(askedIn('state:open'), { q: '', state: 'open' })
  assert.deepEqual(askedIn('level:high state:resolved'), { q: 'level:high', state: 'resolved' })
  assert.deepEqual(askedIn('*'), { q: '', state: null })
  assert.deepEqual(askedIn(''), { q: '', state: null })
})

it('leaves a state where taking it out would ask something else', () => {
  for (const text of [
    'state:open or level:high',
    'not state:open',
    'state:(open or resolved)',
    'state:open state:resolved',
    'state:opened',
    'state:op*',
    'state:"',
    '((',
  ]) {
    const { state } = askedIn(text)
    assert.equal(state, null, text)
  }
  assert.equal(askedIn('state:"').q, 'state:"')
  assert.equal(askedIn('(state:open or level:high) state:open').state, 'open')
})

it('puts a filter into a question and takes it out again', () => {
  assert.equal(withValue('state:open', 'state', 'resolved'), 'state:resolved')
  assert.equal(withValue('state:(open or resolved) level:high', 'state', null), 'level:high')
  assert.equal(withValue('state:open', 'state', null), '*')
  assert.equal(withValue('*', 'suppressed', 'true'), 'suppressed:true')
  assert.equal(
    withValue('state:open', 'assignee', 'a "b" or c'),
    'state:open and assignee:"a \\"b\\" or c"',
  )
  assert.equal(askedValue('assignee:"a \\"b\\" or c"', 'assignee'), 'a "b" or c')
  assert.equal(askedValue('level:high or assignee:x', 'assignee'), null)
  assert.equal(askedValue('not assignee:x', 'assignee'), null)
})

it('keeps what else is asked, groups included', () => {
  const text = '(rule:a or rule:b) state:open'
  const changed = withValue(text, 'state', 'resolved')
  assert.deepEqual(askedIn(changed), { q: 'rule:a or rule:b', state: 'resolved' })
  assert.equal(wholeOf(askedIn(changed)), '(rule:a or rule:b) and state:resolved')
})

it('names alerts by their ids', () => {
  assert.equal(byIds(['ab']), 'id:ab')
  assert.equal(byIds(['ab', 'cd']), 'id:(ab or cd)')
})
