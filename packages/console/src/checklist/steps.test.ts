import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  aboutStory,
  nextStep,
  type Progress,
  readProgress,
  STEPS,
  stepsAt,
  withDone,
} from './steps.ts'

const FRESH: Progress = { story: 'a', done: [], isDismissed: false }
describe('steps through the demo', () => {
  it('are done by going where they lead, with what they lead to', () => {
    assert.deepEqual(stepsAt('/alerts', { sel: 'x' }), ['open'])
    assert.deepEqual(stepsAt('/alerts', {}), [])
    assert.deepEqual(stepsAt('/entities/actor/ana', {}), ['compare'])
    assert.deepEqual(stepsAt('/investigate', { alert: 'x' }), ['chain'])
    assert.deepEqual(stepsAt('/investigate', { entity: 'actor:ana' }), ['chain'])
    for (const path of ['/', '/investigate', '/integrity', '/events', '/entities']) {
      assert.deepEqual(stepsAt(path, {}), [], path)
    }
  })

  it('may be done in any order, and each counts once', () => {
    const later = withDone(withDone(FRESH, ['verify']), ['compare', 'compare'])
    assert.deepEqual(later.done, ['compare', 'verify'])
    assert.equal(nextStep(later), 'open')
    assert.equal(withDone(later, ['verify']), later)
    assert.equal(nextStep(withDone(FRESH, STEPS)), null)
  })

  it('begin anew with another story', () => {
    const far = { ...withDone(FRESH, ['open', 'verify']), isDismissed: true }
    assert.equal(aboutStory(far, 'a'), far)
    assert.deepEqual(aboutStory(far, 'b'), { story: 'b', done: [], isDismissed: true })
  })

  it('come back as they were kept, and from anything else as none', () => {
    const far = withDone(FRESH, ['open', 'undo'])
    assert.deepEqual(readProgress(JSON.stringify(far)), far)
    for (const text of [null, '', '{', '[]', '7', 'null', '{"done":"open","story":5}']) {
      assert.deepEqual(readProgress(text), { story: null, done: [], isDismissed: false })
    }
    assert.deepEqual(readProgress('{"done":["x","verify",null]}').done, ['verify'])
    fc.assert(fc.property(fc.json(), text => Array.isArray(readProgress(text).done)))
  })
})
