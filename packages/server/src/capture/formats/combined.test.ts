import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { WireEvent } from '@tocsin/sdk/event'
import fc from 'fast-check'
import { dataPath, needData } from '../../../../../test/need.ts'
import { combined } from './combined.ts'

const CONTEXT = { nowMs: Date.UTC(2026, 10, 24, 12), source: 'test' }
const REAL_LOG = 'logs/apache_access.log'
const TIME = '[24/Nov/2026:04:03:56 +0000]'

function parse(line: string): WireEvent {
  const parsed = combined.parseLine(line, CONTEXT)
  assert.equal(parsed.kind, 'event', JSON.stringify(parsed))
  return parsed.kind === 'event' ? parsed.event : assert.fail()
}

function refusal(line: string): string {
  const parsed = combined.parseLine(line, CONTEXT)
  return parsed.kind === 'refused' ? `${parsed.code} ${parsed.reason}` : assert.fail(line)
}

function notes(line: string): readonly string[] {
  const parsed = combined.parseLine(line, CONTEXT)
  return parsed.kind === 'event' ? parsed.notes : assert.fail(line)
}

describe('combined', () => {
  it('reads a line of the combined format', () => {
    const line = `10.1.2.3 - alice ${TIME} "POST /v2/models/iris/infer?token=x HTTP/1.1" 200 84 "https://h/a?b=c" "curl/8.0"`
    assert.deepEqual(parse(line), {
      kind: 'ai.invoke',
      time: Date.UTC(2026, 10, 24, 4, 3, 56),
      outcome: 'success',
      actor: { type: 'unknown', id: 'alice' },
      operation: 'infer',
      model: { requested: 'iris' },
      source: { ip: '10.1.2.3', userAgent: 'curl/8.0' },
      protocol: 'http',
      endpoint: 'POST /v2/models/{model}/infer',
      status: 200,
      bytes: { out: 84 },
      ext: { http: { referer: 'https://h/a' } },
    })
  })

  it('reads the common format, which says neither referer nor user agent', () => {
    const event = parse(`10.1.2.3 - - ${TIME} "GET / HTTP/1.0" 304 -`)
    assert.deepEqual(event.source, { ip: '10.1.2.3' })
    assert.deepEqual(event.bytes, { out: 0 })
    assert.equal(event.endpoint, 'GET /')
    assert.equal(event.actor.id, 'ip:10.1.2.3')
  })

  it('reads the virtual host of Debian and the forwarded address of nginx', () => {
    const event = parse(
      `example.org:443 ::1 - - ${TIME} "GET /a HTTP/2.0" 200 5 "-" "-" "1.2.3.4, 5.6.7.8"`,
    )
    assert.deepEqual(event.ext, {
      http: { virtualHost: 'example.org', forwardedFor: '1.2.3.4, 5.6.7.8' },
    })
    assert.deepEqual(event.source, { ip: '::1' })
  })

  it('names the machine where there is no user: address, mapped address, host name, nothing', () => {
    const id = (client: string) => parse(`${client} - - ${TIME} "GET / HTTP/1.1" 200 5`).actor.id
    assert.equal(id('2001:DB8::1'), 'ip:2001:db8::1')
    assert.equal(id('::ffff:10.0.0.1'), 'ip:10.0.0.1')
    assert.equal(id('fe80::1%eth0'), 'ip:fe80::1')
    assert.equal(id('81.2.69.***'), 'ip:81.2.69.***')
    assert.equal(id('crawl-1.example.org'), 'host:crawl-1.example.org')
    assert.equal(id('a.b'), 'host:a.b')
    assert.equal(id('unix:'), 'unknown')
    assert.equal(id('-'), 'unknown')
  })

  it('takes a user name with spaces, brackets and a time in it for a user name', () => {
    const event = parse(
      `10.0.0.1 - john [01/Jan/2020:00:00:00 +0000] \\"x ${TIME} "GET / HTTP/1.1" 200 5 "-" "-"`,
    )
    assert.equal(event.actor.id, 'john [01/Jan/2020:00:00:00 +0000] "x')
    assert.equal(event.time, Date.UTC(2026, 10, 24, 4, 3, 56))
  })

  it('does not let a user take the id of a machine', () => {
    const id = (user: string) => parse(`10.0.0.1 - ${user} ${TIME} "GET / HTTP/1.1" 200 5`).actor.id
    assert.equal(id('ip:10.0.0.2'), 'user:ip:10.0.0.2')
    assert.equal(id('unknown'), 'user:unknown')
    assert.equal(id('user:ip:10.0.0.2'), 'user:user:ip:10.0.0.2')
  })

  it('takes the user of a 401 for a claim', () => {
    const { actor, outcome } = parse(`10.0.0.1 - alice ${TIME} "GET /a HTTP/1.1" 401 5`)
    assert.deepEqual(actor, { type: 'unknown', id: 'ip:10.0.0.1', claimed: 'alice' })
    assert.equal(outcome, 'denied')
  })

  it('tells the outcome from the status', () => {
    const end = (status: string) => {
      const { outcome, reasonCode, aborted } = parse(
        `10.0.0.1 - - ${TIME} "GET / HTTP/1.1" ${status} 5`,
      )
      return [outcome, reasonCode, aborted]
    }
    assert.deepEqual(end('101'), ['success', undefined, undefined])
    assert.deepEqual(end('206'), ['success', undefined, undefined])
    assert.deepEqual(end('308'), ['success', undefined, undefined])
    assert.deepEqual(end('401'), ['denied', 'http_401', undefined])
    assert.deepEqual(end('403'), ['denied', 'http_403', undefined])
    assert.deepEqual(end('404'), ['failure', 'http_404', undefined])
    assert.deepEqual(end('429'), ['failure', 'rate_limited', undefined])
    assert.deepEqual(end('499'), ['failure', 'http_499', true])
    assert.deepEqual(end('503'), ['failure', 'http_503', undefined])
    assert.deepEqual(end('-'), ['unknown', undefined, undefined])
    assert.deepEqual(end('000'), ['unknown', undefined, undefined])
  })

  it('keeps requests that are no HTTP, without giving them an endpoint', () => {
    for (const request of ['-', '']) {
      const event = parse(`10.0.0.1 - - ${TIME} "${request}" 408 0 "-" "-"`)
      assert.deepEqual(
        [event.endpoint, event.operation, event.ext],
        [undefined, 'unknown', undefined],
      )
    }
    const tls = parse(`10.0.0.1 - - ${TIME} "\\x16\\x03\\x01\\x02\\x00?q" 400 226 "-" "-"`)
    assert.deepEqual(tls.ext, { http: { request: '\\x16\\x03\\x01\\x02\\x00' } })
    assert.equal(tls.endpoint, undefined)
    assert.deepEqual(notes(`10.0.0.1 - - ${TIME} "quit" 400 226`), ['the request is not HTTP'])
  })

  it('reads odd requests: HTTP/0.9, spaces in the path, a whole URL, an asterisk', () => {
    const endpoint = (request: string) =>
      parse(`10.0.0.1 - - ${TIME} "${request}" 200 5 "-" "-"`).endpoint
    assert.equal(endpoint('GET /a'), 'GET /a')
    assert.equal(endpoint('GET /a b?c d HTTP/1.1'), 'GET /a b')
    assert.equal(endpoint('GET http://u:p@h/x?y HTTP/1.1'), 'GET /x')
    assert.equal(endpoint('OPTIONS * HTTP/1.1'), 'OPTIONS *')
    assert.equal(endpoint('CONNECT example.org:443 HTTP/1.1'), 'CONNECT example.org:443')
    assert.equal(endpoint('GET /caf\\xC3\\xA9/\\x22 HTTP/1.1'), 'GET /café/"')
  })

  it('undoes escapes in the user agent, and takes bare quotes inside it', () => {
    const agent = (text: string) =>
      parse(`10.0.0.1 - - ${TIME} "GET / HTTP/1.1" 200 5 "-" "${text}"`).source?.userAgent
    assert.equal(agent('a\\x22b\\x5C'), 'a"b\\')
    assert.equal(agent('a\\"b\\\\'), 'a"b\\')
    assert.equal(agent('Mozilla/4.0 ("compatible"; x)'), 'Mozilla/4.0 ("compatible"; x)')
    assert.equal(agent('\\xFF\\x1B[0m'), '\\xFF\\x1B[0m')
  })

  it('reads a line that was cut off inside its last value, and says so', () => {
    const line = `10.0.0.1 - - ${TIME} "GET / HTTP/1.1" 200 5 "-" "Mozilla/5.0 (com`
    assert.equal(parse(line).source?.userAgent, 'Mozilla/5.0 (com')
    assert.deepEqual(notes(line), ['the line ends inside a quoted value'])
  })

  it('says where a line stops making sense', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['', /no \[day/],
      ['hello', /no \[day/],
      [`10.0.0.1 - - [24/Foo/2026:04:03:56 +0000] "GET / HTTP/1.1" 200 5`, /no \[day/],
      [`10.0.0.1 ${TIME} "GET / HTTP/1.1" 200 5`, /does not begin with client/],
      [`10.0.0.1 - - ${TIME} "GET / HTTP/1.1 200 5`, /no closing quote/],
      [`10.0.0.1 - - ${TIME} "GET / HTTP/1.1" OK 5`, /no status/],
      [`10.0.0.1 - - ${TIME} "GET / HTTP/1.1" 20000 5`, /no status/],
      [`10.0.0.1 - - ${TIME} "GET / HTTP/1.1" 200`, /no size/],
      [`10.0.0.1 - - ${TIME} "GET / HTTP/1.1" 200 x`, /no size/],
    ]
    for (const [line, reason] of cases) assert.match(refusal(line), reason)
    const late = `10.0.0.1 - - [24/Nov/2036:04:03:56 +0000] "GET / HTTP/1.1" 200 5`
    assert.match(refusal(late), /^event.time_ahead/)
  })

  it('cuts what is too long instead of refusing, so that nobody hides by sending much', () => {
    const long = 'x'.repeat(100_000)
    const line = `10.0.0.1 - u${long} ${TIME} "GET /${long}?${long} HTTP/1.1" 200 5 "/r${long}" "a${long}"`
    const event = parse(line)
    assert.match(event.actor.id, /^ux+~[0-9a-f]{16}$/)
    assert.equal(event.actor.id.length, 1024)
    assert.equal(event.endpoint?.length, 4096)
    assert.equal(event.source?.userAgent?.length, 4096)
    assert.equal(notes(line).length, 3)
  })

  it('gives back the parts of a line, whatever they are', () => {
    const visible = fc.string({ unit: 'grapheme-ascii', maxLength: 30 })
    const escaped = visible.map(s => s.replaceAll(/["\\]/g, c => (c === '"' ? '\\x22' : '\\x5C')))
    const user = fc.string({ unit: fc.constantFrom(...'abc [].:/'), minLength: 1, maxLength: 20 })
    const path = visible.map(s => `/${s.replaceAll(/["\\?# %/]/g, '')}`)
    const run = fc.property(user, path, escaped, escaped, (name, target, query, agent) => {
      const name2 = `u${name}u`
      const line = `10.0.0.1 - ${name2} ${TIME} "GET ${target}?${query} HTTP/1.1" 200 5 "-" "${agent}"`
      const event = parse(line)
      assert.equal(event.actor.id, name2)
      assert.equal(event.endpoint, `GET ${target}`)
      const sent = agent.replaceAll('\\x22', '"').replaceAll('\\x5C', '\\')
      assert.equal(event.source?.userAgent, sent === '' || sent === '-' ? undefined : sent)
    })
    fc.assert(run, { numRuns: 500 })
  })
})

function tally(keys: Iterable<string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return new Map([...counts].sort())
}

describe('10,000 real lines', { skip: needData(REAL_LOG) }, () => {
  it('are all understood, and the counts per client and status are those of awk', () => {
    const lines = readFileSync(dataPath(REAL_LOG), 'utf8').trimEnd().split('\n')
    const events = lines.map(parse)
    assert.equal(events.length, 10_000)
    const ours = tally(events.map(e => `${e.source?.ip} ${e.status} ${e.bytes?.out}`))
    const printed = execFileSync('awk', [
      '{ b = $10; if (b == "-") b = 0; print $1, $9, b }',
      dataPath(REAL_LOG),
    ])
    const theirs = tally(printed.toString().trimEnd().split('\n'))
    assert.equal(ours.size > 1000, true)
    assert.deepEqual(ours, theirs)
  })

  it('are missing what the format cannot say', () => {
    const [line = ''] = readFileSync(dataPath(REAL_LOG), 'utf8').split('\n')
    const parsed = combined.parseLine(line, CONTEXT)
    assert.deepEqual(parsed.kind === 'event' && parsed.missing, [
      'actor.id',
      'requestId',
      'durationMs',
    ])
  })
})
