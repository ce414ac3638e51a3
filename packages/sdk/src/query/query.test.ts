import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { TocsinError } from '../errors.ts'
import { FIELDS } from '../event/event.ts'
import {
  type Clause,
  compilePredicate,
  compileSql,
  type Pattern,
  parseQuery,
  printQuery,
  QUERY_BYTES_MAX,
  QUERY_CLAUSES_MAX,
  readQuery,
} from './query.ts'

const NOW = Date.UTC(2026, 10, 24, 12)

function matches(text: string, event: object): boolean {
  return compilePredicate(readQuery(text, FIELDS, NOW))(event)
}

function refusal(text: string): TocsinError {
  try {
    readQuery(text, FIELDS, NOW)
  } catch (error) {
    assert.ok(error instanceof TocsinError, String(error))
    return error
  }
  return assert.fail(`${text} was taken`)
}

/** The tree without its places. */
function bare(clause: Clause): unknown {
  return JSON.parse(JSON.stringify(clause, (key, value) => (key === 'span' ? undefined : value)))
}

const event = {
  id: '0190b5a0-0000-7000-8000-000000000001',
  time: Date.UTC(2026, 10, 24, 8, 30),
  kind: 'ai.invoke',
  outcome: 'denied',
  status: 403,
  operation: 'chat',
  actor: { type: 'service', id: 'svc-Billing', verified: 'gateway' },
  onBehalfOf: [{ type: 'human', id: 'alice@example.com' }, null],
  model: { served: 'meta-llama/Llama-3', version: 'v2' },
  resource: [{ type: 'dataset', id: 'eu_customers' }, { id: 'notes' }],
  source: { ip: '10.20.30.40', userAgent: 'python-httpx/0.27 (100% "real")' },
  endpoint: 'POST /v1/chat/completions',
  aborted: false,
  durationMs: 0,
}

