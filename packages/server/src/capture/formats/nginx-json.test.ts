import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { WireEvent } from '@tocsin/sdk/event'
import fc from 'fast-check'
import { dataPath, needData } from '../../../../../test/need.ts'
import { countKeys, repairJson } from './json-repair.ts'
import { nginxJson } from './nginx-json.ts'

const CONTEXT = { nowMs: Date.UTC(2026, 10, 24, 12), source: 'test' }
const WIRE = 'wire/nginx-access.json'
const TIME_MS = Date.UTC(2026, 10, 24, 4, 3, 56)

function understood(line: string) {
  const parsed = nginxJson.parseLine(line, CONTEXT)
  return parsed.kind === 'event' ? parsed : assert.fail(`${parsed.code} ${parsed.reason}: ${line}`)
}

function parse(fields: { readonly [key: string]: unknown }): WireEvent {
  return understood(JSON.stringify({ msec: '1795493036.530', ...fields })).event
}

function notes(fields: { readonly [key: string]: unknown }): readonly string[] {
  return understood(JSON.stringify({ msec: '1795493036.530', ...fields })).notes
}

function refusal(line: string): string {
  const parsed = nginxJson.parseLine(line, CONTEXT)
  return parsed.kind === 'refused' ? `${parsed.code} ${parsed.reason}` : assert.fail(line)
}

