// The stories end to end: a month of the made-up company through the product's own rules, as a
// server would see it where nobody stated a budget. Tuning was done on other seeds than these.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createWorld } from '@tocsin/simulate/simulate'
import { openReplay } from '../../packages/server/src/cli/evaluation/evaluation.ts'
import { sealEvent } from '../../packages/server/src/cli/evaluation/event-file.ts'
import { type Score, scoreLabels } from '../../packages/server/src/cli/evaluation/score-labels.ts'
import { PRODUCT_RULES } from '../../packages/server/src/config.ts'
import { readRuleDirectories } from '../../packages/server/src/watch/watch.ts'

const SEEDS = [1, 2]
const DAY_MS = 86_400_000
const HISTORY_MS = 30 * DAY_MS
/** The live theft has three hours. */
const LIVE_MS = 3 * 3_600_000
const END = Date.UTC(2026, 10, 24, 12)

const MUST_FIND = [
  'feature-store-theft',
  'stolen-key',
  'guardrail-off',
  'weights-download',
  'slow-climb',
] as const
const MUST_NOT_ALERT = [
  'benign:batch-after-release',
  'benign:on-call-week',
  'benign:quarter-end-batch',
  'benign:new-joiner',
  'benign:retry-storm',
] as const

/** As bench/detect.ts measures it, and as a server watches. */
function watchMonth(seed: number): Score {
  const { rules } = readRuleDirectories([PRODUCT_RULES])
  const world = createWorld({ seed, stories: { nowMs: END - LIVE_MS } })
  const replay = openReplay({ rules, budget: null })
  const scorer = scoreLabels(world.labels(END - HISTORY_MS, END).map(label => ({ ...label })))
  let number = 0
  for (const wire of world.events(END - HISTORY_MS, END)) {
    const event = sealEvent(wire, number)
    number += 1
    scorer.event(event)
    for (const { finding, alert } of replay.step(event)) scorer.finding(finding, alert)
  }
  return scorer.finish({ firstMs: END - HISTORY_MS, lastMs: END, budget: 10 })
}

for (const seed of SEEDS) {
  describe(`a month with stories, seed ${seed}`, () => {
    const score = watchMonth(seed)
    const named = (name: string) => score.campaigns.filter(one => one.campaign === name)

    it('every story is found while it happens', () => {
      for (const name of MUST_FIND) {
        const told = named(name)
        assert.ok(told.length > 0, `${name} is told`)
        for (const one of told) assert.ok(one.found, `${name} is found`)
      }
    })

    it('the theft is found within a quarter of an hour of its beginning', () => {
      for (const { delayMinutes } of named('feature-store-theft')) {
        assert.ok(delayMinutes !== null && delayMinutes <= 15, `${delayMinutes} minutes`)
      }
    })

    it('no look-alike is an alert', () => {
      for (const name of MUST_NOT_ALERT) {
        assert.ok(named(name).length > 0, `${name} happens`)
        for (const one of named(name)) assert.equal(one.found, false, `${name}: ${one.entities}`)
      }
    })

    it('there is less than one false alert a day', () => {
      assert.ok(score.falseAlertsPerDay < 1, String(score.falseAlertsPerDay))
    })
  })
}