describe('a question', () => {
  const yes = [
    '*',
    '',
    '  ',
    'actor.id:svc-*',
    'actor.id:SVC-billing',
    'user_id:svc-billing model:*llama*',
    'actor.id:svc-* and operation:chat and not outcome:success',
    'status>=400 status<500',
    'status >= 403 AND status <= 403',
    'status:403',
    'source.ip:10.0.0.0/8',
    'source.ip:10.20.30.40',
    'source.ip:10.20.*',
    'model.served:meta-llama/Llama-3',
    'time:2026-11-24',
    'time>=2026-11-24T08:00Z time<2026-11-24T09:00Z',
    'time>now-24h',
    'time>=2026-11-24T10:30:00+02:00',
    'actor.id:(alice or svc-billing)',
    'actor.id:(not alice)',
    'onBehalfOf.id:alice@example.com',
    'resource.id:*customer*',
    'resource.id:notes',
    '"POST /v1/chat"',
    'endpoint:"POST /v1/chat/completions"',
    'httpx customers',
    'cust*mers',
    '-outcome:success',
    'reasonCode:* or aborted:false',
    'not reasonCode:*',
    'kind:ai.*',
    '(outcome:denied or outcome:failure) and not (status:200)',
    'durationMs:0',
    'source.userAgent:*100%*',
    'source.userAgent:*\\"real\\"*',
    'not (actor.id:a or actor.id:b)',
  ]
  for (const text of yes)
    it(`${text || '(nothing)'} finds the event`, () => assert.ok(matches(text, event)))

  const no = [
    'actor.id:svc',
    'actor.id:*x',
    'status>403',
    'source.ip:10.20.30.0/28',
    'source.ip:2001:db8::/32',
    'time:2026-11-23',
    'time>2026-11-24',
    'time<=2026-11-23',
    'reasonCode:*',
    'aborted:true',
    'weights',
    'resource.id:(a and b)',
    'resource.id:eu_customer',
    'source.userAgent:*100_*',
    'not *',
    'model.served:meta-llama\\*',
  ]
  for (const text of no) it(`${text} does not`, () => assert.ok(!matches(text, event)))

  it('binds not, then and, then or', () => {
    const tree = (text: string) => bare(parseQuery(text).root)
    assert.deepEqual(tree('a or b c and not d'), tree('a or (b c not d)'))
    assert.equal(printQuery(parseQuery('a or b and not (c or d)')), 'a or b and not (c or d)')
    assert.deepEqual(tree('x:(a or b)'), tree('x:a or x:b'))
  })

  it('takes a day as a span, whatever the operator', () => {
    const ends = (text: string) =>
      ['2026-11-23T23:59:59.999Z', '2026-11-24T00:00Z', '2026-11-24T23:59:59.999Z', '2026-11-25']
        .map(time => matches(`time${text}`, { time: Date.parse(time) }))
        .map(Number)
        .join('')
    assert.equal(ends(':2026-11-24'), '0110')
    assert.equal(ends('>2026-11-24'), '0001')
    assert.equal(ends('>=2026-11-24'), '0111')
    assert.equal(ends('<2026-11-24'), '1000')
    assert.equal(ends('<=2026-11-24'), '1110')
  })

  it('takes times as people and programs write them', () => {
    const eight = { time: Date.UTC(2026, 10, 24, 8) }
    for (const text of [
      '2026-11-24T08:00Z',
      '2026-11-24T08:00:00.000z',
      '"2026-11-24 08:00"',
      '2026-11-24T10:00+02:00',
      String(eight.time),
    ]) {
      assert.ok(matches(`time:${text}`, eight), text)
    }
    assert.ok(matches('time>=now-4h time<=NOW-240M', eight))
    assert.ok(!matches('time>now-4h', eight) && !matches('time<now-240m', eight))
  })

  it('finds what lies in the minute or second that was written; more and less go by its start', () => {
    const found = (clause: string) =>
      [0, 1, 999, 1000, 59_999, 60_000]
        .map(ms => matches(clause, { time: Date.UTC(2026, 10, 24, 8) + ms }))
        .map(Number)
        .join('')
    assert.equal(found('time:2026-11-24T08:00Z'), '111110')
    assert.equal(found('time:2026-11-24T08:00:00Z'), '111000')
    assert.equal(found('time:2026-11-24T08:00:00.001Z'), '010000')
    assert.equal(found('time>2026-11-24T08:00Z'), '011111')
    assert.equal(found('time<=2026-11-24T08:00Z'), '100000')
  })

  it('folds A–Z and no other letter', () => {
    const is = (text: string, id: string) => matches(`actor.id:${text}`, { actor: { id } })
    assert.ok(is('ALICE', 'alice') && is('al*E', 'Alice'))
    assert.ok(is('ß', 'ß') && !is('SS', 'ß') && !is('i', 'İ') && !is('k', '\u212A'))
    assert.ok(!is('É', 'é') && is('\u00e9', 'é') && !is('e\u0301', 'é'))
  })

  it('gives closed values and ids the spelling that events have', () => {
    assert.ok(matches('outcome:DENIED', event) && matches('outcome:den*', event))
    assert.ok(matches('id:0190B5A0-0000-7000-8000-000000000001', event))
    const { sql, params } = compileSql(readQuery('outcome:DENIED', FIELDS, NOW))
    assert.equal(sql, '"outcome" = ?')
    assert.deepEqual(params, ['denied'])
  })

  it('knows an IPv6 address in any spelling, and a mapped IPv4 one', () => {
    const at = (ip: string) => ({ source: { ip } })
    assert.ok(matches('source.ip:2001:DB8::5', at('2001:db8:0:0:0:0:0:5')))
    assert.ok(matches('source.ip:2001:db8:0:0:0:0:0:5', at('2001:db8::5')))
    assert.ok(matches('source.ip:::ffff:10.0.0.1', at('10.0.0.1')))
    assert.ok(matches('source.ip:::ffff:10.0.0.0/104', at('10.9.9.9')))
    assert.ok(matches('source.ip:"81.2.69.***"', at('81.2.69.***')))
  })

  it('finds an address in a network, IPv6 and mapped ones too', () => {
    const at = (ip: string) => ({ source: { ip } })
    assert.ok(matches('source.ip:2001:db8::/32', at('2001:db8:1::5')))
    assert.ok(matches('source.ip:::1/128', at('::1')))
    assert.ok(!matches('source.ip:2001:db8::/33', at('2001:db8:8000::')))
    assert.ok(matches('source.ip:0.0.0.0/0', at('255.1.2.3')))
    assert.ok(!matches('source.ip:0.0.0.0/0', at('81.2.69.***')))
    assert.ok(!matches('source.ip:0.0.0.0/0', at('::1')))
  })
})

