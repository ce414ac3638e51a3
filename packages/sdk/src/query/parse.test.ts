import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { TocsinError } from '../errors.ts'
import { FIELDS } from '../event/event.ts'
import {
  type Clause,
  lintQuery,
  parseDraft,
  parseQuery,
  QUERY_BYTES_MAX,
  QUERY_CLAUSES_MAX,
  QUERY_DEPTH_MAX,
  QUERY_PROBLEMS_MAX,
  QUERY_VALUE_BYTES_MAX,
  QUERY_WILDCARDS_MAX,
} from './query.ts'

/** A tree in one line: `[and a=b (not <word>)]`, with every literal in JSON. */
function shape(clause: Clause): string {
  switch (clause.kind) {
    case 'all':
      return 'all'
    case 'not':
      return `(not ${shape(clause.item)})`
    case 'and':
    case 'or':
      return `[${clause.kind} ${clause.items.map(shape).join(' ')}]`
    default: {
      const value = clause.pattern.map(p => (p === null ? '*' : JSON.stringify(p))).join('+')
      return clause.kind === 'words' ? value : `${clause.field} ${clause.operator} ${value}`
    }
  }
}

const GOLDEN: readonly (readonly [string, string])[] = [
  ['', 'all'],
  [' \t\n', 'all'],
  ['*', 'all'],
  ['(*)', 'all'],
  ['a', '"a"'],
  ['"a b"', '"a b"'],
  ['""', '""'],
  ['a b', '[and "a" "b"]'],
  ['a"b"c', '[and "a" "b" "c"]'],
  ['a AND b Or c', '[or [and "a" "b"] "c"]'],
  ['a or b and c or d', '[or "a" [and "b" "c"] "d"]'],
  ['(a or b) c', '[and [or "a" "b"] "c"]'],
  ['(a b) c', '[and [and "a" "b"] "c"]'],
  ['not a b', '[and (not "a") "b"]'],
  ['not not a', '(not (not "a"))'],
  ['--a', '(not (not "a"))'],
  ['-a -"b" -(c)', '[and (not "a") (not "b") (not "c")]'],
  ['not(a)', '(not "a")'],
  ['build - deploy', '[and "build" "-" "deploy"]'],
  ['a-b', '"a-b"'],
  ['android ornate nothing', '[and "android" "ornate" "nothing"]'],
  ['and:x', 'and : "x"'],
  ['outcome:denied', 'outcome : "denied"'],
  ['outcome: denied', 'outcome : "denied"'],
  ['outcome:not', 'outcome : "not"'],
  ['outcome:-x', 'outcome : "-x"'],
  ['status>=500 status<600', '[and status >= "500" status < "600"]'],
  ['status >= 500 x', '[and status >= "500" "x"]'],
  ['params.seed:-5', 'params.seed : "-5"'],
  ['source.ip:10.0.0.0/8', 'source.ip : "10.0.0.0/8"'],
  ['source.ip:::1', 'source.ip : "::1"'],
  ['source.ip:2001:db8::/32', 'source.ip : "2001:db8::/32"'],
  ['model.served:meta-llama/Llama-3', 'model.served : "meta-llama/Llama-3"'],
  ['time>=2026-11-01T00:00Z', 'time >= "2026-11-01T00:00Z"'],
  ['time>now-24h', 'time > "now-24h"'],
  ['onBehalfOf.id:a@b.example', 'onBehalfOf.id : "a@b.example"'],
  ['endpoint:"POST /v1/chat/completions"', 'endpoint : "POST /v1/chat/completions"'],
  ['resource.id:*customer*', 'resource.id : *+"customer"+*'],
  ['kind:ai.*', 'kind : "ai."+*'],
  ['a:b***c', 'a : "b"+*+"c"'],
  ['reasonCode:*', 'reasonCode : *'],
  ['a:\\*', 'a : "*"'],
  ['a:"*"', 'a : "*"'],
  ['a:\\(x\\ y\\)', 'a : "(x y)"'],
  ['a:"\\"\\\\"', 'a : "\\"\\\\"'],
  ['\\and', '"and"'],
  ['a\\:b', '"a:b"'],
  ['actor.id:(alice or bob)', '[or actor.id : "alice" actor.id : "bob"]'],
  ['a:(b c)', '[and a : "b" a : "c"]'],
  ['a:(b:c not (d or >e))', '[and a : "b:c" (not [or a : "d" a : ">e"])]'],
  ['a>(1)', 'a > "1"'],
  ['a:(x) b:y', '[and a : "x" b : "y"]'],
  ['(q) and not kind:tocsin.read', '[and "q" (not kind : "tocsin.read")]'],
  ['😀:x', '"😀:x"'],
  ['a-b:c', 'a-b : "c"'],
  ['fe80::1 x', '[and "fe80::1" "x"]'],
  ['-dead:beef::/32', '(not "dead:beef::/32")'],
  ['::1 ::ffff:10.0.0.1', '[and "::1" "::ffff:10.0.0.1"]'],
  ['fe80:x', 'fe80 : "x"'],
  ['a:b:c', 'a : "b:c"'],
  ['fe80::1::2', 'fe80 : ":1::2"'],
  ['dGVzdA==', '"dGVzdA=="'],
  ['R&D', '"R&D"'],
  ['a:=b', 'a : "=b"'],
  ['a:(=b or ||)', '[or a : "=b" a : "||"]'],
  ['\\=x "||" "a=b"', '[and "=x" "||" "a=b"]'],
]

