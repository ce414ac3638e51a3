import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FIELDS } from '@tocsin/sdk/event'
import { compilePredicate, readQuery } from '@tocsin/sdk/query'
import { shownParts, withFilter, withoutPart, withPartFlipped } from './clauses.ts'

const only = (value: string | null, field = 'endpoint') => ({ field, value, isOut: false })
const out = (value: string | null, field = 'endpoint') => ({ field, value, isOut: true })
const matches = (text: string, event: object) => compilePredicate(readQuery(text, FIELDS, 0))(event)

const HOSTILE = [
  'a b',
  'x" or *',
  'a\\',
  '*',
  'not',
  'OR',
  '-outcome:success',
  ') or (outcome:*',
  'actor.id:svc',
  '‮evil',
  'line\nbreak',
  '\u0000',
  '',
  '🦊'.repeat(20),
]

describe('a filter that is clicked together', () => {
  it('begins a question, and is joined to one', () => {
    assert.equal(withFilter('', only('denied', 'outcome')), 'outcome:denied')
    assert.equal(withFilter('*', only('denied', 'outcome')), 'outcome:denied')
    assert.equal(withFilter('kind:ai.*', only('denied', 'outcome')), 'kind:ai.* and outcome:denied')
    assert.equal(
      withFilter('kind:a or kind:b', only('denied', 'outcome')),
      '(kind:a or kind:b) and outcome:denied',
    )
  })

  it('finds its value and no other, whatever the value holds', () => {
    for (const value of HOSTILE) {
      const wanted = withFilter('', only(value)) ?? ''
      const unwanted = withFilter('', out(value)) ?? ''
      for (const other of [...HOSTILE, 'other']) {
        // Texts are compared whatever the case of their letters.
        const isSame = other.toLowerCase() === value.toLowerCase()
        assert.equal(matches(wanted, { endpoint: other }), isSame, `${wanted} | ${other}`)
        assert.equal(matches(unwanted, { endpoint: other }), !isSame, `${unwanted} | ${other}`)
      }
    }
  })

  it('takes the place of its opposite, and stands there once', () => {
    const once = withFilter('rows>5 outcome:denied', only('denied', 'outcome'))
    assert.equal(once, 'rows>5 and outcome:denied')
    assert.equal(withFilter(once ?? '', out('denied', 'outcome')), 'rows>5 and not outcome:denied')
    assert.equal(withFilter('not outcome:denied', only('denied', 'outcome')), 'outcome:denied')
  })

  it('asks for any value, and for none', () => {
    assert.equal(withFilter('', only(null, 'tool.name')), 'tool.name:*')
    assert.equal(withFilter('', out(null, 'tool.name')), 'not tool.name:*')
  })

  it('asks for a long value by its beginning, never with half a character', () => {
    const long = `${'a'.repeat(299)}🦊${'b'.repeat(5000)}`
    const text = withFilter('', only(long)) ?? ''
    assert.ok(text.isWellFormed())
    assert.ok(matches(text, { endpoint: long }))
    assert.ok(!matches(text, { endpoint: 'a'.repeat(298) }))
    assert.ok(withFilter('', only('\ud83d'))?.isWellFormed())
  })

  it('is not added to a question that cannot be read', () => {
    assert.equal(withFilter('outcome:(', only('x')), null)
    assert.equal(withoutPart('(', { start: 0, end: 1 }), null)
    assert.deepEqual(shownParts('a and'), [])
  })
})

describe('the parts of a question', () => {
  const text = 'outcome:denied and not (actor.id:a or actor.id:b) rows>5'

  it('are those that must all hold', () => {
    const parts = shownParts(text)
    assert.deepEqual(
      parts.map(part => [part.isOut, part.text]),
      [
        [false, 'outcome:denied'],
        [true, 'actor.id:a or actor.id:b'],
        [false, 'rows>5'],
      ],
    )
    assert.deepEqual(shownParts('*'), [])
    assert.equal(shownParts('a or b').length, 1)
  })

  it('go out one by one, and the rest means the same', () => {
    for (const [i, { span }] of shownParts(text).entries()) {
      const rest = withoutPart(text, span) ?? ''
      const left = shownParts(text).filter((_, at) => at !== i)
      assert.deepEqual(
        shownParts(rest).map(part => part.text),
        left.map(part => part.text),
      )
    }
    assert.equal(withoutPart('kind:a', { start: 0, end: 6 }), '')
  })

  it('are turned round and back', () => {
    const [first] = shownParts(text)
    assert.ok(first)
    const turned = withPartFlipped(text, first.span) ?? ''
    const [now] = shownParts(turned)
    assert.ok(now?.isOut)
    assert.equal(shownParts(withPartFlipped(turned, now.span) ?? '')[0]?.isOut, false)
  })
})
