import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SealedEvent } from '@tocsin/sdk/event'
import fc from 'fast-check'
import { naiveMatch } from './naive-sigma-rig.ts'
import { type Data, event, mistakesOf, ruleOf, source } from './rule-rig.ts'
import { describeTag, parseRule, readRule } from './sigma.ts'

function matches(selection: unknown, found: SealedEvent): boolean {
  return ruleOf({ s: selection, condition: 's' }).matches(found)
}

const lake = event({
  resource: [
    { type: 'dataset', id: 's3://lake/Customers*2026', class: 'personal' },
    { type: 'file', id: 'notes.txt' },
  ],
  source: { ip: '10.60.3.7', geo: { country: 'DE' }, userAgent: 'curl/8.9' },
  rows: 5000,
  aborted: false,
  finish: ['stop', 'length'],
  ext: {
    raw: { eventName: 'GetObject', size: 12, list: [{ key: 'A' }, { key: null }], none: null },
  },
})

describe('selections', () => {
  const yes: readonly (readonly [string, unknown])[] = [
    ['text without case', { 'actor.id': 'SVC-A' }],
    ['alias of a field', { user_id: 'svc-a' }],
    ['any of a list', { 'actor.id': ['x', 'svc-a'] }],
    ['all fields of a map', { 'actor.id': 'svc-a', rows: 5000 }],
    ['any map of a list', [{ 'actor.id': 'x' }, { rows: 5000 }]],
    ['any element of a list field', { 'resource.id': 'notes.txt', 'resource.class': 'personal' }],
    ['star', { 'resource.id': 's3://*/cust*' }],
    ['question mark', { 'actor.id': 'svc-?' }],
    ['escaped star', { 'resource.id': 's3://lake/customers\\*2026' }],
    ['contains', { 'resource.id|contains': 'LAKE' }],
    ['contains all', { 'resource.id|contains|all': ['lake', '2026'] }],
    ['startswith', { 'actor.id|startswith': 'svc' }],
    ['endswith', { 'resource.id|endswith': ['.txt', '.csv'] }],
    ['cased', { 'actor.id|cased': 'svc-a' }],
    ['neq', { 'actor.id|neq': 'svc-b' }],
    ['neq of a missing field', { 'model.served|neq': 'x' }],
    ['number as text', { rows: '5000' }],
    ['number with a star', { rows: '5*' }],
    ['gte at the bound', { 'rows|gte': 5000 }],
    ['lt', { 'rows|lt': 5001 }],
    ['any of two bounds', { 'rows|gt': [9000, 100] }],
    ['false', { aborted: false }],
    ['exists', { 'source.geo.country|exists': true }],
    ['exists not', { 'source.geo.city|exists': false }],
    ['null of a missing field', { 'source.geo.city': null }],
    ['network', { 'source.ip|cidr': ['192.168.0.0/16', '10.0.0.0/8'] }],
    ['list of scalars', { finish: 'length' }],
    ['path below ext', { 'ext.raw.eventName': 'getobject' }],
    ['number below ext', { 'ext.raw.size': '12' }],
    ['number below ext, compared', { 'ext.raw.size|gt': 11 }],
    ['list below ext', { 'ext.raw.list.key': 'a' }],
    ['null is there but has no value', { 'ext.raw.none|exists': true, 'ext.raw.none': null }],
    ['a word anywhere', ['curl', 'nothing']],
    ['a number anywhere', [5000]],
    ['all words', { '|all': ['curl', 'notes'] }],
  ]
  for (const [name, selection] of yes) {
    it(`match by ${name}`, () => assert.equal(matches(selection, lake), true))
  }

  const no: readonly (readonly [string, unknown])[] = [
    ['another text', { 'actor.id': 'svc-ab' }],
    ['one field of two', { 'actor.id': 'svc-a', rows: 1 }],
    ['an escaped star for another text', { 'resource.id': 's3://lake/c\\*' }],
    ['a question mark for nothing', { 'actor.id': 'svc-a?' }],
    ['all, when one is missing', { 'resource.id|contains|all': ['lake', 'zzz'] }],
    ['the wrong case when cased', { 'actor.id|cased': 'SVC-A' }],
    ['neq when any element is it', { 'resource.id|neq': 'notes.txt' }],
    ['gt at the bound', { 'rows|gt': 5000 }],
    ['a number that only begins so', { rows: 500 }],
    ['a missing field', { 'model.served': '*x*' }],
    ['null of a field that is there', { 'source.ip': null }],
    ['a network beside it', { 'source.ip|cidr': '10.61.0.0/16' }],
    ['a word that is nowhere', ['wget']],
    ['all words, when one is missing', { '|all': ['curl', 'wget'] }],
    ['what an object inherits', { 'ext.raw.constructor|exists': true }],
  ]
  for (const [name, selection] of no) {
    it(`do not match by ${name}`, () => assert.equal(matches(selection, lake), false))
  }

  it('read backslashes as the specification counts them', () => {
    const named = (id: string) => event({ actor: { type: 'service', id, verified: 'key' } })
    const cases: readonly (readonly [string, string, boolean])[] = [
      ['a\\b', 'a\\b', true],
      ['a\\\\b', 'a\\b', true],
      ['a\\*', 'a*', true],
      ['a\\*', 'abc', false],
      ['a\\\\*', 'a\\xyz', true],
      ['a\\\\\\*', 'a\\*', true],
      ['a\\\\\\*', 'a\\x', false],
      ['a\\\\\\\\b', 'a\\\\b', true],
      ['a\\\\\\b', 'a\\\\b', true],
    ]
    for (const [pattern, id, isMatch] of cases) {
      assert.equal(matches({ 'actor.id': pattern }, named(id)), isMatch, `${pattern} on ${id}`)
    }
  })

  it('take IPv6 in any spelling and IPv4 in one', () => {
    const from = (ip: string) => event({ source: { ip } })
    assert.equal(matches({ 'source.ip': '2001:db8::1' }, from('2001:0DB8:0:0::1')), true)
    assert.equal(matches({ 'source.ip|cidr': '2001:db8::/32' }, from('2001:db8:9::2')), true)
    assert.equal(matches({ 'source.ip|cidr': '::/0' }, from('10.0.0.1')), true)
    assert.equal(matches({ 'source.ip|cidr': '0.0.0.0/0' }, from('2001:db8::1')), false)
    assert.equal(matches({ 'source.ip|cidr': '10.0.0.0/8' }, from('10.0.0.***')), false)
    assert.equal(matches({ 'source.ip|cidr': '10.1.2.3/32' }, from('10.1.2.4')), false)
  })

  it('end in time on texts made to keep them busy', () => {
    const id = `${'a'.repeat(4000)}!`
    const found = event({ source: { userAgent: id } })
    assert.equal(matches({ 'source.userAgent': `*${'a*'.repeat(400)}b` }, found), false)
    assert.equal(matches({ 'source.userAgent': `*${'?a*'.repeat(100)}!` }, found), true)
  })
})