const WRONG: readonly (readonly [string, number, RegExp])[] = [
  ['actor.id:', 10, /a value is missing after actor\.id:; write one, or actor\.id:\* for/],
  ['actor.id: and x', 11, /a value is missing after actor\.id:/],
  ['actor.id:)', 10, /a value is missing/],
  ['status>=', 9, /a value is missing after status>=; write one$/],
  ['a:(b or )', 6, /something is missing after "or"/],
  ['x actor.id:"ali', 12, /never closed; add a second one/],
  ['a and', 3, /something is missing after "and"/],
  ['a or ', 3, /something is missing after "or"/],
  ['or a', 1, /"or" stands between two clauses; quote it/],
  ['a and and b', 7, /"and" stands between two clauses/],
  ['a not', 3, /something is missing after "not"; quote it/],
  ['(a', 1, /never closed; add a "\)"/],
  ['x (a (b)', 3, /never closed/],
  ['(a))', 4, /closes nothing; remove it/],
  [')', 1, /closes nothing/],
  ['()', 1, /empty; write something/],
  ['a:()', 3, /empty/],
  ['a\\', 2, /a character is missing after "\\"/],
  ['status=500', 7, /write status:value, or -status:value for all others; quote the whole/],
  ['x outcome!=a', 10, /write outcome:value, or -outcome:value/],
  ['a==b', 2, /write a:value/],
  ['a || b', 3, /no clause begins so; write field:value, and, or, not; quote the whole/],
  ['a && b', 3, /no clause begins so/],
  ['status = 500', 8, /no clause begins so/],
  ['>5', 1, /no clause begins so/],
  ['!a', 1, /no clause begins so/],
  [':x', 1, /no clause begins so/],
]

function refusal(text: string): TocsinError {
  try {
    parseQuery(text)
  } catch (error) {
    assert.ok(error instanceof TocsinError, String(error))
    return error
  }
  return assert.fail(`taken: ${text.slice(0, 80)}`)
}

describe('parsing', () => {
  for (const [text, tree] of GOLDEN) {
    it(JSON.stringify(text), () => assert.equal(shape(parseQuery(text).root), tree))
  }
  for (const [text, character, message] of WRONG) {
    it(`${text} is wrong at character ${character}`, () => {
      const error = refusal(text)
      assert.equal(error.code, 'query.syntax')
      assert.ok(error.message.startsWith(`the query is wrong at character ${character}: `))
      assert.match(error.message, message)
    })
  }

  it('refuses half a character', () => {
    assert.equal(refusal('a \ud83d').code, 'query.syntax')
    assert.equal(refusal('"\ude00"').code, 'query.syntax')
  })
})