describe('a wrong question', () => {
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    [
      'actor.id:',
      'query.syntax',
      /character 10: a value is missing after actor\.id:.*actor\.id:\*/,
    ],
    ['actor.id:"ali', 'query.syntax', /character 10: this quotation mark is never closed/],
    ['outcome:denied and', 'query.syntax', /character 16: something is missing after "and"/],
    ['and', 'query.syntax', /character 1: "and" stands between two clauses/],
    ['(a or b', 'query.syntax', /character 1: this "\(" is never closed/],
    ['a)', 'query.syntax', /character 2: this "\)" closes nothing/],
    ['()', 'query.syntax', /empty/],
    ['not', 'query.syntax', /something is missing after "not"/],
    ['a or or b', 'query.syntax', /character 6/],
    ['a\\', 'query.syntax', /character 2/],
    ['actr.id:bob', 'query.unknown_field', /did you mean actor\.id\?/],
    ['outcom:denied', 'query.unknown_field', /did you mean outcome\?/],
    ['served:x', 'query.unknown_field', /did you mean model\.served\?/],
    ['http://evil', 'query.unknown_field', /in quotes/],
    ['__proto__:x', 'query.unknown_field', /is not a field/],
    ['status:abc', 'query.bad_value', /status takes a whole number/],
    ['status:5*', 'query.bad_value', /status takes a whole number.*not "5\*"/],
    ['status:>=500', 'query.bad_value', /like status>=500; not ">=500"/],
    ['status>=1.5', 'query.bad_value', /whole number/],
    ['aborted:yes', 'query.bad_value', /aborted:true or aborted:false/],
    ['actor.id>5', 'query.bad_value', /is text, which has no order/],
    ['source.ip:10.0.0.0/33', 'query.bad_value', /network like 10\.0\.0\.0\/8/],
    ['source.ip:300.0.0.0/8', 'query.bad_value', /network/],
    ['source.ip:localhost', 'query.bad_value', /takes an address, a network/],
    ['source.ip:1:2::3::4/64', 'query.bad_value', /network/],
    ['source.ip:::ffff:10.0.0.0/129', 'query.bad_value', /network/],
    ['source.ip>10.0.0.0', 'query.bad_value', /has no order/],
    ['outcome:fail', 'query.bad_value', /one of success, failure, denied, unknown.*mean failure\?/],
    ['time:2026-02-30', 'query.bad_value', /now-24h/],
    ['time:2026-02-30T00:00Z', 'query.bad_value', /now-24h/],
    ['time:9999999999999999', 'query.bad_value', /now-24h/],
    ['time:*Z', 'query.bad_value', /now-24h/],
    ['status:1e400', 'query.bad_value', /whole number/],
    ['params.topP:0x10', 'query.bad_value', /takes a number/],
    ['bytes.in:9007199254740993', 'query.bad_value', /whole number/],
    ['zzzzzzzz:x', 'query.unknown_field', /is not a field; to look for the text/],
    ['time:yesterday', 'query.bad_value', /now-24h/],
    ['time:now-24h', 'query.bad_value', /write time>now-24h for since/],
    ['actor-id:bob', 'query.unknown_field', /did you mean actor\.id\?/],
    ['time:2026-13-45', 'query.bad_value', /now-24h/],
    ['ext:x', 'query.bad_value', /not searchable/],
  ]
  for (const [text, code, message] of wrong) {
    it(`${text} is told where and what`, () => {
      const error = refusal(text)
      assert.equal(error.code, code)
      assert.match(error.message, message)
    })
  }

  it('is refused when it is too long, too deep or has too many clauses', () => {
    assert.equal(refusal('x'.repeat(QUERY_BYTES_MAX + 1)).code, 'query.too_complex')
    assert.equal(refusal(`${'('.repeat(65)}a${')'.repeat(65)}`).code, 'query.too_complex')
    assert.equal(refusal('not '.repeat(70)).code, 'query.too_complex')
    assert.ok(parseQuery(`${'('.repeat(64)}a${')'.repeat(64)}`))
  })

  it('never fails with anything but a refusal', () => {
    const pieces = fc.constantFrom(
      '(',
      ')',
      '"',
      '\\',
      '*',
      ':',
      '>=',
      ' ',
      '-',
      'and',
      'or',
      'not',
      'a',
      'status',
      'time',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map(p => p.join('')),
        ),
        text => {
          try {
            compileSql(readQuery(text, FIELDS, NOW))
          } catch (error) {
            assert.ok(error instanceof TocsinError && error.fault === 'caller', String(error))
          }
        },
      ),
      { numRuns: 800 },
    )
  })
})

