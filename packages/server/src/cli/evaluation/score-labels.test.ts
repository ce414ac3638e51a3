import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Alert } from '@tocsin/detect/alert'
import type { Finding } from '@tocsin/detect/finding'
import { sealEvent } from './event-file.ts'
import type { Label } from './labels.ts'
import { openRanking } from './ranking.ts'
import { GRACE_MS, type Score, scoreLabels } from './score-labels.ts'

const DAY_MS = 86_400_000
const START = Date.UTC(2026, 0, 20)
const END = START + 7_200_000
const SPAN = { firstMs: START - 19 * DAY_MS, lastMs: START + DAY_MS, budget: 10 }

function label(more: Partial<Label> = {}): Label {
  return {
    campaign: 'theft',
    kind: 'T0025',
    strength: 0.5,
    entities: ['svc-a'],
    eventIds: [],
    start: START,
    end: END,
    ...more,
  }
}

function finding(timeMs: number, more: Partial<Finding> = {}): Finding {
  const entity = more.entity ?? { type: 'actor', id: 'svc-a' }
  return {
    id: `f-${entity.id}-${timeMs}`,
    rule: 'r',
    title: 'R',
    detector: 'match',
    level: 'high',
    tags: [],
    timeMs,
    startMs: timeMs,
    score: 70,
    confidence: 1,
    p: null,
    expected: null,
    seen: null,
    sentence: 'it did',
    features: [],
    eventIds: [],
    eventCount: 1,
    learning: null,
    actor: { id: entity.id, type: 'service', verified: 'gateway', session: null, credential: null },
    ...more,
    entity,
  }
}

function alertOf({ entity, timeMs, id }: Finding, more: Partial<Alert> = {}): Alert {
  return {
    id: `a-${entity.id}-${timeMs}`,
    entity,
    startMs: timeMs,
    openedMs: timeMs,
    lastMs: timeMs,
    score: 30,
    threshold: 20,
    findingIds: [id],
    ...more,
  }
}

function scored(labels: readonly Label[], found: readonly Finding[], budget = 10): Score {
  const scorer = scoreLabels(labels)
  for (const one of found) scorer.finding(one, alertOf(one))
  return scorer.finish({ ...SPAN, budget })
}

const BOUNDS = [
  [START - 1, false],
  [START, true],
  [END + GRACE_MS, true],
  [END + GRACE_MS + 1, false],
] as const

for (const [timeMs, isFound] of BOUNDS) {
  test(`an alert ${timeMs - START} ms after the start ${isFound ? 'finds' : 'does not find'} it`, () => {
    const score = scored([label()], [finding(timeMs)])
    assert.equal(score.found, isFound ? 1 : 0)
    assert.equal(score.falseAlerts, isFound ? 0 : 1)
    assert.equal(score.precision, isFound ? 1 : 0)
    assert.equal(score.alerts[0]?.verdict, isFound ? 'attack' : 'other')
  })
}

test('an alert on somebody else finds nothing, even when it rests on events of the campaign', () => {
  const scorer = scoreLabels([label({ eventIds: ['e1'] })])
  const other = finding(START + 1, { entity: { type: 'source', id: '10.0.0.1' }, eventIds: ['e1'] })
  scorer.finding(other, alertOf(other))
  const score = scorer.finish(SPAN)
  assert.equal(score.found, 0)
  assert.equal(score.falseAlerts, 1)
  assert.equal(score.falseBesideAttacks, 1)
  assert.deepEqual(score.alerts[0]?.campaigns, ['theft'])
})

test('a finding without an alert finds nothing, and is named as the heaviest there was', () => {
  const scorer = scoreLabels([label()])
  scorer.finding(finding(START + 1, { score: 17 }), null)
  scorer.finding(finding(START + 2, { score: 12, rule: 'weaker' }), null)
  const score = scorer.finish(SPAN)
  assert.equal(score.found, 0)
  assert.deepEqual(score.campaigns[0]?.best, { rule: 'r', score: 17 })
})

test('an alert opened before the campaign finds it when a finding joins within', () => {
  const scorer = scoreLabels([label()])
  const before = finding(START - DAY_MS / 2)
  const within = finding(START + 600_000, { rule: 'joins' })
  const alert = alertOf(before)
  scorer.finding(before, alert)
  scorer.finding(within, { ...alert, findingIds: [before.id, within.id] })
  const score = scorer.finish(SPAN)
  assert.equal(score.found, 1)
  assert.equal(score.alerts.length, 1)
  assert.equal(score.campaigns[0]?.foundBy, 'joins')
  assert.equal(score.campaigns[0]?.delayMinutes, 10)
})

