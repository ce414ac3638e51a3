import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseHistory, parseViews, withQuestion, withView } from './kept.ts'

describe('questions asked before', () => {
  it('are the last thirty, each once, the newest first', () => {
    let history: readonly string[] = []
    for (let i = 0; i < 40; i++) history = withQuestion(history, `rows>${i}`)
    history = withQuestion(history, ' rows>20 ')
    assert.equal(history.length, 30)
    assert.deepEqual(history.slice(0, 2), ['rows>20', 'rows>39'])
    assert.deepEqual(withQuestion(history, '  '), history)
    assert.deepEqual(withQuestion(history, 'x'.repeat(9000)), history)
  })

  it('are read as what anybody may have written', () => {
    for (const text of [null, '', 'no json', '{}', '"x"', 'null']) {
      assert.deepEqual(parseHistory(text), [])
    }
    assert.deepEqual(parseHistory('["a", 1, null, "", {"b": 2}, "c"]'), ['a', 'c'])
  })
})

describe('views under a name', () => {
  const href = '/events?v=1&q=x'

  it('are kept in place of the one with the name', () => {
    const views = withView(withView([], { name: ' a ', href }), { name: 'b', href })
    const next = withView(views, { name: 'a', href: '/events' })
    assert.deepEqual(next, [
      { name: 'a', href: '/events' },
      { name: 'b', href },
    ])
    assert.deepEqual(withView(next, { name: ' ', href }), next)
  })

  it('lead nowhere else', () => {
    for (const wrong of [
      'https://elsewhere.example/events',
      '//elsewhere.example',
      'javascript:alert(1)',
      '/events-of-others',
      '/alerts',
      '/events/../sign-in',
    ]) {
      assert.deepEqual(withView([], { name: 'a', href: wrong }), [], wrong)
      assert.deepEqual(parseViews(JSON.stringify([{ name: 'a', href: wrong }])), [], wrong)
    }
    assert.deepEqual(parseViews(JSON.stringify([{ name: 'a', href }, { name: 1, href }, null])), [
      { name: 'a', href },
    ])
  })
})