describe('conditions', () => {
  const detection = (condition: unknown) => ({
    yes: { kind: 'data.read' },
    no: { kind: 'ai.invoke' },
    also_yes: { rows: 5000 },
    _hidden: { 'actor.id': 'nobody' },
    condition,
  })
  const table: readonly (readonly [unknown, boolean])[] = [
    ['yes and also_yes', true],
    ['yes and no', false],
    ['no or yes', true],
    ['not no', true],
    ['not not yes', true],
    ['no or yes and also_yes', true],
    ['(no or yes) and no', false],
    ['not no and yes', true],
    ['not (no or yes)', false],
    ['1 of *yes', true],
    ['all of *yes', true],
    ['all of them', false],
    ['1 of them', true],
    ['any of them', true],
    ['not 1 of n*', true],
    ['1 of _*', false],
    ['yes AND also_yes', true],
    [['no', 'yes'], true],
  ]
  for (const [condition, isMatch] of table) {
    it(`${JSON.stringify(condition)} is ${isMatch}`, () => {
      // Named once more, so that none is unused, in a way that decides nothing.
      const rest = '(yes or not yes or no or also_yes or _hidden)'
      const all = [condition].flat().map(one => `(${one}) and ${rest}`)
      assert.equal(ruleOf(detection(all)).matches(lake), isMatch)
    })
  }

  it('refuse what they cannot mean', () => {
    const of = (condition: unknown) => mistakesOf({ s: { kind: 'data.read' }, condition })
    assert.match(of('s and').join(), /a selection must stand before the end/)
    assert.match(of('(s').join(), /a parenthesis is not closed/)
    assert.match(of('s)').join(), /"\)" is too much/)
    assert.match(of('s s').join(), /"s" is too much; join with and or or/)
    assert.match(of('2 of s*').join(), /"2" of is not known/)
    assert.match(of('1 of x*').join(), /no selection is called "x\*"/)
    assert.match(of('t').join(), /no selection is called "t"/)
    assert.match(of('s | count() > 5').join(), /event_count/)
    assert.match(of(`${'('.repeat(100)}s${')'.repeat(100)}`).join(), /nests too deep/)
    assert.match(of('not '.repeat(200).concat('s')).join(), /nests too deep/)
    assert.match(of('').join(), /the condition must be text/)
    assert.match(of('s or '.repeat(1000).concat('s')).join(), /the condition must be text/)
  })
})

