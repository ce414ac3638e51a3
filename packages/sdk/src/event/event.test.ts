import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { TocsinError } from '../errors.ts'
import {
  EVENT_BYTES_MAX,
  FIELDS,
  type Field,
  findKind,
  KINDS,
  parseEvent,
  parseEventLine,
  typeUid,
} from './event.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const least = {
  kind: 'ai.invoke',
  time: NOW,
  outcome: 'success',
  actor: { type: 'service', id: 'svc-a' },
  operation: 'chat',
}

/** The code and field of the refusal, or null when the event was taken. */
function refusal(event: unknown): { code: string; field: string | undefined } | null {
  try {
    parseEvent(event, NOW)
    return null
  } catch (error) {
    assert.ok(error instanceof TocsinError, String(error))
    return { code: error.code, field: error.field }
  }
}

/** Some value of a field's type, within its limits. */
function arbitraryOf(field: Field): fc.Arbitrary<unknown> {
  if (field.path === 'id') return fc.uuid()
  if (field.path === 'kind') return fc.constantFrom('ai.invoke', 'data.read', 'host.exec')
  if (/Hash$/.test(field.path)) return fc.constant('0a'.repeat(32))
  if (field.values) return fc.constantFrom(...field.values)
  switch (field.type) {
    case 'bool':
      return fc.boolean()
    case 'int':
      return fc.maxSafeNat()
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true })
    case 'time':
      return fc.integer({ min: Date.UTC(2001, 0), max: NOW })
    case 'ip':
      return fc.oneof(fc.ipV4(), fc.ipV6())
    case 'json':
      return fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.string({ maxLength: 20 }))
    default:
      return fc.string({ minLength: 1, maxLength: 40, unit: 'binary' })
  }
}

function put(event: { [key: string]: unknown }, path: string, value: unknown): void {
  const [head = '', ...rest] = path.split('.')
  if (rest.length === 0) {
    event[head] = value
    return
  }
  const child = { ...Object(event[head]) }
  put(child, rest.join('.'), value)
  event[head] = child
}

const LISTS = ['resource', 'onBehalfOf']
const sendable = FIELDS.filter(f => !f.server && !LISTS.some(l => f.path.startsWith(`${l}.`)))
const anyEvent = fc
  .tuple(
    ...sendable.map(f =>
      fc.option(f.many ? fc.array(arbitraryOf(f), { maxLength: 3 }) : arbitraryOf(f)),
    ),
  )
  .map(values => {
    const event = structuredClone(least) as { [key: string]: unknown }
    values.forEach((value, i) => {
      const field = sendable[i]
      if (field && value !== null) put(event, field.path, value)
    })
    return event
  })

