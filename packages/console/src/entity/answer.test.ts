import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answerOf, type Known, learningOf, metricNamed, metricOf } from './answer.ts'

const finding = (score: number, timeMs: number, level = 'high') => ({
  score,
  timeMs,
  level,
  sentence: `found with ${score}`,
})

const KNOWN: Known = {
  findings: [],
  hasOpenAlert: false,
  learning: { days: 7, of: 7 },
  fromMs: 1000,
  toMs: 2000,
  isActive: true,
}

const answer = (changes: Partial<Known>) => answerOf({ ...KNOWN, ...changes })

describe('answer', () => {
  it('is the heaviest finding of the range in its own words', () => {
    const findings = [finding(20, 1500), finding(70, 1600), finding(90, 500), finding(95, 2000)]
    const { status, word, sentence } = answer({ findings })
    assert.deepEqual([status, word, sentence], ['unlike', 'Unlike itself', 'found with 70'])
  })

  it('what weighs little is unlike only where it made an alert', () => {
    const findings = [finding(10, 1500, 'low')]
    const { status, sentence } = answer({ findings })
    assert.equal(status, 'like')
    assert.match(sentence, /^One thing was noticed/)
    assert.equal(answer({ findings, hasOpenAlert: true }).status, 'unlike')
  })

  it('an open alert of another time does not make this range unlike', () => {
    const { status, sentence } = answer({ findings: [finding(70, 500)], hasOpenAlert: true })
    assert.equal(status, 'like')
    assert.match(sentence, /earlier ones are below/)
  })

  it('who is learnt is not called usual', () => {
    const learning = { days: 3.7, of: 7 }
    const { status, sentence } = answer({ learning, isActive: false })
    assert.equal(status, 'learning')
    assert.equal(sentence, 'Learning: 3 of 7 days are known; rules already act.')
    assert.equal(answer({ learning, findings: [finding(70, 1500)] }).status, 'unlike')
  })

  it('is usual once most of it is learnt', () => {
    assert.equal(answer({ learning: { days: 29, of: 30 } }).status, 'like')
    assert.equal(answer({ learning: { days: 10, of: 30 } }).status, 'learning')
  })

  it('who has no baseline is learnt for a week of hours', () => {
    assert.deepEqual(learningOf(null, { days: 0, of: 28 }), { days: 0, of: 7 })
    assert.deepEqual(learningOf(null, { days: 28, of: 28 }), { days: 7, of: 7 })
    assert.deepEqual(learningOf({ days: 3, of: 7 }, { days: 28, of: 28 }), { days: 3, of: 7 })
    assert.equal(learningOf(null, null), null)
  })

  it('silence is said, and only when it is known', () => {
    assert.equal(answer({ isActive: false }).status, 'still')
    assert.equal(answer({ isActive: null }).status, 'like')
    assert.equal(answer({ learning: null }).status, 'like')
  })
})

describe('metric', () => {
  const measured = (score: number, name: string) => ({ score, timeMs: 0, features: [{ name }] })

  it('is what the heaviest finding measured', () => {
    assert.equal(metricOf([measured(5, 'cost in 3 h'), measured(9, 'rows in 2 h')]), 'rows')
    const names = ['Bytes out', 'tokens in 1 h', 'spent in 3 h', 'denied', 'failures in 5 min']
    const metrics = names.map(name => metricOf([measured(1, name)]))
    assert.deepEqual(metrics, ['bytes', 'tokens', 'cost', 'denied', 'failures'])
  })

  it('is requests where nothing of the kind was measured', () => {
    assert.equal(metricOf([]), 'requests')
    assert.equal(metricOf([measured(1, 'resource.id')]), 'requests')
    assert.equal(metricOf([measured(1, 'throws')]), 'requests')
    assert.equal(metricOf([{ score: 1, timeMs: 0, features: [] }]), 'requests')
  })

  it('of the address is one of those there are', () => {
    assert.equal(metricNamed('rows'), 'rows')
    assert.equal(metricNamed('constructor'), null)
    assert.equal(metricNamed(undefined), null)
  })
})
