import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ERRORS } from '@tocsin/sdk/errors'
import { parseEvent } from '@tocsin/sdk/event'
import fc from 'fast-check'
import { detectFormat, FORMATS, findFormat, type ParsedLine } from './formats.ts'

const CONTEXT = { nowMs: Date.UTC(2026, 10, 24, 12), source: 'one' }
const LINES: { readonly [format: string]: string } = {
  jsonl:
    '{"kind":"ai.invoke","time":1795493036530,"outcome":"success","actor":{"type":"human","id":"ann"},"operation":"chat"}',
  'nginx-json':
    '{"msec":"1795493036.530","remote_addr":"1.2.3.4","method":"GET","uri":"/a?b","status":"200"}',
  combined: '1.2.3.4 - - [24/Nov/2026:04:03:56 +0000] "GET /a?b HTTP/1.1" 200 5 "-" "curl"',
}

/** What every answer of every format must be, whatever the line. */
function checkAnswer(parsed: ParsedLine): void {
  if (parsed.kind === 'refused') {
    assert.ok(parsed.code in ERRORS, parsed.code)
    assert.notEqual(parsed.code, 'internal.bug')
    assert.ok(parsed.reason.length > 10)
    return
  }
  assert.deepEqual(parseEvent(parsed.event, CONTEXT.nowMs), parsed.event)
  assert.equal(parsed.event.id === undefined || typeof parsed.event.id === 'string', true)
  assert.ok(!(parsed.event.endpoint ?? '').includes('?'))
}

/** Lines that are almost right: a good one with a piece replaced by anything. */
const damaged = fc
  .tuple(
    fc.constantFrom(...Object.values(LINES)),
    fc.nat(200),
    fc.nat(20),
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', '\\x', ' ', '-', '{', '\ud800'),
    ),
  )
  .map(([line, at, cut, piece]) => line.slice(0, at) + piece + line.slice(at + cut))

const hostile = [
  '',
  ' ',
  '\0',
  '\ud800',
  '\udc00"\ud800',
  '{}',
  '{"__proto__":{"x":1},"msec":1795493036}',
  '{"msec":1795493036,"constructor":"x","toString":"y","hasOwnProperty":"z"}',
  `{"msec":1795493036,"remote_user":"\\ud800","uri":"/\\ud800"}`,
  `{"msec":1795493036,"ua":${'['.repeat(5000)}${']'.repeat(5000)}}`,
  `{"msec":1795493036,${Array.from({ length: 20_000 }, (_, i) => `"k${i}":${i}`).join()}}`,
  `1.2.3.4 - - [24/Nov/2026:04:03:56 +0000] "${'\\\\'.repeat(100_000)}" 200 5`,
  `1.2.3.4 - - [24/Nov/2026:04:03:56 +0000] "GET /${'%'.repeat(100_000)} HTTP/1.1" 200 5`,
  `1.2.3.4 - - [24/Nov/2026:04:03:56 +0000] "GET ${'/..'.repeat(100_000)} HTTP/1.1" 200 5`,
  `${'] "'.repeat(300_000)}`,
  `1.2.3.4 - - [24/Nov/2026:04:03:56 +0000] "GET / HTTP/1.1" 200 5 "${'"x'.repeat(100_000)}`,
  'x'.repeat(1_000_000),
  '"'.repeat(1_000_000),
]

