import assert from 'node:assert/strict'
import { it } from 'node:test'
import { reachedOf } from './reached.ts'

it('asks for the one dataset, for two, for the first of many, for an endpoint', () => {
  assert.deepEqual(reachedOf('s3://lake/orders'), {
    question: 'resource.id:"s3://lake/orders"',
    resource: 's3://lake/orders',
  })
  assert.deepEqual(reachedOf('orders, clients'), {
    question: 'resource.id:(orders or clients)',
    resource: null,
  })
  assert.equal(reachedOf('orders and 5 more').question, 'resource.id:orders')
  assert.equal(reachedOf('/v1/chat/completions').question, 'endpoint:/v1/chat/completions')
  assert.equal(reachedOf('GET /login').question, 'endpoint:"GET /login"')
})

it('a name that looks like a question is a name', () => {
  assert.equal(reachedOf('x) or (kind:*').question, 'resource.id:"x) or (kind:*"')
})
