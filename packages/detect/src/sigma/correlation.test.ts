import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CorrelationRule } from '../rule.ts'
import { correlation, type Data, mistakes, source } from './rule-rig.ts'
import { linkRules, parseRule, type ReadRule, readRule } from './sigma.ts'

describe('correlations', () => {
  const parsed = (parts: Data): CorrelationRule => {
    const rule = parseRule(source(correlation(parts)))
    assert.equal(rule.kind, 'correlation')
    return rule
  }
  const numbers = ({
    type,
    groupBy,
    timespanMs,
    condition,
    field,
    baselineMs,
    minCount,
    pMax,
  }: CorrelationRule) => ({
    type,
    groupBy,
    timespanMs,
    condition,
    field,
    baselineMs,
    minCount,
    pMax,
  })

  it('are what the specification says', () => {
    const rule = parsed({
      type: 'value_sum',
      'group-by': ['user_id', 'system'],
      timespan: '90m',
      condition: { field: 'bytes.out', gt: 100, lte: 200 },
    })
    assert.deepEqual(numbers(rule), {
      type: 'value_sum',
      groupBy: ['actor.id', 'system'],
      timespanMs: 5_400_000,
      condition: [
        { operator: 'gt', value: 100 },
        { operator: 'lte', value: 200 },
      ],
      field: 'bytes.out',
      baselineMs: 0,
      minCount: 0,
      pMax: 1,
    })
    assert.deepEqual(rule.rules, ['a'])
  })

  it('may be of types of our own, also with x-', () => {
    for (const type of ['baseline_ratio', 'x-baseline_ratio']) {
      const rule = parsed({
        type,
        timespan: '2h',
        baseline: '30d',
        condition: { gt: 4, field: 'rows' },
        min_count: 50,
        p_max: 0.001,
      })
      assert.deepEqual(numbers(rule), {
        type: 'baseline_ratio',
        groupBy: ['actor.id'],
        timespanMs: 7_200_000,
        condition: [{ operator: 'gt', value: 4 }],
        field: 'rows',
        baselineMs: 30 * 86_400_000,
        minCount: 50,
        pMax: 0.001,
      })
    }
    assert.equal(
      parsed({ type: 'first_seen', condition: { field: 'source.ip' } }).field,
      'source.ip',
    )
    assert.equal(parsed({ type: 'unusual_hour' }).baselineMs, 30 * 86_400_000)
    assert.equal(
      parsed({ type: 'absence', timespan: '1h', 'group-by': 'producer' }).timespanMs,
      3_600_000,
    )
    assert.equal(parsed({ type: 'unusual_sequence', p_max: 0.01 }).pMax, 0.01)
    assert.equal(parsed({ type: 'baseline_drift', condition: { field: 'rows' } }).timespanMs, 0)
  })

  const wrong: readonly (readonly [string, Data, RegExp])[] = [
    ['a type that comes later', { type: 'temporal' }, /the correlation type temporal comes later/],
    ['no type', { type: 'event_cont' }, /did you mean event_count\?/],
    ['x- before a type of Sigma', { type: 'x-event_count' }, /is no type of correlation/],
    ['a type from a prototype', { type: 'constructor' }, /is no type of correlation/],
    ['no timespan', { type: 'event_count', condition: { gt: 1 } }, /timespan is missing/],
    [
      'an odd timespan',
      { type: 'event_count', timespan: '2 hours', condition: { gt: 1 } },
      /"2 hours" is no length of time/,
    ],
    [
      'no time at all',
      { type: 'event_count', timespan: '0s', condition: { gt: 1 } },
      /"0s" is no length/,
    ],
    [
      'a timespan beyond memory',
      { type: 'event_count', timespan: '32d', condition: { gt: 1 } },
      /31 days at most/,
    ],
    [
      'a timespan that means nothing',
      { type: 'first_seen', timespan: '1h', condition: { field: 'source.ip' } },
      /has no timespan/,
    ],
    ['no condition', { type: 'event_count', timespan: '1h' }, /condition is missing/],
    ['no threshold', { type: 'event_count', timespan: '1h', condition: {} }, /has no threshold/],
    [
      'a threshold that means nothing',
      { type: 'first_seen', condition: { field: 'source.ip', gt: 1 } },
      /first_seen has no threshold/,
    ],
    [
      'a threshold of text',
      { type: 'event_count', timespan: '1h', condition: { gt: '5' } },
      /gt must be a number/,
    ],
    [
      'a field that means nothing',
      { type: 'event_count', timespan: '1h', condition: { gt: 5, field: 'rows' } },
      /"field" is no key here/,
    ],
    ['no field', { type: 'value_count', timespan: '1h', condition: { gt: 5 } }, /field is missing/],
    [
      'two fields',
      { type: 'value_count', timespan: '1h', condition: { gt: 5, field: ['a', 'b'] } },
      /several fields come later/,
    ],
    [
      'a sum of texts',
      { type: 'value_sum', timespan: '1h', condition: { gt: 5, field: 'actor.id' } },
      /holds no numbers to sum/,
    ],
    [
      'a field that is none',
      { type: 'value_sum', timespan: '1h', condition: { gt: 5, field: 'row' } },
      /did you mean rows\?/,
    ],
    [
      'aliases',
      { type: 'event_count', timespan: '1h', condition: { gt: 5 }, aliases: {} },
      /aliases come later/,
    ],
    [
      'a baseline of a count',
      { type: 'event_count', timespan: '1h', condition: { gt: 5 }, baseline: '30d' },
      /"baseline" is no key here/,
    ],
    ['p beyond 1', { type: 'unusual_hour', p_max: 2 }, /p_max is a probability/],
    ['p of nothing', { type: 'unusual_hour', p_max: 0 }, /p_max is a probability/],
    ['a floor below 0', { type: 'unusual_hour', min_count: -1 }, /min_count is below 0/],
    ['a year and a day', { type: 'unusual_hour', baseline: '366d' }, /365 days at most/],
    ['nobody', { type: 'unusual_hour', 'group-by': [] }, /group-by takes 1 to 4 fields/],
    [
      'what nobody is',
      { type: 'unusual_hour', 'group-by': ['rows'] },
      /a finding cannot be about a rows/,
    ],
    ['no rules', { type: 'unusual_hour', rules: [] }, /the correlation counts no rule/],
  ]
  for (const [name, parts, expected] of wrong) {
    it(`refuse ${name}`, () => assert.match(mistakes(correlation(parts)).join(' · '), expected))
  }
})

