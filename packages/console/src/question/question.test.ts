import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FIELDS } from '@tocsin/sdk/event'
import { compilePredicate, readQuery } from '@tocsin/sdk/query'
import { allOf, fieldHolds, fieldIs, fieldIsOneOf } from './question.ts'

const HOSTILE = [
  'svc-a',
  'a b',
  'x" or *',
  'a\\',
  '*',
  'not',
  '-outcome:success',
  ') or (outcome:*',
  'POST /v1/models/{model}:predict',
  's3://lake/a(b)',
  '‮evil',
]

const finds = (text: string, endpoint: string) =>
  compilePredicate(readQuery(text, FIELDS, 0))({ endpoint, outcome: 'success' })

describe('question', () => {
  it('a value stands for itself, whatever it holds', () => {
    for (const value of HOSTILE) {
      const text = fieldIs('endpoint', value)
      assert.ok(finds(text, value), text)
      assert.ok(!finds(text, `${value}x`), text)
      assert.ok(!finds(text, 'other'), text)
    }
  })

  it('several values are any of them, and nothing else', () => {
    const text = fieldIsOneOf('endpoint', HOSTILE)
    for (const value of HOSTILE) assert.ok(finds(text, value))
    assert.ok(!finds(text, 'other'))
    assert.equal(fieldIsOneOf('id', ['a']), 'id:a')
  })

  it('what is looked for within a value is literal, too', () => {
    for (const value of HOSTILE) {
      assert.ok(finds(fieldHolds('endpoint', value), `before ${value} behind`), value)
    }
    assert.ok(!finds(fieldHolds('endpoint', 'a*c'), 'abc'))
  })

  it('joined clauses must all hold', () => {
    const text = allOf('', fieldIs('endpoint', 'x" or *'), 'outcome:denied')
    assert.ok(!finds(text, 'x" or *'))
    assert.equal(allOf('', ''), '')
  })
})
