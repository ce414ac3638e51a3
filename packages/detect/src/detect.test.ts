import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SealedEvent } from '@tocsin/sdk/event'
import fc from 'fast-check'
import { createEngine, type Engine, LATENESS_MS, LIMITS, REPEAT_MS } from './detect.ts'
import type { Detector, Hit, Step } from './detector.ts'
import type { Level } from './finding.ts'
import { type CorrelationRule, DAY_MS, HOUR_MS, type MatchRule } from './rule.ts'
import { makeEvent, sha256, T0 } from './test-events.ts'

const head = (id: string, level: Level = 'medium') => ({
  id,
  name: id,
  title: id,
  description: '',
  level,
  tags: [],
  falsePositives: [],
  file: `${id}.yml`,
})

const reads: MatchRule = {
  ...head('reads'),
  kind: 'match',
  kinds: ['data.read'],
  matches: () => true,
  findsByItself: false,
}

const counted = (level: Level = 'medium'): CorrelationRule => ({
  ...head('counted', level),
  kind: 'correlation',
  type: 'event_count',
  rules: ['reads'],
  groupBy: ['actor.id'],
  timespanMs: HOUR_MS,
  condition: [],
  field: null,
  baselineMs: 0,
  minCount: 1,
  pMax: 1,
  findsByItself: true,
})

type Count = { seen: number; learnt: number; late: number }

/** Hits at every third event; shows what the engine told it. */
const thirdTime: Detector<Count, { all: number }> = {
  openGroup: () => ({ seen: 0, learnt: 0, late: 0 }),
  openCohort: () => ({ all: 0 }),
  step(group, cohort, { event, mayLearn, isLate }: Step): Hit | null {
    group.seen += 1
    cohort.all += 1
    if (mayLearn) group.learnt += 1
    if (isLate) group.late += 1
    if (group.seen % 3 !== 0) return null
    const features = [
      { name: 'events', expected: 2, seen: group.seen, weight: 3 },
      { name: 'hour', expected: 'day', seen: 'night', weight: 1 },
    ]
    return {
      confidence: 1,
      p: null,
      startMs: event.time,
      expected: 2,
      seen: group.seen,
      says: `came ${group.seen} times`,
      features,
      eventIds: [event.id],
      eventCount: group.seen,
      learning: null,
    }
  },
  accept(group) {
    group.learnt += 100
  },
  saveGroup(group, out) {
    for (const value of [group.seen, group.learnt, group.late]) out.count(value)
  },
  loadGroup: input => ({ seen: input.count(), learnt: input.count(), late: input.count() }),
  saveCohort: (cohort, out) => out.count(cohort.all),
  loadCohort: input => ({ all: input.count() }),
  describe: group => ({
    now: group.seen,
    expected: group.learnt,
    learning: { days: group.late, of: 30 },
    hourOfWeek: [],
    firstSeen: [],
  }),
}

function parseBuilt(detector: unknown): Detector<unknown, unknown> {
  return detector as Detector<unknown, unknown>
}

const engineOf = (level: Level = 'medium', limits = { entities: 100, young: 50, groups: 8 }) =>
  createEngine({
    rules: [reads, counted(level)],
    sha256,
    limits,
    build: () => parseBuilt(thirdTime),
  })

const svc = { type: 'actor', id: 'svc-a' } as const

function run(engine: Engine, events: readonly SealedEvent[]) {
  const state = engine.begin()
  const findings = events.flatMap(event => engine.step(state, event).findings)
  return { state, findings }
}

const every = (stepMs: number, count: number, who = 'svc-a') =>
  Array.from({ length: count }, (_, i) =>
    makeEvent({ who, time: T0 + i * stepMs, id: `${who}-${i}` }),
  )