describe('linking', () => {
  const base = (name: string, more: Data = {}): ReadRule =>
    readOk({
      title: name,
      name,
      logsource: { product: 'tocsin' },
      detection: { s: { kind: 'data.read' }, condition: 's' },
      ...more,
    })
  const counting = (name: string, rules: unknown, more: Data = {}): ReadRule =>
    readOk({
      title: name,
      name,
      correlation: {
        type: 'event_count',
        rules,
        'group-by': ['actor.id'],
        timespan: '1h',
        condition: { gt: 1 },
      },
      ...more,
    })
  const readOk = (value: Data): ReadRule => {
    const { rule, problems } = readRule(source(value, `rules/${String(value.name)}.yml`))
    assert.deepEqual(problems, [])
    assert.ok(rule)
    return rule
  }
  const finders = (rules: readonly { id: string; findsByItself: boolean }[]) =>
    rules.filter(one => one.findsByItself).map(one => one.id)

  it('turns names into ids, in any order of files', () => {
    const { rules, problems } = linkRules([
      counting('c', ['b', 'id-a']),
      base('a', { id: 'id-a' }),
      base('b'),
    ])
    assert.deepEqual(problems, [])
    const [first] = rules
    assert.deepEqual(first?.kind === 'correlation' && first.rules, ['b', 'id-a'])
    assert.deepEqual(linkRules([base('a', { id: 'id-a' }), counting('c', 'a')]).rules[1], {
      ...counting('c', 'a').rule,
      rules: ['id-a'],
    })
  })

  it('keeps what is only counted from finding by itself, unless it generates', () => {
    const quiet = linkRules([base('a'), base('b'), counting('c', ['a'])])
    assert.deepEqual(finders(quiet.rules), ['b', 'c'])
    const loud = linkRules([base('a'), counting('c', ['a'], { generate: true })])
    assert.deepEqual(finders(loud.rules), ['a', 'c'])
    const both = linkRules([
      base('a'),
      counting('c', ['a']),
      counting('d', ['a'], { generate: true }),
    ])
    assert.deepEqual(finders(both.rules), ['a', 'c', 'd'])
  })

  it('refuses what counts nothing, and lets the others run', () => {
    const { rules, problems } = linkRules([
      base('reads'),
      counting('c', ['reads', 'raeds']),
      base('b'),
    ])
    assert.deepEqual(
      rules.map(one => one.id),
      ['reads', 'b'],
    )
    assert.deepEqual(problems, [
      {
        file: 'rules/c.yml',
        line: 4,
        what: 'there is no rule "raeds"',
        fix: 'did you mean reads?',
      },
    ])
    // It was meant to be counted: found by itself it would be a flood.
    assert.deepEqual(finders(rules), ['b'])
  })

  it('refuses a correlation of correlations and names that are taken', () => {
    const chained = linkRules([base('a'), counting('c', ['a']), counting('d', ['c'])])
    assert.match(String(chained.problems[0]?.what), /c is a correlation itself; that comes later/)
    const twice = linkRules([base('a'), { ...base('a'), lineOf: () => 9 }])
    assert.deepEqual(twice.rules.length, 1)
    assert.match(String(twice.problems[0]?.what), /"a" is taken by a rule in rules\/a.yml/)
    assert.equal(twice.problems[0]?.line, 9)
  })
})
