import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { askedText, cutJson, textAt, valuesAt } from './event-values.ts'

describe('values at a path', () => {
  const event = {
    kind: 'ai.tool',
    rows: 0,
    aborted: false,
    actor: { id: 'a', auth: { amr: ['pwd', 'otp'] } },
    resource: [{ id: 'x' }, { type: 'file' }, { id: null }, { id: 'y' }],
  }

  it('are found through objects and lists', () => {
    assert.deepEqual(valuesAt(event, 'actor.id'), ['a'])
    assert.deepEqual(valuesAt(event, 'actor.auth.amr'), ['pwd', 'otp'])
    assert.deepEqual(valuesAt(event, 'resource.id'), ['x', 'y'])
    assert.deepEqual(valuesAt(event, 'rows'), [0])
    assert.deepEqual(valuesAt(event, 'aborted'), [false])
  })

  it('are nothing where nothing is', () => {
    for (const path of ['tool.name', 'actor.id.x', 'rows.y', 'constructor', 'actor.__proto__']) {
      assert.deepEqual(valuesAt(event, path), [], path)
    }
    assert.deepEqual(valuesAt(null, 'a'), [])
    assert.equal(textAt(event, 'actor'), null)
    assert.equal(textAt(event, 'rows'), '0')
    assert.equal(askedText({}), null)
  })
})

describe('JSON in a line', () => {
  it('is whole where it is short', () => {
    const value = { a: [1, 'two', null, { b: true }], c: {}, d: [] }
    assert.equal(cutJson(value, 1000), '{"a": [1, "two", null, {"b": true}], "c": {}, "d": []}')
    assert.equal(cutJson('x', 10), '"x"')
  })

  it('is cut where it is long, and what is behind the cut is not read', () => {
    let read = 0
    const many = Array.from({ length: 100_000 }, () =>
      Object.defineProperty({}, 'a', {
        enumerable: true,
        get() {
          read += 1
          return 'b'
        },
      }),
    )
    const text = cutJson(many, 100)
    assert.ok(text.length <= 101, text)
    assert.ok(text.endsWith('…'))
    assert.ok(read < 50, String(read))
    assert.ok(cutJson('x'.repeat(20_000_000), 80).length <= 82)
    assert.ok(cutJson({ ['k'.repeat(1_000_000)]: 1 }, 80).length <= 82)
  })
})