describe('every format', () => {
  for (const format of FORMATS) {
    const good = LINES[format.name] ?? ''

    it(`${format.name}: understands its own`, () => {
      const parsed = format.parseLine(good, CONTEXT)
      assert.equal(parsed.kind, 'event')
      checkAnswer(parsed)
    })

    it(`${format.name}: never throws, and refuses only by a code of the table`, () => {
      const anything = fc.oneof(damaged, fc.string({ unit: 'binary' }), fc.json())
      fc.assert(
        fc.property(anything, line => {
          checkAnswer(format.parseLine(line, CONTEXT))
          format.origins(line)
        }),
        { numRuns: 1000 },
      )
      for (const line of hostile) checkAnswer(format.parseLine(line, CONTEXT))
    })

    it(`${format.name}: the event depends on nothing but the line`, () => {
      const lines = fc.oneof(fc.constant(good), damaged)
      const contexts = fc.record({
        nowMs: fc.nat(10_000).map(n => CONTEXT.nowMs + n),
        source: fc.string(),
      })
      fc.assert(
        fc.property(lines, contexts, (line, context) => {
          assert.deepEqual(format.parseLine(line, context), format.parseLine(line, CONTEXT))
        }),
        { numRuns: 300 },
      )
    })

    it(`${format.name}: names an origin for the fields of its own`, () => {
      const origins = format.origins(good)
      for (const path of ['time', 'outcome', 'operation']) assert.ok(origins.has(path), path)
    })
  }

  it('lets no query string through, wherever it stood', () => {
    const secret = fc.string({
      unit: fc.constantFrom(...'abcXYZ019'),
      minLength: 12,
      maxLength: 20,
    })
    const query = fc
      .tuple(secret, fc.constantFrom('', 'k=', 'a=1&k=', 'x?'))
      .map(([s, k]) => [s, `${k}${s}`] as const)
    fc.assert(
      fc.property(query, fc.constantFrom('/', '/v2/models/m/infer', '/x'), ([word, q], path) => {
        const target = `${path}?${q}`
        const nginx = {
          msec: 1795493036,
          request: `GET ${target} HTTP/1.1`,
          request_uri: target,
          http_referer: `https://h${target}`,
          args: q,
          query_string: q,
          raw_target: target,
          something: q,
        }
        const clf = `1.2.3.4 - - [24/Nov/2026:04:03:56 +0000] "GET ${target} HTTP/1.1" 200 5 "http://h${target}" "ua"`
        for (const [name, line] of [
          ['nginx-json', JSON.stringify(nginx)],
          ['combined', clf],
        ] as const) {
          const parsed = findFormat(name)?.parseLine(line, CONTEXT)
          assert.equal(parsed?.kind, 'event')
          assert.ok(!JSON.stringify(parsed).includes(word), JSON.stringify(parsed))
        }
      }),
    )
  })
})

describe('the same request in two formats', () => {
  it('is the same event, as far as both can tell', () => {
    const combined = findFormat('combined')?.parseLine(
      '1.2.3.4 - ann [24/Nov/2026:04:03:56 +0000] "POST /v1/chat/completions HTTP/1.1" 429 5 "-" "a\\x22\\xFFb"',
      CONTEXT,
    )
    const nginx = findFormat('nginx-json')?.parseLine(
      '{"msec":1795493036.000,"remote_addr":"1.2.3.4","remote_user":"ann","method":"POST",' +
        '"uri":"/v1/chat/completions","status":429,"bytes":5,"ua":"a\\"\\xFFb"}',
      CONTEXT,
    )
    assert.equal(combined?.kind, 'event')
    assert.equal(nginx?.kind, 'event')
    if (combined?.kind !== 'event' || nginx?.kind !== 'event') return
    assert.deepEqual(combined.event, nginx.event)
    assert.equal(combined.event.reasonCode, 'rate_limited')
  })
})

describe('detectFormat', () => {
  it('finds the format of each sample, past blank and damaged lines', () => {
    for (const [name, line] of Object.entries(LINES)) {
      const found = detectFormat(['', line, 'garbage', line], CONTEXT)
      assert.deepEqual([found?.format.name, found?.understood, found?.lines], [name, 2, 3])
    }
  })

  it('finds none in what nobody understands', () => {
    assert.equal(detectFormat([], CONTEXT), null)
    assert.equal(detectFormat(['hello', '{"a":1}'], CONTEXT), null)
    assert.equal(findFormat('nonsense'), null)
  })
})