test('the delay counts minutes from the start and the own events before', () => {
  const ids = ['e1', 'e2', 'e3']
  const scorer = scoreLabels([label({ eventIds: ids, start: null, end: null })])
  ids.forEach((id, i) => {
    const wire = { kind: 'ai.invoke', outcome: 'success', operation: 'chat' } as const
    const actor = { type: 'service', id: 'svc-a' } as const
    scorer.event({
      ...sealEvent({ ...wire, actor, time: START + i * 60_000 }, i),
      id,
    })
  })
  const at = finding(START + 60_000)
  scorer.finding(at, alertOf(at))
  const [campaign] = scorer.finish(SPAN).campaigns
  assert.equal(campaign?.start, START)
  assert.equal(campaign?.end, START + 120_000)
  assert.equal(campaign?.eventsSeen, 3)
  assert.equal(campaign?.delayMinutes, 1)
  assert.equal(campaign?.delayEvents, 1)
})

test('an alert on a look-alike is false, and counted apart', () => {
  const benign = label({ campaign: 'benign:batch', kind: '' })
  const named = label({ campaign: 'benign:named', kind: 'T0025', entities: ['svc-b'] })
  const silent = label({ campaign: 'quiet', kind: '', entities: ['svc-c'] })
  const score = scored(
    [benign, named, silent],
    [
      finding(START),
      finding(START, { entity: { type: 'actor', id: 'svc-b' } }),
      finding(START, { entity: { type: 'actor', id: 'svc-d' } }),
    ],
  )
  assert.deepEqual(score.lookAlikes, { campaigns: 3, alerted: 2 })
  assert.equal(score.attacks, 0)
  assert.equal(score.falseAlerts, 3)
  assert.equal(score.falseOnLookAlikes, 2)
  assert.equal(score.recall, null)
  assert.equal(score.falseAlertsPerDay, 3 / 20)
})

test('an alert in the time of an attack and of a look-alike of one entity is no false one', () => {
  const score = scored([label(), label({ campaign: 'benign:batch', kind: '' })], [finding(START)])
  assert.equal(score.alerts[0]?.verdict, 'attack')
  assert.equal(score.lookAlikes.alerted, 1)
})

test('at the budget the heaviest entities count, with an alert or without', () => {
  const scorer = scoreLabels([label(), label({ entities: ['svc-b'] })])
  const wrong = finding(START, { entity: { type: 'actor', id: 'svc-z' }, score: 90 })
  scorer.finding(wrong, alertOf(wrong))
  scorer.finding(finding(START, { score: 40 }), null)
  scorer.finding(finding(START + 1, { score: 60, rule: 'other' }), null)
  scorer.finding(finding(START + 2, { entity: { type: 'actor', id: 'svc-b' }, score: 30 }), null)
  const atBudgets = [0.05, 0.1, 10].map(budget => scorer.finish({ ...SPAN, budget }).atBudget)
  assert.deepEqual(atBudgets, [
    { entities: 1, precision: 0, recall: 0 },
    { entities: 2, precision: 0.5, recall: 0.5 },
    { entities: 3, precision: 2 / 3, recall: 1 },
  ])
  assert.equal(scorer.finish(SPAN).recall, 0)
})

test('findings of one entity are one line for 24 h, and of a rule only the heaviest counts', () => {
  const ranking = openRanking()
  for (const at of [0, DAY_MS, DAY_MS + 1]) ranking.add(finding(START + at, { score: 70 }))
  const [first, second] = ranking.all()
  assert.equal(ranking.all().length, 2)
  assert.equal(first?.openedMs, START)
  assert.equal(second?.openedMs, START + DAY_MS + 1)
  assert.equal(first?.score, second?.score)
})

test('campaigns are counted by kind and by strength, the strongest first', () => {
  const score = scored(
    [
      label({ strength: 0.2, entities: ['svc-x'] }),
      label({ strength: 0.8 }),
      label({ strength: 0.8, entities: ['svc-y'] }),
      label({ kind: 'T0001', strength: null, entities: ['actor:svc-q'] }),
    ],
    [finding(START), finding(START + 1, { entity: { type: 'actor', id: 'svc-q' } })],
  )
  const rows = score.byKind.map(one => [one.kind, one.strength, one.campaigns, one.found])
  assert.deepEqual(rows, [
    ['T0001', null, 1, 1],
    ['T0025', 0.8, 2, 1],
    ['T0025', 0.2, 1, 0],
  ])
})
