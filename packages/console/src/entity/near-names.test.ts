import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tellingPieces } from './near-names.ts'

describe('pieces of a name', () => {
  it('are the long ones, each once', () => {
    assert.deepEqual(tellingPieces('svc-churn-nightly'), ['nightly', 'churn'])
    assert.deepEqual(tellingPieces('s3://lake/lake/orders_eu'), ['orders', 'lake'])
  })

  it('of nothing to go by are none', () => {
    for (const id of ['', '-', 'svc', '10.60.9.23', '***', '‮‮'])
      assert.deepEqual(tellingPieces(id), [])
  })

  it('are few, whatever the name', () => {
    const many = Array.from({ length: 500 }, (_, i) => `piece${i}`).join('-')
    assert.equal(tellingPieces(many).length, 3)
    assert.equal(tellingPieces('x'.repeat(5000))[0]?.length, 200)
  })
})