describe('nginx-json', () => {
  it('reads a line of the documented log_format', () => {
    const event = parse({
      time: '2026-11-24T04:03:56+00:00',
      request_id: '04a896d0f071b5aea785b8f9172a68f4',
      remote_addr: '10.1.2.3',
      remote_user: 'alice',
      session: 's-1',
      api_key_hash: 'sha256:0011223344556677',
      method: 'POST',
      uri: '/v2/models/iris/infer',
      status: '200',
      completed: 'OK',
      bytes_in: '122',
      bytes_out: '84',
      request_time: '0.0025',
      upstream_header_time: '0.002',
      user_agent: 'evil"\\ua',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      model: 'iris',
      model_version: '3',
      input_sha256: 'AB'.repeat(32),
    })
    assert.deepEqual(event, {
      kind: 'ai.invoke',
      time: TIME_MS + 530,
      outcome: 'success',
      actor: {
        type: 'unknown',
        id: 'alice',
        session: 's-1',
        credential: 'sha256:0011223344556677',
      },
      operation: 'infer',
      requestId: '04a896d0f071b5aea785b8f9172a68f4',
      model: { requested: 'iris', served: 'iris', version: '3' },
      source: { ip: '10.1.2.3', userAgent: 'evil"\\ua' },
      protocol: 'http',
      endpoint: 'POST /v2/models/{model}/infer',
      trace: { id: '0af7651916cd43dd8448eb211c80319c' },
      span: { id: 'b7ad6b7169203331' },
      status: 200,
      bytes: { in: 122, out: 84 },
      durationMs: 3,
      ttftMs: 2,
      inputHash: 'ab'.repeat(32),
    })
  })

  it('reads the line that a real nginx wrote', { skip: needData(WIRE) }, () => {
    const { event, missing, notes } = understood(readFileSync(dataPath(WIRE), 'utf8').trim())
    assert.deepEqual(event, {
      kind: 'http.request',
      time: TIME_MS + 530,
      outcome: 'success',
      actor: { type: 'unknown', id: 'ip:127.0.0.1' },
      operation: 'describe_model',
      requestId: '04a896d0f071b5aea785b8f9172a68f4',
      model: { requested: 'iris' },
      source: { ip: '127.0.0.1', userAgent: 'evil"\\ua' },
      protocol: 'http',
      endpoint: 'GET /v2/models/{model}',
      status: 200,
      bytes: { in: 122, out: 84 },
      durationMs: 2,
      ext: { nginx: { urt: '0.002' } },
    })
    assert.deepEqual(missing, ['actor.id'])
    assert.deepEqual(notes, ['the traceparent is not one of W3C Trace Context'])
  })

  it('takes an access of unknown path for a model call when the server names its model', () => {
    const event = parse({ method: 'POST', uri: '/credit', model: 'credit', model_version: '7' })
    assert.deepEqual([event.kind, event.operation], ['ai.invoke', 'invoke'])
  })

  it('lets the log_format say kind and operation, but only kinds that a producer may send', () => {
    const said = parse({ uri: '/x', kind: 'ai.feature', operation: 'read_features' })
    assert.deepEqual([said.kind, said.operation], ['ai.feature', 'read_features'])
    for (const kind of ['tocsin.key', 'nonsense']) {
      assert.equal(parse({ uri: '/x', kind }).kind, 'http.request')
      assert.match(notes({ uri: '/x', kind }).join(), /kind is not one/)
    }
  })

  it('records an answer that was not sent to its end', () => {
    const end = (fields: { readonly [key: string]: unknown }) => {
      const { outcome, aborted, reasonCode } = parse(fields)
      return [outcome, aborted, reasonCode]
    }
    assert.deepEqual(end({ status: '200', completed: 'OK' }), ['success', undefined, undefined])
    assert.deepEqual(end({ status: '200', completed: '' }), ['success', true, 'client_abort'])
    assert.deepEqual(end({ status: '499', completed: '' }), ['failure', true, 'http_499'])
    assert.deepEqual(end({ completed: '' }), ['unknown', true, 'client_abort'])
  })

  it('finds values under the names that people use, the better one first', () => {
    const event = parse({
      request: 'GET /a?b HTTP/1.1',
      bytes_sent: 200,
      body_bytes_sent: 100,
      rt: 1.5,
    })
    assert.equal(event.endpoint, 'GET /a')
    assert.deepEqual(event.bytes, { out: 100 })
    assert.equal(event.durationMs, 1500)
    assert.equal(parse({ duration_ms: 12 }).durationMs, 12)
  })

  it('takes neither a list of upstreams nor a text for a number', () => {
    const event = parse({ uht: '0.001, 0.002', rt: '-', status: 'OK', bytes: '1e3', rows: -1 })
    assert.deepEqual(
      [event.ttftMs, event.durationMs, event.status, event.bytes, event.rows],
      [undefined, undefined, undefined, undefined, undefined],
    )
  })

  it('never keeps an API key, under whatever name it comes', () => {
    const keys = [
      { api_key: 'sk-secret-1' },
      { authorization: 'Bearer sk-secret-1' },
      { api_key_hash: 'sk-secret-1' },
    ]
    const digest = hash('sha256', 'sk-secret-1', 'hex')
    for (const fields of keys) {
      const event = parse(fields)
      assert.equal(event.actor.credential, `sha256:${digest.slice(0, 16)}`)
      assert.ok(!JSON.stringify(event).includes('secret'))
      assert.match(notes(fields).join(), /API key in clear/)
    }
  })

  it('keeps what has no field of its own, but nothing of a query, a cookie or a secret', () => {
    const event = parse({
      uri: '/a?secret=1',
      host: 'example.org',
      upstream_cache_status: 'HIT',
      http_referer: 'https://example.org/x?secret=2',
      original: 'GET /a?secret=3 HTTP/1.1',
      args: 'secret=4',
      qs: 'secret=5&x=1',
      also: 'secret=6',
      http_cookie: 'secret',
      request_body: 'secret',
      password: 'secret',
      nested: { secret: 1 },
      __proto__x: 'fine',
      worker: 7,
    })
    assert.deepEqual(event.ext, {
      nginx: {
        host: 'example.org',
        upstream_cache_status: 'HIT',
        http_referer: 'https://example.org/x',
        original: 'GET /a HTTP/1.1',
        __proto__x: 'fine',
        worker: 7,
      },
    })
    assert.ok(!JSON.stringify(event).includes('secret'))
  })

  it('bounds what it keeps beside the fields', () => {
    const many = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`k${i}`, '\u0001'.repeat(900)]),
    )
    const { event, notes } = understood(JSON.stringify({ msec: 1795493036, uri: '/', ...many }))
    assert.ok(JSON.stringify(event.ext).length < 8 * 1024)
    assert.match(notes.join(), /values without a field of their own are not kept/)
  })
})

