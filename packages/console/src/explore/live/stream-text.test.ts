import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { buildStreamReader } from './stream-text.ts'

const STREAM = [
  ': open',
  '',
  'id: 7',
  'data: {"a":"x: y"}',
  '',
  'event: gap',
  'data: {"dropped":3}',
  '',
  ': still here',
  '',
  'id: 8',
  'data: ende',
  '',
  '',
].join('\n')

const WANTED = [
  { id: '7', event: 'message', data: '{"a":"x: y"}' },
  { id: null, event: 'gap', data: '{"dropped":3}' },
  { id: '8', event: 'message', data: 'ende' },
]

describe('server-sent events', () => {
  it('are the same however the text is cut', () => {
    for (let size = 1; size <= STREAM.length; size++) {
      const reader = buildStreamReader()
      const found = []
      for (let at = 0; at < STREAM.length; at += size) {
        found.push(...reader.read(STREAM.slice(at, at + size)))
      }
      assert.deepEqual(found, WANTED, `pieces of ${size}`)
    }
  })

  it('are not made of a message that never ended', () => {
    const reader = buildStreamReader()
    assert.deepEqual(reader.read('id: 1\ndata: half'), [])
    assert.deepEqual(reader.read(''), [])
    assert.deepEqual(reader.read('\n\n'), [{ id: '1', event: 'message', data: 'half' }])
  })

  it('of more than an event can have are refused', () => {
    const reader = buildStreamReader()
    const piece = 'x'.repeat(8 * 1024 * 1024)
    assert.throws(() => {
      for (let i = 0; i < 10; i++) reader.read(piece)
    }, /no whole event/)
  })
})