describe('a limit', () => {
  const twice: readonly (readonly [string, string, string])[] = [
    ['bytes', 'a'.repeat(QUERY_BYTES_MAX), 'a'.repeat(QUERY_BYTES_MAX + 1)],
    ['bytes of UTF-8', ' é'.repeat(2730), ' é'.repeat(2731)],
    ['parentheses', nested('(', 'a', ')', QUERY_DEPTH_MAX), nested('(', 'a', ')', 65)],
    ['not', nested('not ', 'a', '', QUERY_DEPTH_MAX), nested('not ', 'a', '', 65)],
    ['dashes', nested('-', 'a', '', QUERY_DEPTH_MAX), nested('-', 'a', '', 65)],
    ['clauses', '(a)'.repeat(QUERY_CLAUSES_MAX / 2), `${'(a)'.repeat(QUERY_CLAUSES_MAX / 2)}a`],
    ['value', 'é'.repeat(QUERY_VALUE_BYTES_MAX / 2), 'é'.repeat(QUERY_VALUE_BYTES_MAX / 2 + 1)],
    ['wildcards', '*a'.repeat(QUERY_WILDCARDS_MAX), '*a'.repeat(QUERY_WILDCARDS_MAX + 1)],
  ]
  for (const [what, most, over] of twice) {
    it(`of ${what} is taken, and refused when passed`, () => {
      if (what !== 'bytes') assert.ok(parseQuery(most))
      const error = refusal(over)
      assert.equal(error.code, 'query.too_complex')
      assert.match(error.message, /; (?:ask for less|shorten it|use fewer)/)
    })
  }
})

function nested(open: string, text: string, close: string, times: number): string {
  return open.repeat(times) + text + close.repeat(times)
}

describe('a draft', () => {
  const drafts: readonly (readonly [string, string, readonly (readonly [number, number])[]])[] = [
    ['outcome:', 'outcome : ""', [[8, 8]]],
    ['a and', '[and "a" all]', [[2, 5]]],
    ['a or or b', '[or "a" "b"]', [[5, 7]]],
    ['(a or b', '[or "a" "b"]', [[0, 1]]],
    ['a) b', '[and "a" "b"]', [[1, 2]]],
    ['a () b', '[and "a" all "b"]', [[2, 3]]],
    ['x "y', '[and "x" "y"]', [[2, 4]]],
    ['not', '(not all)', [[0, 3]]],
    [
      '(a or ) "b',
      '[and [or "a" all] "b"]',
      [
        [3, 5],
        [8, 10],
      ],
    ],
  ]
  for (const [text, tree, places] of drafts) {
    it(`of ${text} keeps what it can`, () => {
      const { query, problems } = parseDraft(text)
      assert.equal(shape(query.root), tree)
      assert.deepEqual(
        problems.map(({ span }) => [span.start, span.end]),
        places,
      )
    })
  }

  it('has every place inside the text, never throws, and is the query where nothing is wrong', () => {
    const piece = fc.constantFrom(
      '(',
      ')',
      '"',
      '\\',
      '*',
      'a:',
      '>=',
      ' ',
      '-',
      'and',
      ' or ',
      'not',
      'x',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map(p => p.join('')),
    )
    fc.assert(
      fc.property(text, typed => {
        const { query, problems } = parseDraft(typed)
        assert.ok(problems.length <= QUERY_PROBLEMS_MAX)
        for (const { start, end } of [...spansOf(query.root), ...problems.map(p => p.span)]) {
          assert.ok(0 <= start && start <= end && end <= typed.length, `${typed} ${start} ${end}`)
        }
        if (problems.length === 0) assert.deepEqual(parseQuery(typed), query)
        else assert.ok(problems.some(p => p.message === refusal(typed).message))
      }),
      { numRuns: 800 },
    )
  })

  it('says once that a limit was passed', () => {
    for (const text of ['('.repeat(200), 'a'.repeat(9000), '(a)'.repeat(2600)]) {
      const { problems } = parseDraft(text)
      assert.equal(problems.filter(p => p.code === 'query.too_complex').length, 1)
    }
  })
})

function spansOf(clause: Clause): readonly { start: number; end: number }[] {
  if (clause.kind === 'not') return [clause.span, ...spansOf(clause.item)]
  return 'items' in clause ? [clause.span, ...clause.items.flatMap(spansOf)] : [clause.span]
}

describe('lint', () => {
  const found = (text: string) =>
    lintQuery(text, FIELDS, 0).problems.map(({ code, span }) => `${code} ${span.start}-${span.end}`)

  it('finds every problem with its place, of grammar, fields and values', () => {
    assert.deepEqual(found('actr.id:x and (status:abc or outcome:) time>noon'), [
      'query.unknown_field 0-9',
      'query.bad_value 15-25',
      'query.syntax 37-37',
      'query.bad_value 39-48',
    ])
    assert.deepEqual(found('outcome:denied and status>=400 x'), [])
  })

  it('says once that a question is too much, and keeps to its number of problems', () => {
    assert.deepEqual(found('a '.repeat(1000)), ['query.too_complex 666-667'])
    assert.equal(found('nosuch:1 '.repeat(100)).length, QUERY_PROBLEMS_MAX)
  })
})
