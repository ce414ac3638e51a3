import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TocsinError } from '@tocsin/sdk/errors'
import fc from 'fast-check'
import { mistakesOf, source } from './rule-rig.ts'
import { parseRule, readRule } from './sigma.ts'

describe('mistakes', () => {
  const good = { s: { kind: 'data.read' }, condition: 's' }
  const of = (selection: unknown) => mistakesOf({ s: selection, condition: 's' })

  it('come all at once, each on its line', () => {
    const { problems, rule } = readRule(
      source({
        title: 'T',
        logsource: { product: 'tocsin' },
        level: 'hihg',
        detection: { s: { 'acto.id|contains': 'x', 'rows|gtx': 5 }, condition: 's and t' },
      }),
    )
    assert.equal(rule, null)
    assert.deepEqual(
      problems.map(({ line, what, fix }) => [line, what, fix]),
      [
        [2, '"hihg" is no level', 'did you mean high?'],
        [3, 'no selection is called "t"', 'the selections are s'],
        [4, '"acto.id" is no field of an event', 'did you mean actor.id?'],
        [4, '"gtx" is no modifier', 'did you mean gt?'],
      ],
    )
  })

  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ['a kind that does not exist', { kind: 'data.raed' }, /did you mean data.read\?/],
    [
      'a value that the field never has',
      { outcome: 'deny' },
      /outcome is never "deny"; did you mean denied/,
    ],
    ['a text for a number', { rows: 'many' }, /rows is a number, never "many"/],
    ['a text for a flag', { aborted: 'perhaps' }, /true or false/],
    ['wildcards for a flag', { aborted: 't*' }, /no wildcards/],
    ['a tree of values', { ext: 'x' }, /name a path below it, like ext.raw.eventName/],
    ['an empty part of a path', { 'ext..x': 'x' }, /is no field/],
    [
      'what matches everything',
      { 'actor.id': '*' },
      /matches every value; use `field\|exists: true`/,
    ],
    ['what contains nothing', { 'actor.id|contains': '' }, /matches every value/],
    ['null in a list', { 'actor.id': ['a', null] }, /null stands in a list; give it a selection/],
    ['null contained', { 'actor.id|contains': null }, /null does not go with contains/],
    ['a map as value', { 'actor.id': { a: 1 } }, /a value must be text, a number/],
    ['no values', { 'actor.id': [] }, /1 to 1000 values must stand here/],
    ['too many values', { 'actor.id': Array.from({ length: 1001 }, String) }, /1 to 1000 values/],
    ['a value without end', { 'actor.id': 'x'.repeat(1025) }, /longer than 1024 characters/],
    ['all of one', { 'actor.id|contains|all': 'a' }, /all needs a list/],
    ['an order of texts', { 'actor.id|gt': 5 }, /has no order/],
    ['an order by text', { 'rows|gt': 'many' }, /gt takes a number/],
    ['a network of something else', { 'actor.id|cidr': '10.0.0.0/8' }, /is no address/],
    ['what is no network', { 'source.ip|cidr': '10.0.0.0/33' }, /"10.0.0.0\/33" is no network/],
    ['exists with a text', { 'actor.id|exists': 'yes' }, /exists takes true or false/],
    ['two ways at once', { 'actor.id|contains|endswith': 'x' }, /do not go together/],
    ['a modifier twice', { 'actor.id|contains|contains': 'x' }, /do not go together/],
    ['neq of an order', { 'rows|gt|neq': 5 }, /neq does not go with gt; write `not`/],
    ['a field without a name', { '|contains': 'x' }, /a field is missing before the \|/],
    ['an empty selection', {}, /the selection is empty/],
    ['an empty list', [], /a list of 1 to 1000 items/],
    ['a word that is none', [true], /a word to look for must be text/],
    ['a word that is everywhere', ['*'], /a word to look for must be text/],
  ]
  for (const [name, selection, expected] of wrong) {
    it(`say what is wrong with ${name}`, () => assert.match(of(selection).join(' · '), expected))
  }

  it('name what comes later, and what to do until then', () => {
    const later = [
      're',
      'windash',
      'base64',
      'base64offset',
      'utf16le',
      'wide',
      'hour',
      'expand',
      'fieldref',
    ]
    for (const name of later) {
      const [said, ...more] = of({ [`actor.id|${name}`]: 'x' })
      assert.match(String(said), new RegExp(`the modifier ${name} comes later; \\w`))
      assert.deepEqual(more, [])
    }
  })

  it('are made of keys that nobody knows, wherever they stand', () => {
    assert.match(
      mistakesOf(good, { titel: 'x' }).join(),
      /"titel" is no key here; did you mean title\?/,
    )
    assert.match(mistakesOf(good, { correlation: {} }).join(), /two documents/)
    assert.match(mistakesOf(good, { generate: true }).join(), /"generate" is no key here/)
    const source = { product: 'tocsin', category: 'process_creation' }
    assert.match(mistakesOf(good, { logsource: source }).join(), /test `kind` instead/)
    assert.match(mistakesOf(good, { logsource: { product: 'windows' } }).join(), /product: tocsin/)
    assert.match(mistakesOf(good, { logsource: undefined }).join(), /logsource is missing/)
    const unused = { ...good, t: { rows: 1 } }
    assert.match(mistakesOf(unused).join(), /the selection "t" is never used/)
    assert.match(mistakesOf({ s: { rows: 1 } }).join(), /condition is missing/)
    assert.match(mistakesOf({ condition: 's' }).join(), /1 to 100 selections/)
    assert.match(mistakesOf('x').join(), /detection must be a map/)
  })

  it('are found in heads', () => {
    assert.match(mistakesOf(good, { title: '' }).join(), /title must be text/)
    assert.match(mistakesOf(good, { title: 'x'.repeat(257) }).join(), /longer than 256/)
    assert.match(mistakesOf(good, { status: 'done' }).join(), /"done" is no status/)
    assert.match(mistakesOf(good, { taxonomy: 'ecs' }).join(), /taxonomy "ecs" is not known/)
    assert.match(mistakesOf(good, { tags: ['atlas.t25'] }).join(), /spell it like atlas.aml-t0025/)
    assert.match(mistakesOf(good, { tags: ['atlsa.aml-t0025'] }).join(), /did you mean atlas\?/)
    assert.match(mistakesOf(good, { tags: ['owasp-llm.llm02'] }).join(), /owasp-llm.llm02-2025/)
    assert.match(mistakesOf(good, { tags: ['__proto__.x'] }).join(), /belongs to no catalogue/)
    assert.match(
      mistakesOf(good, { falsepositives: [{}] }).join(),
      /must be text or a list of texts/,
    )
    assert.deepEqual(
      mistakesOf(good, { tags: ['aisvs.12.2.2', 'attack.t1078', 'cve.2024-1234'] }),
      [],
    )
  })

  it('never throw, whatever the data', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 4, withNullPrototype: true }), value => {
        readRule(source(value))
        readRule(source({ title: 'T', logsource: { product: 'tocsin' }, detection: value }))
        readRule(source({ title: 'T', correlation: value }))
      }),
    )
    const proto: unknown = JSON.parse(
      '{"title":"T","__proto__":{"x":1},"correlation":{"__proto__":1}}',
    )
    assert.ok(readRule(source(proto)).problems.some(({ what }) => what.includes('"__proto__"')))
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, 1]))
    assert.equal(readRule(source(many)).problems.length, 20)
  })

  it('are thrown one by one where a single rule is asked for', () => {
    const parse = () => parseRule(source({ title: 'T' }, 'rules/bad.yml'))
    assert.throws(parse, (error: unknown) => {
      assert.ok(error instanceof TocsinError)
      assert.equal(error.code, 'rule.invalid')
      assert.match(error.message, /^rules\/bad.yml:1: logsource is missing; /)
      return true
    })
  })
})