/** What could be read as something else, alone and joined. */
const tricky = fc
  .array(
    fc.constantFrom(
      ...['=', '==', '!=', '!', '|', '||', '&&', ':', '>', '<=', '-', '*', '"', '\\', ' ', '('],
      ...[')', 'a', 'or', 'not', 'fe80::1', '::1', 'a.b', 'a-b', '1', '/64', '\u00a0', '\n'],
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map(parts => parts.join(''))
const literal = fc.oneof(fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }), tricky)
const pattern: fc.Arbitrary<Pattern> = fc
  .array(fc.option(literal), { minLength: 1, maxLength: 4 })
  .map(parts => {
    const out: (string | null)[] = []
    for (const part of parts) {
      const last = out.at(-1)
      if (part === null && last !== null) out.push(null)
      else if (part !== null && typeof last === 'string') out[out.length - 1] = last + part
      else if (part !== null) out.push(part)
    }
    return out.length > 0 ? out : [null]
  })
const span = fc.constant({ start: 0, end: 0 })
const operator = fc.constantFrom(':' as const, '>' as const, '>=' as const, '<' as const)
const { root } = fc.letrec<{ root: Clause; leaf: Clause; chain: Clause; not: Clause }>(tie => ({
  root: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('chain'), tie('not')),
  leaf: fc.oneof(
    fc.record({
      kind: fc.constant('compare' as const),
      field: fc.stringMatching(/^[a-z][a-z.]{0,6}$/),
      operator,
      pattern,
      span,
    }),
    fc.record({ kind: fc.constant('words' as const), pattern, span }),
  ),
  chain: fc.record({
    kind: fc.constantFrom('and' as const, 'or' as const),
    items: fc.array(tie('root'), { minLength: 2, maxLength: 4 }),
    span,
  }),
  not: fc.record({ kind: fc.constant('not' as const), item: tie('root'), span }),
}))

describe('printing', () => {
  it('gives text that parses to the same tree', () => {
    fc.assert(
      fc.property(root, clause => {
        const isLoneStar = (c: Clause): boolean =>
          (c.kind === 'words' && c.pattern.length === 1 && c.pattern[0] === null) ||
          ('items' in c && c.items.some(isLoneStar)) ||
          (c.kind === 'not' && isLoneStar(c.item))
        fc.pre(!isLoneStar(clause))
        const text = printQuery({ root: clause })
        fc.pre(text.length <= QUERY_BYTES_MAX)
        assert.deepEqual(bare(parseQuery(text).root), bare(clause), text)
      }),
      { numRuns: 800 },
    )
  })

  it('keeps places in the text, for editors', () => {
    const { root } = parseQuery('a or actor.id:"b c"')
    assert.ok(root.kind === 'or')
    assert.deepEqual(
      root.items.map(i => [i.span.start, i.span.end]),
      [
        [0, 1],
        [5, 19],
      ],
    )
  })
})

it('a question of more tests than a search can bear is refused', () => {
  const words = FIELDS.filter(f => f.freeText).length
  const most = Math.floor(QUERY_CLAUSES_MAX / words)
  assert.ok(readQuery('a '.repeat(most), FIELDS, NOW))
  const error = refusal('a '.repeat(most + 1))
  assert.equal(error.code, 'query.too_complex')
  assert.match(error.message, /a word is \d+, one for each field/)
})

it('SQL holds no text of the question', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\w'%;-]{4,20}$/), text => {
      fc.pre(!/^(?:and|or|not|-)/i.test(text))
      const { sql } = compileSql(readQuery(`actor.id:${text}`, FIELDS, NOW))
      assert.ok(!sql.includes(text))
    }),
  )
})
