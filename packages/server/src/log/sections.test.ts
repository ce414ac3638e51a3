import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Json, SealedEvent } from '@tocsin/sdk/event'
import fc from 'fast-check'
import { digestOfStored, joinSections, splitEvent } from './sections.ts'
import { contentDigest } from './vault.ts'

const hashKey = new Uint8Array(32).fill(5)

const parseJson = (value: unknown): Json => JSON.parse(JSON.stringify(value))
const parseSealed = (value: unknown): SealedEvent => JSON.parse(JSON.stringify(value))

const json = fc.jsonValue({ maxDepth: 3 }).map(parseJson)
const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const person = fc.constantFrom('u-1', 'u-2', 'u-3', 'svc-1')

const event: fc.Arbitrary<SealedEvent> = fc
  .record(
    {
      v: fc.constant(1 as const),
      tenant: text,
      observed: fc.nat(),
      via: fc.oneof(text, fc.constant(',"id":"x"')),
      retention: fc.constantFrom('r6m' as const, 'r6y' as const),
      id: fc.uuid(),
      kind: fc.constant('ai.invoke'),
      time: fc.nat(),
      outcome: fc.constant('success' as const),
      actor: person.map(id => ({ type: 'service' as const, id, verified: 'key' as const })),
      system: text,
      onBehalfOf: fc.array(
        fc.record({ id: person, type: fc.constant('user' as const) }, { requiredKeys: [] }),
        {
          maxLength: 4,
        },
      ),
      content: fc.record(
        { hash: text, size: fc.nat(), body: json.filter(value => value !== null) },
        { requiredKeys: ['size'] },
      ),
      ext: fc.dictionary(text, json, { maxKeys: 3 }),
    },
    {
      requiredKeys: [
        'v',
        'tenant',
        'observed',
        'via',
        'retention',
        'id',
        'kind',
        'time',
        'outcome',
        'actor',
        'system',
      ],
    },
  )
  .map(parseSealed)

const parse = (bytes: Uint8Array | string | null) => JSON.parse(Buffer.from(bytes ?? '').toString())
const plain = (event: SealedEvent) => splitEvent(event).sections.map(section => section.bytes)

describe('an event in sections', () => {
  it('comes back as the same text', () => {
    fc.assert(
      fc.property(event, event => {
        assert.equal(joinSections(plain(event), { withContent: true }), JSON.stringify(event))
      }),
      { numRuns: 300 },
    )
  })

  it('names no further person and no content in what dies with its actor alone', () => {
    fc.assert(
      fc.property(event, event => {
        const { sections } = splitEvent(event)
        const [first, ...further] = sections
        const stored = parse(first?.bytes ?? null)
        assert.equal(first?.subject, event.actor.id)
        assert.equal(first?.retention, event.retention)
        if (event.content?.body !== undefined) assert.equal(stored.content.body, null)
        event.onBehalfOf?.forEach((link, i) => {
          const isOther = link.id !== undefined && link.id !== event.actor.id
          assert.deepEqual(stored.onBehalfOf[i], isOther ? null : { ...link })
        })
        for (const { subject, retention, bytes } of further) {
          const { at, value } = parse(bytes)
          const isBody = at === 'content.body'
          assert.equal(subject, isBody ? event.actor.id : value.id)
          assert.equal(retention, isBody ? 'r30d' : event.retention)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('goes to followers without its content body and with everything else', () => {
    fc.assert(
      fc.property(event, event => {
        const followed = parse(splitEvent(event).followed)
        const { content, ...rest } = event
        const { content: shown, ...others } = followed
        assert.deepEqual(others, parse(JSON.stringify(rest)))
        if (content?.body === undefined)
          assert.deepEqual(shown, parse(JSON.stringify({ content })).content)
        else assert.deepEqual(shown, { ...parse(JSON.stringify(content)), body: null })
      }),
      { numRuns: 200 },
    )
  })

  it('has the digest of what its producer meant, whatever the server added', () => {
    fc.assert(
      fc.property(event, event, (event, other) => {
        const { meant } = splitEvent(event)
        const digest = contentDigest(hashKey, meant)
        assert.deepEqual(digestOfStored(hashKey, plain(event)), digest)
        const { tenant, observed, via, retention } = other
        const again = { ...event, tenant, observed, via, retention }
        assert.deepEqual(contentDigest(hashKey, splitEvent(again).meant), digest)
        const changed = { ...event, system: `${event.system}!` }
        assert.notDeepEqual(contentDigest(hashKey, splitEvent(changed).meant), digest)
      }),
      { numRuns: 200 },
    )
  })

  it('keeps null where a section cannot be opened, and is nothing without its first', () => {
    const base = parseSealed({
      v: 1,
      tenant: 't',
      observed: 1,
      via: 'http',
      retention: 'r6m',
      id: '0188d4f2-7c1e-7abc-8def-0123456789ab',
      kind: 'ai.invoke',
      time: 1,
      outcome: 'success',
      actor: { type: 'service', id: 'svc-1', verified: 'key' },
      system: 's',
      onBehalfOf: [{ id: 'u-1' }, { id: 'svc-1' }, { id: 'u-2' }],
      content: { size: 4, body: 'text', hash: 'h' },
    })
    const all = plain(base)
    assert.equal(all.length, 4)
    const without = (...gone: number[]) => all.map((bytes, i) => (gone.includes(i) ? null : bytes))
    const joined = (...gone: number[]) =>
      parse(joinSections(without(...gone), { withContent: true }))
    assert.deepEqual(joined(1).content, { size: 4, body: null, hash: 'h' })
    assert.deepEqual(joined(2).onBehalfOf, [null, { id: 'svc-1' }, { id: 'u-2' }])
    assert.deepEqual(joined(1, 2, 3).onBehalfOf, [null, { id: 'svc-1' }, null])
    assert.equal(joinSections(without(0), { withContent: true }), null)
    assert.equal(joinSections([], { withContent: true }), null)
    assert.equal(parse(joinSections(all, { withContent: false })).content.body, null)
    assert.notDeepEqual(digestOfStored(hashKey, without(1)), digestOfStored(hashKey, all))
  })
})