describe('nginx-json without escape=json', () => {
  it('repairs `\\xXX`, empty numbers, dashes, and a status of 000', () => {
    const { event, notes } = understood(
      '{"msec":1795493036.530,"remote_addr":"1.2.3.4","remote_user":"caf\\xC3\\xA9","rt":,"bytes":-,' +
        '"status":000,"uri":"/a\\x22b","ua":"\\x1B[0m\\xFF"}',
    )
    assert.equal(event.actor.id, 'café')
    assert.equal(event.endpoint, '/a"b')
    assert.equal(event.source?.userAgent, '\\x1B[0m\\xFF')
    assert.deepEqual(
      [event.status, event.bytes, event.durationMs],
      [undefined, undefined, undefined],
    )
    assert.match(notes.join(), /write the log_format with escape=json/)
  })

  it('repairs bare values at the end and lists of upstreams', () => {
    assert.equal(repairJson('{"a":}'), '{"a":null}')
    assert.equal(repairJson('{"a": ,"b":1}'), '{"a": null,"b":1}')
    assert.equal(repairJson('{"a":0.1, 0.2,"b":007}'), '{"a":"0.1, 0.2","b":7}')
    assert.equal(repairJson('{"a":0.1 : 0.2}'), '{"a":"0.1 : 0.2"}')
    assert.equal(repairJson('{"a":abc,"b":true}'), '{"a":"abc","b":true}')
    assert.equal(repairJson('{"a":[1,2],"b":{"c":-}}'), '{"a":[1,2],"b":{"c":null}}')
    assert.equal(repairJson('{"a":"\\q\t\\u12"}'), '{"a":"\\\\q\\t\\\\u12"}')
  })

  it('leaves JSON that is right as it is', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        assert.deepEqual(JSON.parse(repairJson(text)), JSON.parse(text))
      }),
      { numRuns: 500 },
    )
  })

  it('does not let a client write keys of its own', () => {
    // escape=none: the user agent closes its string and opens a key.
    const forged = '{"msec":1795493036,"remote_user":"eve","ua":"x","remote_user":"admin","y":"z"}'
    assert.match(refusal(forged), /^line.malformed a key stands twice/)
    assert.match(refusal('{"msec":1795493036,"a":1,"\\u0061":2}'), /a key stands twice/)
    // With \xXX the quotes are part of the text, before and after repair.
    const { event } = understood(
      '{"msec":1795493036,"remote_user":"eve","ua":"x\\x22,\\x22remote_user\\x22:\\x22admin"}',
    )
    assert.equal(event.actor.id, 'eve')
  })

  it('counts the keys of the outermost object only', () => {
    assert.equal(countKeys('{"a":"b:c","d":{"e":1,"f":[{"g":1}]},"h\\"":":"}'), 3)
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), value => {
        const text = JSON.stringify(value)
        assert.equal(countKeys(text), Object.keys(JSON.parse(text)).length)
      }),
    )
  })

  it('says why a line cannot be read', () => {
    assert.match(refusal('not json'), /^line.malformed the line is not a JSON object/)
    assert.match(refusal('{"a":1'), /^line.malformed the line is not JSON, not even/)
    assert.match(refusal('[1]'), /not a JSON object/)
    assert.match(refusal('null'), /not a JSON object/)
    assert.match(refusal('{"uri":"/"}'), /^event.missing .*time/)
    assert.match(refusal('{"time":"yesterday"}'), /^event.missing .*time/)
    assert.match(refusal('{"msec":"9795493036"}'), /^event.time_ahead/)
    assert.match(refusal('{"msec":"5"}'), /^event.wrong_value/)
  })

  it('never takes long over a hostile line', () => {
    const hostile = [
      `{"a":${',,,,'.repeat(50_000)}`,
      `{"a":"${'\\'.repeat(200_001)}`,
      `{"a":"${'\\x'.repeat(100_000)}"`,
      `{"a":"${'\\x22'.repeat(50_000)}"`,
      '{"a":'.repeat(50_000),
      '['.repeat(100_000),
    ]
    for (const line of hostile) nginxJson.parseLine(line, CONTEXT)
  })
})

describe('origins', () => {
  it('names the key that filled each field', () => {
    const origins = nginxJson.origins(
      '{"msec":1795493036.5,"rt":0.1,"uri":"/a","request_method":"GET"}',
    )
    assert.equal(origins.get('time'), 'msec')
    assert.equal(origins.get('durationMs'), 'rt')
    assert.equal(origins.get('endpoint'), 'request_method, uri')
    assert.equal(origins.has('status'), false)
    assert.equal(nginxJson.origins('x').size, 0)
  })
})
