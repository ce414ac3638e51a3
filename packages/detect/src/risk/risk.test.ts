import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { assessRisk, bandOf, HALF_LIFE_MS, type Weighed } from './risk.ts'

const weighed = (score: number, timeMs = 0, id = `${score}-${timeMs}`): Weighed => ({
  id,
  rule: 'r',
  detector: 'match',
  title: 't',
  timeMs,
  score,
})

describe('risk', () => {
  it("gives Elastic's own example: 70, 45, 21, 21, 21 are 36.16, and 53.11 at double odds", () => {
    const findings = [21, 70, 21, 45, 21].map((score, i) => weighed(score, 0, `f${i}`))
    assert.equal(assessRisk(findings, 0).score.toFixed(2), '36.16')
    assert.equal(assessRisk(findings, 0, 'extreme').score.toFixed(2), '53.11')
  })

  it('is nothing for nobody', () => {
    const { score, band, parts } = assessRisk([], 0)
    assert.deepEqual([score, band, parts.length], [0, 'unknown', 0])
  })

  it('halves in a week, and never grows before its time', () => {
    const now = assessRisk([weighed(80)], 0).score
    assert.ok(Math.abs(assessRisk([weighed(80)], HALF_LIFE_MS).score - now / 2) < 1e-9)
    assert.equal(assessRisk([weighed(80, 5000)], 0).score, now)
  })

  it('every point is explained: parts and criticality add up, for any findings', () => {
    const finding = fc.record({
      score: fc.double({ min: 0, max: 100, noNaN: true }),
      timeMs: fc.integer({ min: 0, max: 1e9 }),
      id: fc.uuid(),
    })
    const levels = fc.constantFrom('low', 'medium', 'high', 'extreme')
    fc.assert(
      fc.property(fc.array(finding), levels, (findings, level) => {
        const all = findings.map(one => weighed(one.score, one.timeMs, one.id))
        const risk = assessRisk(all, 1e9, level)
        const sum = risk.parts.reduce((total, { points }) => total + points, 0)
        assert.ok(Math.abs(sum + risk.criticality.points - risk.score) < 1e-9)
        assert.ok(risk.score >= 0 && risk.score <= 100)
      }),
    )
  })

  it('does not depend on the order of findings', () => {
    const findings = [weighed(30, 1), weighed(50, 2), weighed(50, 3)]
    assert.deepEqual(assessRisk(findings, 9), assessRisk(findings.toReversed(), 9))
  })

  it('names bands by their lower bounds', () => {
    assert.deepEqual([19.99, 20, 40, 70, 90.01].map(bandOf), [
      'unknown',
      'low',
      'moderate',
      'high',
      'critical',
    ])
  })
})