describe('a rule of its own', () => {
  it('agrees with the naive reading of the specification on any event', () => {
    const text = fc.constantFrom(
      '',
      'a',
      'A',
      'ab',
      'b*',
      'a\\*',
      '?',
      'a?',
      '*b',
      'svc-a',
      'Svc-A*',
      '\\',
    )
    const found = fc.constantFrom('', 'a', 'B', 'ab', 'a*', 'AB', 'svc-a', 'svc-ab', '\\', 'x?')
    const number = fc.integer({ min: 0, max: 12 })
    const key = fc.constantFrom('actor.id', 'resource.id', 'model.served', 'ext.raw.name', 'finish')
    const how = fc.constantFrom('', '|contains', '|startswith', '|endswith', '|cased', '|neq')
    const one = fc.oneof(
      fc
        .tuple(key, how, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })))
        .map(([name, modifier, value]) => ({ [`${name}${modifier}`]: value })),
      fc
        .tuple(
          fc.constantFrom('rows', 'ext.raw.size'),
          fc.constantFrom('', '|gt', '|lte', '|neq'),
          number,
        )
        .map(([name, modifier, value]) => ({ [`${name}${modifier}`]: value })),
      fc.tuple(key, fc.boolean()).map(([name, value]) => ({ [`${name}|exists`]: value })),
      key.map(name => ({ [name]: null })),
      fc.constantFrom<Data>(
        { kind: ['data.read', 'ai.invoke'] },
        { 'kind|startswith': 'ai.' },
        { kind: '*.read' },
      ),
    )
    const selection = fc.oneof(
      fc.tuple(one, one).map(([a, b]): unknown => ({ ...a, ...b })),
      fc.array(one, { minLength: 1, maxLength: 3 }),
      fc.array(fc.constantFrom('a', 'svc', 'zz'), { minLength: 1, maxLength: 2 }),
    )
    const condition = fc.constantFrom(
      'a',
      'a and b',
      'a or b and not c',
      '(a or b) and c',
      'not (a and b) or c',
      '1 of them',
      'all of them',
      'a and not 1 of _*',
      'not a and not b',
      'not not a or b',
    )
    const someEvent = fc.record({
      kind: fc.constantFrom('data.read', 'ai.invoke', 'model.read', 'host.exec'),
      actor: found.map(id => ({ type: 'service', id, verified: 'key' })),
      resource: fc.array(
        found.map(id => ({ id })),
        { maxLength: 2 },
      ),
      model: fc.option(
        found.map(served => ({ served })),
        { nil: undefined },
      ),
      finish: fc.array(found, { maxLength: 2 }),
      rows: fc.option(number, { nil: undefined }),
      ext: fc.record({
        raw: fc.record({ name: fc.oneof(found, fc.constant(null)), size: number }),
      }),
    })
    let hits = 0
    fc.assert(
      fc.property(
        fc.record({ a: selection, b: selection, c: selection, _d: selection }),
        condition,
        someEvent,
        (selections, written, parts) => {
          const detection = { ...selections, condition: written }
          const read = readRule(
            source({
              title: 'T',
              logsource: { product: 'tocsin' },
              detection: usedOnly(detection),
            }),
          )
          // A value that matches everything, and null in a list, are refused.
          if (read.rule?.rule.kind !== 'match') return
          const { rule } = read.rule
          const whole = event(withoutUndefined(parts))
          const isMatch = rule.matches(whole)
          assert.equal(isMatch, naiveMatch(usedOnly(detection), whole))
          if (isMatch) hits += 1
          if (isMatch && rule.kinds) assert.ok(rule.kinds.includes(whole.kind), String(rule.kinds))
        },
      ),
      { numRuns: 4000 },
    )
    assert.ok(hits > 200, `only ${hits} events matched`)
  })

  it('says for which kinds it can hold at all', () => {
    const kinds = (detection: Data) => ruleOf(detection).kinds
    const read = { kind: 'Data.Read' }
    assert.deepEqual(kinds({ s: read, condition: 's' }), ['data.read'])
    assert.deepEqual(kinds({ s: { kind: ['auth.logon', 'ai.tool'] }, condition: 's' }), [
      'ai.tool',
      'auth.logon',
    ])
    assert.deepEqual(kinds({ s: read, t: { rows: 1 }, condition: 's and t' }), ['data.read'])
    assert.deepEqual(kinds({ s: read, t: { rows: 1 }, condition: 's or t' }), null)
    assert.deepEqual(kinds({ s: read, t: { kind: 'ai.tool' }, condition: 's or t' }), [
      'ai.tool',
      'data.read',
    ])
    assert.deepEqual(kinds({ s: read, t: { kind: 'ai.tool' }, condition: 's and t' }), [])
    assert.deepEqual(kinds({ s: read, condition: 'not s' }), null)
    assert.deepEqual(kinds({ s: { 'kind|neq': 'data.read' }, condition: 's' }), null)
    assert.deepEqual(kinds({ s: { 'kind|startswith': 'data.' }, condition: 's' }), [
      'data.read',
      'data.write',
    ])
    // Kinds of hosts are made up by their senders.
    assert.deepEqual(kinds({ s: { 'kind|startswith': 'h' }, condition: 's' }), null)
    assert.deepEqual(kinds({ s: { kind: '*.read' }, condition: 's' }), null)
    assert.deepEqual(kinds({ s: { kind: 'host.exec' }, condition: 's' }), ['host.exec'])
  })

  it('is named by its id, else its name, else its file', () => {
    const data = {
      title: 'T',
      logsource: { product: 'tocsin' },
      detection: { s: { rows: 1 }, condition: 's' },
    }
    const read = (more: Data) => parseRule(source({ ...data, ...more }, 'a/b/read_spike.yml'))
    assert.equal(read({ id: 'i', name: 'n' }).id, 'i')
    assert.equal(read({ name: 'n' }).id, 'n')
    assert.equal(read({}).id, 'read_spike')
    assert.equal(read({}).name, 'read_spike')
    assert.equal(read({}).level, 'medium')
    assert.equal(read({ level: 'critical' }).level, 'critical')
  })
})

/** Only the selections that the condition names: others are refused. */
function usedOnly(detection: Data): Data {
  const text = String(detection.condition)
  const isUsed = (name: string) =>
    name === 'condition' ||
    new RegExp(`\\b${name}\\b`).test(text) ||
    (text.includes('of them') && !name.startsWith('_')) ||
    (text.includes('of _*') && name.startsWith('_'))
  return Object.fromEntries(Object.entries(detection).filter(([name]) => isUsed(name)))
}

function withoutUndefined(parts: Data): Data {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))
}

it('tags are said as people know them', () => {
  assert.equal(describeTag('atlas.aml-t0024.002'), 'MITRE ATLAS AML.T0024.002')
  assert.equal(describeTag('owasp-llm.llm02-2025'), 'OWASP Top 10 for LLM Applications LLM02:2025')
  assert.equal(describeTag('aisvs.12.2.2'), 'OWASP AISVS 12.2.2')
  assert.equal(describeTag('nosuch.x'), 'nosuch.x')
})