describe('the engine', () => {
  it('tests an event only against rules for its kind, and Tocsin’s own kinds against none', () => {
    const events = every(1000, 3).map(event => ({ ...event, kind: 'ai.invoke' }))
    assert.equal(run(engineOf(), events).findings.length, 0)
    const open = { ...reads, kinds: null }
    const engine = createEngine({
      rules: [open, counted()],
      sha256,
      build: () => parseBuilt(thirdTime),
    })
    const own = every(1000, 3).map(event => ({ ...event, kind: 'tocsin.read' }))
    assert.equal(run(engine, own).findings.length, 0)
    assert.equal(run(engine, every(1000, 3)).findings.length, 1)
  })

  it('makes a finding whose features add up to its score, and the same one in every replay', () => {
    const [finding] = run(engineOf(), every(1000, 3)).findings
    assert.ok(finding)
    const sum = finding.features.reduce((total, { part }) => total + part, 0)
    assert.ok(Math.abs(sum - finding.score) < 1e-9)
    assert.equal(finding.sentence, 'svc-a came 3 times')
    assert.match(finding.id, /^[0-9a-f]{32}$/)
    assert.deepEqual(run(engineOf(), every(1000, 3)).findings[0], finding)
  })

  it('holds back repeats for 12 hours, and no longer', () => {
    const within = run(engineOf(), every(1000, 30))
    assert.equal(within.findings.length, 1)
    assert.equal(within.state.repeats, 9)
    assert.equal(run(engineOf(), every(REPEAT_MS / 2, 12)).findings.length, 4)
  })

  it('an entity under suspicion teaches nothing until a day after its last finding', () => {
    const engine = engineOf()
    const { state } = run(engine, every(HOUR_MS, 20))
    const before = engine.describe(state, svc, T0)?.baselines[0]?.expected
    assert.equal(before, 3)
    engine.step(state, makeEvent({ time: T0 + 14 * HOUR_MS + DAY_MS + 1, id: 'later' }))
    assert.equal(engine.describe(state, svc, T0)?.baselines[0]?.expected, 4)
  })

  it('a finding of level low freezes nothing', () => {
    const engine = engineOf('low')
    const { state } = run(engine, every(HOUR_MS, 20))
    assert.equal(engine.describe(state, svc, T0)?.baselines[0]?.expected, 20)
  })

  it('suspicion ends a week after its first finding, however many follow', () => {
    const engine = engineOf()
    const { state } = run(engine, every(HOUR_MS, 24 * 9))
    assert.ok(Number(engine.describe(state, svc, T0)?.baselines[0]?.expected) > 3)
  })

  it('a person who says it was normal thaws the entity and lets it be learnt', () => {
    const engine = engineOf()
    const { state } = run(engine, every(HOUR_MS, 5))
    engine.dispose(state, svc, true)
    assert.equal(engine.describe(state, svc, T0)?.frozenMs, null)
    assert.equal(engine.describe(state, svc, T0)?.baselines[0]?.expected, 103)
  })

  it('what goes on after a person called it an attack is a finding again', () => {
    const engine = engineOf()
    const { state } = run(engine, every(1000, 3))
    assert.equal(engine.step(state, makeEvent({ time: T0 + 4000, id: 'a' })).findings.length, 0)
    engine.dispose(state, svc, false)
    engine.step(state, makeEvent({ time: T0 + 5000, id: 'b' }))
    assert.equal(engine.step(state, makeEvent({ time: T0 + 6000, id: 'c' })).findings.length, 1)
  })

  it('events up to the lateness are in time, later ones are counted as late', () => {
    const engine = engineOf()
    const state = engine.begin()
    engine.step(state, makeEvent({ time: T0 + LATENESS_MS, id: 'new' }))
    engine.step(state, makeEvent({ time: T0, id: 'edge' }))
    engine.step(state, makeEvent({ time: T0 - 1, id: 'late' }))
    assert.equal(state.late, 1)
    assert.equal(engine.describe(state, svc, T0)?.baselines[0]?.learning.days, 1)
  })

  it('what is done in a name that nobody proved fills no window of who has that name', () => {
    const engine = engineOf()
    const state = engine.begin()
    const claimed = { type: 'unknown', id: 'svc-a', verified: 'none' } as const
    for (let i = 0; i < 2; i++) engine.step(state, makeEvent({ id: `c${i}`, actor: claimed }))
    assert.equal(engine.step(state, makeEvent({ id: 'own' })).findings.length, 0)
    const [finding] = engine.step(state, makeEvent({ id: 'c2', actor: claimed })).findings
    assert.equal(finding?.actor.verified, 'none')
    assert.equal(engine.describe(state, svc, T0)?.baselines[0]?.now, 1)
  })

  it('a flood of new names pushes out new names, and nobody with a history; it is counted', () => {
    const engine = engineOf()
    const { state } = run(engine, every(10 * 60_000, 30))
    for (let i = 0; i < 5000; i++) engine.step(state, makeEvent({ who: `n-${i}`, id: `n-${i}` }))
    assert.ok(state.entities.size <= 150)
    assert.equal(state.entities.evicted, 5000 - 50)
    assert.equal(engine.describe(state, svc, T0)?.baselines[0]?.now, 30)
  })

  it('names that were let grow old push out who was not seen for longest, not who is active', () => {
    const engine = engineOf()
    const state = engine.begin()
    const step = (who: string, time: number) => {
      engine.step(state, makeEvent({ who, time, id: `${who}-${time}` }))
    }
    const own = Array.from({ length: 40 }, (_, i) => `own-${i}`)
    for (let hour = 0; hour < 60; hour++) {
      const time = T0 + hour * HOUR_MS
      for (const who of own) step(who, time)
      // Five names an hour, each with enough of a history to be settled, and never seen again.
      for (let i = 0; i < 5; i++) {
        for (let n = 0; n < 21; n++) step(`n-${hour}-${i}`, time + n * 4 * 60_000)
      }
    }
    assert.ok(state.entities.evicted > 100, String(state.entities.evicted))
    for (const id of own) {
      const view = engine.describe(state, { type: 'actor', id }, T0)
      assert.equal(view?.baselines[0]?.now, 60, id)
    }
  })

  it('100,000 new names in a minute stay within the bounds', () => {
    const engine = createEngine({
      rules: [reads, counted()],
      sha256,
      build: () => parseBuilt(thirdTime),
    })
    const state = engine.begin()
    for (let i = 0; i < 100_000; i++) engine.step(state, makeEvent({ who: `n-${i}`, id: `n-${i}` }))
    assert.equal(state.entities.size, LIMITS.young)
    assert.equal(state.entities.evicted, 100_000 - LIMITS.young)
  })

  it('does not throw on an actor of 10 kB, half a surrogate pair, or a missing group', () => {
    const engine = engineOf()
    const state = engine.begin()
    for (const who of ['x'.repeat(10_000), '\ud800', '']) {
      for (let i = 0; i < 3; i++) engine.step(state, makeEvent({ who, id: `${i}` }))
    }
    const back = engine.load(engine.save(state))
    assert.equal(back.entities.size, state.entities.size)
  })

  it('does not throw on an object where a group has its name', () => {
    const rule = { ...counted(), groupBy: ['actor.id', 'ext.raw.x'] }
    const build = () => parseBuilt(thirdTime)
    const engine = createEngine({ rules: [reads, rule], sha256, build })
    const ext = { raw: { x: { toString: 1 } } }
    const state = engine.begin()
    for (let i = 0; i < 3; i++) engine.step(state, makeEvent({ id: `${i}`, ext }))
    assert.equal(state.events, 3)
  })

  it('bytes and back at any point: the same future', () => {
    const step = fc.record({ ms: fc.nat(4 * HOUR_MS), who: fc.constantFrom('a', 'b', 'c|d') })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (steps, cut) => {
        let time = T0
        const events = steps.map(({ ms, who }, i) => {
          time += ms
          return makeEvent({ who, time, id: `e${i}` })
        })
        const engine = engineOf()
        let state = engine.begin()
        const findings = events.flatMap((event, i) => {
          if (i === cut) state = engine.load(engine.save(state))
          return engine.step(state, event).findings
        })
        assert.deepEqual(findings, run(engineOf(), events).findings)
      }),
    )
  })

  it('refuses the state of other rules, of another version, and a damaged one', () => {
    const { state } = run(engineOf(), every(1000, 10))
    const bytes = engineOf().save(state)
    const other = createEngine({
      rules: [reads, { ...counted(), timespanMs: 2 * HOUR_MS }],
      sha256,
      build: () => parseBuilt(thirdTime),
    })
    assert.throws(() => other.load(bytes), { code: 'detect.bad_state' })
    const older = Uint8Array.from(bytes)
    older[15] = (older[15] ?? 0) ^ 1
    assert.throws(() => engineOf().load(older), { code: 'detect.bad_state' })
    assert.throws(() => engineOf().load(bytes.subarray(0, -1)), { code: 'detect.bad_state' })
  })
})