describe('a wire event', () => {
  it('needs only what cannot be guessed', () => {
    assert.deepEqual(parseEvent(least, NOW), least)
    for (const path of ['kind', 'time', 'outcome', 'operation']) {
      assert.deepEqual(refusal({ ...least, [path]: undefined }), {
        code: 'event.missing',
        field: path,
      })
    }
    const nameless = { ...least, actor: { type: 'human' } }
    assert.deepEqual(refusal(nameless), { code: 'event.missing', field: 'actor.id' })
  })

  it('survives JSON and a second parse unchanged, whatever fields it has', () => {
    fc.assert(
      fc.property(anyEvent, event => {
        const parsed = parseEvent(event, NOW)
        assert.deepEqual(parseEventLine(JSON.stringify(parsed), NOW), parsed)
      }),
    )
  })

  it('is put right where it stands: without nulls, single values as lists', () => {
    const sent = { ...least, system: null, source: { ip: '::ffff:10.0.0.1', geo: 'DE', asn: null } }
    const parsed = parseEvent({ ...sent, resource: { id: 'x' }, finish: 'stop' }, NOW)
    const source = { ip: '10.0.0.1', geo: { country: 'DE' } }
    assert.deepEqual(parsed, { ...least, source, resource: [{ id: 'x' }], finish: ['stop'] })
    assert.ok(!('system' in parsed))
  })

  it('has a time that is in the calendar', () => {
    assert.equal(
      parseEvent({ ...least, time: '2024-02-29T00:00:00+02:00' }, NOW).time,
      1709157600000,
    )
    for (const time of ['2026-02-29T00:00:00Z', '2026-02-30T12:00:00Z', '2026-04-31T00:00:00Z']) {
      assert.deepEqual(
        refusal({ ...least, time }),
        { code: 'event.wrong_type', field: 'time' },
        time,
      )
    }
  })

  it('names the field that no sender may set', () => {
    for (const field of FIELDS.filter(f => f.server)) {
      const event = structuredClone(least) as { [key: string]: unknown }
      put(event, field.path, 'x')
      assert.deepEqual(refusal(event), { code: 'event.server_field', field: field.path })
    }
    assert.equal(refusal({ ...least, kind: 'tocsin.key' })?.code, 'event.server_field')
    assert.equal(parseEvent({ ...least, kind: 'tocsin.key' }, NOW, 'server').kind, 'tocsin.key')
  })

  it('refuses what it does not know, by its full name', () => {
    assert.deepEqual(refusal({ ...least, foo: 1 }), { code: 'event.unknown_field', field: 'foo' })
    const nested = { ...least, model: { served: 'm', colour: 'red' } }
    assert.deepEqual(refusal(nested), { code: 'event.unknown_field', field: 'model.colour' })
    const polluted = JSON.parse(`{"__proto__":{"x":1},${JSON.stringify(least).slice(1)}`)
    assert.deepEqual(refusal(polluted), { code: 'event.unknown_field', field: '__proto__' })
    assert.equal(refusal({ ...least, kind: 'ai.dream' })?.field, 'kind')
  })

  it('refuses wrong types, one field at a time', () => {
    const wrong: readonly (readonly [string, unknown])[] = [
      ['time', '24 Nov 2026'],
      ['time', 1.5],
      ['time', '2026-11-24T12:00:00'],
      ['status', '200'],
      ['status', -1],
      ['status', 2 ** 53],
      ['aborted', 1],
      ['actor', 'alice'],
      ['model', []],
      ['operation', ''],
      ['source.ip', 'localhost'],
      ['source.ip', 7],
      ['inputHash', 'ABC'],
      ['id', 'not-a-uuid'],
      ['outcome', 'ok'],
      ['ext', []],
      ['resource', [[]]],
      ['params.temperature', Number.NaN],
    ]
    for (const [path, value] of wrong) {
      const event = structuredClone(least) as { [key: string]: unknown }
      put(event, path, value)
      assert.equal(refusal(event)?.field, path, `${path} ${String(value)}`)
    }
    for (const value of [null, 1, 'x', [], [least]])
      assert.equal(refusal(value)?.code, 'event.wrong_type')
  })

  it('knows the unit of a time, and a clock that is ahead', () => {
    assert.equal(refusal({ ...least, time: Math.floor(NOW / 1000) })?.field, 'time')
    assert.equal(refusal({ ...least, time: NOW + 11 * 60_000 })?.code, 'event.time_ahead')
    assert.equal(parseEvent({ ...least, time: '2026-11-24T13:00:00.5+01:00' }, NOW).time, NOW + 500)
  })

  it('writes an IPv4 address that came in an IPv6 one as IPv4', () => {
    const source = { ip: '::FFFF:10.1.2.3' }
    assert.equal(parseEvent({ ...least, source }, NOW).source?.ip, '10.1.2.3')
  })

  it('bounds text, lists, depth and size, and says which limit was passed', () => {
    let deep: unknown = 1
    for (let i = 0; i < 40; i++) deep = [deep]
    const cases: readonly (readonly [string, unknown, string])[] = [
      ['actor.id', 'x'.repeat(1025), 'event.too_large'],
      ['actor.id', '€'.repeat(342), 'event.too_large'],
      ['actor.groups', Array.from({ length: 257 }, () => 'g'), 'event.too_large'],
      ['ext', { a: 'x'.repeat(17_000) }, 'event.too_large'],
      ['ext', { a: Array.from({ length: 10_001 }, () => 0) }, 'event.too_large'],
      ['ext', { a: deep }, 'event.too_deep'],
    ]
    for (const [path, value, code] of cases) {
      const event = structuredClone(least) as { [key: string]: unknown }
      put(event, path, value)
      assert.deepEqual(refusal(event), { code, field: path })
    }
    assert.equal(parseEvent({ ...least, operation: '€'.repeat(341) }, NOW).operation.length, 341)
    const line = `{"kind":"${'x'.repeat(EVENT_BYTES_MAX)}"}`
    assert.throws(() => parseEventLine(line, NOW), { code: 'event.too_large' })
  })

  it('replaces half a surrogate pair, which has no UTF-8', () => {
    const parsed = parseEventLine(JSON.stringify({ ...least, operation: 'a\ud800' }), NOW)
    assert.equal(parsed.operation, 'a\ufffd')
  })

  it('replaces it in the names of members, too: no index reads JSON that holds one', () => {
    const ext = { 'a\ud800': { 'b\udc00': 'c\ud800' } }
    const parsed = parseEventLine(JSON.stringify({ ...least, ext }), NOW)
    assert.deepEqual(parsed.ext, { 'a\ufffd': { 'b\ufffd': 'c\ufffd' } })
  })

  it('never fails with anything but a refusal', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), text => {
        try {
          parseEventLine(text, NOW)
        } catch (error) {
          assert.ok(error instanceof TocsinError && error.code !== 'internal.bug', String(error))
        }
      }),
    )
  })
})

describe('the catalogues', () => {
  it('have each name, alias and column once', () => {
    const names = FIELDS.flatMap(f => [f.path, ...(f.aliases ?? [])])
    assert.equal(new Set(names).size, names.length)
    assert.equal(new Set(FIELDS.map(f => f.column)).size, FIELDS.length)
    assert.equal(new Set(KINDS.map(k => k.kind)).size, KINDS.length)
  })

  it('give every kind an OCSF number and a class, host events too', () => {
    for (const kind of KINDS) assert.match(String(typeUid(kind)), /^(?:2004|3002|6003|6005)\d\d$/)
    assert.equal(findKind('host.process_exec')?.retention, 'r6m')
    assert.equal(findKind('host.'), null)
    assert.equal(findKind('constructor'), null)
  })
})
